"""Rule reading: what was typed into a rule's form as a rule; asked by the rule pages.

What cannot be read stays in the form beside its sentence; what it means for the machine is judged by
hub/recipes/check.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hub.recipes.check import MOST_WINDOWS, PICKS
from hub.recipes.document import Rule
from hub.recipes.machinery import Machinery
from hub.web import rules
from hub.web.rule_forms import DAYS, TENTHS, UNITS, Field, Form, Group, unit_of
from hub.web.words import parse_number, whole_number

MOST = 10_000_000  # far above every limit, far below what a node's number holds


@dataclass
class Read:
    """What was typed: the rule it makes, and a code for each field that cannot be read."""

    rule: Rule
    wrong: dict[str, str] = field(default_factory=dict)


def read(group: Group, form: Form, rule: Rule, machinery: Machinery) -> Read:
    """The rule with this group's fields as they were typed; those that cannot be read stay as they were."""
    found = Read(rule)
    for one in group.fields:
        try:
            value = _READERS[one.kind](one, form, found.rule, machinery)
        except ValueError:
            found.wrong[one.name] = "clock" if one.kind in ("clock", "windows") else "number"
        else:
            found.rule = replace(found.rule, **{one.name: value})
    return found


def _read_value(one: Field, form: Form, rule: Rule, machinery: Machinery) -> int | None:
    sensor = unit_of(one, rule, machinery)
    return _scaled(form.get(one.name, ""), sensor.scale if sensor else TENTHS)


def _read_length(one: Field, form: Form, rule: Rule, machinery: Machinery) -> int | None:
    text = form.get(one.name, "").strip()
    if not text:
        return None
    seconds = parse_number(text) * UNITS[one.kind]
    if seconds != round(seconds) or not 0 <= seconds <= MOST:
        raise ValueError(text)
    return int(seconds) or None


def _read_count(one: Field, form: Form, rule: Rule, machinery: Machinery) -> int | None:
    value = _scaled(form.get(one.name, ""), 0)
    return None if value in (None, 1) else value


def _read_clock(one: Field, form: Form, rule: Rule, machinery: Machinery) -> int | None:
    return minute(form.get(one.name, ""))


def _read_ids(one: Field, form: Form, rule: Rule, machinery: Machinery) -> tuple[int, ...] | None:
    return tuple(whole_number(text) for text in form.getlist(one.name)) or None


def _read_id(one: Field, form: Form, rule: Rule, machinery: Machinery) -> int | None:
    text = form.get(one.name, "")
    return whole_number(text) if text else None


def _read_choice(one: Field, form: Form, rule: Rule, machinery: Machinery) -> str | None:
    text = form.get(one.name, "")
    return None if one.name == "pick" and text == PICKS[0] else text or None


def _read_yes(one: Field, form: Form, rule: Rule, machinery: Machinery) -> int | None:
    return 1 if form.get(one.name, "") else None


def _read_windows(one: Field, form: Form, rule: Rule, machinery: Machinery) -> tuple[tuple[int, int, int], ...] | None:
    found = []
    for row in range(MOST_WINDOWS):
        start, end = minute(form.get(f"from-{row}", "")), minute(form.get(f"to-{row}", ""))
        if start is None and end is None:
            continue
        if start is None or end is None:
            raise ValueError(row)
        days = sum(1 << int(day) for day in set(form.getlist(f"days-{row}")) if day in map(str, range(DAYS)))
        found.append((start, end, days))
    return tuple(found) or None


_READERS: dict[str, Callable[[Field, Form, Rule, Machinery], Any]] = {
    "value": _read_value,
    "minutes": _read_length,
    "seconds": _read_length,
    "hours": _read_length,
    "count": _read_count,
    "clock": _read_clock,
    "sensors": _read_ids,
    "machines": _read_ids,
    "channel": _read_id,
    "choice": _read_choice,
    "yes": _read_yes,
    "windows": _read_windows,
}


def minute(text: str) -> int | None:
    """A clock time as people type it – "5:30", "5h30", "17.30", "6" – as a minute of the day; None for nothing."""
    plain = text.strip().lower().replace("h", ":").replace("g", ":").replace(".", ":").rstrip(":")
    if not plain:
        return None
    hours, _, minutes = plain.partition(":")
    past = whole_number(minutes or "0")
    found = whole_number(hours) * 60 + past
    if past > 59 or found > rules.DAY_MIN:
        raise ValueError(text)
    return found


def _scaled(text: str, scale: int) -> int | None:
    """A typed number in 10**`scale`; finer than that cannot be measured."""
    if not text.strip():
        return None
    value = parse_number(text).scaleb(-scale)
    if value != round(value) or abs(value) > MOST:
        raise ValueError(text)
    return int(value)
