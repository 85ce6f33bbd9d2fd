"""The simulated board in a real MicroPython: what a chip does at resets, power cuts and hangs, it does too."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import needs

TryBoard = Callable[..., Any]
HARD, WDT, SOFT = 2, 3, 5

pytestmark = needs.micropython

COUNTED = """
import machine, time, os
def count(name):
    try:
        with open(name) as f: n = int(f.read())
    except OSError: n = 0
    with open(name, "w") as f: f.write(str(n + 1))
    return n
print("cause", machine.reset_cause(), "rtc", machine.RTC().memory(), "count", count("n"))
machine.RTC().memory(b"kept")
"""


def test_it_is_a_real_micropython_on_littlefs(try_board: TryBoard) -> None:
    main = """import sys, os, time
print(sys.implementation.name, sys.path, os.getcwd(), sorted(os.listdir()), os.statvfs("/")[:3], time.gmtime(0)[0])
for name in ("boards", "firmware", "hub", "shared_protocol"):
    try: __import__(name + ".nothing")
    except ImportError: print("no", name)
"""
    said = try_board(main, flash_blocks=128).run().said
    assert said[0] == "micropython ['', '.frozen', '/lib'] / ['boot.py', 'main.py'] (4096, 4096, 128) 2000"
    assert said[1:] == ["no boards", "no firmware", "no hub", "no shared_protocol"]


def test_each_reset_tells_its_cause_and_keeps_what_a_chip_keeps(try_board: TryBoard) -> None:
    main = (
        COUNTED
        + """
n = int(open("n").read())
if n == 1: machine.reset()
if n == 2: machine.soft_reset()
if n == 3:
    machine.WDT(timeout=3000)
    time.sleep(10)
"""
    )
    board = try_board(main).run()
    causes = [line.split()[1] for line in board.said]
    assert causes == ["1", str(HARD), str(SOFT), str(WDT)]
    assert all("b'kept'" in line for line in board.said[1:]) and "b''" in board.said[0]
    assert [mark["start"] for mark in board.trace if "start" in mark] == [1, HARD, SOFT, WDT]


def test_a_power_cut_forgets_rtc_memory_but_not_the_flash(try_board: TryBoard) -> None:
    board = try_board(COUNTED + "print('up')\ntime.sleep(1000)\n", virtual=False)
    for boot in range(3):
        board.process.start()
        board.until(f"count {boot}\n")
        board.process.kill()
        assert not board.process.alive()
    assert [line for line in board.said if line != "up"] == [f"cause 1 rtc b'' count {boot}" for boot in range(3)]


def test_littlefs_is_whole_after_kills_at_any_moment(try_board: TryBoard) -> None:
    main = """
import os
good = [name for name in os.listdir() if name.startswith("s")]
for name in good:
    with open(name) as f: text = f.read()
    assert text == name * 300, name
print("sound", len(good), "end")
n = 0
while True:
    name = "s%d" % (n % 40)
    with open("x.tmp", "w") as f: f.write(name * 300)
    os.rename("x.tmp", name)
    n += 1
"""
    board = try_board(main, flash_blocks=128)
    for pause_s in (0.05, 0.11, 0.02, 0.17, 0.08, 0.13):
        board.process.start()
        time.sleep(0.15 + pause_s)
        assert board.process.alive(), board.text
        board.process.kill()
    board.process.start()
    end = time.monotonic() + 20
    while board.text.count("boot ") > board.text.count("sound") and time.monotonic() < end:
        time.sleep(0.05)
    board.process.kill()
    assert "Error" not in board.text
    assert board.text.count("sound") >= 1


METERED = """
import time
from machine import Pin
pulses = 0
def count(pin):
    global pulses
    pulses += 1
Pin(33, Pin.IN, Pin.PULL_UP).irq(count, Pin.IRQ_FALLING)
pump = Pin(19, Pin.OPEN_DRAIN, value=1)
def minute():
    global pulses
    pulses = 0
    time.sleep(60)
    print(pulses)
