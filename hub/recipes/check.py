"""Checking a recipe against the node that shall run it: every problem by code, with where and what; asked by the page.

Nothing is sent to a node that did not pass here. The node refuses by itself too (firmware/node/rule.py), but without a
sentence.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hub.recipes.document import MOST_BYTES, Recipe, Rule
from hub.recipes.machinery import Machine, Machinery, Sensor
from shared_protocol.registry import MAX_ACTUATORS

WATER = ("mister", "pump", "valve")  # a flood is the damage
HOT = ("heater", "dryer")  # a fire is
MAY_FAIL_ON = ("fan", "vent", "aerator", "buzzer", "lamp")  # running for nothing does no harm
PICKS = ("first", "mean", "median")
FAULTS = ("off", "on", "hold", "duty")
REST_S = 60  # the node's own least rest after max-on
DAY_S, DAY_MIN = 86_400, 1_440
LONGEST_S = 0xFFFF  # what a command's field holds
MOST_NAME, MOST_SENSORS, MOST_WINDOWS, MOST_CONFIRM = 40, 3, 8, 20
LEAST_CHECK_S = 10
# Least dead band in 10**-1 of the unit: less than the sensors' noise would make a relay chatter.
DEAD_BAND = {"celsius": 3, "percent": 5}
# What a value can be at all, in 10**-1 of the unit; other units: whatever the wire carries.
RANGE = {"celsius": (-400, 850), "percent": (0, 1000)}
SIDES = (("on_above", "off_above", 1), ("on_below", "off_below", -1))
SPANS = {  # least and most seconds of each duration
    "max_age_s": (10, 3600),
    "period_s": (10, DAY_S),
    "pulse_s": (1, DAY_S),
    "min_on_s": (0, 3600),
    "min_off_s": (0, 3600),
    "max_on_s": (1, DAY_S),
    "rest_s": (0, DAY_S),
    "cap_s": (1, LONGEST_S),  # what the node's ledger can book
    "settle_s": (0, 3600),
    "lead_s": (0, 3600),
    "lag_s": (0, 3600),
    "pause_s": (60, 7 * DAY_S),
    "lease_s": (1, LONGEST_S),
    "hold_s": (1, LONGEST_S),
    "fault_on_s": (1, DAY_S),
    "fault_off_s": (1, DAY_S),
    "fault_hold_s": (1, DAY_S),
    "check_s": (LEAST_CHECK_S, 7200),
}


class Quantity(NamedTuple):
    """A number for a sentence: `value` × 10**`scale` of the unit; unit "second" is a length of time."""

    value: int
    scale: int
    unit: str


class Problem(NamedTuple):
    """What is wrong: the actuator (None = the recipe itself), the field, a code with its sentence's places."""

    actuator: int | None
    field: str
    code: str
    params: dict[str, Any]


class _Wrong(NamedTuple):
    field: str
    code: str
    params: dict[str, Any]


def problems(recipe: Recipe, machinery: Machinery) -> list[Problem]:
    """Everything that is wrong, empty when the node may get it."""
    found = [Problem(None, *one) for one in _whole(recipe)]
    for rule in recipe.rules:
        found += [Problem(rule.actuator, *one) for one in _rule(rule, recipe, machinery)]
    return found


def _whole(recipe: Recipe) -> Iterator[_Wrong]:
    if not 1 <= len(recipe.name) <= MOST_NAME:
        yield _Wrong("name", "name", {"most": MOST_NAME})
    if not -12 * 60 <= recipe.utc_offset_min <= 14 * 60:
        yield _Wrong("utc_offset_min", "offset", {})
    if len(recipe.rules) > MAX_ACTUATORS:
        yield _Wrong("rules", "many_rules", {"most": MAX_ACTUATORS})
    if len(recipe.text) > MOST_BYTES:
        yield _Wrong("rules", "long", {"most": MOST_BYTES, "bytes": len(recipe.text)})


def _rule(rule: Rule, recipe: Recipe, machinery: Machinery) -> Iterator[_Wrong]:
    machine = machinery.machine(rule.actuator)
    if machine is None:
        yield _Wrong("actuator", "no_machine", {"id": rule.actuator})
        return
    if sum(other.actuator == rule.actuator for other in recipe.rules) > 1:
        yield _Wrong("actuator", "twice", {})
    yield from _spans(rule)
    yield from _sensors(rule, machinery)
    yield from _thresholds(rule, machinery)
    yield from _night(rule)
    yield from _windows(rule)
    yield from _pulses(rule)
    yield from _limits(rule, machine)
    yield from _fellows(rule, machinery)
    yield from _guards(rule, machinery)
    yield from _fault(rule, machine)
    yield from _response(rule, machinery)


