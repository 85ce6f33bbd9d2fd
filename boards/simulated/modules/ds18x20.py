"""`ds18x20` as in MicroPython, on the simulated one-wire bus. For the firmware."""

_CONVERT = 0x44
_READ_SCRATCH = 0xBE


class DS18X20:
    """scan, convert_temp (750 ms), read_scratch (raises Exception("CRC error")), read_temp in °C."""

    def __init__(self, onewire):
        self.ow = onewire
        self.buf = bytearray(9)

    def scan(self):
        return [rom for rom in self.ow.scan() if rom[0] in (0x10, 0x22, 0x28)]

    def convert_temp(self):
        self.ow.reset(True)
        self.ow.writebyte(self.ow.SKIP_ROM)
        self.ow.writebyte(_CONVERT)

    def read_scratch(self, rom):
        self.ow.reset(True)
        self.ow.select_rom(rom)
        self.ow.writebyte(_READ_SCRATCH)
        self.ow.readinto(self.buf)
        if self.ow.crc8(self.buf):
            raise Exception("CRC error")
        return self.buf

    def read_temp(self, rom):
        buf = self.read_scratch(rom)
        raw = buf[1] << 8 | buf[0]
        return (raw - 65536 if raw & 0x8000 else raw) / 16