"""


def test_a_welded_relay_conducts_whatever_the_pin_says(try_board: TryBoard) -> None:
    main = METERED + "minute(); minute(); minute()\n"
    script = ((60, {"welded@19": True}), (120, {"welded@19": None}))
    said = try_board(main, board="worm_house", script=script).run().said
    assert int(said[0]) < 60 and int(said[1]) > 4400 and int(said[2]) < 60


def test_a_reset_right_after_a_switch(try_board: TryBoard) -> None:
    """The supply breaks down 50 ms after the relay moved, twice; RTC memory is still there, the pins are not."""
    main = (
        COUNTED + "\nfrom machine import Pin\nPin(25, Pin.OPEN_DRAIN, value=1).value(0)\ntime.sleep(5)\nprint('up')\n"
    )
    board = try_board(main, script=((0, {"reset_at_switch@25": 2}),)).run()
    assert [line.split()[1] for line in board.said if line != "up"] == ["1", "1", "1"]
    assert [line for line in board.said if "b'kept'" in line] == board.said[1:3] and board.said[-1] == "up"
    edges = [line["t_ms"] for line in board.trace if line.get("pin") == 25]
    starts = [line["t_ms"] for line in board.trace if "start" in line]
    assert [start - edge for start, edge in zip(starts[1:], edges, strict=False)] == [350, 350]


def test_power_that_fails_at_an_operation_of_the_flash(try_board: TryBoard) -> None:
    main = """
import os
try:
    for i in range(100):
        with open("f%d" % (i % 3), "w") as f: f.write("x" * 5000)
except OSError as error:
    print("cut", error.errno)
"""
    assert try_board(main, cut_at=40, cut_kills=False).run().said == ["cut 5"]


def test_power_that_goes_at_an_operation_of_the_flash(try_board: TryBoard) -> None:
    main = """
import os
print("found", sorted(os.listdir())[2:])
for i in range(100):
    with open("x.tmp", "w") as f: f.write("x" * 5000)
    os.rename("x.tmp", "f%d" % i)
"""
    board = try_board(main, cut_at=30).run().run()
    assert board.said[0] == "found []" and "x.tmp" in board.said[1] and len(board.said) == 2


def test_no_edge_through_boot_reset_and_power_cut(try_board: TryBoard) -> None:
    main = """
import machine, time
from machine import Pin
fan = Pin(25, Pin.OPEN_DRAIN, value=1)
mister = Pin(26, Pin.OPEN_DRAIN, value=1)
time.sleep(5)
if machine.reset_cause() == 1: machine.reset()
fan.value(0)
"""
    trace = try_board(main).run().trace
    assert [(line["pin"], line["level"]) for line in trace if "pin" in line] == [(25, 0)]


def test_direction_before_level_is_seen_as_a_glitch(try_board: TryBoard) -> None:
    board = try_board("", boot="from machine import Pin\nPin(25, Pin.OUT).value(1)\n").run()
    assert [(line["pin"], line["level"]) for line in board.trace if "pin" in line] == [(25, 0), (25, 1)]


def test_a_soft_reset_leaves_outputs_as_they_were(try_board: TryBoard) -> None:
    main = """
import machine
if machine.reset_cause() == 1:
    machine.Pin(25).value(0)
    raise SystemExit
print("fan", machine.Pin(25).value())
"""
    board = try_board(main, boot="from machine import Pin\nPin(25, Pin.OPEN_DRAIN)\n").run()
    assert board.said == ["fan 0"]


def test_input_only_pins_and_adc2_are_refused(try_board: TryBoard) -> None:
    main = """
from machine import ADC, Pin
for what in (lambda: Pin(34, Pin.OUT), lambda: Pin(20), lambda: ADC(Pin(4)), lambda: ADC(Pin(18))):
    try: what()
    except (ValueError, OSError) as error: print(type(error).__name__, error)
"""
    said = try_board(main).run().said
    assert [line.split()[0] for line in said] == ["ValueError", "ValueError", "OSError", "ValueError"]


@pytest.mark.slow
def test_the_watchdog_ends_a_loop_that_looks_at_no_clock(try_board: TryBoard) -> None:
    board = try_board("import machine\nprint(machine.reset_cause())\nmachine.WDT(timeout=1000)\nwhile True: pass\n")
    board.process.start()
    board.until(f"cause {WDT},")
    board.process.kill()


def test_a_fed_watchdog_does_not_bite(try_board: TryBoard) -> None:
    main = """
