"""Live state: what each node reported last, in memory; written by the link, read by the page and by commands.

Never truth for history: it comes from NOW frames, which nobody stores. After a restart it is empty until each node
has spoken. `version` grows at every change, so a page can ask "anything new?" for nothing.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

LOST_AFTER_S = 45.0  # three NOW frames of 15 s missed: the node counts as lost


@dataclass(frozen=True)
class ChannelNow:
    """A channel's newest reading. `value` is in 10**scale of `unit`, `fault` "" = good.

    With a fault, `value` is the last good one that the node still knows, or None; `at_s` says of when it is.
    """

    channel: int
    kind: str
    unit: str
    scale: int
    place: str
    value: int | None
    fault: str
    at_s: float | None


@dataclass(frozen=True)
class ActuatorNow:
    """An actuator as its node reported it: `cause` by name, `until_s` the automatic off (unix seconds).

    `value` and `limit` are the reading and the threshold that made it switch, None where no rule did.
    `trouble`: what its node found wrong with it: "locked", "no_effect", "stuck". `sensor`: the channel that its rule
    follows, None where there is none or the hub has no copy of the recipe.
    """

    actuator: int
    kind: str
    name: str
    on: bool
    cause: str
    value: int | None
    limit: int | None
    since_s: float | None
    until_s: float | None
    trouble: tuple[str, ...] = ()
    sensor: int | None = None


@dataclass(frozen=True)
class NodeNow:
    """Everything last heard from a node. `heard_s` None = not since the hub started.

    `stop_source`: who latched its stop, "hub" or "input" (the button on the box), "" when it has not told.
    """

    node: int
    heard_s: float | None = None
    boot_no: int = 0
    uptime_s: int = 0
    channels: tuple[ChannelNow, ...] = ()
    actuators: tuple[ActuatorNow, ...] = ()
    stop: bool = False
    stop_source: str = ""
    health: dict[str, int | str] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Uptime:
    """A node's own clock as last reported: `uptime_s` of `boot_no` when the hub's monotonic clock showed `heard_s`."""

    boot_no: int
    uptime_s: int
    heard_s: float

    def at(self, monotonic_s: float) -> int:
        """The node's uptime at another moment of the hub's monotonic clock."""
        return self.uptime_s + int(monotonic_s - self.heard_s)


class Live:
    """The newest of every node. Thread-safe: readers get frozen values."""

    def __init__(
        self,
        rejected_of: Callable[[int], dict[str, int]] = lambda node: {},
        rejected: Callable[[], dict[str, int]] = dict,
    ) -> None:
        """`rejected_of` and `rejected` count refused frames by cause: of one node, and of everybody."""
        self._guard = threading.Lock()
        self._nodes: dict[int, NodeNow] = {}
        self._uptimes: dict[int, Uptime] = {}
        self._version = 0
        self._rejected_of = rejected_of
        self.rejected = rejected

    @property
    def version(self) -> int:
        """Grows at every change; for ETags."""
        return self._version

    def node(self, number: int) -> NodeNow | None:
        """What a node last reported, None when nothing came from it or about it since the start."""
        found = self._nodes.get(number)
        rejected = self._rejected_of(number)
        if found is None:
            return NodeNow(number, rejected=rejected) if rejected else None
        return replace(found, rejected=rejected) if rejected else found

    def nodes(self) -> list[NodeNow]:
        """All nodes that were heard, by number."""
        return [replace(now, rejected=self._rejected_of(now.node)) for _, now in sorted(self._nodes.items())]

    def lost(self, number: int, now_s: float) -> bool:
        """Whether no valid frame came for LOST_AFTER_S (also: never since the start); `now_s` is wall time."""
        found = self._nodes.get(number)
        return found is None or found.heard_s is None or now_s - found.heard_s > LOST_AFTER_S

    def uptime(self, number: int) -> Uptime | None:
        """The node's own clock, None before it said."""
        return self._uptimes.get(number)

    def change(self, number: int, edit: Callable[[NodeNow], NodeNow]) -> None:
        """Replace what is known of a node (by the link's reports)."""
        with self._guard:
            self._nodes[number] = edit(self._nodes.get(number) or NodeNow(number))
            self._version += 1

    def set_uptime(self, number: int, uptime: Uptime) -> None:
        """Remember a node's own clock (by the link's reports)."""
        self._uptimes[number] = uptime
