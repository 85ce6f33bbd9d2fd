"""A contact: float switch, rain or door contact, on a pin. Loaded by drivers when the board has one.

Closed it pulls its pin to ground against the pull-up, or with `pull` "down" to 3.3 V against the pull-down; "none" is
a pull-up outside the chip. A broken wire reads as open.
"""

import time

from machine import Pin

from shared_protocol import registry as g
from shared_protocol.portable import const

_SAME = const(3)  # looks in a row that agree
_MOST = const(25)  # looks: 50 ms
_PAUSE_MS = const(2)


class Driver:
    """0 or 1: what `closed_is` of the entry says, while it is closed."""

    wait_ms = 0

    def __init__(self, entries, calibration):
        entry = entries[0]
        pull = entry.get("pull", "up")
        self.raws = [None]
        self._pin = Pin(entry["pin"], Pin.IN, {"up": Pin.PULL_UP, "down": Pin.PULL_DOWN}.get(pull))
        closed = 1 if entry.get("closed_is", 1) else 0
        self._values = (1 - closed, closed) if pull == "down" else (closed, 1 - closed)

    def begin(self):
        """Nothing to start."""

    def read(self):
        """Look until it has stopped bouncing."""
        level = self._pin.value()
        same = 1
        for _ in range(_MOST):
            if same == _SAME:
                return [(self._values[level], 0)]
            time.sleep_ms(_PAUSE_MS)
            last, level = level, self._pin.value()
            same = same + 1 if level == last else 1
        return [(None, g.FAULT_UNSTEADY)]

    def revive(self):
        """Nothing to wake."""