import machine, time
wdt = machine.WDT(timeout=2000)
for _ in range(100):
    time.sleep_ms(1900)
    wdt.feed()
print("lived", machine.reset_cause())
machine.reset() if machine.reset_cause() == 1 else None
machine.WDT(timeout=2000)
"""
    board = try_board(main)
    board.process.start()
    board.until(f"lived {WDT}")
    board.process.kill()
    assert [mark["start"] for mark in board.trace if "start" in mark][:3] == [1, HARD, WDT]


def test_a_timer_rings_while_the_clock_passes(try_board: TryBoard) -> None:
    main = """
import machine, time
start = time.ticks_ms()
rang = []
def ring(timer): rang.append(time.ticks_ms() - start)
machine.Timer(0).init(mode=machine.Timer.ONE_SHOT, period=2500, callback=ring)
machine.Timer(1, mode=machine.Timer.PERIODIC, period=1000, callback=ring)
time.sleep(3.2)
machine.Timer(1).deinit()
time.sleep(10)
print(rang)
try: machine.Timer(4)
except ValueError as error: print(error)
"""
    assert try_board(main).run().said == ["[1000, 2000, 2500, 3000]", "invalid Timer number"]


def test_ticks_wrap_as_on_the_chip(try_board: TryBoard) -> None:
    main = """
import time
start = last = time.ticks_ms()
passed, wrapped = 0, 0
for _ in range(40):
    time.sleep_ms(100)
    now = time.ticks_ms()
    passed += time.ticks_diff(now, last)
    wrapped += now < last
    assert 0 <= now < 1 << 30
    last = now
print(wrapped, passed // 100, time.ticks_diff(time.ticks_add(start, -5), start), time.ticks_us() < 1 << 30)
"""
    assert try_board(main, ticks_start_ms=(1 << 30) - 2000).run().said == ["1 40 -5 True"]


def test_nvs_keeps_what_was_committed(try_board: TryBoard) -> None:
    main = """
import esp32, machine
nvs = esp32.NVS("nv")
buffer = bytearray(16)
print(nvs.get_i32("node"), nvs.get_blob("key", buffer), bytes(buffer) == bytes(16))
try: print("kept", nvs.get_i32("a"))
except OSError as error: print(error.errno)
try: print(nvs.get_i32("b"))
except OSError as error: print(error.errno)
nvs.set_i32("a", -7); nvs.commit(); nvs.set_i32("b", 1)
if machine.reset_cause() == 1: machine.reset()
"""
    assert try_board(main).run().said == ["1 16 True", "-4354", "-4354", "1 16 True", "kept -7", "-4354"]


def test_the_heap_is_that_of_the_board(try_board: TryBoard) -> None:
    main = "import gc\ngc.collect()\nprint(gc.mem_free())\n"
    free = int(try_board(main).run().said[0])
    assert 98 * 1024 <= free <= 108 * 1024


def test_the_past_is_lived_at_once_and_then_time_is_real(try_board: TryBoard) -> None:
    main = """
import time, network
w = network.WLAN(network.STA_IF); w.active(True); w.connect("a", "b")
time.sleep(50_000)
print("past", w.isconnected())
while time.ticks_ms() < 86_399_800: time.sleep_ms(500)
w.disconnect(); w.connect("a", "b")
time.sleep(2)
print("now", w.isconnected(), time.ticks_ms() // 1000 - 86_400 < 700)
time.sleep(100)
"""
    board = try_board(main, virtual=False, prefill_s=86_400)
    assert board.process.prefilled() == 0.0
    board.process.start()
    board.until("now True True")
    assert "past False" in board.said
    assert board.process.prefilled() == 1.0
    anchor = json.loads((board.process.folder / "anchor").read_text())
    assert abs(anchor["unix_s"] - time.time()) < 60 and anchor["t_ms"] == 86_400_000
    board.process.kill()
