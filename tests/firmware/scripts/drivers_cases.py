"""The drivers' arithmetic, on frames as sensors send them, with the smallest modules that let them load."""

import sys


class Any:
    """A part of the chip: takes what it is given."""

    OUT = IN = PULL_UP = PULL_DOWN = OPEN_DRAIN = ATTN_11DB = IRQ_FALLING = 0

    def __init__(self, *args, **options):
        self.buf = bytearray(5)

    def irq(self, handler, trigger):
        self.handler = handler

    def value(self, level=None):
        return 1


class Module:
    pass


for name in ("machine", "dht", "onewire", "ds18x20"):
    sys.modules[name] = module = Module()
    for thing in ("Pin", "ADC", "I2C", "DHT22", "DHT11", "OneWire", "DS18X20"):
        setattr(module, thing, Any)

from node import drivers  # noqa: E402
from node.drivers import contact, dht11, dht22, ds18x20, flow, sht3x, sht4x, soil  # noqa: E402

from shared_protocol import registry as g  # noqa: E402

DHT = [{"id": 1, "driver": "dht22", "pin": 4, "out": 0}, {"id": 2, "driver": "dht22", "pin": 4, "out": 1}]


class Dht:
    """A sensor that sends `frame`, or raises."""

    def __init__(self, frame):
        self.buf = frame

    def measure(self):
        if isinstance(self.buf, Exception):
            raise self.buf


def read(module, frame):
    driver = module.Driver(DHT, {})
    driver.sensor = Dht(frame)
    return driver.read(), driver.raws


def dht22_frames():
    assert read(dht22, b"\x03\x2c\x01\x12\x42") == ([(274, 0), (812, 0)], [274, 812])
    assert read(dht22, b"\x03\x2c\x80\x16\x00")[0][0] == (-22, 0)  # sign and magnitude
    assert read(dht22, b"\x03\x2c\xff\xea\x00")[0][0] == (-22, 0)  # a clone's two's complement
    assert read(dht22, b"\x00\x00\x00\x00\x00") == ([(None, g.FAULT_KNOWN_LIE)] * 2, [0, 0])
    assert read(dht22, b"\x00\x0a\x00\x0a\x00") == ([(None, g.FAULT_KNOWN_LIE)] * 2, [10, 10])
    assert read(dht22, OSError(116)) == ([(None, g.FAULT_NO_ANSWER)] * 2, [None] * 2)
    assert read(dht22, Exception("checksum error")) == ([(None, g.FAULT_CHECKSUM)] * 2, [None] * 2)


def dht11_frames():
    assert read(dht11, b"\x34\x00\x1b\x04\x00") == ([(274, 0), (520, 0)], [274, 520])
    assert read(dht11, b"\x34\x05\x02\x85\x00")[0] == [(-25, 0), (525, 0)]


def soil_voltages():
    calibration = {3: (2500000, 1100000)}
    driver = soil.Driver([{"id": 3, "driver": "soil", "pin": 34}], calibration)
    assert driver.judge(2500000) == (0, 0)
    assert driver.judge(1100000) == (1000, 0)
    assert driver.judge(1800000) == (500, 0)
    assert driver.judge(2540000) == (0, 0)  # a little drier than dry is rounding
    assert driver.judge(2700000) == (None, g.FAULT_OUT_OF_RANGE)
    assert driver.judge(200000) == (None, g.FAULT_SHORTED)
    assert driver.judge(3200000) == (None, g.FAULT_OPEN)
    calibration[3] = (2000000, 1600000)  # a span under 500 mV says nothing
    assert driver.judge(1800000) == (None, g.FAULT_NOT_CALIBRATED)
    calibration.clear()
    assert driver.judge(1800000) == (None, g.FAULT_NOT_CALIBRATED)
    samples = [1800000] * 9 + [0, 3300000, 0, 3300000, 5, 7]
    driver._adc.read_uv = lambda: samples.pop()
    calibration[3] = (2500000, 1100000)
    assert driver.read() == [(500, 0)] and driver.raws == [1800]


class Levels:
    """A pin that reads these levels one after the other, the last one for ever."""

    def __init__(self, levels):
        self.levels = levels

    def value(self):
        return self.levels.pop(0) if len(self.levels) > 1 else self.levels[0]


class Bus:
    """A one-wire bus with sensors {rom: scratch or exception}."""

    def __init__(self, sensors):
        self.sensors = sensors

    def scan(self):
        return list(self.sensors)

    def convert_temp(self):
        pass

    def read_scratch(self, rom):
        found = self.sensors[rom]
        if isinstance(found, Exception):
            raise found
        return found


