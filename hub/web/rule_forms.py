"""Rule forms: the fields of a rule as a technician fills them in, in five groups, and problems in words; for the pages.

Values are typed in the sensor's unit, times in minutes or seconds as the label says, clocks as "5:30".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import MultiDict

from hub.recipes.check import FAULTS, MAY_FAIL_ON, PICKS, Problem, Quantity
from hub.recipes.document import Rule
from hub.recipes.machinery import Machinery, Sensor
from hub.web import rules
from hub.web.words import Words

WINDOWS = 3  # rows of the schedule, more where a rule has more
DAYS = 7
TENTHS = -1  # the scale of a value whose channel is not known (any more)


Form = MultiDict[str, str]  # as submitted: one or several texts by name


@dataclass(frozen=True)
class Field:
    """One field: `kind` says how it is typed, `of` which channel gives a value's unit ("sensors" or a field)."""

    name: str
    kind: str  # value, minutes, seconds, hours, count, clock, sensors, channel, machines, choice, yes, windows
    of: str = "sensors"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """What one screen asks: first what matters, the rest folded away."""

    name: str
    main: tuple[Field, ...]
    more: tuple[Field, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        return self.main + self.more


def _values(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, "value") for name in names)


GROUPS = {
    group.name: group
    for group in (
        Group(
            "limits",
            (Field("sensors", "sensors"), *_values("on_above", "off_above", "on_below", "off_below")),
            (
                Field("night_from", "clock"),
                Field("night_to", "clock"),
                *_values("night_on_above", "night_off_above", "night_on_below", "night_off_below"),
                Field("pick", "choice", choices=PICKS),
                Field("agree", "value"),
                Field("confirm", "count"),
                Field("max_age_s", "seconds"),
            ),
        ),
        Group(
            "times",
            (Field("windows", "windows"), Field("gate", "yes")),
            (Field("period_s", "minutes"), Field("pulse_s", "minutes"), Field("width", "value")),
        ),
        Group(
            "run",
            tuple(Field(name, "minutes") for name in ("min_on_s", "max_on_s", "rest_s", "min_off_s", "cap_s")),
            (Field("lease_s", "minutes"), Field("hold_s", "minutes"), Field("by_hand", "yes")),
        ),
        Group(
            "fault",
            (
                Field("fault", "choice", choices=FAULTS),
                *(Field(name, "minutes") for name in ("fault_on_s", "fault_off_s", "fault_hold_s")),
            ),
        ),
        Group(
            "guards",
            (Field("needs", "channel"), Field("needs_min", "value", "needs"), Field("apart", "machines"),
             Field("settle_s", "seconds")),
            (
                Field("serves", "machines"),
                Field("lead_s", "seconds"),
                Field("lag_s", "seconds"),
                Field("pause_channel", "channel"),
                Field("pause_above", "value", "pause_channel"),
                Field("pause_s", "hours"),
                Field("check_channel", "channel"),
                Field("check_by", "value", "check_channel"),
                Field("check_s", "seconds"),
                Field("check_level", "yes"),
                Field("stuck_by", "value", "check_channel"),
            ),
        ),
    )
}  # fmt: skip
UNITS = {"minutes": 60, "seconds": 1, "hours": 3600}


