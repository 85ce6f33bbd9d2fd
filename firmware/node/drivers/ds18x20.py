"""DS18B20 on a one-wire bus: bed temperature. Loaded by drivers when the board has one.

A conversion takes 750 ms; 85.0 °C is what the sensor holds after power-up, not a temperature of a bed.
"""

from binascii import unhexlify

import ds18x20
import onewire
from machine import Pin

from shared_protocol import registry as g

_POWER_UP = 0x0550  # 85 °C in sixteenths


class Driver:
    """One bus with all its sensors; an entry without `rom` is the `out`-th that the bus finds."""

    wait_ms = 800

    def __init__(self, entries, calibration):
        self.raws = [None] * len(entries)
        self._pin = Pin(entries[0]["pin"])
        self._bus = ds18x20.DS18X20(onewire.OneWire(self._pin))
        self._pin.value(1)  # OneWire leaves an open drain that pulls low
        self._entries = [
            (unhexlify(entry["rom"]) if entry.get("rom") else None, entry.get("out", 0)) for entry in entries
        ]
        self.found = []

    def begin(self):
        """Start the conversion; look for sensors while some are not known."""
        try:
            if not self.found and self._pin.value():  # a shorted bus answers with 255 sensors, which takes seconds
                self.found = sorted([bytes(rom) for rom in self._bus.scan()])
            self._bus.convert_temp()
        except Exception:  # OneWireError on some ports, OSError on others; read() tells
            self.found = []

    def read(self):
        """Fetch what was converted; `raws` in sixteenths of a degree. A bus that rests low is shorted, and would read
        as 0 °C with a right checksum.
        """
        if not self._pin.value():
            self.raws = [None] * len(self.raws)
            return [(None, g.FAULT_SHORTED)] * len(self.raws)
        return [self._read(i) for i in range(len(self._entries))]

    def _read(self, i):
        rom, out = self._entries[i]
        self.raws[i] = None
        if rom is None:
            if out >= len(self.found):
                self.found = []
                return None, g.FAULT_NO_ANSWER
            rom = self.found[out]
        try:
            scratch = self._bus.read_scratch(rom)
        except OSError:
            return None, g.FAULT_NO_ANSWER
        except Exception:  # a bare one for a wrong checksum, also when nobody answers
            return None, g.FAULT_CHECKSUM
        raw = scratch[0] | scratch[1] << 8
        if raw & 0x8000:
            raw -= 0x10000
        self.raws[i] = raw
        if raw == _POWER_UP:
            return None, g.FAULT_KNOWN_LIE
        return (raw * 10 + 8) >> 4, 0

    def revive(self):
        """Look for the sensors again."""
        self.found = []
