"""`machine` as on the ESP32: Pin, ADC, I2C, WDT, Timer, RTC, resets; every edge goes to the harness. For firmware."""

import time as _time

from boards.simulated import harness, host, parts

PWRON_RESET = harness.PWRON_RESET
HARD_RESET = harness.HARD_RESET
WDT_RESET = harness.WDT_RESET
DEEPSLEEP_RESET = harness.DEEPSLEEP_RESET
SOFT_RESET = harness.SOFT_RESET


class Pin:
    """One GPIO; the level at the wire follows mode and latch in the order in which the chip sets them."""

    IN = 1
    OUT = 3
    OPEN_DRAIN = 7
    PULL_DOWN = 1
    PULL_UP = 2
    IRQ_RISING = 1
    IRQ_FALLING = 2
    WAKE_LOW = 4
    WAKE_HIGH = 5
    DRIVE_0 = 0
    DRIVE_1 = 1
    DRIVE_2 = 2
    DRIVE_3 = 3
    _states = {}

    def __init__(self, id, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        rules = harness.board.spec["chip_rules"]
        if not isinstance(id, int) or id not in rules["pins"]:
            raise ValueError("invalid pin")
        self.id = id
        if id not in Pin._states:
            Pin._states[id] = [0, harness.board.levels.get(id, 0), -1]
        self.init(mode, pull, value=value, drive=drive, hold=hold)

    def init(self, mode=-1, pull=-1, *, value=None, drive=None, hold=None):
        state = Pin._states[self.id]
        if mode in (Pin.OUT, Pin.OPEN_DRAIN) and self.id in harness.board.spec["chip_rules"]["input_only"]:
            raise ValueError("pin can only be input")
        if value is not None:
            state[1] = 1 if value else 0
        elif mode in (Pin.OUT, Pin.OPEN_DRAIN) and not state[0]:
            state[1] = 0
        if mode != -1 and mode is not None:
            state[0] = mode
        if pull != -1:
            state[2] = pull
        self._drive()

    def _drive(self):
        mode, latch, _ = Pin._states[self.id]
        if mode in (Pin.OUT, Pin.OPEN_DRAIN):
            harness.board.edge(self.id, latch)

    def value(self, x=None):
        state = Pin._states[self.id]
        if x is None:
            if state[0] == Pin.OUT or (state[0] == Pin.OPEN_DRAIN and not state[1]):
                return state[1]
            return harness.board.input_level(self.id, state[0] == Pin.OPEN_DRAIN or state[2] == Pin.PULL_UP)
        state[1] = 1 if x else 0
        self._drive()

    __call__ = value

    def on(self):
        self.value(1)

    def off(self):
        self.value(0)

    def irq(self, handler=None, trigger=3, *, wake=None):
        """Only a water meter gives edges that can be counted. No `hard`: the ESP32's irq() does not take it."""
        harness.board.on_pulses(self, handler)

    def __repr__(self):
        return "Pin(%d)" % self.id


class ADC:
    """A probe on an ADC1 pin: microvolts with a few mV of noise; the harness knows which probe hangs there."""

    ATTN_0DB = 0
    ATTN_2_5DB = 1
    ATTN_6DB = 2
    ATTN_11DB = 3
    WIDTH_9BIT = 9
    WIDTH_10BIT = 10
    WIDTH_11BIT = 11
    WIDTH_12BIT = 12
    _TOP_UV = (950000, 1250000, 1750000, 3300000)

    def __init__(self, pin, *, atten=0):
        number = pin.id if isinstance(pin, Pin) else pin
        rules = harness.board.spec["chip_rules"]
        if number in rules["adc2"]:
            raise OSError(-1, "ESP_FAIL: ADC2 is used by Wi-Fi")
        if number not in rules["adc1"]:
            raise ValueError("invalid pin")
        self._probe = parts.probe(harness.board, number)
        self._atten = atten

    def init(self, *, atten=0):
        self._atten = atten

    def atten(self, atten):
        self._atten = atten

    def width(self, width):
        """Always 12 bits inside; read_u16 and read_uv scale."""

    def read_uv(self):
        top = ADC._TOP_UV[self._atten]
        uv = min(self._probe.microvolts(), top)
        return uv // 806 * 806

    def read_u16(self):
        return min(65535, self.read_uv() * 65535 // ADC._TOP_UV[self._atten])

    def read(self):
        return self.read_u16() >> 4


class I2C:
    """A bus with the wired SHT sensors on it; nobody there = OSError(19), as on the ESP32."""

    def __init__(self, id=0, *, scl=None, sda=None, freq=400000, timeout=50000):
        pin = sda.id if isinstance(sda, Pin) else sda
        self._devices = parts.bus(harness.board, pin)

    def _device(self, address):
        device = self._devices.get(address)
        if device is None or device.absent():
            raise OSError(19)
        return device

    def scan(self):
        return [address for address, device in sorted(self._devices.items()) if not device.absent()]

    def writeto(self, address, data, stop=True):
        self._device(address).command(bytes(data))
        return len(data)

    def readfrom(self, address, count, stop=True):
        return self._device(address).answer(count)

    def readfrom_into(self, address, buffer, stop=True):
        buffer[:] = self._device(address).answer(len(buffer))


class SoftI2C(I2C):
    """The same bus, driven by software on a real board: no id."""

    def __init__(self, scl=None, sda=None, *, freq=400000, timeout=50000):
        I2C.__init__(self, 0, scl=scl, sda=sda)


class WDT:
    """The watchdog: once made it cannot be stopped, and not being fed for timeout ms resets the board."""

    def __init__(self, id=0, timeout=5000):
        if id != 0 or timeout < 1:
            raise ValueError("invalid watchdog")
        harness.board.arm(timeout)

    def feed(self):
        harness.board.feed()


class Timer:
    """One of the four hardware timers; its callback runs between two statements while the board's clock passes."""

    ONE_SHOT = 0
    PERIODIC = 1

    def __init__(self, id, **options):
        if not 0 <= id <= 3:
            raise ValueError("invalid Timer number")
        self._id = id
        if options:
            self.init(**options)

    def init(self, *, mode=PERIODIC, period=-1, callback=None):
        self._set(harness.board.clock.now_us(), period * 1000, mode, callback)

    def _set(self, from_us, period_us, mode, callback):
        def ring():
            if mode == Timer.PERIODIC:
                self._set(from_us + period_us, period_us, mode, callback)
            callback(self)

        harness.board.clock.timers[self._id] = from_us + period_us, ring

    def deinit(self):
        harness.board.clock.timers.pop(self._id, None)


class RTC:
    """The clock that survives resets, and 2048 bytes of memory that survive resets but not a power cut."""

    def datetime(self, fields=None):
        if fields is None:
            y, mo, d, h, mi, s, wd, _ = _time.gmtime()
            return y, mo, d, wd, h, mi, s, 0
        y, mo, d, _, h, mi, s, _ = fields
        _time.rtc_offset_s = _time.mktime((y, mo, d, h, mi, s, 0, 0)) - harness.board.clock.now_us() // 1000000

    def memory(self, data=None):
        path = harness.board.folder + "/rtc"
        if data is not None:
            if len(data) > 2048:
                raise ValueError("buffer too long")
            with host.open_file(path, "wb") as file:
                file.write(bytes(data))
            return None
        if host.modified(path) is None:
            return b""
        with host.open_file(path, "rb") as file:
            return file.read()


def reset():
    harness.board.reset(HARD_RESET)


def soft_reset():
    harness.board.reset(SOFT_RESET)
    raise SystemExit


def reset_cause():
    return harness.board.cause


def unique_id():
    return bytes.fromhex(harness.board.spec["mac"])


def freq(hz=None):
    return 160000000 if hz is None else None


def idle():
    harness.board.clock.sleep_us(1000)


def disable_irq():
    return 0


def enable_irq(state):
    """No interrupts here."""
