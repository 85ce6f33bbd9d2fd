"""The control law of one actuator: a pure function of time, judged readings, rule and history. Called by actuators.

Integers only: time is uptime in seconds, values are in the channel's scale. Limits veto, requests propose. Vetoes,
strongest first: stop, lock-out, supply, apart, max-on / cap / rest, settle, min-off. Requests, strongest first: fault
state, a person (before the fault state where the rule's `by_hand` says so), master, schedule, threshold.

`observe` writes into the history what the readings ask for, `decide` changes nothing, `switched` writes a switching.
"""

from node.rule import DUTY, FIRST, HOLD, MEDIAN, OFF
from shared_protocol import registry as g
from shared_protocol.portable import const

REST_S = const(60)  # after max-on or a reset in mid-run, where a rule gives no rest of its own
LOOK_S = const(10)  # decided again after this at the latest
# What min-on may delay: nobody asked for this OFF, and no limit.
_SOFT = (g.CAUSE_SATISFIED, g.CAUSE_IDLE, g.CAUSE_SOAK, g.CAUSE_PAUSE, g.CAUSE_NO_TIME)


class Moment:
    """now: uptime (s); minute of the local day, -1 = unknown; day of the week, 0 = Monday."""

    def __init__(self, now=0, minute=-1, day=0):
        self.now = now
        self.minute = minute
        self.day = day


class History:
    """What an actuator did, was told and observed; all times are uptime in seconds."""

    def __init__(self, now=0):
        self.on = 0
        self.since = now  # of the present state; at boot everything counts as just switched off
        self.cause = g.CAUSE_BOOT
        self.lease_until = self.hold_until = self.paused_until = 0  # 0 = none
        self.rest_from = now  # when resting began, None = nothing to rest from
        self.overran = False  # it rests from max-on, which binds everybody; the rest from boot binds only the rules
        self.stopped = self.locked = self.safe_mode = False
        self.left_s = None  # of the cap when the run began, or now while off; None = no cap
        # as observed:
        self.value = None
        self.dead = 0  # cause of the fault state, 0 = the sensors are good
        self.dead_from = None
        self.asks = 0  # cause that the threshold gives, its hysteresis and confirmation included
        self.stale_at = 0  # when the first of its readings is too old, 0 = never
        self.seen = 0  # new readings in a row that say otherwise
        self.seen_at = -1
        self.auto = 0  # cause of what schedule and threshold ask together
        self.why = 0  # cause of not asking, 0 = nothing special
        self.supplied = True
        self.pulse_from = None
        self.pulse_s = 0


def observe(moment, readings, rule, history):
    """Write into the history what readings and time ask for. `readings` maps a channel's id to an object with `value`
    and `at` (s) of the last good one, and the `fault` of the newest.
    """
    now = moment.now
    at = _sense(now, readings, rule, history)
    if not (history.dead or history.safe_mode):
        history.dead_from = None
        if now >= history.lease_until:
            history.lease_until = 0
    elif history.dead_from is None:
        history.dead_from = now
    history.supplied = not rule.needs or _fresh(now, readings, rule.needs, rule, rule.needs_min)
    if rule.pause_channel and _fresh(now, readings, rule.pause_channel, rule, rule.pause_above):
        history.paused_until = now + rule.pause_s
    _confirm(at, _threshold(limits(moment, rule), history), rule, history)
    history.auto, history.why = _automatic(moment, rule, history)
    if history.auto and rule.period_s:
        if history.pulse_from is None or now - history.pulse_from >= rule.period_s:
            history.pulse_from = now
            history.pulse_s = _pulse(limits(moment, rule), rule, history)


def _sense(now, readings, rule, history):
    """Put value and dead of the rule's sensors into the history; when the newest reading was made (s)."""
    values = []
    newest = waiting = history.stale_at = 0
    for id in rule.sensors:
        reading = readings.get(id)
        if reading is None or now - reading.at >= rule.max_age_s:
            continue
        history.stale_at = min(history.stale_at or reading.at + rule.max_age_s, reading.at + rule.max_age_s)
        if reading.value is None:
            waiting = waiting or reading.fault == g.FAULT_WARMING_UP
        else:
            values.append(reading.value)
            newest = max(newest, reading.at)
    history.value = None
    history.dead = 0
    if values:
        history.value = _agreed(values, rule)
        history.dead = g.CAUSE_DISAGREE if history.value is None else 0
    elif rule.sensors and not waiting:
        history.dead = g.CAUSE_FAULT
    return newest


def _agreed(values, rule):
    """One value of several, None when they do not agree."""
    count = len(values)
    if rule.pick == FIRST or count == 1:
        return values[0]
    values.sort()
    if rule.pick == MEDIAN and count == 3:
        return values[1] if min(values[1] - values[0], values[2] - values[1]) <= rule.agree else None
    return sum(values) // count if values[-1] - values[0] <= rule.agree else None


