"""DHT11: like a DHT22, coarser. Loaded by drivers when the board has one."""

import dht

from node.drivers import dht22


class Driver(dht22.Driver):
    """Output 0 is the temperature, 1 the humidity."""

    def _open(self, pin):
        return dht.DHT11(pin)

    def decode(self, buf):
        """(temperature, humidity) in tenths; the decimals that MicroPython's own driver drops are kept."""
        value = buf[2] * 10 + (buf[3] & 0x7F) % 10
        return -value if buf[3] & 0x80 else value, buf[0] * 10 + buf[1] % 10
