"""Stops: how far a STOP ALL has come, from what the nodes report; used by the stop screen, the API and the banner."""

from dataclasses import dataclass

from hub.fleet import Zone
from hub.live import ActuatorNow, NodeNow
from hub.service import Hub
from hub.web.words import Words


@dataclass(frozen=True)
class StopLine:
    """One machine: "stopped" only when its node, heard of late, reports it off and stopped; "unknown" = lost.

    `held`: its node reports a stop.
    """

    node: int
    actuator: ActuatorNow
    zone: Zone | None
    node_name: str
    state: str
    held: bool


@dataclass(frozen=True)
class Pressed:
    """Who pressed the page's STOP last, and when."""

    by: str
    at_s: float


@dataclass(frozen=True)
class StopView:
    """`ordered`: the hub holds a stop on some node; `reported`: how many nodes say so, also by their button."""

    ordered: bool
    reported: int
    nodes: int
    lines: tuple[StopLine, ...]
    pressed: "Pressed | None" = None
    boxes: tuple[str, ...] = ()  # names of nodes that were stopped by the button on their box
    held: tuple[str, ...] = ()  # names of nodes that would not let go: that button is still pressed

    @property
    def done(self) -> int:
        return sum(line.state == "stopped" for line in self.lines)

    @property
    def lost_places(self) -> list[str]:
        places = [line.zone.name if line.zone else line.node_name for line in self.lines if line.state == "unknown"]
        return list(dict.fromkeys(places))


def banner(hub: Hub, words: Words, now_s: float) -> str:
    """What every page says while anything is stopped or was told to: by whom, and where; "" otherwise."""
    nodes = hub.fleet.nodes()
    if any(hub.commands.stopped(node.number) for node in nodes):
        pressed = _pressed(hub)
        if pressed is None or not pressed.by:
            return words.say("banner.stopped")
        return words.say("banner.stopped_by", by=pressed.by, at=words.clock(pressed.at_s, now_s))
    told = [(node, now) for node in nodes if (now := hub.live.node(node.number)) is not None and now.stop]
    if told and all(now.stop_source == "input" for _, now in told):
        return words.say("banner.stopped_box", names="; ".join(node.name for node, _ in told))
    return words.say("banner.stopped") if told else ""


def _pressed(hub: Hub) -> Pressed | None:
    rows = hub.store.rows("SELECT who, at_s FROM audit WHERE act = 'stop' ORDER BY id DESC LIMIT 1")
    return Pressed(*rows[0]) if rows else None


def view(hub: Hub, now_s: float) -> StopView:
    """Every machine of the farm and whether it reported that it stopped."""
    zones = {zone.id: zone for zone in hub.fleet.zones()}
    nodes = hub.fleet.nodes()
    lines, reported = [], 0
    boxes, held = [], []
    for node in nodes:
        now = hub.live.node(node.number)
        lost = hub.live.lost(node.number, now_s)
        reported += bool(now and now.stop and not lost)
        if now and now.stop and now.stop_source == "input":
            boxes.append(node.name)
        if now and now.stop and hub.commands.clear_refused(node.number) == "stopped":
            held.append(node.name)
        for actuator in now.actuators if now else ():
            state = _state(now, actuator, lost)
            zone = zones.get(node.zone_id) if node.zone_id is not None else None
            lines.append(StopLine(node.number, actuator, zone, node.name, state, bool(now and now.stop)))
    ordered = any(hub.commands.stopped(node.number) for node in nodes)
    pressed = _pressed(hub) if ordered else None
    return StopView(ordered, reported, len(nodes), tuple(lines), pressed, tuple(boxes), tuple(held))


def _state(now: NodeNow | None, actuator: ActuatorNow, lost: bool) -> str:
    if now is None or lost:
        return "unknown"
    return "stopped" if now.stop and not actuator.on else "waiting"