def _fresh(now, readings, id, rule, least):
    """True when the channel has a good value of at least `least`."""
    reading = readings.get(id)
    if reading is None or reading.value is None or now - reading.at >= rule.max_age_s:
        return False
    return reading.value >= least


def limits(moment, rule):
    """(on_above, off_above, on_below, off_below) of this time of day; the day's while the time is unknown."""
    if rule.night_from != rule.night_to and _within(moment.minute, rule.night_from, rule.night_to):
        return rule.night_on_above, rule.night_off_above, rule.night_on_below, rule.night_off_below
    return rule.on_above, rule.off_above, rule.on_below, rule.off_below


def _within(minute, start, end):
    """True in [start, end) of the day, over midnight where end is not after start; never while unknown."""
    if minute < 0:
        return False
    return start <= minute < end if start < end else minute >= start or minute < end


def _threshold(found, history):
    """The cause that the value gives for ON, or 0; between on and off it stays what it was."""
    value = history.value
    on_above, off_above, on_below, off_below = found
    if value is None:
        return 0
    if on_above is not None and (value > on_above or (history.asks == g.CAUSE_ABOVE and value > off_above)):
        return g.CAUSE_ABOVE
    if on_below is not None and (value < on_below or (history.asks == g.CAUSE_BELOW and value < off_below)):
        return g.CAUSE_BELOW
    return 0


def _confirm(at, cause, rule, history):
    """Take the threshold's cause once enough new readings in a row say so; without a value at once."""
    if cause == history.asks:
        history.seen = 0
    elif history.value is None:
        history.asks = history.seen = 0
    elif at != history.seen_at or not history.seen:
        history.seen += 1
        history.seen_at = at
        if history.seen >= rule.confirm:
            history.asks = cause
            history.seen = 0


def _automatic(moment, rule, history):
    """(cause that schedule and threshold ask for, or 0; why they do not, or 0)."""
    cause = history.asks
    if rule.windows:
        if moment.minute < 0:
            return (0, g.CAUSE_NO_TIME) if rule.gate or not cause else (cause, 0)
        inside = _scheduled(moment, rule)
        cause = (cause if inside else 0) if rule.gate else g.CAUSE_SCHEDULE if inside else cause
    if cause and moment.now < history.paused_until:
        return 0, g.CAUSE_PAUSE
    return cause, 0


def _scheduled(moment, rule):
    """True inside one of the rule's windows; the weekday is that of the window's beginning."""
    for start, end, days in rule.windows:
        day = (moment.day + 6) % 7 if end <= start and moment.minute < end else moment.day
        if days >> day & 1 and _within(moment.minute, start, end):
            return True
    return False


