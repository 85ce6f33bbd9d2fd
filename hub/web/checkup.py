"""Checkup: an inspection in words – each row with its verdict, cause and what to do; used by its page and the API.

What is wrong is shared_protocol.judging's word, so that `nhavuon check` comes to the same; here are the sentences.
"""

from dataclasses import dataclass

from hub.inspections import Click, Inspection, Line
from hub.live import ActuatorNow, ChannelNow, NodeNow
from hub.web import machines
from hub.web.words import Words, capital
from shared_protocol import judging
from shared_protocol import maintenance as m
from shared_protocol.names import CHECKS, FAULTS, IMAGES, RESETS

PASS, FAIL, NOTE = "pass", "fail", "note"
HIDDEN = ("fault", "actuator")  # told with their sensor, and with the relays


@dataclass(frozen=True)
class Checked:
    """One row. `verdict`: "pass", "fail" or "note" (nothing to mend); `cause` and `fix` are "" when it is well."""

    name: str
    said: str
    verdict: str
    cause: str = ""
    fix: str = ""


@dataclass(frozen=True)
class Relay:
    """An actuator in a check. `state`: "" (not tried), "sending", "ask" (done, nobody said yet), "heard", "silent",
    "refused", "stuck" (its pin does not follow); `runs`: it is on, so that a click would end something."""

    actuator: int
    name: str
    kind: str
    runs: bool
    state: str
    cause: str = ""
    fix: str = ""

    @property
    def verdict(self) -> str:
        """PASS, FAIL, or "" while it is open."""
        return {"heard": PASS, "silent": FAIL, "stuck": FAIL}.get(self.state, "")


def checked(words: Words, found: Inspection, now: NodeNow) -> list[Checked]:
    """The rows for a table: what failed first, then what is worth knowing, then what is well."""
    rows = [_answers(words, found)] if found.state != "running" else []
    rows += [row for line in found.lines if (row := one(words, line, found, now)) is not None]
    return sorted(rows, key=lambda row: (FAIL, NOTE, PASS).index(row.verdict))


def one(words: Words, line: Line, found: Inspection, now: NodeNow) -> Checked | None:
    """One row in words; None for those that are told with another."""
    what = CHECKS.get(line.what, "")
    if what in HIDDEN:
        return None
    if what in ("sensor", "probe"):
        return _sensor(words, line, found, now, what)
    name = words.say(f"check.{what}") if what else words.say("checkup.other", n=line.what)
    cause = judging.cause(line.what, line.which, line.ok, line.value)
    verdict = FAIL if cause else NOTE if _worth_knowing(what, line) else PASS
    places = {"value": words.number(line.value or 0), "limit": words.number(judging.RSSI_LEAST)}
    why, fix = _told(words, cause, **places) if cause else ("", "")
    return Checked(name, _said(words, what, line), verdict, why, fix)


def relays(words: Words, found: Inspection | None, now: NodeNow) -> list[Relay]:
    """The node's relays with what became of their clicks."""
    return [_relay(words, actuator, found, now) for actuator in now.actuators]


def tally(rows: list[Checked], tried: list[Relay]) -> tuple[int, int]:
    """How many passed and how many failed."""
    verdicts = [row.verdict for row in rows] + [relay.verdict for relay in tried]
    return verdicts.count(PASS), verdicts.count(FAIL)


# -- inside


def _answers(words: Words, found: Inspection) -> Checked:
    """How many of the questions came back: the link as the control path has it."""
    said = words.say("checkup.answers", n=found.answered, all=found.asked)
    if found.asked - found.answered > judging.MISSED:
        return Checked(words.say("checkup.link"), said, FAIL, *_told(words, "lossy"))
    return Checked(words.say("checkup.link"), said, PASS)


