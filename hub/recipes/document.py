"""The document: a rule and a recipe as typed values, and their JSON as it lies on the node; made by forms and files.

All numbers are integers: values in their channel's scale, times in seconds, minutes of the local day for windows and
night. A field that is None is not in the JSON, and the node's own default counts (firmware/node/rule.py).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from hub.errors import HubError
from hub.link.pieces import hash8

MOST_BYTES = 4096
FARM_OFFSET_MIN = 420  # Asia/Ho_Chi_Minh, no summer time
NO_RECIPE = bytes(8)  # the hash that a node without a recipe may report

Window = tuple[int, int, int]  # from, to (minutes of the day), weekdays (bit 0 = Monday)


class BadDocument(HubError):
    """A text that is no recipe."""

    code = "error.bad_recipe"
    text = "This is not a recipe ({detail})."


@dataclass(frozen=True)
class Rule:
    """What one actuator does by itself; docs/recipes.md says what each field means."""

    actuator: int
    sensors: tuple[int, ...] | None = None
    pick: str | None = None
    agree: int | None = None
    max_age_s: int | None = None
    confirm: int | None = None
    on_above: int | None = None
    off_above: int | None = None
    on_below: int | None = None
    off_below: int | None = None
    night_from: int | None = None
    night_to: int | None = None
    night_on_above: int | None = None
    night_off_above: int | None = None
    night_on_below: int | None = None
    night_off_below: int | None = None
    windows: tuple[Window, ...] | None = None
    gate: int | None = None
    period_s: int | None = None
    pulse_s: int | None = None
    width: int | None = None
    min_on_s: int | None = None
    min_off_s: int | None = None
    max_on_s: int | None = None
    rest_s: int | None = None
    cap_s: int | None = None
    apart: tuple[int, ...] | None = None
    settle_s: int | None = None
    serves: tuple[int, ...] | None = None
    lead_s: int | None = None
    lag_s: int | None = None
    needs: int | None = None
    needs_min: int | None = None
    pause_channel: int | None = None
    pause_above: int | None = None
    pause_s: int | None = None
    lease_s: int | None = None
    hold_s: int | None = None
    by_hand: int | None = None
    fault: str | None = None
    fault_on_s: int | None = None
    fault_off_s: int | None = None
    fault_hold_s: int | None = None
    check_channel: int | None = None
    check_by: int | None = None
    check_s: int | None = None
    check_level: int | None = None
    stuck_by: int | None = None

    @property
    def by_itself(self) -> bool:
        """Whether anything but a person can ask for ON."""
        return bool(self.has_threshold or self.windows or self.serves)

    @property
    def has_threshold(self) -> bool:
        return self.by_day or self.night_on_above is not None or self.night_on_below is not None

    @property
    def by_day(self) -> bool:
        """Whether it has thresholds outside the night."""
        return self.on_above is not None or self.on_below is not None

    def keys(self) -> dict[str, Any]:
        """The fields that are in the JSON."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: _plain(value) for name, value in found.items() if value is not None}


@dataclass(frozen=True)
class Recipe:
    """The rules of a node, at most one for each actuator."""

    name: str
    rules: tuple[Rule, ...] = ()
    utc_offset_min: int = FARM_OFFSET_MIN
    text: bytes = field(init=False, repr=False, compare=False)  # canonical JSON, what the node gets
    hash: bytes = field(init=False, compare=False)

    def __post_init__(self) -> None:
        text = canonical(self)
        object.__setattr__(self, "text", text)
        object.__setattr__(self, "hash", hash8(text))

    def rule(self, actuator: int) -> Rule | None:
        return next((rule for rule in self.rules if rule.actuator == actuator), None)

    def with_rule(self, changed: Rule) -> "Recipe":
        """The recipe with one rule replaced or added, in the order of the actuators."""
        others = [rule for rule in self.rules if rule.actuator != changed.actuator]
        return self._with(others + [changed])

    def without(self, actuator: int) -> "Recipe":
        """The recipe without an actuator's rule: it only obeys people then."""
        return self._with([rule for rule in self.rules if rule.actuator != actuator])

    def _with(self, rules: list[Rule]) -> "Recipe":
        return Recipe(self.name, tuple(sorted(rules, key=lambda rule: rule.actuator)), self.utc_offset_min)


def canonical(recipe: Recipe) -> bytes:
    """JSON with sorted keys and no spaces, UTF-8."""
    found = {
        "name": recipe.name,
        "utc_offset_min": recipe.utc_offset_min,
        "rules": [rule.keys() for rule in recipe.rules],
    }
    return json.dumps(found, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def parse(text: bytes | str) -> Recipe:
    """A recipe from its JSON. Raises BadDocument, which names the first thing that does not belong."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadDocument(detail="JSON") from None
    return read(found)


def read(found: Any) -> Recipe:
    """A recipe from parsed JSON. Raises BadDocument."""
    if not isinstance(found, dict):
        raise BadDocument(detail="{}")
    unknown = sorted(set(found) - {"name", "utc_offset_min", "rules"})
    if unknown:
        raise BadDocument(detail=unknown[0])
    name, offset, rules = found.get("name", ""), found.get("utc_offset_min", FARM_OFFSET_MIN), found.get("rules", [])
    if not _is_text(name):
        raise BadDocument(detail="name")
    if not _is_number(offset):
        raise BadDocument(detail="utc_offset_min")
    if not isinstance(rules, list):
        raise BadDocument(detail="rules")
    return Recipe(name, tuple(_rule(one) for one in rules), offset)


def _rule(found: Any) -> Rule:
    if not isinstance(found, dict):
        raise BadDocument(detail="rules")
    for key, value in found.items():
        if key not in _FORMS or not _FORMS[key](value):
            raise BadDocument(detail=str(key)[:40])
    if "actuator" not in found:
        raise BadDocument(detail="actuator")
    return Rule(**{key: _kept(value) for key, value in found.items()})


def _kept(value: Any) -> Any:
    """Lists as tuples, all the way down."""
    return tuple(_kept(item) for item in value) if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _is_numbers(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_number, value))


def _is_windows(value: Any) -> bool:
    return isinstance(value, list) and all(_is_numbers(one) and len(one) == 3 for one in value)


def _form(name: str) -> Callable[[Any], bool]:
    if name == "windows":
        return _is_windows
    if name in ("sensors", "apart", "serves"):
        return _is_numbers
    return _is_text if name in ("pick", "fault") else _is_number


_FORMS = {one.name: _form(one.name) for one in fields(Rule)}
