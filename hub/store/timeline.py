"""The timeline of a node: its boots in order, dated by the anchors in its journals; asked by series, runs, events."""

import threading

from hub.store.database import Database
from hub.store.dating import Anchor, Boot, DatedBoot, date
from shared_protocol import registry as g


class Timeline:
    """Dated boots of one node, in order of time."""

    def __init__(self, boots: list[DatedBoot]) -> None:
        self.boots = boots
        self._by_name = {(dated.boot.journal, dated.boot.boot_no): dated for dated in boots}

    def between(self, from_s: float, to_s: float) -> list[DatedBoot]:
        """The boots with records in [from_s, to_s]."""
        return [dated for dated in self.boots if dated.from_s <= to_s and dated.to_s >= from_s]

    def of(self, journal: int, boot_no: int) -> DatedBoot | None:
        """One boot, None when nothing dates it."""
        return self._by_name.get((journal, boot_no))

    @property
    def end_s(self) -> float | None:
        """When the newest record lies, None without any."""
        return max((dated.to_s for dated in self.boots), default=None)


class Timelines:
    """One timeline per node, kept until a commit changes it. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._anchors: dict[int, dict[tuple[int, int], list[Anchor]]] = {}
        self._known: dict[int, Timeline] = {}

    def changed(self, node: int, anchored: bool) -> None:
        """New records of a node were committed; `anchored`: a wall time among them."""
        with self._guard:
            self._known.pop(node, None)
            if anchored:
                self._anchors.pop(node, None)

    def of(self, node: int) -> Timeline:
        """The node's timeline as the store has it now."""
        with self._guard:
            known = self._known.get(node)
            if known is None:
                with self._database.explained():
                    known = self._known[node] = self._read(node)
            return known

    def _read(self, node: int) -> Timeline:
        anchors = self._anchors.get(node)
        if anchors is None:
            anchors = self._anchors[node] = self._read_anchors(node)
        rows = self._database.raw().execute(
            "SELECT journal, boot_no, boot.first_s, last_s FROM journal JOIN boot ON boot.journal = journal.id "
            "WHERE node = ? ORDER BY journal, boot_no",
            (node,),
        )
        boots = [Boot(*row) for row in rows]
        return Timeline(date([(boot, anchors.get((boot.journal, boot.boot_no), [])) for boot in boots]))

    def _read_anchors(self, node: int) -> dict[tuple[int, int], list[Anchor]]:
        found: dict[tuple[int, int], list[Anchor]] = {}
        rows = self._database.raw().execute(
            "SELECT journal, boot_no, uptime_s, value FROM journal JOIN node_event ON node_event.journal = journal.id "
            "WHERE node = ? AND code = ? ORDER BY journal, boot_no, uptime_s, sequence",
            (node, g.EVENT_TIME),
        )
        for journal, boot_no, uptime_s, wall_ms in rows:
            found.setdefault((journal, boot_no), []).append(Anchor(uptime_s, g.EPOCH_2020 + wall_ms / 1000))
        return found
