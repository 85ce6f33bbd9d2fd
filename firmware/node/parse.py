"""Reads a recipe from JSON. Loaded by rule when one comes, and forgotten after: the board only refuses what is wrong,
the hub has the sentences.
"""

import hashlib
import json

from node.rule import DUTY, HOLD, OFF, ON, Recipe, Rule
from shared_protocol import registry as g
from shared_protocol import units as u
from shared_protocol.portable import const

LEASE_S = const(3600)  # longest manual ON where neither rule nor board gives one
MOST_CAP_S = const(65535)  # what the ledger can book in an hour
_MOST = const(0x3FFFFFF)
_WORDS = {"pick": ("first", "mean", "median"), "fault": ("off", "on", "hold", "duty")}


def recipe(text, board):
    """The Recipe of a JSON text (bytes) for this board. ValueError names the key that is not acceptable."""
    try:
        return _recipe(text, board)
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError, RuntimeError):
        raise ValueError("recipe")


def _recipe(text, board):
    data = json.loads(text)
    made = Recipe()
    made.hash = hashlib.sha256(text).digest()[:8]
    made.serial = 0
    made.name = str(data.pop("name", ""))
    made.utc_offset_min = int(data.pop("utc_offset_min", 420))
    found = {}
    for item in data.pop("rules", ()):
        if found.setdefault(item.get("actuator"), item) is not item:
            raise ValueError("actuator")
    if data:
        raise ValueError(list(data)[0])
    made.rules = {}
    for entry in board.actuators:
        made.rules[entry["id"]] = rule(found.pop(entry["id"], {}), entry)
    if found:
        raise ValueError("actuator")
    _join(made.rules, [channel["id"] for channel in board.channels])
    return made


def rule(data, entry):
    """The Rule of a dict; `entry` is the actuator's dict of the board file, whose limits no rule exceeds."""
    made = Rule()
    for key in data:
        if key[:1] == "_" or not hasattr(Rule, key):
            raise ValueError(key)
        setattr(made, key, _value(key, data[key]))
    if "fault" not in data and entry.get("fault") == "on":
        made.fault = ON
    _limit(made, entry)
    for prefix in ("", "night_"):
        _side(made, prefix + "on_above", prefix + "off_above", 1)
        _side(made, prefix + "on_below", prefix + "off_below", -1)
    if not _may(entry["kind"], made):
        raise ValueError("fault")
    if (made.period_s and not made.width and not made.pulse_s) or made.pulse_s > made.period_s:
        raise ValueError("period_s")
    return made


def _value(key, value):
    """A value brought into its form: words to numbers, lists to tuples; ValueError with the key."""
    words = _WORDS.get(key)
    if words:
        if value in words:
            return words.index(value)
    elif isinstance(value, int):
        if -_MOST <= value <= _MOST and not isinstance(getattr(Rule, key), tuple):
            return value
    elif isinstance(value, list) and isinstance(getattr(Rule, key), tuple) and len(value) <= g.MAX_ACTUATORS:
        if key != "windows":
            if all([isinstance(item, int) for item in value]):
                return tuple(value)
        elif all([isinstance(item, list) and len(item) == 3 for item in value]):
            return tuple([tuple([int(part) for part in item]) for item in value])
    raise ValueError(key)


def _limit(rule, entry):
    """The board's own limits (seconds), and defaults that follow from them."""
    hard = entry.get("max_on_s", 0)
    rule.max_on_s = min(hard, rule.max_on_s) if hard and rule.max_on_s else hard or rule.max_on_s
    rule.rest_s = max(entry.get("rest_s", 0), rule.rest_s)
    most = rule.max_on_s or LEASE_S
    rule.lease_s = min(rule.lease_s, most) if rule.lease_s > 0 else most
    if min(rule.max_on_s, rule.rest_s, rule.cap_s, rule.max_age_s - 1, rule.confirm - 1, rule.period_s) < 0:
        raise ValueError("max_on_s")
    if rule.cap_s > MOST_CAP_S:
        raise ValueError("cap_s")


def _side(rule, on, off, sign):
    """A threshold has both limits, and its off limit lies on the side of rest."""
    start, end = getattr(rule, on), getattr(rule, off)
    if (start is None) != (end is None) or (start is not None and (end - start) * sign > 0):
        raise ValueError(off)


def _may(kind, rule):
    """True when this kind of actuator may have this fault state."""
    if kind in (u.ACTUATOR_HEATER, u.ACTUATOR_DRYER):
        return rule.fault == OFF and not rule.by_hand
    cycles = rule.fault_on_s > 0 and rule.fault_off_s > 0
    if rule.fault == DUTY and not cycles or min(rule.fault_on_s, rule.fault_off_s) < 0:
        return False
    if rule.fault in (OFF, HOLD) or rule.fault == DUTY and rule.cap_s:
        return True
    return kind in (u.ACTUATOR_FAN, u.ACTUATOR_VENT, u.ACTUATOR_AERATOR, u.ACTUATOR_BUZZER, u.ACTUATOR_LAMP)


def _join(rules, channels):
    """Apart is mutual, and every id exists."""
    for id in rules:
        rule = rules[id]
        for other in rule.apart + rule.serves:
            if other not in rules or other == id:
                raise ValueError("apart")
        for other in rule.apart:
            if id not in rules[other].apart:
                rules[other].apart += (id,)
        for channel in rule.sensors + (rule.needs, rule.pause_channel, rule.check_channel):
            if channel and channel not in channels:
                raise ValueError("sensors")
