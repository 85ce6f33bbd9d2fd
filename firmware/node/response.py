"""The response check: did running move what it should, and does it move although off? Pure; called by actuators."""

from shared_protocol import registry as g


class Response:
    """Watches one actuator. `trouble`: TROUBLE_ bits of what is wrong now."""

    def __init__(self):
        self.trouble = 0
        self._state = -1
        self._base = None
        self._at = 0
        self._done = True

    def step(self, now, rule, history, readings):
        """(EVENT_ number, value before, value after) when there is news, else None."""
        reading = readings.get(rule.check_channel)
        if reading is None or reading.value is None or now - reading.at >= rule.max_age_s:
            self._state = -1  # nothing to judge by: begin again with the next good reading
            return None
        value = reading.value
        if history.on != self._state:
            self._state = history.on
            self._begin(value, now)
            self._done = not (rule.check_by if history.on else rule.stuck_by)
            self._base = value if history.on else None
        if self._done:
            return None
        return self._running(now, rule, value) if history.on else self._resting(now, rule, value)

    def _begin(self, value, now):
        self._base = value
        self._at = now

    def _running(self, now, rule, value):
        """An effect within the time is good news once, none is bad news once."""
        if _moved(rule, self._base, value, rule.check_by):
            self._done = True
            return self._over(g.TROUBLE_NO_EFFECT)
        if now - self._at < rule.check_s:
            return None
        self._done = True
        if self.trouble & g.TROUBLE_NO_EFFECT:
            return None
        self.trouble |= g.TROUBLE_NO_EFFECT
        return g.EVENT_NO_EFFECT, self._base, value

    def _resting(self, now, rule, value):
        """After check_s to calm down: a move within any check_s is bad news, a time without one ends it."""
        if self._base is None:
            if now - self._at >= rule.check_s:
                self._begin(value, now)
            return None
        if _moved(rule, self._base, value, rule.stuck_by):
            before = self._base
            self._begin(value, now)
            if self.trouble & g.TROUBLE_STUCK:
                return None
            self.trouble |= g.TROUBLE_STUCK
            return g.EVENT_STUCK, before, value
        if now - self._at < rule.check_s:
            return None
        self._begin(value, now)
        return self._over(g.TROUBLE_STUCK)

    def _over(self, bit):
        """Good news when this trouble was there."""
        if not self.trouble & bit:
            return None
        self.trouble &= ~bit
        return g.EVENT_RESPONSE_OK, bit, None


def _moved(rule, before, value, by):
    """True when the value went (or, with check_level, stands) as far as `by` says, up or down."""
    far = value if rule.check_level else value - before
    return far >= by if by > 0 else far <= by
