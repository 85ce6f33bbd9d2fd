"""Sensirion SHT4x over I²C: like an SHT3x with other commands and its own humidity formula. Loaded by drivers.

Data sheet SHT4x 4.5 (command 0xFD, high precision), 4.6 (conversion: RH = -6 + 125 · S / 65535).
"""

from node.drivers import sht3x


class Driver(sht3x.Driver):
    """Output 0 is the temperature, 1 the humidity."""

    measure = b"\xfd"

    def scaled(self, out, raw):
        """Tenths; humidity beyond 0 and 100 % is what the formula gives near the ends, and means the end."""
        if out == 0:
            return (raw * 1750 + 32767) // 65535 - 450
        return min(max((raw * 1250 + 32767) // 65535 - 60, 0), 1000)

    def revive(self):
        """Soft reset."""
        try:
            self._bus.writeto(self._address, b"\x94")
        except OSError:
            pass
