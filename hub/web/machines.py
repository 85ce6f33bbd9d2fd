"""Machines: an actuator in words – its name, its reported state, why – and the order under way; used by the pages."""

from dataclasses import dataclass

from hub.commands import Ticket
from hub.live import ActuatorNow, ChannelNow, NodeNow
from hub.web.words import Words

MINUTES = (5, 15, 30)
HOLD_OFF_MINUTES = 30
TROUBLE = ("lockout", "safe_mode", "fault")  # causes that somebody should look at
FAMILIES = {"temperature": "temperature", "humidity": "humidity", "moisture": "moisture", "wetness": "moisture"}
ASKS_FOR = {  # which quantities a machine usually follows, to say a number in words
    "fan": ("temperature", "humidity", "other"),
    "vent": ("temperature", "humidity", "other"),
    "mister": ("humidity", "temperature"),
    "pump": ("moisture", "humidity"),
    "valve": ("moisture", "humidity"),
    "heater": ("temperature",),
    "dryer": ("humidity", "temperature"),
}


@dataclass(frozen=True)
class Order:
    """What somebody asked of a machine and how it went: "sending", "done" or "failed"."""

    state: str
    headline: str
    why: str
    again_minutes: int
    on: bool


@dataclass(frozen=True)
class Machine:
    """A machine's card. `state`: "on", "off", "unknown_on", "unknown_off"; `left`: percent of its lease to run."""

    node: int
    actuator: int
    name: str
    kind: str
    state: str
    headline: str
    why: str
    usable: bool
    left: int | None
    left_words: str
    order: Order | None = None

    @property
    def key(self) -> str:
        return f"machine-{self.node}-{self.actuator}"


def name(words: Words, actuator: ActuatorNow) -> str:
    """Its own name, else the name of its kind."""
    return actuator.name or words.first(f"actuator.{actuator.kind}", "actuator.other")


def family(kind: str) -> str:
    """A channel kind's family, for "hot", "humid", "wet"."""
    return FAMILIES.get(kind.rsplit("_", 1)[-1], "other")


def followed(actuator: ActuatorNow, channels: tuple[ChannelNow, ...]) -> ChannelNow | None:
    """The channel that this machine most likely follows: of a fitting family, nearest to the value of its cause."""
    wanted = ASKS_FOR.get(actuator.kind, ())
    fitting = [one for one in channels if family(one.kind) in wanted and one.value is not None]
    if not fitting:
        return None
    if actuator.value is None:
        return min(fitting, key=lambda one: wanted.index(family(one.kind)))
    value = actuator.value
    return min(fitting, key=lambda one: (abs((one.value or 0) - value), wanted.index(family(one.kind))))


def because(words: Words, actuator: ActuatorNow, channels: tuple[ChannelNow, ...]) -> str:
    """Why it runs, to stand after "because": "nóng 31,2 °C"."""
    channel = followed(actuator, channels)
    if channel is None or channel.value is None:
        return words.say(f"because.{actuator.cause}.unknown")
    shown = words.quantity(channel.value, channel.scale, channel.unit)
    return words.say(f"because.{actuator.cause}.{family(channel.kind)}", value=shown)


def cause(words: Words, actuator: ActuatorNow, channels: tuple[ChannelNow, ...] = (), now_s: float = 0.0) -> str:
    """A full sentence: why it is in this state, and when that ends by itself."""
    if actuator.on and actuator.cause in ("above", "below"):
        said = _by_rule(words, actuator, channels)
        return _until(words, said, actuator, "cause.until_latest", now_s)
    said = words.first(f"cause.{actuator.cause}", "cause.unknown")
    return _until(words, said, actuator, "cause.until_on" if actuator.on else "cause.until_off", now_s)


def _by_rule(words: Words, actuator: ActuatorNow, channels: tuple[ChannelNow, ...]) -> str:
    """Why its rule switched it on, with the threshold where the node told it."""
    said = words.say("why.running", machine=name(words, actuator), because=because(words, actuator, channels))
    channel = followed(actuator, channels)
    if channel is None or actuator.limit is None:
        return said
    limit = words.quantity(actuator.limit, channel.scale, channel.unit)
    return words.say(f"cause.limit_{actuator.cause}", cause=said, limit=limit)


def _until(words: Words, said: str, actuator: ActuatorNow, code: str, now_s: float) -> str:
    if actuator.until_s is None:
        return said
    return words.say(code, cause=said, until=words.clock(actuator.until_s, now_s or None))


