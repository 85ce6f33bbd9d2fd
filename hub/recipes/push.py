"""The push: a wanted recipe goes to its node until the node reports that it runs it; asked by the page and the link.

A node that is away gets it at its next HELLO; one that comes back with another recipe gets it again. What a node
refused is not offered again until somebody asks for it.
"""

from dataclasses import dataclass

from hub.clock import Clock
from hub.fleet import Fleet
from hub.link.link import Link
from hub.link.pieces import NO_ANSWER
from hub.live import Live
from hub.recipes.library import Library, Standing
from hub.store.checking import Checked
from shared_protocol import registry as g
from shared_protocol.names import RESULTS
from shared_protocol.record import decode_event

ACCEPTED = RESULTS[g.RESULT_OK]
AGAIN_S = 60.0  # after silence, or when a report does not come

Moment = tuple[int, int]  # boot number, uptime in seconds


@dataclass(frozen=True)
class Progress:
    """How far a node is: "none" (nobody wanted anything), "active", "refused", "sending", "accepted" (the node has it
    whole and has not yet reported that it runs it) or "waiting" (for the node). `share`: percent sent."""

    state: str
    share: int = 0


class Push:
    """All nodes' recipes under way. Called under the link's lock by the link, from any thread by the page."""

    def __init__(self, library: Library, fleet: Fleet, link: Link, live: Live, clock: Clock) -> None:
        self._library, self._fleet, self._link, self._live, self._clock = library, fleet, link, live, clock
        self._accepted: dict[int, bytes] = {}
        self._told: dict[int, Moment] = {}  # of the newest report of each node
        self._next_s: dict[int, float] = {}
        link.on_session(self._session)
        link.on_records(self._arrived)

    def want(self, node: int, hash: bytes, by: str) -> None:
        """Send a recipe of the library to a node, as often as it takes. Raises UnknownNode, UnknownRecipe."""
        self._fleet.node(node)
        self._library.want(node, hash, by)
        self._accepted.pop(node, None)
        self._offer(self._library.standing(node))

    def progress(self, node: int) -> Progress:
        """How the wanted recipe of a node stands."""
        standing = self._library.standing(node)
        if standing.wanted is None:
            return Progress("none")
        if standing.wanted == standing.reported:
            return Progress("active", 100)
        if standing.refused:
            return Progress("refused")
        if self._accepted.get(node) == standing.wanted:
            return Progress("accepted", 100)
        sent = self._link.pieces.under_way(node, g.MSG_RECIPE)
        if sent is not None and not self._live.lost(node, self._clock.wall()):
            return Progress("sending", 100 * sent[0] // sent[1])
        return Progress("waiting")

    def tick(self) -> None:
        """Offer again what is overdue; call it some times a second."""
        now_s = self._clock.monotonic()
        for node, due_s in list(self._next_s.items()):
            if now_s >= due_s:
                self._offer(self._library.standing(node))

    # -- from the link

    def _session(self, node: int) -> None:
        """A HELLO that was proved says which recipe its node runs."""
        now = self._live.node(node)
        told = now.health.get("recipe_hash") if now else None
        if now is None or not isinstance(told, str):
            return
        self._told[node] = (now.boot_no, now.uptime_s)
        self._accepted.pop(node, None)
        self._library.report(node, bytes.fromhex(told))
        self._offer(self._library.standing(node))

    def _arrived(self, node: int, records: list[Checked]) -> None:
        """An event of a recipe in force; older ones than the newest report come late and change nothing."""
        for record in records:
            if record.code == g.EVENT_RECIPE:
                event = decode_event(record.data)
                moment = (event.boot_no, event.uptime_s)
                if moment >= self._told.get(node, (0, 0)):
                    self._told[node] = moment
                    self._library.report(node, bytes(event.fields[0]))

    def _offer(self, standing: Standing) -> None:
        """Hand the wanted recipe to the link, unless the node has it, refused it, or gets it just now."""
        node, wanted = standing.node, standing.wanted
        found = self._library.find(wanted)
        if found is None or wanted == standing.reported or standing.refused:
            self._next_s.pop(node, None)
            return
        self._next_s[node] = self._clock.monotonic() + AGAIN_S
        self._link.pieces.offer(node, g.MSG_RECIPE, found.recipe.text, self._done)

    def _done(self, node: int, hash: bytes, code: str) -> None:
        """What became of a recipe on its way."""
        if code == ACCEPTED:
            self._accepted[node] = hash
        elif code != NO_ANSWER:
            self._library.refuse(node, hash, code)
            self._next_s.pop(node, None)