def _spans(rule: Rule) -> Iterator[_Wrong]:
    """Lengths of time that no machine has."""
    for name, (least, most) in SPANS.items():
        value = getattr(rule, name)
        if value is not None and not least <= value <= most:
            yield _Wrong(name, "span", {"least": _seconds(least), "most": _seconds(most)})
    if rule.confirm is not None and not 1 <= rule.confirm <= MOST_CONFIRM:
        yield _Wrong("confirm", "confirm", {"most": MOST_CONFIRM})
    for name in ("gate", "by_hand", "check_level"):
        if getattr(rule, name) not in (None, 0, 1):
            yield _Wrong(name, "yes_no", {})


def _sensors(rule: Rule, machinery: Machinery) -> Iterator[_Wrong]:
    ids = rule.sensors or ()
    if len(ids) > MOST_SENSORS or len(set(ids)) != len(ids):
        yield _Wrong("sensors", "many_sensors", {"most": MOST_SENSORS})
    for id in ids:
        if machinery.sensor(id) is None:
            yield _Wrong("sensors", "no_sensor", {"id": id})
    known = [one for one in map(machinery.sensor, ids) if one is not None]
    if len({(one.unit, one.scale) for one in known}) > 1:
        yield _Wrong("sensors", "mixed", {})
    if rule.pick is not None and rule.pick not in PICKS:
        yield _Wrong("pick", "choice", {})
    if rule.agree is not None and rule.agree < 0:
        yield _Wrong("agree", "agree", {})
    if rule.pick in ("mean", "median") and (len(ids) < 2 or not rule.agree):
        yield _Wrong("agree", "agree", {})


# --- thresholds ---


def _thresholds(rule: Rule, machinery: Machinery) -> Iterator[_Wrong]:
    sensor = machinery.sensor(rule.sensors[0]) if rule.sensors else None
    asked = [name for name in _limits_of(rule) if getattr(rule, name) is not None]
    if asked and not rule.sensors:
        yield _Wrong("sensors", "no_follow", {})
    if sensor is None:
        return
    for name in asked:
        yield from _in_range(name, getattr(rule, name), sensor)
    for prefix in ("", "night_"):
        for on, off, sign in SIDES:
            yield from _side(rule, prefix + on, prefix + off, sign, sensor)
        yield from _both_sides(rule, prefix)


def _limits_of(rule: Rule) -> list[str]:
    return [prefix + name for prefix in ("", "night_") for on, off, _ in SIDES for name in (on, off)]


def _in_range(name: str, value: int, sensor: Sensor) -> Iterator[_Wrong]:
    known = RANGE.get(sensor.unit)
    if known is None:
        return
    low, high = (_scaled(end, sensor) for end in known)
    if not low <= value <= high:
        yield _Wrong(name, "range", {"low": _quantity(low, sensor), "high": _quantity(high, sensor)})


def _side(rule: Rule, on: str, off: str, sign: int, sensor: Sensor) -> Iterator[_Wrong]:
    """Both limits of a side, OFF on the side of rest, and room between them."""
    start, end = getattr(rule, on), getattr(rule, off)
    if (start is None) != (end is None):
        yield _Wrong(on if start is None else off, "pair", {})
    if start is None or end is None:
        return
    least = max(1, _scaled(DEAD_BAND.get(sensor.unit, 0), sensor))
    if (start - end) * sign < 0:
        places = {"on": _quantity(start, sensor), "off": _quantity(end, sensor)}
        yield _Wrong(off, "off_above" if sign > 0 else "off_below", places)
    elif (start - end) * sign < least:
        yield _Wrong(off, "dead_band", {"least": _quantity(least, sensor)})


def _both_sides(rule: Rule, prefix: str) -> Iterator[_Wrong]:
    """Between the two sides there is a band in which the machine rests."""
    off_above, off_below = getattr(rule, prefix + "off_above"), getattr(rule, prefix + "off_below")
    if off_above is not None and off_below is not None and off_below >= off_above:
        yield _Wrong(prefix + "off_below", "no_band", {})


def _night(rule: Rule) -> Iterator[_Wrong]:
    asked = any(getattr(rule, f"night_{name}") is not None for on, off, _ in SIDES for name in (on, off))
    timed = rule.night_from is not None or rule.night_to is not None
    for name in ("night_from", "night_to"):
        value = getattr(rule, name)
        if value is not None and not 0 <= value < DAY_MIN:
            yield _Wrong(name, "clock", {})
    if asked and (not timed or rule.night_from == rule.night_to):
        yield _Wrong("night_from", "night_when", {})
    if timed and not asked:
        yield _Wrong("night_on_above", "night_what", {})


# --- times ---


def _windows(rule: Rule) -> Iterator[_Wrong]:
    windows = rule.windows or ()
    if len(windows) > MOST_WINDOWS:
        yield _Wrong("windows", "many_windows", {"most": MOST_WINDOWS})
    for start, end, days in windows:
        if not (0 <= start < DAY_MIN and 0 <= end <= DAY_MIN and start != end):
            yield _Wrong("windows", "window", {})
        if not 1 <= days <= 127:
            yield _Wrong("windows", "no_day", {})
    if rule.gate and not (windows and rule.has_threshold):
        yield _Wrong("gate", "gate", {})


