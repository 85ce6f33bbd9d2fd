"""The choice: which nodes need the program of this hub, which of them can take it over the air, and who goes first; for
the rollout."""

from collections.abc import Sequence

from hub.clock import Clock
from hub.errors import NothingToUpdate, UnknownNode
from hub.fleet import Fleet
from hub.live import Live
from hub.updates.inventory import ON_TRIAL, Inventory
from hub.updates.plan import Candidate
from hub.updates.release import Releases


class Choice:
    """Asks the fleet who is there, the inventory what they run, Live who is heard."""

    def __init__(self, fleet: Fleet, inventory: Inventory, live: Live, releases: Releases, clock: Clock) -> None:
        self._fleet, self._inventory, self._live = fleet, inventory, live
        self._releases, self._clock = releases, clock

    def candidates(self) -> list[Candidate]:
        """How each node stands to the program of this hub; none while there is no program."""
        release = self._releases.current
        if release is None:
            return []
        return [self._candidate(node.number, release.name) for node in self._fleet.nodes()]

    def heard(self, node: int) -> bool:
        """Whether a node was heard lately."""
        return not self._live.lost(node, self._clock.wall())

    def pick(self, nodes: Sequence[int] | None) -> list[Candidate]:
        """Those of these nodes (None: of all that were ever heard) that run another image, in their order.

        Raises UnknownNode.
        """
        found = {one.node: one for one in self.candidates()}
        for number in nodes or ():
            if number not in found:
                raise UnknownNode(node=number)
        skipped = ("current", "unknown") if nodes is None else ("current",)
        wanted = list(found) if nodes is None else list(dict.fromkeys(nodes))
        return [found[number] for number in wanted if found[number].standing not in skipped]

    @staticmethod
    def first(picked: Sequence[Candidate], canary: int | None) -> int:
        """Who goes first: the one that is asked for, else one that is heard. Raises NothingToUpdate."""
        able = [one for one in picked if one.standing != "cable" and canary in (None, one.node)]
        heard = [one.node for one in able if one.standing == "ready"]
        if not able:
            raise NothingToUpdate()
        return (heard or [able[0].node])[0]

    def _candidate(self, node: int, image: str) -> Candidate:
        running = self._inventory.of(node)
        if running is None:
            return Candidate(node, "unknown", None)
        if not running.image:
            return Candidate(node, "cable", running)
        if running.image == image and running.image_state != ON_TRIAL:
            return Candidate(node, "current", running)
        return Candidate(node, "ready" if self.heard(node) else "silent", running)
