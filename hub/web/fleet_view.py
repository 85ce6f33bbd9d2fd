"""Fleet view: each node with what it runs beside what the hub has, in one row; used by the fleet's page and the API.

What a node has not said is None or "", never a guess.
"""

from dataclasses import dataclass

from hub.fleet import Node
from hub.live import NodeNow
from hub.service import Hub
from hub.updates.inventory import ON_TRIAL, ROLLED_BACK, SPARE, Running
from hub.updates.release import Release

BY_STATE = {ON_TRIAL: "trial", ROLLED_BACK: "rolled_back", SPARE: "spare"}  # each asks for a look
RESETS = ("power", "watchdog", "panic", "brownout", "other")


@dataclass(frozen=True)
class FleetRow:
    """One node. `image`: "same" | "older" | "newer" | "other" (same version, other bytes) | "trial" | "rolled_back" |
    "spare" (the proven one is damaged, the other one runs) | "cable" (it cannot be updated over the air) | "unknown"
    (it never greeted this hub) | "no_release" (the hub has nothing to compare with). `resets`: counts by cause, those
    that are not 0. `state`: as `state` below. Times in unix seconds.
    """

    node: Node
    zone: str
    lost: bool
    state: str
    heard_s: float | None
    version: str
    image: str
    image_name: str
    board: str
    mac: str
    other_mac: str
    rssi: int | None
    heap: int | None
    reset_cause: str
    resets: tuple[tuple[str, int], ...]


def rows(hub: Hub, now_s: float) -> list[FleetRow]:
    """All nodes in use, by number."""
    zones = {zone.id: zone.name for zone in hub.fleet.zones()}
    return [row(hub, node, zones.get(node.zone_id or 0, ""), now_s) for node in hub.fleet.nodes()]


def row(hub: Hub, node: Node, zone: str, now_s: float) -> FleetRow:
    """One node."""
    now = hub.live.node(node.number) or NodeNow(node.number)
    running = hub.inventory.of(node.number)
    lost, found = hub.live.lost(node.number, now_s), image(running, hub.releases.current)
    return FleetRow(
        node=node,
        zone=zone,
        lost=lost,
        state=state(now, lost, found),
        heard_s=now.heard_s or (running.told_s if running else None),
        version=running.version if running else str(now.health.get("version", "")),
        image=found,
        image_name=running.image if running else "",
        board=running.board if running else str(now.health.get("board", "")),
        mac=node.mac or "",
        other_mac=str(now.health.get("other_mac", "")),
        rssi=_number(now, "rssi_dbm"),
        heap=_number(now, "heap_free"),
        reset_cause=str(now.health.get("reset_cause", "")),
        resets=tuple((cause, n) for cause in RESETS if (n := _number(now, f"resets_{cause}"))),
    )


def state(now: NodeNow | None, lost: bool, image: str) -> str:
    """A node's own state, whatever its place is like: "lost", "warn" or "ok". `image`: see FleetRow."""
    if now is None or lost:
        return "lost"
    told = now.health.get("safe_mode") or now.health.get("other_mac") or image in BY_STATE.values()
    wrong = any(one.fault for one in now.channels) or any(one.trouble for one in now.actuators)
    return "warn" if told or now.stop or wrong else "ok"


def image(running: Running | None, release: Release | None) -> str:
    """How what a node runs stands to what the hub has; see FleetRow."""
    if running is None:
        return "unknown"
    if not running.image:
        return "cable"
    if running.image_state in BY_STATE:
        return BY_STATE[running.image_state]
    if release is None:
        return "no_release"
    return "same" if running.image == release.name else _age(running.version, release.version)


def _age(version: str, of_hub: str) -> str:
    """Whether another version is older or newer; "other" when that cannot be told."""
    try:
        theirs, ours = (tuple(int(part) for part in one.split(".")) for one in (version, of_hub))
    except ValueError:
        return "other"
    return "older" if theirs < ours else "newer" if theirs > ours else "other"


def _number(now: NodeNow, key: str) -> int | None:
    value = now.health.get(key)
    return value if isinstance(value, int) else None
