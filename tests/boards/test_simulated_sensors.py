"""The simulated sensors through the chip's own driver modules: frames, checksums, faults, recorded logs, truth."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from boards.simulated.parts import DRY_UV, WET_UV, crc8
from boards.simulated.replay import ReplayError
from tests.support import needs

TryBoard = Callable[..., Any]

on_both = pytest.mark.parametrize(
    "micropython",
    [pytest.param(True, marks=needs.micropython), False],
)

DHT = """
import dht, time
from machine import Pin
sensor = dht.DHT22(Pin(4))
time.sleep(2)
for _ in range(%d):
    try:
        sensor.measure()
        print(sensor.buf[2] << 8 | sensor.buf[3], sensor.buf[0] << 8 | sensor.buf[1])
    except OSError as error: print("OSError", error.args[0])
    except Exception as error: print(error)
    time.sleep(8)
"""


@on_both
def test_dht_gives_what_the_truth_log_says(try_board: TryBoard, micropython: bool) -> None:
    board = try_board(DHT % 20, micropython=micropython).run()
    wanted = [(a["value"], b["value"]) for a, b in zip(board.truth[::2], board.truth[1::2], strict=True)]
    assert [tuple(map(int, line.split())) for line in board.said] == wanted
    assert len(wanted) == 20
    assert [line["kind"] for line in board.truth[:2]] == ["air_temperature", "air_humidity"]


@needs.micropython
def test_both_interpreters_make_the_same_numbers(try_board: TryBoard) -> None:
    ran = [try_board(DHT % 10, micropython=micropython, seed=3).run() for micropython in (True, False)]
    assert ran[0].truth == ran[1].truth


@on_both
@pytest.mark.parametrize(
    ("fault", "line"),
    [
        ("timeout", "OSError 116"),
        ("checksum", "checksum error"),
        ("zero", "0 0"),
        ("one", "10 10"),
        ("locked", "OSError 116"),
    ],
)
def test_the_lies_of_a_dht(try_board: TryBoard, micropython: bool, fault: str, line: str) -> None:
    script = ((9, {"dht22@4": fault}), (15, {"dht22@4": None}))
    said = try_board(DHT % 3, micropython=micropython, script=script).run().said
    assert said[1] == line
    assert said[0][0].isdigit() and (fault == "locked" or said[2] != line)


def test_a_bad_reading_is_null_in_the_truth_log(try_board: TryBoard) -> None:
    truth = try_board(DHT % 1, script=((0, {"dht22@4": "zero"}),)).run().truth
    assert [(line["value"], line["fault"]) for line in truth] == [(None, "zero"), (None, "zero")]


@on_both
def test_ds18b20_over_one_wire(try_board: TryBoard, micropython: bool) -> None:
    main = """
