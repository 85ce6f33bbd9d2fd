"""Events: a node's journaled happenings as lines of words; used by the node page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.live import ChannelNow, NodeNow
from hub.store.events import EventRow
from hub.web import machines
from hub.web.words import Words

SKIPPED = ("wall_s", "wall_ms", "id", "hash", "since_uptime_s", "phase")  # no help to a reader


@dataclass(frozen=True)
class EventLine:
    """When (in words), what happened, and the particulars."""

    when: str
    what: str
    more: str
    code: str


def line(words: Words, row: EventRow, now: NodeNow) -> EventLine:
    """One event; fields that no word is known for are shown as they are."""
    if row.at_s is None:
        when = words.say("node.undated", boot=row.boot_no, uptime=row.uptime_s)
    else:
        when = f"{words.date(row.at_s)} {words.second(row.at_s)}"
        if row.estimated:
            when = f"{words.say('node.estimated')} {when}"
    said = f"said.{row.code}"
    if row.code == "update":  # what became of it is in its result
        said = f"{said}_{row.fields.get('result')}"
    if words.has(said):
        return EventLine(when, words.say(said, **_places(words, row.fields, now)), "", row.code)
    shown = [_field(words, key, value, now) for key, value in row.fields.items() if key not in SKIPPED]
    more = ", ".join(text for text in shown if text)
    return EventLine(when, words.say(f"event.{row.code}"), more, row.code)


def _places(words: Words, fields: dict[str, Any], now: NodeNow) -> dict[str, str]:
    """The fields as words for a whole sentence: readings with the unit of the event's channel."""
    channel = next((one for one in now.channels if one.channel == fields.get("channel")), None)
    places = {}
    for key, value in fields.items():
        if key in ("before", "after"):
            places[key] = _reading(words, value, channel)
        elif key == "seconds":
            places[key] = words.span(value)
        else:
            places[key] = _field(words, key, value, now) if key in WORDED else str(value)
    return places


def _reading(words: Words, value: int | None, channel: ChannelNow | None) -> str:
    if value is None:
        return words.say("field.not_known")
    return words.quantity(value, channel.scale, channel.unit) if channel else words.number(value)


def _field(words: Words, key: str, value: Any, now: NodeNow) -> str:
    if value is None or value == "":
        return ""
    if key in WORDED:
        return WORDED[key](words, value, now)
    return f"{words.first(f'field.{key}')} {value}"


def _actuator(words: Words, value: Any, now: NodeNow) -> str:
    known = next((one for one in now.actuators if one.actuator == value), None)
    return machines.name(words, known) if known else f"{words.say('field.actuator')} {value}"


def _channel(words: Words, value: Any, now: NodeNow) -> str:
    known = next((one for one in now.channels if one.channel == value), None)
    if known is None:
        return f"{words.say('field.channel')} {value}"
    return " · ".join(part for part in (words.first(f"kind.{known.kind}", "kind.other"), known.place) if part)


def _from(prefix: str) -> Callable[[Words, Any, NodeNow], str]:
    def say(words: Words, value: Any, now: NodeNow) -> str:
        said = words.say(f"{prefix}.{value}").rstrip(".")
        return said[:1].lower() + said[1:]

    return say


def _on(words: Words, value: Any, now: NodeNow) -> str:
    return words.say("field.is_on" if value else "field.is_off")


WORDED: dict[str, Callable[[Words, Any, NodeNow], str]] = {
    "actuator": _actuator,
    "channel": _channel,
    "cause": _from("cause"),
    "fault": _from("fault"),
    "reset_cause": _from("reset"),
    "result": _from("result"),
    "stop_source": _from("source"),
    "trouble": _from("trouble_name"),
    "time_source": _from("source"),
    "on": _on,
}
