"""The parts that hang on a simulated board's pins: SHT3x, SHT4x, soil probes, contacts, water meters (for machine.py
and harness.py)."""

DRY_UV = 2_450_000
WET_UV = 1_100_000
NOISE_UV = 5000
BURST_MS = 500
BUSY = 19  # ENODEV: the sensor does not acknowledge while it measures
MEASURE = {"sht3x": (b"\x24\x00", b"\x24\x0b", b"\x24\x16", b"\x2c\x06"), "sht4x": (b"\xfd", b"\xf6", b"\xe0")}
MEASURE_MS = {"sht3x": 15, "sht4x": 9}
OTHER = {"sht3x": "sht4x", "sht4x": "sht3x"}


def crc8(data):
    """Sensirion CRC-8: polynomial 0x31, start 0xFF."""
    crc = 0xFF
    for value in data:
        crc ^= value
        for _ in range(8):
            crc = (crc << 1 ^ 0x31) & 0xFF if crc & 0x80 else crc << 1
    return crc


class Sht:
    """One SHT3x or SHT4x: a measuring command, then two words with a CRC each (data sheets). Fault "swapped": it is of
    the other kind, and does not know the command of the one that was wired.
    """

    def __init__(self, board, driver, channels):
        self._board = board
        self._driver = driver
        self._channels = channels
        self._name = "%s@%d" % (driver, channels[0]["address"])
        self._ready_ms = None
        self._frame = bytearray(6)

    def absent(self):
        return self._board.fault(self._name) == "timeout"

    def _kind(self):
        swapped = self._board.fault(self._name) == "swapped"
        return OTHER[self._driver] if swapped else self._driver

    def command(self, data):
        kind = self._kind()
        if data in MEASURE[kind]:
            self._measure()
            self._ready_ms = self._board.clock.now_ms() + MEASURE_MS[kind]

    def answer(self, count):
        if self._ready_ms is None or self._board.clock.now_ms() < self._ready_ms:
            raise OSError(BUSY)
        self._ready_ms = None
        return bytes(self._frame[:count])

    def _measure(self):
        board = self._board
        fault = board.fault(self._name)
        words = [0, 0]
        for channel in self._channels:
            value = board.measure(channel)
            if value is None:
                board.produced(channel, None, "no data")
                raise OSError(BUSY)
            value += (0.03 if channel["out"] == 0 else 0.15) * board.noise.bell()
            words[channel["out"]] = self._raw(channel["out"], value)
            board.produced(channel, None if fault else self._tenths(channel["out"], words[channel["out"]]), fault)
        if fault == "frozen":
            return
        for index, word in enumerate(words):
            pair = bytes((word >> 8, word & 255))
            self._frame[3 * index : 3 * index + 2] = pair
            self._frame[3 * index + 2] = crc8(pair) ^ (0x55 if fault == "checksum" else 0)

    def _raw(self, out, value):
        if out == 0:
            share = (value + 45) / 175
        else:
            share = value / 100 if self._kind() == "sht3x" else (value + 6) / 125
        return max(0, min(65535, int(share * 65535 + 0.5)))

    def _tenths(self, out, raw):
        """What a driver that rounds to tenths makes of the word."""
        if out == 0:
            return (1750 * raw + 32767) // 65535 - 450
        tenths = (1000 * raw + 32767) // 65535 if self._driver == "sht3x" else (1250 * raw + 32767) // 65535 - 60
        return max(0, min(1000, tenths))


def bus(board, sda):
    """{address: device} of what is wired to the bus with this SDA pin."""
    devices = {}
    channels = board.spec["wiring"]["channels"]
    for channel in channels:
        if channel["driver"] in MEASURE and channel["sda"] == sda and channel["address"] not in devices:
            same = [c for c in channels if c.get("address") == channel["address"] and c["driver"] in MEASURE]
            devices[channel["address"]] = Sht(board, channel["driver"], same)
    return devices


class Probe:
    """A capacitive soil probe: 0 % is DRY_UV, 100 % is WET_UV; faults "open", "short", a stuck "frozen", or a number:
    the probe lies in other soil, where it gives out so many mV.

    The world is asked once per burst of samples, as it does not change within BURST_MS; each sample has its own noise.
    """

    FAULTS = {"open": 3_200_000, "short": 20_000}

    def __init__(self, board, pin, channel):
        self._board = board
        self._name = "soil@%d" % pin
        self._channel = channel
        self._until_ms = 0
        self._uv = DRY_UV
        self._noisy = False

    def microvolts(self):
        now = self._board.clock.now_ms()
        if now >= self._until_ms:
            self._until_ms = now + BURST_MS
            self._look(self._board.fault(self._name))
        return self._uv + self._board.noise.small(NOISE_UV) if self._noisy else self._uv

    def _look(self, fault):
        """Take the voltage of the next burst from the world, and log it."""
        value = None if self._channel is None else self._board.measure(self._channel)
        bad = fault or (None if value is not None else "no data")
        if self._channel is not None:
            self._board.produced(self._channel, None if bad else int(10 * value + 0.5), bad)
        self._noisy = not bad
        if value is None:
            self._uv = self.FAULTS["open"]
        elif fault in self.FAULTS:
            self._uv = self.FAULTS[fault]
        elif isinstance(fault, int):
            self._uv = fault * 1000
            self._noisy = True
        elif fault != "frozen":
            self._uv = int(DRY_UV - (DRY_UV - WET_UV) * value / 100)


def probe(board, pin):
    """What hangs on an ADC pin: the wired soil probe, or an open input."""
    channels = board.sensors("soil", pin)
    return Probe(board, pin, channels[0] if channels else None)


class Contact:
    """A float switch, rain or door contact: closed while the world's value is what the board file calls closed.

    Fault "contact@32": "bounce" changes at every look, "open" is a broken wire. Logged once per burst of looks.
    """

    def __init__(self, board, channel):
        self._board = board
        self._channel = channel
        self._closed_level = 1 if channel.get("pull") == "down" else 0
        self._until_ms = 0
        self._last = 0

    def level(self):
        board = self._board
        fault = board.fault("contact@%d" % self._channel["pin"])
        value = board.measure(self._channel)
        closed_is = self._channel.get("closed_is", 1)
        if fault == "open":
            value = 1 - closed_is
        now = board.clock.now_ms()
        if now >= self._until_ms:
            self._until_ms = now + BURST_MS
            board.produced(self._channel, None if fault else value, fault)
        if fault == "bounce":
            self._last = 1 - self._last
            return self._last
        return self._closed_level if value == closed_is else 1 - self._closed_level


class WaterMeter:
    """A turbine that calls `pulse` for what the world's pipe lets through; fault "flow@33": "stuck" gives none."""

    def __init__(self, board, channel, pulse):
        self._board = board
        self._channel = channel
        self._pulse = pulse
        self._per_ms = channel["pulses_per_litre"] / 60000
        self._share = 0.0
        self._last_ms = board.clock.now_ms()

    def turn(self, now_ms):
        """Give the pulses up to now."""
        passed, self._last_ms = now_ms - self._last_ms, now_ms
        flow = self._board.world.value("water_flow", self._channel.get("place", ""))
        if not flow or self._board.faults.get("flow@%d" % self._channel["pin"]) == "stuck":
            return
        self._share += passed * self._per_ms * flow
        while self._share >= 1:
            self._share -= 1
            self._pulse()
