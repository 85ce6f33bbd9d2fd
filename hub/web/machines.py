"""Machines: an actuator in words – its name, its reported state, why – and the order under way; used by the pages."""

from dataclasses import dataclass
from datetime import timedelta

from hub.commands import LONGEST_S, Ticket
from hub.live import ActuatorNow, ChannelNow, NodeNow
from hub.web.words import Words, local

MINUTES = (5, 15, 30)
HOLD_OFF_MINUTES = 30
RESTS = ("30", "120", "morning")  # how long a machine can be kept off by hand: minutes, or until the next morning
MORNING_H = 6
TROUBLE = ("lockout", "safe_mode", "fault", "disagree", "no_supply")  # causes that somebody should look at
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
    again_rest: str = RESTS[0]


@dataclass(frozen=True)
class Notice:
    """Something wrong with a machine: "warn" or "danger", and the sentence."""

    state: str
    text: str


@dataclass(frozen=True)
class Machine:
    """A machine's card. `state`: "on", "off", "unknown_on", "unknown_off"; `left`: percent of its lease to run.

    `rests`: for how long it can be kept off, as (value, words).
    """

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
    notices: tuple[Notice, ...] = ()
    locked: bool = False
    rests: tuple[tuple[str, str], ...] = ()

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
    """The channel that this machine's rule follows; without a copy of the rule the one that it most likely follows: of
    a fitting family, nearest to the value of its cause."""
    if actuator.sensor is not None:
        return next((one for one in channels if one.channel == actuator.sensor), None)
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
    said = _at(words, actuator, channels) or words.first(f"cause.{actuator.cause}", "cause.unknown")
    return _until(words, said, actuator, "cause.until_on" if actuator.on else "cause.until_off", now_s)


def _at(words: Words, actuator: ActuatorNow, channels: tuple[ChannelNow, ...]) -> str:
    """The cause with the channel that its rule follows, "" when that is not known or says nothing."""
    channel = next((one for one in channels if one.channel == actuator.sensor), None)
    code = f"cause.{actuator.cause}_at"
    if channel is None or not words.has(code):
        return ""
    if actuator.cause != "fault" and (channel.value is None or channel.fault):
        return ""
    shown = "" if channel.value is None else words.quantity(channel.value, channel.scale, channel.unit)
    return words.say(code, channel=words.first(f"kind.{channel.kind}", "kind.other"), value=shown)


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


def notices(words: Words, actuator: ActuatorNow) -> tuple[Notice, ...]:
    """What its node found wrong with a machine; one that runs although it is off is a danger."""
    return tuple(
        Notice("danger" if one == "stuck" else "warn", words.say(f"trouble.{one}")) for one in actuator.trouble
    )


def rest_s(rest: str, now_s: float) -> int | None:
    """Seconds of one of RESTS from now on; None when it cannot be asked now, as the node holds at most 18 hours."""
    if rest != "morning":
        return int(rest) * 60
    at = local(now_s)
    morning = at.replace(hour=MORNING_H, minute=0, second=0, microsecond=0)
    if morning <= at:
        morning += timedelta(days=1)
    seconds = int((morning - at).total_seconds())
    return seconds if int(RESTS[0]) * 60 < seconds <= LONGEST_S else None


def rests(words: Words, now_s: float) -> tuple[tuple[str, str], ...]:
    """The rests that can be asked for now, with their words."""
    return tuple((rest, words.say(f"machine.rest_{rest}")) for rest in RESTS if rest_s(rest, now_s) is not None)


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
        notices=() if lost else notices(words, actuator),
        locked="locked" in actuator.trouble,
        rests=rests(words, now_s),
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
    words: Words,
    ticket: Ticket,
    shown: str,
    now: NodeNow | None,
    now_s: float,
    minutes: int = MINUTES[1],
    rest: str = RESTS[0],
) -> Order:
    """A ticket in words. Never optimistic: "done" comes from the node alone.

    `shown`: the machine's name; `minutes`, `rest`: how long was asked for, so that trying again asks for the same.
    """
    if ticket.state == "sending":
        state, headline = "sending", words.say("command.sending")
        why = words.say(f"command.sending_{_asked(ticket)}")
    elif ticket.state == "done":
        state, headline = "done", _done(words, ticket, _end(ticket, now), now_s)
        why = words.say("command.done_why", by=ticket.by, at=words.clock(ticket.asked_s, now_s))
    else:
        state, headline = "failed", words.say("command.failed")
        why = _failed(words, ticket, shown, now, now_s)
    return Order(state, headline, why, minutes, ticket.on, rest)


def _asked(ticket: Ticket) -> str:
    return "unlock" if ticket.kind == "unlock" else "on" if ticket.on else "off"


def _end(ticket: Ticket, now: NodeNow | None) -> float | None:
    """When it ends: as its node reported since, whose rule may allow less than was asked for, else as asked."""
    for one in now.actuators if now else ():
        if one.actuator == ticket.actuator and one.on == ticket.on and one.cause == f"manual_{_asked(ticket)}":
            return one.until_s or ticket.until_s
    return ticket.until_s


def _done(words: Words, ticket: Ticket, until_s: float | None, now_s: float) -> str:
    if ticket.kind == "unlock":
        return words.say("command.done_unlock")
    code = "command.done_on" if ticket.on else "command.done_off"
    if until_s is None:
        return words.say(f"{code}_plain")
    return words.say(code, until=words.clock(until_s, now_s))


def _failed(words: Words, ticket: Ticket, shown: str, now: NodeNow | None, now_s: float) -> str:
    said = words.first(f"result.{ticket.code or 'unknown'}", "result.unknown")
    reported = next((one for one in now.actuators if one.actuator == ticket.actuator), None) if now else None
    if now is None or reported is None or now.heard_s is None:
        return said
    code = "command.still_on" if reported.on else "command.still_off"
    return f"{said} {words.say(code, name=shown, at=words.clock(now.heard_s, now_s))}"