def running_sentences(words: Words, nodes: list[NodeNow]) -> list[str]:
    """One sentence for each machine that runs."""
    said = []
    for node in nodes:
        for one in node.actuators:
            if not one.on:
                continue
            if one.cause in ("above", "below"):
                reason = because(words, one, node.channels)
                said.append(words.say("why.running", machine=name(words, one), because=reason))
            else:
                reason = words.first(f"cause.{one.cause}", "cause.unknown")
                said.append(words.say("why.running_plain", machine=name(words, one), cause=reason))
    return said


def cards(words: Words, now: NodeNow, lost: bool, now_s: float) -> list[Machine]:
    """A card for each machine of a node, from what it reported."""
    return [card(words, now, one, lost, now_s) for one in now.actuators]


def card(
    words: Words, now: NodeNow, actuator: ActuatorNow, lost: bool, now_s: float, order: Order | None = None
) -> Machine:
    """One machine's card: reported state first, then the cause in words."""
    state = ("unknown_" if lost else "") + ("on" if actuator.on else "off")
    why = words.say("machine.lost") if lost else cause(words, actuator, now.channels, now_s)
    left = None if lost else _left(actuator, now_s)
    return Machine(
        node=now.node,
        actuator=actuator.actuator,
        name=name(words, actuator),
        kind=actuator.kind,
        state=state,
        headline=_headline(words, now, actuator, lost, now_s),
        why=why,
        usable=not lost,
        left=left,
        left_words=words.say("machine.left", span=words.span((actuator.until_s or 0.0) - now_s)) if left else "",
        order=order,
    )


def _headline(words: Words, now: NodeNow, actuator: ActuatorNow, lost: bool, now_s: float) -> str:
    if lost:
        if now.heard_s is None:
            return words.say("machine.unknown")
        code = "machine.unknown_on" if actuator.on else "machine.unknown_off"
        return words.say(code, at=words.clock(now.heard_s, now_s))
    code = "machine.on" if actuator.on else "machine.off"
    if actuator.since_s is None or now_s - actuator.since_s < 60:
        return words.say(code)
    return words.say(f"{code}_for", span=words.span(now_s - actuator.since_s))


def _left(actuator: ActuatorNow, now_s: float) -> int | None:
    """Percent of somebody's timed ON that is left; None when it runs by rule, or its start is not known."""
    if not actuator.on or actuator.cause != "manual_on" or actuator.until_s is None or actuator.since_s is None:
        return None
    if actuator.until_s <= now_s:
        return None
    whole = actuator.until_s - actuator.since_s
    return None if whole <= 0 else max(1, min(100, round(100 * (actuator.until_s - now_s) / whole)))


def order(
    words: Words, ticket: Ticket, shown: str, now: NodeNow | None, now_s: float, minutes: int = MINUTES[1]
) -> Order:
    """A ticket in words. Never optimistic: "done" comes from the node alone.

    `shown`: the machine's name; `minutes`: how long was asked for, so that trying again asks for the same.
    """
    if ticket.state == "sending":
        why = words.say("command.sending_on" if ticket.on else "command.sending_off")
        return Order("sending", words.say("command.sending"), why, minutes, ticket.on)
    if ticket.state == "done":
        why = words.say("command.done_why", by=ticket.by, at=words.clock(ticket.asked_s, now_s))
        return Order("done", _done(words, ticket, now_s), why, minutes, ticket.on)
    return Order("failed", words.say("command.failed"), _failed(words, ticket, shown, now, now_s), minutes, ticket.on)


def _done(words: Words, ticket: Ticket, now_s: float) -> str:
    code = "command.done_on" if ticket.on else "command.done_off"
    if ticket.until_s is None:
        return words.say(f"{code}_plain")
    return words.say(code, until=words.clock(ticket.until_s, now_s))


def _failed(words: Words, ticket: Ticket, shown: str, now: NodeNow | None, now_s: float) -> str:
    said = words.first(f"result.{ticket.code or 'unknown'}", "result.unknown")
    reported = next((one for one in now.actuators if one.actuator == ticket.actuator), None) if now else None
    if now is None or reported is None or now.heard_s is None:
        return said
    code = "command.still_on" if reported.on else "command.still_off"
    return f"{said} {words.say(code, name=shown, at=words.clock(now.heard_s, now_s))}"
