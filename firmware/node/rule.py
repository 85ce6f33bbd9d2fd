"""The rule of one actuator, and the recipe that holds one for each. Made by parse, used by control and actuators.

Numbers are integers: values in their channel's scale, times in seconds, minutes of the local day for windows and
night. What the keys mean is in docs/recipes.md.
"""

from shared_protocol.portable import const

FIRST = const(0)
MEAN = const(1)
MEDIAN = const(2)
OFF = const(0)
ON = const(1)
HOLD = const(2)
DUTY = const(3)


class Rule:
    """The keys of a rule with their defaults; on_above and on_below are None where there is no such side."""

    actuator = 0
    sensors = ()
    pick = FIRST
    agree = 0
    max_age_s = 60
    confirm = 1
    on_above = off_above = on_below = off_below = None
    night_from = night_to = 0
    night_on_above = night_off_above = night_on_below = night_off_below = None
    windows = ()
    gate = 0
    period_s = pulse_s = width = 0
    min_on_s = min_off_s = max_on_s = rest_s = cap_s = 0
    apart = ()
    settle_s = 0
    serves = ()
    lead_s = lag_s = 0
    needs = needs_min = 0
    pause_channel = pause_above = pause_s = 0
    lease_s = hold_s = 0
    by_hand = 0
    fault = OFF
    fault_on_s = fault_off_s = fault_hold_s = 0
    check_channel = check_by = check_s = check_level = stuck_by = 0


class Recipe:
    """Attributes: name, utc_offset_min, rules {actuator id: Rule, one for each of the board's}, hash (8 bytes), serial
    (of its slot).
    """


def load(text, board):
    """The Recipe of a JSON text (bytes) for this board. ValueError names the key that is not acceptable."""
    from node import parse

    return parse.recipe(text, board)
