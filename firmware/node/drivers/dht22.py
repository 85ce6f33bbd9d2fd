"""DHT22 (AM2302): temperature and humidity on one wire. Loaded by drivers when the board has one.

At least 2 s between readings. Read as integers from the raw frame: clones send two's complement below zero, and an
all-zero frame passes the checksum.
"""

import dht
from machine import Pin

from node.judge import known_lie
from shared_protocol import registry as g

_IMPOSSIBLE = 1500  # tenths: more than that below zero is two's complement


class Driver:
    """Output 0 is the temperature, 1 the humidity. A `power_pin` in the entry lets a stuck sensor be switched off
    and on.
    """

    wait_ms = 0

    def __init__(self, entries, calibration):
        self.raws = [None] * len(entries)
        self._outs = [entry.get("out", 0) for entry in entries]
        self.sensor = self._open(Pin(entries[0]["pin"]))
        power = entries[0].get("power_pin")
        self._power = Pin(power, Pin.OUT, value=1) if power is not None else None

    def _open(self, pin):
        return dht.DHT22(pin)

    def begin(self):
        """Nothing to start."""

    def read(self):
        """Measure (270 ms)."""
        count = len(self._outs)
        self.raws = [None] * count
        if self._power is not None and not self._power.value():
            self._power.value(1)
            return [(None, g.FAULT_WARMING_UP)] * count
        try:
            self.sensor.measure()
        except OSError:
            return [(None, g.FAULT_NO_ANSWER)] * count
        except Exception:  # the driver raises a bare one for a wrong checksum
            return [(None, g.FAULT_CHECKSUM)] * count
        pair = self.decode(self.sensor.buf)
        fault = g.FAULT_KNOWN_LIE if known_lie(pair[0], pair[1]) else 0
        self.raws = [pair[out] for out in self._outs]
        return [(None if fault else raw, fault) for raw in self.raws]

    def decode(self, buf):
        """(temperature, humidity) in tenths from the five bytes."""
        value = buf[2] << 8 | buf[3]
        if value & 0x8000:
            value = -(value & 0x7FFF) if value & 0x7FFF <= _IMPOSSIBLE else value - 0x10000
        return value, buf[0] << 8 | buf[1]

    def revive(self):
        """Take its power away until the next reading."""
        if self._power is not None:
            self._power.value(0)
