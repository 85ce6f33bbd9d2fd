"""The watchdog: fed only while sampling (and the journal with it) and control were on time; the network has no say. The
last part of the main loop.
"""

import machine

TIMEOUT_MS = 10000  # no step of the loop takes half of it: the longest is the search of a DS18B20 bus
_FEED_MS = 1000
_LATE_MS = 20000  # the control decides every 10 s


class Watchdog:
    """`sense` and `actuators` show when they last did their work."""

    def __init__(self, sense, actuators):
        self.due = 0
        self._wdt = machine.WDT(timeout=TIMEOUT_MS)
        self._sense = sense
        self._actuators = actuators

    def on_time(self, now):
        """True while the work that keeps things alive is done."""
        if now - self._sense.sampled_ms > self._sense.sample_s * 3000 + _LATE_MS:
            return False
        return now - self._actuators.decided_ms <= _LATE_MS

    def step(self, now):
        """Feed."""
        if self.on_time(now):
            self._wdt.feed()
        self.due = now // _FEED_MS * _FEED_MS + _FEED_MS
