"""Stops: how far a STOP ALL has come, from what the nodes report; used by the stop screen, the API and the banner."""

from dataclasses import dataclass

from hub.fleet import Zone
from hub.live import ActuatorNow, NodeNow
from hub.service import Hub


@dataclass(frozen=True)
class StopLine:
    """One machine: "stopped" only when its node, heard of late, reports it off and stopped; "unknown" = lost."""

    node: int
    actuator: ActuatorNow
    zone: Zone | None
    node_name: str
    state: str


@dataclass(frozen=True)
class StopView:
    """`ordered`: the hub holds a stop on some node; `reported`: how many nodes say so, also by their button."""

    ordered: bool
    reported: int
    nodes: int
    lines: tuple[StopLine, ...]

    @property
    def done(self) -> int:
        return sum(line.state == "stopped" for line in self.lines)

    @property
    def lost_places(self) -> list[str]:
        places = [line.zone.name if line.zone else line.node_name for line in self.lines if line.state == "unknown"]
        return list(dict.fromkeys(places))


def is_on(hub: Hub) -> bool:
    """Whether anything is stopped, or was told to."""
    return any(now.stop for now in hub.live.nodes()) or any(hub.commands.stopped(n.number) for n in hub.fleet.nodes())


def view(hub: Hub, now_s: float) -> StopView:
    """Every machine of the farm and whether it reported that it stopped."""
    zones = {zone.id: zone for zone in hub.fleet.zones()}
    nodes = hub.fleet.nodes()
    lines, reported = [], 0
    for node in nodes:
        now = hub.live.node(node.number)
        lost = hub.live.lost(node.number, now_s)
        reported += bool(now and now.stop and not lost)
        for actuator in now.actuators if now else ():
            state = _state(now, actuator, lost)
            zone = zones.get(node.zone_id) if node.zone_id is not None else None
            lines.append(StopLine(node.number, actuator, zone, node.name, state))
    ordered = any(hub.commands.stopped(node.number) for node in nodes)
    return StopView(ordered, reported, len(nodes), tuple(lines))


def _state(now: NodeNow | None, actuator: ActuatorNow, lost: bool) -> str:
    if now is None or lost:
        return "unknown"
    return "stopped" if now.stop and not actuator.on else "waiting"