@dataclass(frozen=True)
class Option:
    """One of the choices of a field."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class Shown:
    """A field as it stands in the form."""

    name: str
    kind: str
    label: str
    hint: str
    unit: str
    text: str
    options: tuple[Option, ...] = ()
    rows: tuple["Row", ...] = ()
    wrong: str = ""


@dataclass(frozen=True)
class Row:
    """One window of the schedule."""

    from_: str
    to: str
    days: tuple[Option, ...]


def unit_of(one: Field, rule: Rule, machinery: Machinery) -> Sensor | None:
    """The channel in whose unit a value is typed."""
    if one.of == "sensors":
        return machinery.sensor(rule.sensors[0]) if rule.sensors else None
    return machinery.sensor(getattr(rule, one.of))


def show(
    words: Words,
    fields: Sequence[Field],
    rule: Rule,
    machinery: Machinery,
    typed: Form | None,
    wrong: Mapping[str, str],
) -> list[Shown]:
    """The fields with what the rule has, or what was typed; `wrong`: a sentence by field."""
    return [_shown(words, one, rule, machinery, typed, wrong.get(one.name, "")) for one in fields]


def _shown(words: Words, one: Field, rule: Rule, machinery: Machinery, typed: Form | None, wrong: str) -> Shown:
    sensor = unit_of(one, rule, machinery) if one.kind == "value" else None
    unit = words.unit(sensor.unit) if sensor else words.say(f"length_unit.{one.kind}") if one.kind in UNITS else ""
    text = typed.get(one.name, "") if typed is not None else _text(words, one, getattr(rule, one.name), sensor)
    hint = f"rule_hint.{one.name}"
    return Shown(
        one.name,
        one.kind,
        words.say(f"rule_field.{one.name}"),
        words.say(hint) if words.has(hint) else "",
        unit,
        text,
        tuple(_options(words, one, rule, machinery)),
        tuple(_rows(words, rule, typed)) if one.kind == "windows" else (),
        wrong,
    )


def _text(words: Words, one: Field, value: Any, sensor: Sensor | None) -> str:
    """A field's value as it would be typed."""
    if value is None or one.kind not in ("value", "clock", "count", *UNITS):
        return ""
    if one.kind == "clock":
        return rules.clock(value)
    if one.kind in UNITS:
        return typed_number(words, Decimal(value) / UNITS[one.kind])
    return typed_number(words, Decimal(value).scaleb(0 if one.kind == "count" else sensor.scale if sensor else TENTHS))


def typed_number(words: Words, value: Decimal) -> str:
    """A number for an input field: no thousands, no zeros at its end, the language's own comma."""
    text = f"{round(value, 4):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", ",") if words.language == "vi" else text


def _options(words: Words, one: Field, rule: Rule, machinery: Machinery) -> list[Option]:
    value = getattr(rule, one.name)
    if one.kind == "sensors":
        return [_sensor_option(words, s, machinery, s.id in (value or ())) for s in machinery.sensors]
    if one.kind == "channel":
        return [_sensor_option(words, s, machinery, s.id == value) for s in machinery.sensors]
    if one.kind == "machines":
        others = [m for m in machinery.machines if m.id != rule.actuator]
        return [Option(str(m.id), rules.machine_name(words, m), m.id in (value or ())) for m in others]
    if one.kind == "yes":
        return [Option("1", words.say(f"rule_yes.{one.name}"), bool(value))]
    if one.kind == "choice":
        chosen = value or ("first" if one.name == "pick" else "")
        return [Option(c, words.say(f"{one.name}_choice.{c}"), c == chosen) for c in _allowed(one, rule, machinery)]
    return []


def _allowed(one: Field, rule: Rule, machinery: Machinery) -> tuple[str, ...]:
    """Choices that this machine may have: what is never allowed is not offered."""
    machine = machinery.machine(rule.actuator)
    if one.name != "fault" or machine is None or machine.kind in MAY_FAIL_ON:
        return one.choices
    return tuple(choice for choice in one.choices if choice != "on")


def _sensor_option(words: Words, sensor: Sensor, machinery: Machinery, chosen: bool) -> Option:
    return Option(str(sensor.id), rules.sensor_name(words, sensor, machinery, sensor.id), chosen)


def _rows(words: Words, rule: Rule, typed: Form | None) -> list[Row]:
    windows = rule.windows or ()
    found = []
    for row in range(max(WINDOWS, len(windows))):
        start, end, mask = windows[row] if row < len(windows) else (None, None, rules.EVERY_DAY)
        from_, to = ("" if one is None else rules.clock(one) for one in (start, end))
        if typed is not None:
            from_, to = typed.get(f"from-{row}", ""), typed.get(f"to-{row}", "")
            mask = sum(1 << int(day) for day in set(typed.getlist(f"days-{row}")) if day in map(str, range(DAYS)))
        days = tuple(Option(str(day), words.say(f"weekday_short.{day}"), bool(mask >> day & 1)) for day in range(DAYS))
        found.append(Row(from_, to, days))
    return found


# --- problems in words ---


def problem_words(words: Words, problem: Problem) -> str:
    """What is wrong with a rule and what to do, in one sentence."""
    places = {name: _place(words, value) for name, value in problem.params.items()}
    return words.say(f"problem.{problem.code}", **places)


def _place(words: Words, value: Any) -> str:
    if isinstance(value, Quantity):
        return rules.quantity(words, value.value, value.scale, value.unit)
    return words.number(value) if isinstance(value, int) else str(value)


def field_name(words: Words, name: str) -> str:
    """A field's label, for a problem that is shown away from its field."""
    return words.first(f"rule_field.{name}", "rule_field.other")
