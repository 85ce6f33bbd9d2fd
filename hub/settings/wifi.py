"""The change of Wi-Fi: every node gets the new network first, then somebody changes the router; used by the page.

A node tries the new network first and the old one after it, so it stays reachable before and after. Nothing here can
change the router: the page says when to, and names the nodes that have not confirmed.
"""

from dataclasses import dataclass

from hub.clock import Clock
from hub.fleet import Fleet, Node
from hub.link.pieces import hash8
from hub.live import Live
from hub.settings import patch
from hub.settings.changes import Change, Changes
from hub.store import Store
from hub.store.models import WifiMove

SUBJECT = "wifi"


@dataclass(frozen=True)
class Move:
    """One change of the farm's Wi-Fi. `moved_s`: when somebody said that the router has it too."""

    id: int
    name: str
    hash: bytes
    asked_s: float
    who: str
    moved_s: float | None


@dataclass(frozen=True)
class Place:
    """How far a node is: "ready" (has the network), "waiting", "lost" (and waiting), "failed" (refused, or returned to
    the old settings), "back" (heard since the router changed), "away".
    """

    node: Node
    state: str
    change: Change
    heard_s: float | None


class Wifi:
    """The farm's last change of Wi-Fi."""

    def __init__(self, store: Store, fleet: Fleet, live: Live, changes: Changes, clock: Clock) -> None:
        self._store, self._fleet, self._live, self._changes, self._clock = store, fleet, live, changes, clock

    def begin(self, name: str, password: str, who: str) -> Move:
        """Send a network to every node. Raises BadWifiName, BadWifiPassword."""
        text = patch.wifi(name, password)
        row = WifiMove.insert(name=name, hash=hash8(text), asked_s=self._clock.wall(), who=who)
        self._store.write(lambda _: row.execute(self._store.database))
        for node in self._fleet.nodes():
            self._changes.ask(node.number, SUBJECT, text, who)
        move = self.newest()
        assert move is not None
        return move

    def newest(self) -> Move | None:
        rows = self._store.fetch(WifiMove.select().order_by(WifiMove.id.desc()).limit(1))
        return Move(**{**rows[0], "hash": bytes(rows[0]["hash"])}) if rows else None

    def moved(self, who: str) -> None:
        """Somebody says that the router has the new network now."""
        move = self.newest()
        if move is None:
            return
        row = WifiMove.update(moved_s=self._clock.wall()).where(WifiMove.id == move.id)
        self._store.write(lambda _: row.execute(self._store.database))
        self._store.audit(who, "wifi_moved", move.name)

    def places(self, move: Move) -> list[Place]:
        """How far each node is that was there when it began."""
        found = []
        for node in self._fleet.nodes():
            change = self._changes.newest(node.number, SUBJECT)
            if change is not None and change.hash == move.hash and change.asked_s >= move.asked_s:
                found.append(self._place(node, change, move))
        return found

    def _place(self, node: Node, change: Change, move: Move) -> Place:
        now = self._live.node(node.number)
        heard_s = now.heard_s if now else None
        if move.moved_s is not None:
            state = "back" if heard_s is not None and heard_s > move.moved_s else "away"
        elif change.state in ("refused", "returned"):
            state = "failed"
        elif change.state in ("in_force", "taken"):
            state = "ready"
        else:
            state = "lost" if self._live.lost(node.number, self._clock.wall()) else "waiting"
        return Place(node, state, change, heard_s)
