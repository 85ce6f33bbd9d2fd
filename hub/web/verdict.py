"""Verdict: is this zone all right, and why, in words a farmer uses; made from live state and good bands for the pages.

Four states, worst first: danger (a number is outside its good band by more than half the band's width), warn (outside
at all, a faulty sensor, a silent node beside others, a stop), lost (no node of the zone is heard), ok. No news is not
good news: a zone without readings is never ok.
"""

from dataclasses import dataclass
from typing import NamedTuple

from hub.fleet import Node, Zone
from hub.live import ActuatorNow, ChannelNow, NodeNow
from hub.web import machines
from hub.web.here import Site
from hub.web.words import Words

STATES = ("danger", "warn", "lost", "ok")
DANGER_SHARE = 0.5  # of the band's width, outside it
OLD_S = 300.0  # a reading older than this is said to be old even if its node speaks
FIRST_KINDS = {
    "worm_house": ("air_temperature", "bed_temperature", "air_humidity"),
    "tea_field": ("soil_moisture", "air_temperature"),
    "drying_room": ("air_temperature", "air_humidity"),
    "store": ("air_humidity", "air_temperature"),
    "seedling": ("soil_moisture", "air_temperature"),
    "other": ("air_temperature", "air_humidity", "soil_moisture"),
}


class Band(NamedTuple):
    """A good band in the channel's scale."""

    low: int
    high: int


@dataclass(frozen=True)
class Value:
    """A channel with what there is to say about it."""

    node: int
    now: ChannelNow
    name: str
    band: Band | None
    state: str
    trend: str
    age_s: float | None
    lost: bool

    @property
    def out(self) -> str:
        """Where it is: "high", "low", or "" for inside, no band or no value."""
        if self.now.value is None or self.band is None:
            return ""
        return "high" if self.now.value > self.band.high else "low" if self.now.value < self.band.low else ""


@dataclass(frozen=True)
class Reason:
    """Why a zone is in its state. `strong` is the danger itself, said louder than the rest."""

    state: str
    text: str
    strong: str = ""


@dataclass(frozen=True)
class Standing:
    """A node in its zone: what it said last, and whether it is lost."""

    node: Node
    now: NodeNow | None
    lost: bool


@dataclass(frozen=True)
class Verdict:
    """A zone's state, its reasons (worst first), its values and the one that stands on its card."""

    zone: Zone
    state: str
    reasons: tuple[Reason, ...]
    values: tuple[Value, ...]
    main: Value | None
    standings: tuple[Standing, ...]

    @property
    def reason(self) -> Reason:
        """The worst one."""
        return self.reasons[0]


def all_zones(site: Site, words: Words, now_s: float) -> list[Verdict]:
    """Every zone's verdict, worst first, else in the order of the fleet."""
    by_zone: dict[int | None, list[Standing]] = {}
    for node in site.hub.fleet.nodes():
        by_zone.setdefault(node.zone_id, []).append(_standing(site, node, now_s))
    found = [judge(site, words, zone, by_zone.get(zone.id, []), now_s) for zone in site.hub.fleet.zones()]
    return sorted(found, key=lambda one: STATES.index(one.state))


def one_zone(site: Site, words: Words, zone_id: int, now_s: float) -> Verdict:
    """One zone's verdict. Raises UnknownZone."""
    zone = site.hub.fleet.zone(zone_id)
    standings = [_standing(site, node, now_s) for node in site.hub.fleet.nodes() if node.zone_id == zone_id]
    return judge(site, words, zone, standings, now_s)


def _standing(site: Site, node: Node, now_s: float) -> Standing:
    return Standing(node, site.hub.live.node(node.number), site.hub.live.lost(node.number, now_s))


def judge(site: Site, words: Words, zone: Zone, standings: list[Standing], now_s: float) -> Verdict:
    """The verdict on a zone from what its nodes said last."""
    bands = {kind: Band(*band) for kind, band in site.hub.fleet.bands(zone.id).items()}
    values = tuple(_values(site, words, standings, bands, now_s))
    reasons = [*_node_reasons(words, standings, now_s), *_value_reasons(site, words, values, standings, now_s)]
    reasons.sort(key=lambda one: STATES.index(one.state))
    if not reasons:
        reasons = [_fine(words, values, standings)]
    return Verdict(zone, reasons[0].state, tuple(reasons), values, _main(zone, values), tuple(standings))


# --- values ---


def _values(site: Site, words: Words, standings: list[Standing], bands: dict[str, Band], now_s: float) -> list[Value]:
    names = _names(words, standings)
    return [
        _value(site, one, channel, names[one.node.number, channel.channel], bands.get(channel.kind), now_s)
        for one in standings
        for channel in (one.now.channels if one.now else ())
    ]


def _value(site: Site, one: Standing, channel: ChannelNow, name: str, band: Band | None, now_s: float) -> Value:
    age = None if channel.at_s is None else max(0.0, now_s - channel.at_s)
    trend = ""
    if channel.value is not None and channel.at_s is not None and not one.lost:
        known = site.trends
        trend = known.trend(one.node.number, channel.channel, channel.at_s, channel.value, channel.scale, channel.unit)
    state = "lost" if one.lost else _state(channel, band, age)
    return Value(one.node.number, channel, name, band, state, trend, age, one.lost)


