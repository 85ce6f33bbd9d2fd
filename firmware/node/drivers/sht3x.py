"""Sensirion SHT3x over I²C: temperature and humidity, the advice near misters. Loaded by drivers when the board
has one.

Data sheet SHT3x-DIS 4.3 (single shot, high repeatability, no clock stretching), 4.12 (CRC-8, 0x31, start 0xFF), 4.13.
"""

from machine import I2C, Pin

from shared_protocol import registry as g


def crc8(data):
    """Sensirion's checksum of two bytes."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc << 1 ^ 0x31 if crc & 0x80 else crc << 1
    return crc & 0xFF


class Driver:
    """Output 0 is the temperature, 1 the humidity."""

    wait_ms = 20
    measure = b"\x24\x00"
    address = 0x44

    def __init__(self, entries, calibration):
        self.raws = [None] * len(entries)
        entry = entries[0]
        self._outs = [e.get("out", 0) for e in entries]
        self._address = entry.get("address", self.address)
        self._bus = I2C(0, scl=Pin(entry["scl"]), sda=Pin(entry["sda"]), freq=100000)
        self._buf = bytearray(6)

    def begin(self):
        """Start the measurement."""
        try:
            self._bus.writeto(self._address, self.measure)
        except OSError:
            pass  # read() tells

    def read(self):
        """Fetch the result."""
        self.raws = [None] * len(self._outs)
        try:
            self._bus.readfrom_into(self._address, self._buf)
        except OSError:
            return [(None, g.FAULT_NO_ANSWER)] * len(self._outs)
        buf = self._buf
        if crc8(buf[0:2]) != buf[2] or crc8(buf[3:5]) != buf[5]:
            return [(None, g.FAULT_CHECKSUM)] * len(self._outs)
        pair = buf[0] << 8 | buf[1], buf[3] << 8 | buf[4]
        self.raws = [pair[out] for out in self._outs]
        return [(self.scaled(out, pair[out]), 0) for out in self._outs]

    def scaled(self, out, raw):
        """Tenths from the sensor's 16 bits."""
        if out == 0:
            return (raw * 1750 + 32767) // 65535 - 450
        return (raw * 1000 + 32767) // 65535

    def revive(self):
        """Soft reset."""
        try:
            self._bus.writeto(self._address, b"\x30\xa2")
        except OSError:
            pass
