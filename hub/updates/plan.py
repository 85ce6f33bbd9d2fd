"""Plans: a rollout and its nodes as values, all of them in memory and in the store; changed by the rollout, shown by
the page.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from hub.errors import UnknownNode
from hub.store import Store
from hub.store.models import RolloutNode, RolloutRow
from hub.updates.inventory import Running
from hub.updates.release import Release

# States of a rollout.
RUNNING, PAUSED, STOPPED, DONE, CANCELLED = "running", "paused", "stopped", "done", "cancelled"
OPEN = (RUNNING, PAUSED, STOPPED)

# States of a node in it; in the order of a good update.
QUEUED = "queued"  # its turn has not come
WAITING = "waiting"  # its turn, but it is silent or has another image on trial; never kept
SENDING = "sending"  # it has begun to receive
STORED = "stored"  # it has all of it: checks it, or waits until its machines are idle
TRIAL = "trial"  # it has restarted with it and proves itself
PROVEN = "proven"
ROLLED_BACK = "rolled_back"
REFUSED = "refused"
CABLE = "cable"  # its program cannot take an update over the air
SKIPPED = "skipped"  # by a person, or it was retired
ENDED = (PROVEN, ROLLED_BACK, REFUSED, CABLE, SKIPPED)
FAILED = (ROLLED_BACK, REFUSED)


@dataclass(frozen=True)
class Target:
    """A node in a rollout. `code`: why it was refused, by RESULT's name; bytes sent and in all; `heard`: lately."""

    node: int
    state: str
    code: str
    since_s: float
    sent: int = 0
    size: int = 0
    heard: bool = False


@dataclass(frozen=True)
class Rollout:
    """An update of some nodes to one image. `reason` (ROLLED_BACK, REFUSED, "no_image") and `reason_node`: why it
    stopped by itself. `canary`: the node that goes first. Times are unix seconds."""

    id: int
    sha256: bytes
    version: str
    size: int
    state: str
    reason: str
    reason_node: int | None
    canary: int
    who: str
    asked_s: float
    ended_s: float | None
    targets: tuple[Target, ...] = ()

    @property
    def stage(self) -> str:
        """ "canary" until the first node has proved the image, then "rest"."""
        return "rest" if any(t.node == self.canary and t.state == PROVEN for t in self.targets) else "canary"

    def target(self, node: int) -> Target | None:
        """A node's place in it."""
        return next((target for target in self.targets if target.node == node), None)


@dataclass(frozen=True)
class Candidate:
    """A node that could be updated. `standing`: "current" (it runs the image), "ready", "silent" (not heard now),
    "cable" (its program cannot take updates over the air), "unknown" (never heard). `running`: its own last word."""

    node: int
    standing: str
    running: Running | None


def begun(release: Release, picked: Sequence[Candidate], canary: int, who: str, at_s: float) -> Rollout:
    """A rollout of a release to these nodes, before it has an id."""
    targets = tuple(Target(one.node, CABLE if one.standing == "cable" else QUEUED, "", at_s) for one in picked)
    return Rollout(
        id=0,
        sha256=release.sha256,
        version=release.version,
        size=release.size,
        state=RUNNING,
        reason="",
        reason_node=None,
        canary=canary,
        who=who,
        asked_s=at_s,
        ended_s=None,
        targets=targets,
    )


KEPT = [field.name for field in fields(Rollout) if field.name != "targets"]
KEPT_OF_NODE = ("node", "state", "code", "since_s")

log = logging.getLogger(__name__)


class Plans:
    """All rollouts; only the newest changes. Guarded by the link's lock. `changed(node)`: the page has news to show."""

    def __init__(self, store: Store, changed: Callable[[int], None]) -> None:
        self._store, self._changed = store, changed
        self._all = self._read()

    @property
    def newest(self) -> Rollout | None:
        """The last one that was begun."""
        return self._all[-1] if self._all else None

    @property
    def open(self) -> Rollout | None:
        """The one that is not over."""
        found = self.newest
        return found if found is not None and found.state in OPEN else None

    def all(self) -> list[Rollout]:
        """Newest first."""
        return self._all[::-1]

    def insert(self, rollout: Rollout) -> Rollout:
        """Keep a new one, with its id; waits for the disk, so never under the lock. `append` comes next."""
        return replace(rollout, id=self._store.write(lambda _: self._insert(rollout)))

    def append(self, rollout: Rollout) -> None:
        """It is the newest from now on."""
        self._all.append(rollout)

    def change(self, **changes: object) -> None:
        """Change the newest one; nobody waits for the disk."""
        made = self._all[-1] = replace(self._all[-1], **changes)  # type: ignore[arg-type]
        kept = {name: getattr(made, name) for name in ("state", "reason", "reason_node", "canary", "ended_s")}
        row = RolloutRow.update(**kept).where(RolloutRow.id == made.id)
        self._store.write_later(lambda _: row.execute(self._store.database))
        self._changed(made.canary)
        if "state" in changes:
            log.info("update to %s: %s", made.version, changes["state"])

    def target(self, node: int) -> Target:
        """A node's place in the newest one. Raises UnknownNode."""
        found = self._all[-1].target(node)
        if found is None:
            raise UnknownNode(node=node)
        return found

    def move(self, node: int, state: str, code: str, at_s: float) -> None:
        """Change one node's state; nobody waits for the disk."""
        target = self.target(node)
        if (target.state, target.code) == (state, code):
            return
        newest, moved = self._all[-1], replace(target, state=state, code=code, since_s=at_s)
        targets = tuple(moved if one.node == node else one for one in newest.targets)
        self._all[-1] = replace(newest, targets=targets)
        row = self._upsert(newest.id, moved)
        self._store.write_later(lambda _: row.execute(self._store.database))
        self._changed(node)
        log.info("node %d: update to %s: %s %s", node, newest.version, state, code)

    # -- inside

    def _read(self) -> list[Rollout]:
        """All of them, oldest first."""
        targets: dict[int, list[Target]] = {}
        for row in self._store.fetch(RolloutNode.select().order_by(RolloutNode.node)):
            target = Target(**{name: row[name] for name in KEPT_OF_NODE})
            targets.setdefault(int(row["rollout"]), []).append(target)
        rows = self._store.fetch(RolloutRow.select().order_by(RolloutRow.id))
        return [
            Rollout(**{**row, "sha256": bytes(row["sha256"])}, targets=tuple(targets.get(int(row["id"]), ())))
            for row in rows
        ]

    def _insert(self, rollout: Rollout) -> int:
        fields_of: dict[str, Any] = {name: getattr(rollout, name) for name in KEPT if name != "id"}
        made = int(RolloutRow.insert(**fields_of).execute(self._store.database))
        for target in rollout.targets:
            self._upsert(made, target).execute(self._store.database)
        return made

    @staticmethod
    def _upsert(rollout: int, target: Target) -> Any:
        kept = {name: getattr(target, name) for name in KEPT_OF_NODE}
        return RolloutNode.insert(rollout=rollout, **kept).on_conflict_replace()
