"""The watchdog: fed only while sampling, control and journal were on time; the network has no say. The last part
of the main loop.
"""

import machine

TIMEOUT_MS = 30000
_FEED_MS = 1000


class Watchdog:
    """`sense`, `actuators` and `recorder` show when they last did their work."""

    def __init__(self, sense, actuators, recorder):
        self.due = 0
        self._wdt = machine.WDT(timeout=TIMEOUT_MS)
        self._sense = sense
        self._actuators = actuators
        self._recorder = recorder

    def on_time(self, now):
        """True while the work that keeps things alive is done."""
        late_ms = self._sense.sample_s * 3000 + 20000
        if now - self._sense.sampled_ms > late_ms:
            return False
        return now - self._actuators.decided_ms <= late_ms

    def step(self, now):
        """Feed."""
        if self.on_time(now):
            self._wdt.feed()
        self.due = now // _FEED_MS * _FEED_MS + _FEED_MS
