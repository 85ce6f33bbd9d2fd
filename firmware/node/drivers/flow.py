"""A water meter that gives pulses. Loaded by drivers when the board has one.

Pulses are counted by an interrupt that MicroPython runs between two bytecodes; while flash is erased (some 50 ms) the
chip sees several as one, so a reading is a little low rather than high. No pulse is no flow, and not a fault.
"""

import time

from machine import Pin

from shared_protocol.portable import const

_MINUTE_TENTHS = const(600000)  # tenths of a litre per minute, of one litre in a millisecond


class Driver:
    """Tenths of a litre per minute, on average since the last reading; `pulses_per_litre` is in the board file."""

    wait_ms = 0

    def __init__(self, entries, calibration):
        entry = entries[0]
        self.raws = [None]
        self._per_litre = entry["pulses_per_litre"]
        self._pulses = 0
        self._read = 0
        self._read_ms = time.ticks_ms()
        pull = {"up": Pin.PULL_UP, "down": Pin.PULL_DOWN}.get(entry.get("pull", "up"))
        self._pin = Pin(entry["pin"], Pin.IN, pull)
        self._pin.irq(self._count, Pin.IRQ_FALLING)

    def _count(self, pin):
        self._pulses += 1

    def begin(self):
        """Nothing to start."""

    def read(self):
        """The flow since the last reading; `raws` has the pulses."""
        now, pulses = time.ticks_ms(), self._pulses
        ms = max(1, time.ticks_diff(now, self._read_ms))
        counted = self.raws[0] = pulses - self._read
        self._read, self._read_ms = pulses, now
        scale = self._per_litre * ms
        return [((counted * _MINUTE_TENTHS + scale // 2) // scale, 0)]

    def revive(self):
        """Nothing to wake."""
