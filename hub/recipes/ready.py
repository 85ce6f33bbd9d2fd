"""Ready-made recipes: templates of rules in ready_made/, whose numbers say where they come from; fitted to a node.

A template names kinds, not ids: a rule for each machine of the first kind that the node has, following its channels of
the first kind that it has. Numbers are as people write them (28.5 °C, 20 minutes) and may be changed within limits.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from hub.errors import HubError
from hub.recipes.check import MOST_SENSORS
from hub.recipes.document import Recipe, Rule, Window
from hub.recipes.machinery import Machine, Machinery, Sensor

FOLDER = Path(__file__).parent / "ready_made"
SECONDS = {"second": 1, "minute": 60, "hour": 3600}
SIDES = ("on_above", "off_above", "on_below", "off_below")
MAIN = SIDES + tuple(f"night_{side}" for side in SIDES)  # what a form shows first

Text = Mapping[str, str]  # by language


class UnknownReady(HubError):
    """No ready-made recipe of this name."""

    code = "error.unknown_ready"
    text = "There is no ready-made recipe “{name}”."


@dataclass(frozen=True)
class Number:
    """A number of a template: value and limits in the unit, where it comes from, what it is."""

    name: str
    value: Decimal
    unit: str
    low: Decimal
    high: Decimal
    source: Text
    label: Text

    def allows(self, value: Decimal) -> bool:
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Template:
    """A rule by kinds. `set`: field → the name of a number, or a word that stands as it is."""

    machine: tuple[str, ...]
    sensors: tuple[str, ...]
    set: Mapping[str, str]
    needed: bool = False
    agree: int = 0  # in 10**-1 of the unit
    windows: tuple[Window, ...] = ()
    night: tuple[int, int] | None = None
    needs: str = ""  # the kind of a channel that must be 1
    serves: tuple[str, ...] = ()
    pause: Mapping[str, str] | None = None  # kind, above, for: a channel's kind and two numbers


@dataclass(frozen=True)
class Ready:
    """A ready-made recipe."""

    name: str
    title: Text
    what: Text
    zones: tuple[str, ...]
    numbers: Mapping[str, Number]
    rules: tuple[Template, ...]


@dataclass(frozen=True)
class Part:
    """A template on a node: its machines and channels, or what is missing (kinds)."""

    template: Template
    machines: tuple[Machine, ...]
    sensors: tuple[Sensor, ...]
    main: tuple[Number, ...]
    more: tuple[Number, ...]

    @property
    def lacks_machine(self) -> bool:
        return not self.machines

    @property
    def lacks_sensor(self) -> bool:
        return not self.sensors

    @property
    def fits(self) -> bool:
        return bool(self.machines and self.sensors)


@cache
def all_ready() -> dict[str, Ready]:
    """Every ready-made recipe by name."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.json"))}


def ready(name: str) -> Ready:
    """One of them. Raises UnknownReady."""
    found = all_ready().get(name)
    if found is None:
        raise UnknownReady(name=name[:40])
    return found


def parts(found: Ready, machinery: Machinery) -> list[Part]:
    """The recipe's rules as they meet this node."""
    return [_part(found, template, machinery) for template in found.rules]


def usable(found: Ready, machinery: Machinery) -> bool:
    """Whether the node has what this recipe is about."""
    met = parts(found, machinery)
    return any(part.fits for part in met) and all(part.fits for part in met if part.template.needed)


def make(found: Ready, machinery: Machinery, values: Mapping[str, Decimal]) -> Recipe:
    """The recipe for this node; numbers that are not in `values` stay as they are in the template."""
    numbers = {name: values.get(name, number.value) for name, number in found.numbers.items()}
    rules = [
        _rule(found, part, machine, machinery, numbers)
        for part in parts(found, machinery)
        if part.fits
        for machine in part.machines
    ]
    return Recipe(found.name, tuple(sorted(rules, key=lambda rule: rule.actuator)))


# --- reading ---