def _pulse(found, rule, history):
    """Seconds of the ON part of a period, in proportion to how far the value is from its off limit."""
    if not rule.width or history.auto == g.CAUSE_SCHEDULE:
        return rule.pulse_s or rule.period_s
    off = found[1] if history.auto == g.CAUSE_ABOVE else found[3]
    far = 0 if off is None else abs(history.value - off)
    return max(rule.min_on_s, 1, min(rule.period_s, rule.period_s * far // rule.width))


def decide(moment, rule, history, fellows):
    """(wanted state 0 or 1, cause). `fellows` maps the ids of the node's actuators to their histories."""
    if history.stopped:
        return 0, g.CAUSE_STOP
    if history.locked:
        return 0, g.CAUSE_LOCKOUT
    now = moment.now
    state, cause = _request(now, rule, history, fellows)
    if not state and history.on and cause in _SOFT and now - history.since < rule.min_on_s:
        state, cause = 1, g.CAUSE_MIN_ON
    if state or history.on:  # a run that reached its limit rests, even where nobody asks for more
        veto = _veto(now, rule, history, fellows, cause == g.CAUSE_MANUAL_ON)
        if veto:
            return 0, veto
    return state, cause


def _request(now, rule, history, fellows):
    """(state, cause) that is asked for, before any limit."""
    by_hand = 0
    if now < history.lease_until:
        by_hand = g.CAUSE_MANUAL_ON
    elif now < history.hold_until:
        by_hand = g.CAUSE_MANUAL_OFF
    if history.safe_mode or (history.dead and not (by_hand and rule.by_hand)):
        return _failed(now, rule, history)
    if by_hand:
        return int(by_hand == g.CAUSE_MANUAL_ON), by_hand
    if rule.serves and _served(now, rule, history, fellows):
        return 1, g.CAUSE_MASTER
    if not history.auto:
        return 0, _quiet(history)
    if rule.period_s and now - history.pulse_from >= history.pulse_s:
        return 0, g.CAUSE_SOAK
    return 1, history.auto


def _failed(now, rule, history):
    """The fault state."""
    cause = g.CAUSE_SAFE_MODE if history.safe_mode else history.dead
    dead_s = 0 if history.dead_from is None else now - history.dead_from
    if rule.fault == OFF:
        state = 0
    elif rule.fault == HOLD:
        over = history.lease_until and now >= history.lease_until
        state = history.on if dead_s < rule.fault_hold_s and not over else 0
    elif rule.fault == DUTY or rule.fault_off_s:
        state = int(dead_s % max(1, rule.fault_on_s + rule.fault_off_s) < rule.fault_on_s)
    else:
        state = 1
    return state, cause


def _served(now, rule, history, fellows):
    """True while a machine that this one serves was on for the lead, or went off within the lag."""
    for id in rule.serves:
        fellow = fellows[id]
        if now - fellow.since >= rule.lead_s if fellow.on else history.on and now - fellow.since < rule.lag_s:
            return True
    return False


def _quiet(history):
    """Why it is off when nothing asks."""
    if history.on:
        return g.CAUSE_LEASE_OVER if history.cause == g.CAUSE_MANUAL_ON else g.CAUSE_SATISFIED
    if history.why:
        return history.why
    if history.cause in (g.CAUSE_SATISFIED, g.CAUSE_LEASE_OVER):
        return history.cause
    return g.CAUSE_IDLE


def _veto(now, rule, history, fellows, by_hand):
    """The cause that forbids ON, or 0."""
    if not history.supplied:
        return g.CAUSE_NO_SUPPLY
    settling = False
    for id in rule.apart:
        if fellows[id].on:
            return g.CAUSE_INTERLOCK
        settling = settling or now - fellows[id].since < rule.settle_s
    state_s = now - history.since
    if history.on:
        if rule.max_on_s and state_s >= rule.max_on_s:
            return g.CAUSE_MAX_ON
        return g.CAUSE_DAILY_CAP if history.left_s is not None and state_s >= history.left_s else 0
    if resting(now, rule, history, by_hand):
        return g.CAUSE_REST
    if history.left_s is not None and history.left_s < max(1, rule.min_on_s):
        return g.CAUSE_DAILY_CAP
    if settling:
        return g.CAUSE_SETTLE
    return g.CAUSE_MIN_OFF if state_s < rule.min_off_s else 0


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


def next_change(now, rule, history, fellows):
    """The uptime (s) after `now` at which to decide again, though nothing but time passes."""
    since = history.since
    moments = [history.lease_until, history.hold_until, history.stale_at, since + rule.min_on_s, since + rule.min_off_s]
    if history.on:
        moments.append(since + rule.max_on_s)
        moments.append(since + (history.left_s or 0))
    elif history.rest_from is not None:
        moments.append(history.rest_from + rule.rest_s)
        moments.append(history.rest_from + REST_S)
    if history.pulse_from is not None:
        moments.append(history.pulse_from + history.pulse_s)
        moments.append(history.pulse_from + rule.period_s)
    for id in rule.apart:
        moments.append(fellows[id].since + rule.settle_s)
    for id in rule.serves:
        moments.append(fellows[id].since + (rule.lead_s if fellows[id].on else rule.lag_s))
    found = now + LOOK_S
    for moment in moments:
        if now < moment < found:
            found = moment
    return found


def remaining(now, rule, history):
    """Seconds until an actuator that is on goes off by itself at the latest, or until one that is held off or pauses
    is free again; 0 = no such moment.
    """
    if not history.on:
        held = {g.CAUSE_MANUAL_OFF: history.hold_until, g.CAUSE_PAUSE: history.paused_until}
        return max(0, held.get(history.cause, 0) - now)
    ends = []
    if rule.max_on_s:
        ends.append(rule.max_on_s)
    if history.left_s is not None:
        ends.append(history.left_s)
    if history.cause == g.CAUSE_MANUAL_ON:
        ends.append(history.lease_until - history.since)
    return max(1, history.since + min(ends) - now) if ends else 0


def grounds(moment, rule, history, cause):
    """(value, limit) that a change for `cause` rests on, for its event; each may be None."""
    on_above, off_above, on_below, off_below = limits(moment, rule)
    if cause == g.CAUSE_ABOVE:
        return history.value, on_above
    if cause == g.CAUSE_BELOW:
        return history.value, on_below
    if cause == g.CAUSE_SATISFIED:
        return history.value, off_above if history.cause == g.CAUSE_ABOVE else off_below
    if cause == g.CAUSE_MANUAL_ON:
        return None, history.lease_until - moment.now
    if cause == g.CAUSE_MAX_ON:
        return None, rule.max_on_s
    if cause == g.CAUSE_DAILY_CAP:
        return None, rule.cap_s
    return None, None
