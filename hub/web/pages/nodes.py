"""Nodes: what the technician wants to know of a device – signal, heap, resets, faults, journal, rejected frames."""

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from hub.live import ChannelNow, NodeNow
from hub.rights import needs
from hub.store.events import node_events
from hub.web import events, fleet_view, here, machines
from hub.web.events import EventLine
from hub.web.words import Words, capital
from shared_protocol import judging

pages = Blueprint("nodes", __name__)

EVENTS = 40
BARS = ((-60, 5), (-67, 4), (-75, 3), (-82, 2))  # dBm → bars of five
HEAP_BYTES = 160_000  # what an ESP32 offers MicroPython before anything is loaded
HEAP_LEAST = 57_000  # the design's floor of free heap
JOURNAL_FULL = 512  # records that make the bar full; a night without the hub is about thirty
SHOWN_ELSEWHERE = {
    "rssi_dbm", "heap_free", "idf_heap_free", "journal_first", "journal_next", "journal_dropped", "stored_up_to",
    "reset_cause", "version", "image_state", "trial", "board", "mac", "other_mac", "safe_mode", "stop",
}  # fmt: skip


@dataclass(frozen=True)
class Meters:
    """The four meters on top: None = the node has not said. Bars of five; shares in percent."""

    rssi: int | None
    bars: int
    signal: str
    heap_kb: int | None
    heap_share: int
    heap_low: bool
    waiting: int | None
    waiting_share: int
    held: int | None


@pages.get("/nodes")
@needs("viewer")
def show() -> ResponseReturnValue:
    hub, now = here.hub(), here.now_s()
    zones = {zone.id: zone for zone in hub.fleet.zones()}
    listed = []
    for node in hub.fleet.nodes():
        reported = hub.live.node(node.number)
        lost = hub.live.lost(node.number, now)
        listed.append((node, reported, fleet_view.state(reported, lost, _image(node.number))))
    counted = [(rejected_words(here.words(), cause), n) for cause, n in sorted(hub.live.rejected().items())]
    return render_template("nodes.html", listed=listed, zones=zones, rejected=counted)


@pages.get("/nodes/<int:number>")
@needs("viewer")
def one(number: int) -> ResponseReturnValue:
    hub, words, now_s = here.hub(), here.words(), here.now_s()
    node = hub.fleet.node(number)
    now = hub.live.node(number) or NodeNow(number)
    lost, image = hub.live.lost(number, now_s), _image(number)
    return render_template(
        "node.html",
        node=node,
        now=now,
        lost=lost,
        zone=hub.fleet.zone(node.zone_id) if node.zone_id is not None else None,
        lead=lead(words, now, lost, image, now_s),
        meters=meters(now),
        cards=machines.cards(words, now, lost, now_s),
        events=_events(words, number, now),
        resets={key: value for key, value in now.health.items() if key.startswith("resets_")},
        rejected=rejected(words, now),
        others=others(now),
        image=image,
    )


def _image(number: int) -> str:
    """How what the node runs stands to what the hub has; see FleetRow."""
    return fleet_view.image(here.hub().inventory.of(number), here.hub().releases.current)


def _events(words: Words, number: int, now: NodeNow) -> list[EventLine]:
    return [events.line(words, row, now) for row in node_events(here.hub().store, number, EVENTS)]


def others(now: NodeNow) -> dict[str, int | str]:
    """What the device said and no other part of the page shows."""
    shown = SHOWN_ELSEWHERE.union(key for key in now.health if key.startswith(("resets_", "rejected_")))
    return {key: value for key, value in sorted(now.health.items()) if key not in shown}


def rejected(words: Words, now: NodeNow) -> list[tuple[str, int]]:
    """Frames refused, by cause in words: by the hub in this node's name, then by the node itself."""
    by_hub = [(rejected_words(words, cause), count) for cause, count in sorted(now.rejected.items())]
    by_node = [
        (words.say("rejected.by_node", cause=rejected_words(words, key[len("rejected_") :])), count)
        for key, count in sorted(now.health.items())
        if key.startswith("rejected_") and isinstance(count, int) and count
    ]
    return by_hub + by_node


def rejected_words(words: Words, cause: str) -> str:
    """A cause of rejection; those of single records and those that the node answered are derived ones."""
    if words.has(f"rejected.{cause}"):
        return words.say(f"rejected.{cause}")
    if cause.startswith("record_"):
        return words.say("rejected.in_record", cause=rejected_words(words, cause[len("record_") :]))
    if cause.startswith("refused_by_node_"):
        return words.say("rejected.by_node", cause=words.say(f"result.{cause[len('refused_by_node_') :]}"))
    return words.say(f"rejected.{cause}")


def lead(words: Words, now: NodeNow, lost: bool, image: str, now_s: float) -> str:
    """The device in one or two sentences. `image`: see FleetRow."""
    if now.heard_s is None:
        return words.say("node.never")
    if lost:
        return words.say("node.lost", span=words.span(now_s - now.heard_s))
    well = fleet_view.state(now, lost, image) == "ok"
    said = [words.say("node.ok" if well else "node.heard", ago=words.ago(now_s - now.heard_s))]
    if image in fleet_view.BY_STATE.values():
        said.append(capital(words.say(f"fleet.image_{image}")) + ".")
    faulty = [_fault(words, one) for one in now.channels if one.fault]
    if faulty:
        said.append(words.say("node.faults", what="; ".join(faulty)))
    if now.stop:
        said.append(words.say("node.stopped_box" if now.stop_source == "input" else "node.stopped"))
    if now.health.get("other_mac"):
        said.append(words.say("node.other_board", mac=now.health["other_mac"]))
    if now.health.get("safe_mode"):
        said.append(words.say("node.safe_mode"))
    return " ".join(said)


def _fault(words: Words, one: ChannelNow) -> str:
    kind, fault = words.first(f"kind.{one.kind}", "kind.other"), words.first(f"fault.{one.fault}", "fault.unknown")
    return f"{kind} {one.place}: {fault}"


def meters(now: NodeNow) -> Meters:
    rssi, heap = _number(now, "rssi_dbm"), _number(now, "heap_free")
    first, following, stored = (_number(now, key) for key in ("journal_first", "journal_next", "stored_up_to"))
    waiting = None if following is None or stored is None else max(0, following - 1 - stored)
    return Meters(
        rssi=rssi,
        bars=next((bars for dbm, bars in BARS if rssi is not None and rssi >= dbm), 1 if rssi is not None else 0),
        signal=_signal(rssi),
        heap_kb=None if heap is None else heap // 1000,
        heap_share=min(100, round(100 * (heap or 0) / HEAP_BYTES)),
        heap_low=heap is not None and heap < HEAP_LEAST,
        waiting=waiting,
        waiting_share=min(100, round(100 * (waiting or 0) / JOURNAL_FULL)),
        held=None if first is None or following is None else following - first,
    )


def _signal(rssi: int | None) -> str:
    if rssi is None:
        return "node.unknown"
    if rssi >= judging.RSSI_GOOD:
        return "node.signal_good"
    return "node.signal_fair" if rssi >= judging.RSSI_LEAST else "node.signal_weak"


def _number(now: NodeNow, key: str) -> int | None:
    value = now.health.get(key)
    return value if isinstance(value, int) else None
