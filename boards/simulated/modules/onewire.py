"""`onewire` as in MicroPython: a bus with the wired DS18B20 on it, at the level of bytes."""

from boards.simulated import harness

CONVERT_MS = 750
POWER_ON_RAW = 85 * 16


class OneWireError(Exception):
    """Nobody answered the reset pulse."""


class OneWire:
    """reset, select_rom, writebyte, readinto, scan, crc8; temperatures are sampled at the convert command."""

    SEARCH_ROM = 0xF0
    MATCH_ROM = 0x55
    SKIP_ROM = 0xCC

    def __init__(self, pin):
        self.pin = pin
        pin.init(pin.OPEN_DRAIN, pin.PULL_UP)
        self._channels = {_rom(c): c for c in harness.board.sensors("ds18x20", pin.id)}
        self._raw = {rom: POWER_ON_RAW for rom in self._channels}
        self._ready_ms = 0
        self._selected = None

    def _fault(self):
        return harness.board.fault("ds18x20@%d" % self.pin.id)

    def reset(self, required=False):
        harness.board.clock.sleep_us(960)
        present = bool(self._channels) and self._fault() != "timeout"
        if required and not present:
            raise OneWireError
        return present

    def scan(self):
        return [bytearray(rom) for rom in self._channels] if self.reset() else []

    def select_rom(self, rom):
        self._selected = bytes(rom)

    def writebyte(self, value):
        if value == self.SKIP_ROM:
            self._selected = None
        elif value == 0x44:
            self._convert()

    def _convert(self):
        board = harness.board
        self._ready_ms = board.clock.now_ms() + CONVERT_MS
        for rom, channel in self._channels.items():
            if self._selected in (None, rom):
                value = board.measure(channel)
                fault = self._fault() or ("no data" if value is None else None)
                if not fault:
                    self._raw[rom] = int(16 * (value + 0.05 * board.noise.bell()) + 0.5)
                elif fault == "power_on":
                    self._raw[rom] = POWER_ON_RAW
                board.produced(channel, None if fault else (self._raw[rom] * 10 + 8) // 16, fault)

    def readinto(self, buffer):
        """The scratchpad of the selected device: temperature, alarm bytes, 12-bit configuration, CRC."""
        if self._selected not in self._channels or self._lost(self._selected):
            for index in range(len(buffer)):
                buffer[index] = 0xFF
            return
        busy = harness.board.clock.now_ms() < self._ready_ms
        raw = (POWER_ON_RAW if busy else self._raw[self._selected]) & 0xFFFF
        pad = bytearray((raw & 255, raw >> 8, 0x4B, 0x46, 0x7F, 0xFF, 0x0C, 0x10))
        pad.append(self.crc8(pad) ^ (0x55 if self._fault() == "checksum" else 0))
        buffer[:] = pad[: len(buffer)]

    def _lost(self, rom):
        return self._fault() == "timeout" or harness.board.measure(self._channels[rom]) is None

    def readbyte(self):
        one = bytearray(1)
        self.readinto(one)
        return one[0]

    def write(self, data):
        for value in data:
            self.writebyte(value)

    def crc8(self, data):
        """Dallas CRC-8 (polynomial 0x31 reflected); 0 over data with its CRC."""
        crc = 0
        for value in data:
            crc ^= value
            for _ in range(8):
                crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
        return crc


def _rom(channel):
    """The wired ROM, or one made from the channel's number: family 0x28, serial, CRC."""
    if channel.get("rom"):
        return bytes.fromhex(channel["rom"])
    rom = bytearray((0x28, channel["id"], 0x4E, 0x56, 0, 0, 0))
    rom.append(OneWire.crc8(None, rom))
    return bytes(rom)
