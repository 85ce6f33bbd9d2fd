"""`dht` as in MicroPython: DHT11 and DHT22 with .buf and measure(), on the world behind the pin. For the firmware."""

from boards.simulated import harness

START_UP_MS = 1000
BLOCKS_MS = 270


class DHTBase:
    """measure() blocks 270 ms; OSError(116) when nothing answers, Exception("checksum error") on a bad frame.

    Faults: timeout, locked (until its power pin was low), checksum, frozen, zero, one, full, high, clone, hang (the
    driver never returns), swapped (a sensor of the other kind is on the wire, which this driver reads just as well).
    """

    _driver = ""

    def __init__(self, pin):
        self.pin = pin
        self.buf = bytearray(5)

    def measure(self):
        board = harness.board
        channels = board.sensors(self._driver, self.pin.id)
        board.clock.sleep_us(BLOCKS_MS * 1000)
        fault = board.fault("%s@%d" % (self._driver, self.pin.id))
        while fault == "hang":
            board.clock.sleep_us(BLOCKS_MS * 1000)
            fault = board.fault("%s@%d" % (self._driver, self.pin.id))
        if not channels or fault in ("timeout", "locked") or board.clock.now_ms() - board.start_ms < START_UP_MS:
            for channel in channels:
                board.produced(channel, None, fault or "starting")
            raise OSError(116)
        if fault != "frozen":
            self._convert(board, channels, fault)
        if fault == "checksum":
            raise Exception("checksum error")

    def _convert(self, board, channels, fault):
        """Fill buf from the world; a failed cell of a recorded log is a sensor that does not answer."""
        tenths = {}
        for channel in channels:
            value = board.measure(channel)
            if value is None:
                board.produced(channel, None, "no data")
                raise OSError(116)
            noise = 0.7 if channel["kind"].endswith("temperature") else 3
            tenths[channel["out"]] = int(10 * value + noise * board.noise.bell() * 0.5 + 0.5)
            tenths[channel["out"]] = LIES.get(fault, {}).get(channel["out"], tenths[channel["out"]])
        tenths[1] = min(tenths.get(1, 500), LIES.get(fault, {}).get(1, 1000))
        for channel in channels:
            self._log(board, channel, tenths[channel["out"]], fault)
        sends = OTHER[self._driver] if fault == "swapped" else self._driver
        FRAMES[sends](self.buf, tenths.get(0, 250), tenths[1], fault)
        self.buf[4] = sum(self.buf[:4]) & 255
        if fault == "checksum":
            self.buf[4] ^= 0x55

    def _log(self, board, channel, tenths, fault):
        board.produced(channel, None if fault else tenths, fault)


LIES = {"zero": {0: 0, 1: 0}, "one": {0: 10, 1: 10}, "full": {1: 999}, "high": {1: 1230}}


class DHT11(DHTBase):
    """Whole degrees and percents with a decimal byte each; the driver of MicroPython drops the decimals."""

    _driver = "dht11"

    def humidity(self):
        return self.buf[0]

    def temperature(self):
        return self.buf[2]

    def _log(self, board, channel, tenths, fault):
        board.produced(channel, None if fault else tenths // 10 * 10, fault)


class DHT22(DHTBase):
    """Tenths, sign and magnitude; fault "clone" sends negative temperatures as two's complement."""

    _driver = "dht22"

    def humidity(self):
        return (self.buf[0] << 8 | self.buf[1]) * 0.1

    def temperature(self):
        t = ((self.buf[2] & 0x7F) << 8 | self.buf[3]) * 0.1
        return -t if self.buf[2] & 0x80 else t


def frame11(buf, temperature, humidity, fault):
    """What a DHT11 sends of these tenths: whole numbers, each with a byte for decimals."""
    buf[0], buf[1] = humidity // 10, 0
    buf[2], buf[3] = max(0, temperature) // 10, 0


def frame22(buf, temperature, humidity, fault):
    """What a DHT22 sends of these tenths: two words, the temperature as sign and magnitude."""
    raw = temperature if temperature >= 0 else -temperature | 0x8000
    if fault == "clone":
        raw = temperature & 0xFFFF
    buf[0], buf[1] = humidity >> 8, humidity & 255
    buf[2], buf[3] = raw >> 8, raw & 255


FRAMES = {"dht11": frame11, "dht22": frame22}
OTHER = {"dht11": "dht22", "dht22": "dht11"}
