"""The inventory: what each node last said that it is and runs, also after a restart of the hub; for the rollout, the
page and the command line."""

import threading
from dataclasses import asdict, dataclass, fields, replace

from hub.clock import Clock
from hub.live import Live
from hub.store import Store
from hub.store.models import NodeProgram
from shared_protocol import registry as g
from shared_protocol.names import IMAGES

STATES = (g.IMAGE_PROVEN, g.IMAGE_ON_TRIAL, g.IMAGE_ROLLED_BACK, g.IMAGE_SPARE)
PROVEN, ON_TRIAL, ROLLED_BACK, SPARE = (IMAGES[number] for number in STATES)


@dataclass(frozen=True)
class Running:
    """A node's own word, at `told_s` (unix seconds). `image`: name of the release that it runs, "" = its program cannot
    be updated over the air; `image_state`: PROVEN, ON_TRIAL, ROLLED_BACK (proven, and the last update did not hold),
    SPARE (the proven one is damaged, and this one runs in its place).
    """

    node: int
    board: str
    mac: str
    version: str
    image: str
    image_state: str
    told_s: float


COLUMNS = [getattr(NodeProgram, field.name) for field in fields(Running)]


def kept(store: Store) -> dict[int, Running]:
    """What each node last said, from the store."""
    return {int(row["node"]): Running(**row) for row in store.fetch(NodeProgram.select(*COLUMNS))}


class Inventory:
    """All nodes that ever greeted. Thread-safe."""

    def __init__(self, store: Store, live: Live, clock: Clock) -> None:
        self._store, self._live, self._clock = store, live, clock
        self._guard = threading.Lock()
        self._all = kept(store)

    def of(self, node: int) -> Running | None:
        """What a node last said, None when it never greeted this hub."""
        return self._all.get(node)

    def all(self) -> dict[int, Running]:
        """All that is known, by node."""
        with self._guard:
            return dict(self._all)

    # -- for the link and the service

    def session(self, node: int) -> None:
        """A node greeted: Live has what its HELLO said."""
        now = self._live.node(node)
        health = now.health if now else {}
        word = {name: str(health.get(name, "")) for name in ("board", "mac", "version", "image")}
        state = IMAGES.get(health.get("image_state", -1), "") if word["image"] else ""
        self._tell(Running(node=node, image_state=state, told_s=self._clock.wall(), **word))

    def tick(self) -> None:
        """A trial is over when a NOW no longer tells of it; call it some times a second."""
        for running in [one for one in self.all().values() if one.image_state == ON_TRIAL]:
            now = self._live.node(running.node)
            if now is not None and now.health.get("image_state") == g.IMAGE_PROVEN:
                self._tell(replace(running, image_state=PROVEN, told_s=self._clock.wall()))

    def _tell(self, running: Running) -> None:
        with self._guard:
            self._all[running.node] = running
        row = NodeProgram.insert(**asdict(running)).on_conflict_replace()
        self._store.write_later(lambda _: row.execute(self._store.database))
