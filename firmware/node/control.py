"""The control law of one actuator: a pure function of time, readings, rule and the actuator's own history. Called
by actuators.

Integers only: time is uptime in seconds, values are in the channel's scale. Limits veto, requests propose.
Vetoes, strongest first: stop, max-on, rest. Requests, strongest first: a lease, a fault state of ON, OFF held by a
person, a fault state of OFF, the threshold. A lease goes before the fault states, or nobody could run a mister whose
sensor is dead; it is bounded all the same.
"""

from shared_protocol import registry as g

REST_S = 60  # after max-on, where a rule gives no rest of its own
MAX_AGE_S = 60  # an older reading counts as a fault, where a rule says nothing else


class Rule:
    """Thresholds and limits of one actuator.

    on_above / off_above, on_below / off_below: a pair each or None; both pairs make a two-sided rule.
    max_on_s 0 = no limit; fault_on: the fault state; channel 0 = no threshold (leases only).
    """

    def __init__(self, channel=0, max_on_s=0, rest_s=0, fault_on=False, max_age_s=MAX_AGE_S):
        self.channel = channel
        self.on_above = self.off_above = None
        self.on_below = self.off_below = None
        self.max_on_s = max_on_s
        self.rest_s = rest_s
        self.fault_on = fault_on
        self.max_age_s = max_age_s


class History:
    """What an actuator did and was told; all times are uptime in seconds, 0 = none for the two deadlines."""

    def __init__(self, now=0):
        self.on = 0
        self.since = now  # of the present state; at boot everything counts as just switched off
        self.cause = g.CAUSE_BOOT
        self.lease_until = 0
        self.hold_until = 0
        self.rest_from = now  # when resting began, None = nothing to rest from
        self.overran = False  # it rests from max-on, which binds everybody; the rest from boot binds only the rules
        self.stopped = False
        self.safe_mode = False


def decide(now, readings, rule, history):
    """(wanted state 0 or 1, cause). `readings` maps a channel's id to an object with `value`, `at` (s) of the last
    good one.
    """
    if history.stopped:
        return 0, g.CAUSE_STOP
    state, cause = request(now, readings, rule, history)
    if not state:
        return 0, cause
    if history.on:
        if rule.max_on_s and now - history.since >= rule.max_on_s:
            return 0, g.CAUSE_MAX_ON
    elif resting(now, rule, history, cause == g.CAUSE_MANUAL_ON):
        return 0, g.CAUSE_REST
    return 1, cause


def resting(now, rule, history, by_hand):
    """True while an actuator that is off may not come on yet. After max-on there is always some rest."""
    if history.rest_from is None or (by_hand and not history.overran):
        return False
    rest_s = max(rule.rest_s, REST_S) if history.overran else rule.rest_s
    return now - history.rest_from < rest_s


def switched(now, history, state, cause):
    """Write a switching into the history: what the actuators do after a decision that changes something."""
    history.on = state
    history.cause = cause
    history.since = now
    history.overran = cause == g.CAUSE_MAX_ON
    history.rest_from = now if history.overran else None
    if not state:
        history.lease_until = 0


def request(now, readings, rule, history):
    """(state, cause) that is asked for, before any limit."""
    reading = readings.get(rule.channel)
    blind = reading is not None and not fresh(now, reading, rule)
    dead = g.CAUSE_SAFE_MODE if history.safe_mode else g.CAUSE_FAULT if blind else 0
    if now < history.lease_until:
        return 1, g.CAUSE_MANUAL_ON
    if dead and rule.fault_on:
        return 1, dead
    if now < history.hold_until:
        return 0, g.CAUSE_MANUAL_OFF
    if dead:
        return 0, dead
    if reading is not None:
        cause = threshold(reading.value, rule, history)
        if cause:
            return 1, cause
    return 0, _quiet(history)


def fresh(now, reading, rule):
    """True when there is a good value that is not too old."""
    return reading.value is not None and now - reading.at <= rule.max_age_s


def threshold(value, rule, history):
    """The cause that the value gives for ON, or 0. Between on and off it stays what it made itself."""
    above = history.on and history.cause == g.CAUSE_ABOVE
    below = history.on and history.cause == g.CAUSE_BELOW
    if rule.on_above is not None and (value > rule.on_above or (above and value > rule.off_above)):
        return g.CAUSE_ABOVE
    if rule.on_below is not None and (value < rule.on_below or (below and value < rule.off_below)):
        return g.CAUSE_BELOW
    return 0


def _quiet(history):
    """Why it is off when nothing asks."""
    if history.on:
        return g.CAUSE_LEASE_OVER if history.cause == g.CAUSE_MANUAL_ON else g.CAUSE_SATISFIED
    if history.cause in (g.CAUSE_SATISFIED, g.CAUSE_LEASE_OVER):
        return history.cause
    return g.CAUSE_IDLE


def next_change(now, readings, rule, history):
    """The earliest uptime (s) after `now` at which time alone may change the decision, or None."""
    found = None
    reading = readings.get(rule.channel)
    moments = (
        history.lease_until,
        history.hold_until,
        history.since + rule.max_on_s if history.on and rule.max_on_s else 0,
        0 if history.rest_from is None else history.rest_from + max(rule.rest_s, REST_S),
        0 if history.rest_from is None else history.rest_from + rule.rest_s,
        reading.at + rule.max_age_s + 1 if reading is not None and reading.value is not None else 0,
    )
    for moment in moments:
        if moment > now and (found is None or moment < found):
            found = moment
    return found


def remaining(now, rule, history):
    """Seconds until an actuator that is on goes off by itself at the latest, 0 = no such moment (or off)."""
    if not history.on:
        return 0
    ends = history.since + rule.max_on_s if rule.max_on_s else 0
    if history.cause == g.CAUSE_MANUAL_ON and (not ends or history.lease_until < ends):
        ends = history.lease_until
    return max(1, ends - now) if ends else 0


def grounds(readings, rule, history, cause):
    """(value, limit) that a change for `cause` rests on, for its event; each may be None."""
    reading = readings.get(rule.channel)
    value = reading.value if reading is not None else None
    if cause == g.CAUSE_ABOVE:
        return value, rule.on_above
    if cause == g.CAUSE_BELOW:
        return value, rule.on_below
    if cause == g.CAUSE_SATISFIED:
        return value, rule.off_above if history.cause == g.CAUSE_ABOVE else rule.off_below
    if cause == g.CAUSE_MAX_ON:
        return None, rule.max_on_s
    return None, None