def _pulses(rule: Rule) -> Iterator[_Wrong]:
    if rule.period_s is None:
        if rule.pulse_s is not None or rule.width is not None:
            yield _Wrong("period_s", "no_period", {})
        return
    if not rule.pulse_s and not rule.width:
        yield _Wrong("pulse_s", "no_pulse", {})
    if (rule.pulse_s or 0) > rule.period_s:
        yield _Wrong("pulse_s", "long_pulse", {"most": _seconds(rule.period_s)})
    if rule.width is not None and (rule.width < 1 or not rule.has_threshold):
        yield _Wrong("width", "width", {})
    if not (rule.has_threshold or rule.windows):
        yield _Wrong("period_s", "no_asking", {})


# --- limits ---


def _limits(rule: Rule, machine: Machine) -> Iterator[_Wrong]:
    if rule.max_on_s is None and machine.kind in WATER + HOT:
        yield _Wrong("max_on_s", "needs_max_on", {})
    if rule.max_on_s is not None and (rule.rest_s or 0) < REST_S:
        yield _Wrong("rest_s", "rest", {"least": _seconds(REST_S)})
    for name in ("min_on_s", "pulse_s"):
        most = rule.max_on_s if name == "min_on_s" else rule.cap_s
        value = getattr(rule, name)
        if value is not None and most is not None and value > most:
            yield _Wrong(name, "over_limit", {"most": _seconds(most)})
    if rule.max_on_s is not None and (rule.lease_s or 0) > rule.max_on_s:
        yield _Wrong("lease_s", "over_limit", {"most": _seconds(rule.max_on_s)})


def _fellows(rule: Rule, machinery: Machinery) -> Iterator[_Wrong]:
    for name in ("apart", "serves"):
        for id in getattr(rule, name) or ():
            if id == rule.actuator:
                yield _Wrong(name, "itself", {})
            elif machinery.machine(id) is None:
                yield _Wrong(name, "no_machine", {"id": id})
    if set(rule.apart or ()) & set(rule.serves or ()):
        yield _Wrong("apart", "apart_serves", {})
    if rule.settle_s and not rule.apart:
        yield _Wrong("settle_s", "settle", {})
    if (rule.lead_s or rule.lag_s) and not rule.serves:
        yield _Wrong("serves", "no_serves", {})


def _guards(rule: Rule, machinery: Machinery) -> Iterator[_Wrong]:
    for name in ("needs", "pause_channel", "check_channel"):
        id = getattr(rule, name)
        if id is not None and machinery.sensor(id) is None:
            yield _Wrong(name, "no_sensor", {"id": id})
    if rule.needs_min is not None and rule.needs is None:
        yield _Wrong("needs", "no_needs", {})
    pause = (rule.pause_channel, rule.pause_above, rule.pause_s)
    if any(one is not None for one in pause) and None in pause:
        yield _Wrong("pause_s", "pause", {})


def _fault(rule: Rule, machine: Machine) -> Iterator[_Wrong]:
    if rule.fault is not None and rule.fault not in FAULTS:
        yield _Wrong("fault", "choice", {})
    if machine.kind in HOT and rule.fault not in (None, "off"):
        yield _Wrong("fault", "hot", {})
    elif rule.fault == "on" and machine.kind not in MAY_FAIL_ON:
        yield _Wrong("fault", "fault_on", {})
    elif rule.fault == "duty" and machine.kind not in MAY_FAIL_ON and not rule.cap_s:
        yield _Wrong("fault", "fault_duty", {})
    if rule.fault == "duty" and not (rule.fault_on_s and rule.fault_off_s):
        yield _Wrong("fault_on_s", "fault_cycle", {})
    if rule.fault == "on" and bool(rule.fault_on_s) != bool(rule.fault_off_s):
        yield _Wrong("fault_on_s", "fault_cycle", {})
    if rule.fault == "hold" and not rule.fault_hold_s:
        yield _Wrong("fault_hold_s", "fault_hold", {})
    if machine.kind in HOT and rule.by_hand:
        yield _Wrong("by_hand", "hot_by_hand", {})


def _response(rule: Rule, machinery: Machinery) -> Iterator[_Wrong]:
    wanted = bool(rule.check_by or rule.stuck_by)
    if wanted and rule.check_channel is None:
        yield _Wrong("check_channel", "check", {})
    if rule.check_channel is not None and not wanted:
        yield _Wrong("check_by", "check", {})
    if wanted and rule.check_s is None:
        yield _Wrong("check_s", "check", {})


# --- numbers ---


def _seconds(value: int) -> Quantity:
    return Quantity(value, 0, "second")


def _quantity(value: int, sensor: Sensor) -> Quantity:
    return Quantity(value, sensor.scale, sensor.unit)


def _scaled(tenths: int, sensor: Sensor) -> int:
    """A number in 10**-1 of the unit in the sensor's own scale."""
    return round(tenths * 10.0 ** (-1 - sensor.scale))
