"""Plans: a rollout and its nodes as values, and how they lie in the store; used by the rollout, shown by the page."""

from dataclasses import dataclass, fields
from typing import Any

from hub.store import Store
from hub.store.models import RolloutNode, RolloutRow
from hub.updates.inventory import Running

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


KEPT = [field.name for field in fields(Rollout) if field.name != "targets"]
KEPT_OF_NODE = ("node", "state", "code", "since_s")


class Plans:
    """Rollouts in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self) -> list[Rollout]:
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

    def add(self, rollout: Rollout) -> int:
        """Keep a new one; returns its id."""
        fields_of: dict[str, Any] = {name: getattr(rollout, name) for name in KEPT if name != "id"}

        def insert(_: object) -> int:
            made = int(RolloutRow.insert(**fields_of).execute(self._store.database))
            for target in rollout.targets:
                self._upsert(made, target).execute(self._store.database)
            return made

        return self._store.write(insert)

    def keep(self, rollout: Rollout) -> None:
        """Keep its new state; nobody waits for the disk."""
        kept = {name: getattr(rollout, name) for name in ("state", "reason", "reason_node", "canary", "ended_s")}
        row = RolloutRow.update(**kept).where(RolloutRow.id == rollout.id)
        self._store.write_later(lambda _: row.execute(self._store.database))

    def keep_target(self, rollout: int, target: Target) -> None:
        """Keep a node's new state; nobody waits for the disk."""
        row = self._upsert(rollout, target)
        self._store.write_later(lambda _: row.execute(self._store.database))

    @staticmethod
    def _upsert(rollout: int, target: Target) -> Any:
        kept = {name: getattr(target, name) for name in KEPT_OF_NODE}
        return RolloutNode.insert(rollout=rollout, **kept).on_conflict_replace()