def _state(channel: ChannelNow, band: Band | None, age_s: float | None) -> str:
    if channel.fault or channel.value is None or age_s is None or age_s > OLD_S:
        return "warn"
    if band is None or band.low <= channel.value <= band.high:
        return "ok"
    beyond = max(band.low - channel.value, channel.value - band.high)
    return "danger" if beyond > DANGER_SHARE * (band.high - band.low) else "warn"


def _names(words: Words, standings: list[Standing]) -> dict[tuple[int, int], str]:
    """A name for each channel: its kind, and its place where the zone has several of the kind."""
    found = [(one.node, channel) for one in standings for channel in (one.now.channels if one.now else ())]
    kinds = [channel.kind for _, channel in found]
    names = {}
    for node, channel in found:
        name = words.first(f"kind.{channel.kind}", "kind.other")
        if kinds.count(channel.kind) > 1:
            name = words.say("kind.at", kind=name, place=channel.place or node.name)
        names[node.number, channel.channel] = name
    return names


def _main(zone: Zone, values: tuple[Value, ...]) -> Value | None:
    """The number on the card: the worst one, else the first of what this kind of place is about."""
    order = FIRST_KINDS.get(zone.kind, FIRST_KINDS["other"])

    def weight(value: Value) -> tuple[int, bool, int]:
        trouble = STATES.index(value.state) if value.out else len(STATES)
        kind = value.now.kind
        return trouble, value.now.value is None, order.index(kind) if kind in order else len(order)

    return min(values, key=weight, default=None)


# --- reasons ---


def _node_reasons(words: Words, standings: list[Standing], now_s: float) -> list[Reason]:
    if not standings:
        return [Reason("lost", words.say("why.no_node"))]
    lost = [one for one in standings if one.lost]
    if len(lost) == len(standings):
        return [_all_lost(words, lost, now_s)]
    found = [_one_lost(words, one, now_s) for one in lost]
    if any(one.now and one.now.stop for one in standings if not one.lost):
        found.append(Reason("warn", words.say("why.stopped")))
    return found


def _all_lost(words: Words, lost: list[Standing], now_s: float) -> Reason:
    heard = [one.now.heard_s for one in lost if one.now and one.now.heard_s is not None]
    if not heard:
        return Reason("lost", words.say("why.never"))
    return Reason("lost", words.say("why.lost", span=words.span(now_s - max(heard))))


def _one_lost(words: Words, one: Standing, now_s: float) -> Reason:
    if one.now is None or one.now.heard_s is None:
        return Reason("warn", words.say("why.part_never", name=one.node.name))
    return Reason("warn", words.say("why.part_lost", name=one.node.name, span=words.span(now_s - one.now.heard_s)))


def _value_reasons(
    site: Site, words: Words, values: tuple[Value, ...], standings: list[Standing], now_s: float
) -> list[Reason]:
    doing = machines.running_sentences(words, [one.now for one in standings if one.now and not one.lost])
    found = []
    for value in values:
        if value.lost or value.state == "ok":
            continue
        if value.out and not value.now.fault and (value.age_s or 0.0) <= OLD_S:
            found.append(_out_reason(value.state, _out(site, words, value, now_s), doing, words))
        else:
            found.append(Reason("warn", _unknown(words, value)))
    return found + [reason for one in _machines(standings) for reason in _machine_reasons(words, one)]


def _out_reason(state: str, out: str, doing: list[str], words: Words) -> Reason:
    """What is wrong, what the machines do about it, and in danger that somebody must go."""
    if state == "danger":
        return Reason(state, " ".join([*doing, words.say("why.go_look")]), out)
    return Reason(state, " ".join([out, *doing]))


def _out(site: Site, words: Words, value: Value, now_s: float) -> str:
    what = words.first(f"out.{value.out}.{value.now.kind}", f"out.{value.out}.other")
    if value.band is None:
        return words.say("why.out", what=what)
    since = site.trends.out_since(value.node, value.now.channel, value.band.low, value.band.high)
    if since is None or now_s - since < 60:
        return words.say("why.out", what=what)
    return words.say("why.out_since", what=what, span=words.span(now_s - since))


def _unknown(words: Words, value: Value) -> str:
    if value.now.fault:
        fault = words.first(f"fault.{value.now.fault}", "fault.unknown")
        return words.say("why.fault", channel=value.name, fault=fault)
    if value.now.value is None or value.age_s is None:
        return words.say("why.no_value", channel=value.name)
    return words.say("why.old", channel=value.name, span=words.span(value.age_s))


def _machines(standings: list[Standing]) -> list[ActuatorNow]:
    """Machines whose state is known now."""
    return [actuator for one in standings if one.now and not one.lost for actuator in one.now.actuators]


def _machine_reasons(words: Words, one: ActuatorNow) -> list[Reason]:
    """What its node found wrong with a machine, else a cause that somebody should look at."""
    name = machines.name(words, one)
    found = []
    for notice in machines.notices(words, one):
        said = words.say("why.machine", machine=name, cause=notice.text)
        found.append(_out_reason(notice.state, said, [], words))
    if not found and one.cause in machines.TROUBLE:
        found.append(Reason("warn", words.say("why.machine", machine=name, cause=machines.cause(words, one))))
    return found


def _fine(words: Words, values: tuple[Value, ...], standings: list[Standing]) -> Reason:
    doing = machines.running_sentences(words, [one.now for one in standings if one.now])
    if doing:
        return Reason("ok", " ".join(doing))
    if not values:
        return Reason("lost", words.say("zone.no_values"))
    return Reason("ok", words.say("why.ok" if any(value.band for value in values) else "why.ok_no_band"))