import ds18x20, onewire, time
from machine import Pin
bus = ds18x20.DS18X20(onewire.OneWire(Pin(4)))
roms = bus.scan()
print(len(roms), roms[0][0] == 0x28, bus.ow.crc8(roms[0]), bus.read_temp(roms[0]))
for pause in (100, 750):
    bus.convert_temp(); time.sleep_ms(pause); raw = bus.read_scratch(roms[0])
    print((((raw[1] << 8 | raw[0]) * 10) + 8) // 16)
time.sleep(10)
try: print(bus.read_temp(roms[0]))
except Exception as error: print(error)
"""
    script = ((8, {"ds18x20@4": "checksum"}),)
    board = try_board(main, board="worm_house_bed", micropython=micropython, script=script).run()
    assert board.said[0] == "1 True 0 85.0"
    assert board.said[1:] == ["850", str(board.truth[-1]["value"]), "CRC error"]


@on_both
def test_sht3x_and_probe_of_the_tea_field(try_board: TryBoard, micropython: bool) -> None:
    main = """
import time
from machine import ADC, I2C, Pin
bus = I2C(0, scl=Pin(22), sda=Pin(21), freq=100000)
print(bus.scan())
bus.writeto(68, b"\\x24\\x00")
try: bus.readfrom(68, 6)
except OSError as error: print(error.args[0])
time.sleep_ms(16)
data = bus.readfrom(68, 6)
print(*data)
try: bus.writeto(69, b"\\x24\\x00")
except OSError as error: print(error.args[0])
adc = ADC(Pin(34), atten=ADC.ATTN_11DB)
print(sorted(adc.read_uv() for _ in range(15))[7])
"""
    board = try_board(main, board="tea_field", micropython=micropython).run()
    assert board.said[:2] == ["[68]", "19"] and board.said[3] == "19"
    frame = bytes(map(int, board.said[2].split()))
    assert crc8(frame[0:2]) == frame[2] and crc8(frame[3:5]) == frame[5]
    values = {line["kind"]: line["value"] for line in board.truth}
    assert abs(1750 * (frame[0] << 8 | frame[1]) / 65535 - 450 - values["air_temperature"]) <= 0.51
    assert abs(1000 * (frame[3] << 8 | frame[4]) / 65535 - values["air_humidity"]) <= 0.51
    moisture = 1000 * (DRY_UV - int(board.said[4])) / (DRY_UV - WET_UV)
    assert abs(moisture - values["soil_moisture"]) < 8


@pytest.mark.parametrize(("fault", "low", "high"), [("open", 3_000_000, 3_400_000), ("short", 0, 300_000)])
def test_a_broken_probe(try_board: TryBoard, fault: str, low: int, high: int) -> None:
    main = "from machine import ADC, Pin\nprint(ADC(Pin(34), atten=ADC.ATTN_11DB).read_uv())\n"
    said = try_board(main, board="tea_field", script=((0, {"soil@34": fault}),)).run().said
    assert low <= int(said[0]) <= high


@on_both
def test_a_recorded_log_goes_through_the_driver(try_board: TryBoard, micropython: bool, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text(
        "t_s,air_temperature,air_humidity\n0,251,700\n10,-12,705\n20,,710\n30,999,720\n200,255,1000\n", "utf-8"
    )
    board = try_board(DHT.replace("time.sleep(8)", "time.sleep(10)") % 21, replay=log, micropython=micropython).run()
    temperatures = [line.split()[0] for line in board.said]
    assert abs(int(temperatures[0]) - 251) <= 1
    assert int(temperatures[1]) & 0x8000
    assert temperatures[2] == "OSError"
    assert abs(int(temperatures[3]) - 999) <= 1
    assert temperatures[10] == "OSError"
    assert abs(int(temperatures[20]) - 255) <= 1


def test_a_bad_log_is_refused_before_the_board_starts(try_board: TryBoard, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("t_s,temperature\n0,1\n", "utf-8")
    with pytest.raises(ReplayError, match="column 'temperature' is unknown; accepted: t_s"):
        try_board("", replay=log).process.start()


FLOAT = """
import time
from machine import Pin
float = Pin(32, Pin.IN, Pin.PULL_UP)
for _ in range(3):
    print(float.value(), float.value()); time.sleep(10)
"""


@on_both
def test_a_float_switch_is_closed_while_there_is_water(try_board: TryBoard, micropython: bool) -> None:
    script = ((5, {"tank": "empty"}), (15, {"tank": None}))
    board = try_board(FLOAT, board="worm_house", micropython=micropython, script=script).run()
    assert board.said == ["0 0", "1 1", "0 0"]
    assert [(line["kind"], line["value"]) for line in board.truth] == [
        ("water_level", 1), ("water_level", 0), ("water_level", 1),
    ]  # fmt: skip


def test_a_float_switch_that_bounces_or_has_lost_its_wire(try_board: TryBoard) -> None:
    script = ((5, {"contact@32": "bounce"}), (15, {"contact@32": "open"}))
    assert try_board(FLOAT, board="worm_house", script=script).run().said == ["0 0", "1 0", "1 1"]


METER = """
import time
from machine import Pin
pulses = 0
def count(pin):
    global pulses
    pulses += 1
meter = Pin(33, Pin.IN, Pin.PULL_UP)
meter.irq(count, Pin.IRQ_FALLING)
pump = Pin(19, Pin.OPEN_DRAIN, value=1)
def minute(level):
    global pulses
    pump.value(level)
    pulses = 0
    for _ in range(60): time.sleep(1)
    print(pulses)
minute(1); minute(0); minute(0); minute(1)
"""


@on_both
def test_a_water_meter_gives_a_pulse_for_each_share_of_a_litre(try_board: TryBoard, micropython: bool) -> None:
    """A pump of 10.2 litres a minute at 450 pulses per litre, then the same with an empty tank."""
    script = ((100, {"tank": "empty"}),)
    said = try_board(METER, board="worm_house", micropython=micropython, script=script).run().said
    assert said[0] == "0" and said[3] == "0" and 0 <= int(said[2]) < 10
    assert abs(int(said[1]) - 4590 * 40 / 60) < 90, "it ran for 40 of the 60 seconds"


def test_the_stop_input_can_be_pressed(try_board: TryBoard) -> None:
    main = """
import time
from machine import Pin
stop = Pin(27, Pin.IN, Pin.PULL_UP)
print(stop.value()); time.sleep(10); print(stop.value())
"""
    assert try_board(main, script=((5, {"pin:27": 1}),)).run().said == ["0", "1"]


def test_faults_can_be_set_while_it_runs(try_board: TryBoard) -> None:
    main = """
import network, time
w = network.WLAN(network.STA_IF); w.active(True); w.connect("a", "b"); time.sleep(2)
print("up", w.isconnected())
while w.isconnected(): time.sleep_ms(50)
print("down", w.status())
"""
    board = try_board(main, virtual=False)
    board.process.start()
    board.until("up True")
    board.process.set_faults(wifi="down")
    board.until("down 201")
    board.process.kill()
