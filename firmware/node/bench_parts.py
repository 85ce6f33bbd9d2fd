"""The self-test's steps for what hangs on the board: sensors, relays, LED, button, stop input. Loaded by bench.

Each gives dicts for one JSON line each. Every output is off after it.
"""

import time
from binascii import hexlify

import machine
from machine import Pin

from node import board, drivers, files, settings
from node.output import Output

_SETTLE_MS = 2000  # of a DHT after its supply came
_PACE_MS = 2000  # between two readings of a DHT
_CLICK_MS = 700
_PAUSE_MS = 400
_RESPONSE_MS = 4000  # a water meter gives some pulses by then
_LOOK_MS = 50


def sensors(rounds, *ids):
    """Every reading of the sensors of these channels (none given: of all), each sensor at its own pace."""
    entries = [entry for entry in board.load().channels if not ids or entry["id"] in ids]
    groups = drivers.open_all(entries, settings.load().calibration)
    found = [{"what": "sensor", "which": entry["id"], "values": [], "faults": [], "raws": []} for entry in entries]
    pace = _PACE_MS if [entry for entry in entries if entry["driver"].startswith("dht")] else 0
    time.sleep_ms(_SETTLE_MS)
    for _ in range(rounds):
        began = time.ticks_ms()
        _read(groups, found)
        time.sleep_ms(max(0, pace - time.ticks_diff(time.ticks_ms(), began)))
    for driver, indexes in groups:
        if hasattr(driver, "sensor"):
            for i in indexes:
                found[i]["frame"] = hexlify(driver.sensor.buf).decode()
    return found


def _read(groups, found):
    for driver, _ in groups:
        driver.begin()
    time.sleep_ms(max([driver.wait_ms for driver, _ in groups] or [0]))
    for driver, indexes in groups:
        results = driver.read()
        for i in range(len(indexes)):
            into = found[indexes[i]]
            into["values"].append(results[i][0])
            into["faults"].append(results[i][1])
            into["raws"].append(driver.raws[i])


def buses():
    """Who answers on the buses: what helps to name a wrong address or a wrong kind."""
    told = []
    for entry in board.load().channels:
        where = entry["driver"], entry.get("pin"), entry.get("sda"), entry.get("address")
        if where not in told and entry["driver"] in _BUSES:
            told.append(where)
            found = _BUSES[entry["driver"]](entry)
            found.update({"what": "bus", "which": entry["id"]})
            yield found


def _onewire(entry):
    driver = drivers.open_all([entry], {})[0][0]
    driver.begin()
    return {"roms": [hexlify(rom).decode() for rom in getattr(driver, "found", ())]}


def _i2c(entry):
    """The addresses, and the kinds of sensor that give a sound answer at this one."""
    try:
        bus = machine.I2C(0, scl=Pin(entry["scl"]), sda=Pin(entry["sda"]), freq=100000)
        found = bus.scan()
    except (OSError, ValueError):
        found = []
    kinds = []
    for kind in ("sht3x", "sht4x"):
        other = dict(entry)
        other["driver"] = kind
        driver = drivers.open_all([other], {})[0][0]
        driver.begin()
        time.sleep_ms(driver.wait_ms)
        if not driver.read()[0][1]:
            kinds.append(kind)
    return {"addresses": found, "kinds": kinds}


_BUSES = {"ds18x20": _onewire, "sht3x": _i2c, "sht4x": _i2c}


# outputs and inputs


def _stopped(wired):
    """True while the stop input asks for a stop or a stop is latched: then nothing is switched."""
    return files.read("stop") is not None or (wired.stop_pin is not None and _input(wired.stop_pin).value() == 1)


def _input(pin):
    return Pin(pin, Pin.IN, Pin.PULL_UP)


def relay(id, watched=0):
    """Switch an actuator on and off twice, read its pin back, and look at the channel that should answer."""
    wired = board.load()
    if _stopped(wired):
        yield {"which": id, "refused": "stop"}
        return
    entry = [actuator for actuator in wired.actuators if actuator["id"] == id][0]
    watch = [channel for channel in wired.channels if channel["id"] == watched]
    driver = drivers.open_all(watch, settings.load().calibration)[0][0] if watch else None
    levels = []
    output = Output(entry)
    pin = Pin(entry["pin"])
    before = _look(driver)
    after = None
    try:
        for n in range(2):
            output.drive(True)
            time.sleep_ms(_RESPONSE_MS if driver and n else _CLICK_MS)
            levels.append(pin.value())
            after = _look(driver)
            output.drive(False)
            time.sleep_ms(_PAUSE_MS)
            levels.append(pin.value())
    finally:
        output.drive(False)
    yield {"which": id, "levels": levels, "on": 1 if entry.get("on_level", 1) else 0, "before": before, "after": after}


def _look(driver):
    """The value of a sensor that is asked at once, or None."""
    if driver is None:
        return None
    driver.begin()
    time.sleep_ms(driver.wait_ms)
    return driver.read()[0][0]


def led():
    """Blink for a person to see; at the end it is off."""
    led = board.load().led
    pin = Pin(led[0], Pin.OUT, value=1 - led[1])
    for n in range(10):
        time.sleep_ms(250)
        pin.value(led[1] if n % 2 == 0 else 1 - led[1])
    yield {}


def button(ms):
    """Wait for the button to be pressed (low)."""
    return _changes(board.load().button, 1, ms)


def stop(ms):
    """Wait for the stop input to open (high)."""
    return _changes(board.load().stop_pin, 0, ms)


def _changes(number, rest, ms):
    pin = _input(number)
    time.sleep_ms(_LOOK_MS)
    first = pin.value()
    began = time.ticks_ms()
    changed = False
    while not changed and time.ticks_diff(time.ticks_ms(), began) < ms:
        time.sleep_ms(_LOOK_MS)
        changed = pin.value() != rest
    return [{"rest": first == rest, "changed": changed}]