def _sensor(words: Words, line: Line, found: Inspection, now: NodeNow, what: str) -> Checked:
    channel = next((one for one in now.channels if one.channel == line.which), None)
    name = _channel_name(words, channel, line.which)
    if what == "probe":
        name = f"{words.say('check.probe')} · {name}"
    said = _span(words, line, channel if what == "sensor" else None)
    if line.good < line.reads:
        said = ", ".join(part for part in (said, words.say("checkup.good", n=line.good, all=line.reads)) if part)
    fault = judging.fault(line.reads, line.good, _row(found, m.CHECK_FAULT, line.which))
    if fault:
        return Checked(name, said, FAIL, *_told(words, FAULTS.get(fault, "sensor")))
    if what == "probe" and judging.in_air(_row(found, m.CHECK_SENSOR, line.which), line.value):
        return Checked(name, said, FAIL, *_told(words, "in_air"))
    if what == "sensor" and channel is not None:
        odd = judging.odd(channel.kind.rsplit("_", 1)[-1], line.value, line.low, line.high)
        if odd:
            return Checked(name, said, FAIL, *_told(words, odd))
    return Checked(name, said, PASS)


def _row(found: Inspection, what: int, which: int) -> int | None:
    """The value of another row about the same channel, None without it."""
    return next((one.value for one in found.lines if (one.what, one.which) == (what, which)), None)


def _channel_name(words: Words, channel: ChannelNow | None, number: int) -> str:
    if channel is None:
        return words.say("checkup.channel", n=number)
    return " · ".join(p for p in (words.first(f"kind.{channel.kind}", "kind.other"), channel.place) if p)


def _span(words: Words, line: Line, channel: ChannelNow | None) -> str:
    """The readings, lowest to highest, in the channel's unit; a probe's in mV."""
    if line.low is None or line.high is None:
        return ""

    def say(value: int) -> str:
        return words.quantity(value, channel.scale, channel.unit) if channel else f"{words.number(value)}\u00a0mV"

    return say(line.low) if line.low == line.high else words.say("checkup.span", low=say(line.low), high=say(line.high))


def _worth_knowing(what: str, line: Line) -> bool:
    """What is not as usual and yet nothing to mend: a trial under way, a node without rules of its own, a signal
    that it cannot measure.
    """
    if what == "image":
        return bool(IMAGES.get(line.which) == "on_trial")
    return what in ("recipe", "radio") and not line.ok


def _said(words: Words, what: str, line: Line) -> str:
    """The value of a row about the board."""
    if what == "radio" and line.low is not None and line.high is not None:
        ends = [f"{words.number(end)}\u00a0dBm" for end in (line.low, line.high)]
        return ends[0] if line.low == line.high else words.say("checkup.span", low=ends[0], high=ends[1])
    if what == "resets":
        return words.say(f"reset.{RESETS.get(line.which, 'unknown')}")
    if what == "recipe" and not line.ok:
        return words.say("checkup.no_recipe")
    if what == "image":
        return words.say(f"checkup.image_{IMAGES.get(line.which, 'proven')}")
    if line.value is None:
        return ""
    value = line.value // 1024 if what in ("heap", "idf_heap") else line.value
    return words.first(f"checkup.said_{what}", "checkup.said_other", n=words.number(value))


def _told(words: Words, code: str, **places: object) -> tuple[str, str]:
    """The cause and what to do next; a fault without its own sentences has the sensor's."""
    cause = words.first(f"checkup.cause.{code}", f"fault.{code}", "checkup.cause.sensor", **places)
    fix = words.first(f"checkup.fix.{code}", "checkup.fix.sensor", **places)
    return capital(cause), fix


def _relay(words: Words, actuator: ActuatorNow, found: Inspection | None, now: NodeNow) -> Relay:
    name = machines.name(words, actuator)
    click = found.click(actuator.actuator) if found else None
    state, cause, fix = _clicked(words, click) if click else ("", "", "")
    if _stuck(found, actuator.actuator):
        state, (cause, fix) = "stuck", _told(words, "pin_stuck")
    return Relay(actuator.actuator, name, actuator.kind, actuator.on, state, cause, fix)


def _clicked(words: Words, click: Click) -> tuple[str, str, str]:
    """State, cause and what to do of a click."""
    if click.state == "sending":
        return "sending", "", ""
    if click.state != "done":
        return "refused", words.first(f"result.{click.code}", "result.unknown"), words.say("checkup.fix.refused")
    if click.heard is None:
        return "ask", "", ""
    return ("heard", "", "") if click.heard else ("silent", *_told(words, "no_click"))


def _stuck(found: Inspection | None, actuator: int) -> bool:
    """Whether the node read another level at the relay's pin than it drives."""
    lines = found.lines if found else ()
    return any(CHECKS.get(line.what) == "actuator" and line.which == actuator and not line.ok for line in lines)