def one_wire():
    low, high = b"\x28" + bytes(7), b"\x28" + b"\xff" * 7
    named = {"id": 5, "driver": "ds18x20", "pin": 5, "rom": "28ffffffffffffff"}
    counted = {"id": 6, "driver": "ds18x20", "pin": 5, "rom": None, "out": 0}
    absent = {"id": 7, "driver": "ds18x20", "pin": 5, "rom": None, "out": 5}
    driver = ds18x20.Driver([named, counted], {})
    driver._bus = Bus({high: b"\x91\x01" + bytes(7), low: b"\x5e\xff" + bytes(7)})
    driver.begin()
    assert driver.read() == [(251, 0), (-101, 0)] and driver.raws == [0x191, -162]
    driver._bus.sensors[high] = b"\x50\x05" + bytes(7)
    assert driver.read()[0] == (None, g.FAULT_KNOWN_LIE)
    driver._bus.sensors[high] = Exception("CRC error")
    assert driver.read()[0] == (None, g.FAULT_CHECKSUM)
    driver._bus.sensors[high] = OSError(19)
    assert driver.read()[0] == (None, g.FAULT_NO_ANSWER)
    driver._pin = Levels([0])
    assert driver.read() == [(None, g.FAULT_SHORTED)] * 2 and driver.raws == [None, None]
    driver = ds18x20.Driver([absent], {})
    driver._bus = Bus({high: OSError(19)})
    driver._pin = Levels([0, 1])
    driver.begin()  # not searched while it is shorted
    assert driver.found == []
    driver._bus = Bus({})
    driver.begin()
    assert driver.read() == [(None, g.FAULT_NO_ANSWER)]


class I2c:
    def __init__(self, frame):
        self.frame = frame

    def writeto(self, address, data):
        if self.frame is None:
            raise OSError(19)

    def readfrom_into(self, address, buf):
        if self.frame is None:
            raise OSError(19)
        buf[:] = self.frame


def sht_frames():
    assert sht3x.crc8(b"\xbe\xef") == 0x92  # the data sheet's example
    entries = [
        {"id": 1, "driver": "sht3x", "sda": 21, "scl": 22, "address": 68, "out": 0},
        {"id": 2, "driver": "sht3x", "sda": 21, "scl": 22, "address": 68, "out": 1},
    ]
    frame = b"\x66\x66" + bytes([sht3x.crc8(b"\x66\x66")]) + b"\x80\x00" + bytes([sht3x.crc8(b"\x80\x00")])
    for module, humidity in ((sht3x, 500), (sht4x, 565)):
        driver = module.Driver(entries, {})
        driver._bus = I2c(frame)
        driver.begin()
        assert driver.read() == [(250, 0), (humidity, 0)], driver.read()
        driver._bus = I2c(frame[:5] + b"\x00")
        assert driver.read() == [(None, g.FAULT_CHECKSUM)] * 2
        driver._bus = I2c(None)
        driver.begin()
        assert driver.read() == [(None, g.FAULT_NO_ANSWER)] * 2
        driver.revive()
    assert sht4x.Driver(entries, {}).scaled(1, 0) == 0 and sht4x.Driver(entries, {}).scaled(1, 65535) == 1000


def contacts():
    def look(levels, **entry):
        driver = contact.Driver([dict(id=1, pin=32, **entry)], {})
        driver._pin = Levels(levels)
        return driver.read()[0]

    assert look([0]) == (1, 0) and look([1]) == (0, 0)  # closed to ground
    assert look([0], closed_is=0) == (0, 0) and look([1], closed_is=0) == (1, 0)
    assert look([1], pull="down") == (1, 0) and look([0], pull="down") == (0, 0)
    assert look([0], pull="none") == (1, 0)
    assert look([0, 1, 0, 1, 1, 0, 0]) == (1, 0)  # bounces, then closed
    assert look([0, 1] * 20) == (None, g.FAULT_UNSTEADY)


class Clock:
    """Stands for `time`: ticks of the chip's 30 bits."""

    now = 0

    def ticks_ms(self):
        return self.now & 0x3FFFFFFF

    def ticks_diff(self, end, start):
        return (end - start + 0x20000000 & 0x3FFFFFFF) - 0x20000000


def flows():
    clock = flow.time = Clock()
    clock.now = 0x3FFFFFFF - 5000  # the counter wraps within the first reading
    driver = flow.Driver([{"id": 6, "driver": "flow", "pin": 33, "pulses_per_litre": 450}], {})
    for _ in range(750):
        driver._pin.handler(driver._pin)
    clock.now += 10000
    assert driver.read() == [(100, 0)] and driver.raws == [750]  # 750 pulses are 1.67 l, in 10 s: 10.0 l/min
    clock.now += 10000
    assert driver.read() == [(0, 0)] and driver.raws == [0]  # nothing flows: not a fault
    driver._pin.handler(driver._pin)
    clock.now += 60000
    assert driver.read() == [(0, 0)]  # one pulse in a minute: under half a tenth
    for _ in range(3):
        driver._pin.handler(driver._pin)
    clock.now += 4000
    assert driver.read() == [(1, 0)]
    driver.revive()


def groups():
    channels = DHT + [
        {"id": 3, "driver": "soil", "pin": 34},
        {"id": 4, "driver": "soil", "pin": 35},
        {"id": 5, "driver": "unheard_of", "pin": 1},
        {"id": 6, "driver": "sht3x", "address": 68},  # no pins: it cannot be opened
        {"id": 7, "driver": "contact", "pin": 32},
        {"id": 8, "driver": "flow", "pin": 33},  # how many pulses a litre gives is not said
    ]
    opened = drivers.open_all(channels, {})
    assert [indexes for _, indexes in opened] == [[0, 1], [2], [3], [4], [5], [6], [7]]
    assert opened[3][0].read() == [(None, g.FAULT_BUS)]
    assert opened[4][0].read() == [(None, g.FAULT_BUS)]
    assert opened[6][0].read() == [(None, g.FAULT_BUS)]


globals()[sys.argv[1]]()
print("ok")