def _read(path: Path) -> Ready:
    data: dict[str, Any] = json.loads(path.read_text("utf-8"), parse_float=Decimal)
    numbers = {name: _number(name, one, data["sources"]) for name, one in data["numbers"].items()}
    rules = tuple(_template(one) for one in data["rules"])
    return Ready(path.stem, data["title"], data["what"], tuple(data["zones"]), numbers, rules)


def _number(name: str, one: dict[str, Any], sources: dict[str, Text]) -> Number:
    value, low, high = (Decimal(one[key]) for key in ("value", "low", "high"))
    return Number(name, value, one["unit"], low, high, sources[one["source"]], one["label"])


def _template(one: dict[str, Any]) -> Template:
    made: dict[str, Any] = {**one, "windows": tuple((start, end, days) for start, end, days in one.get("windows", ()))}
    made.update({key: tuple(one[key]) for key in ("machine", "sensors", "serves", "night") if key in one})
    return Template(**made)


# --- fitting ---


def _part(found: Ready, template: Template, machinery: Machinery) -> Part:
    kinds = [one.kind for one in machinery.machines]
    kind = next((kind for kind in template.machine if kind in kinds), None)
    machines = tuple(one for one in machinery.machines if one.kind == kind)
    sensors = machinery.of_kind(*template.sensors)[:MOST_SENSORS]
    used: dict[str, str] = {name: field for field, name in template.set.items() if name in found.numbers}
    if template.pause and machinery.of_kind(template.pause["kind"]):
        used[template.pause["above"]] = "pause_above"
        used[template.pause["for"]] = "pause_s"
    if template.serves and not _served(template, machinery):
        used = {name: field for name, field in used.items() if field not in ("lead_s", "lag_s")}
    main = tuple(found.numbers[name] for name, field in used.items() if field in MAIN)
    more = tuple(found.numbers[name] for name, field in used.items() if field not in MAIN)
    return Part(template, machines, sensors, main, more)


def _served(template: Template, machinery: Machinery) -> tuple[int, ...]:
    return tuple(one.id for one in machinery.machines if one.kind in template.serves)


def _rule(found: Ready, part: Part, machine: Machine, machinery: Machinery, numbers: Mapping[str, Decimal]) -> Rule:
    template, sensor = part.template, part.sensors[0]
    fields: dict[str, Any] = {"sensors": tuple(one.id for one in part.sensors)}
    for field, name in template.set.items():
        fields[field] = _raw(numbers[name], found.numbers[name].unit, sensor) if name in numbers else name
    if len(part.sensors) > 1:
        fields["pick"] = "median" if len(part.sensors) > 2 else "mean"
        fields["agree"] = max(1, round(template.agree * 10.0 ** (-1 - sensor.scale)))
    if template.windows:
        fields |= {"windows": template.windows, "gate": 1}
    if template.night:
        fields |= {"night_from": template.night[0], "night_to": template.night[1]}
    fields |= _joined(found, template, machinery, numbers)
    if not fields.get("serves"):
        fields = {key: value for key, value in fields.items() if key not in ("serves", "lead_s", "lag_s")}
    return Rule(machine.id, **fields)


def _joined(found: Ready, template: Template, machinery: Machinery, numbers: Mapping[str, Decimal]) -> dict[str, Any]:
    """What the rule has to do with other machines and channels, as far as the node has them."""
    fields: dict[str, Any] = {"serves": _served(template, machinery)}
    water = machinery.of_kind(template.needs) if template.needs else ()
    if water:
        fields |= {"needs": water[0].id, "needs_min": 1}
    rain = machinery.of_kind(template.pause["kind"]) if template.pause else ()
    if template.pause and rain:
        above, seconds = template.pause["above"], template.pause["for"]
        fields["pause_channel"] = rain[0].id
        fields["pause_above"] = _raw(numbers[above], found.numbers[above].unit, rain[0])
        fields["pause_s"] = _raw(numbers[seconds], found.numbers[seconds].unit, rain[0])
    return fields


def _raw(value: Decimal, unit: str, sensor: Sensor) -> int:
    """As it lies in the rule: seconds, or the sensor's own scale."""
    if unit in SECONDS:
        return round(value * SECONDS[unit])
    return round(value.scaleb(-sensor.scale))
