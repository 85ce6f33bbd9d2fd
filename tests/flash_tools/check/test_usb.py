"""The check over USB finds what a technician gets wrong, on the real firmware in a real MicroPython."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from boards.board import FOLDER
from flash_tools.check import NOT_ASKED, PASS
from tests.flash_tools.check.conftest import KEY, Tried, Workbench

pytestmark = pytest.mark.slow

SWAPPED = {"dht22@4": "swapped"}


def board_of(folder: Path, **changes: Any) -> Path:
    """A board file: the worm house's with other parts."""
    document = json.loads((FOLDER / "simulated" / "worm_house.json").read_text("utf-8"))
    document.pop("recipe")
    document.update(settings={}, **changes)
    path = folder / "board.json"
    path.write_text(json.dumps(document), "utf-8")
    return path


def dht(kind: str, pin: int, first: int, place: str) -> dict[str, Any]:
    channels = [{"id": first, "kind": "air_temperature", "place": place}]
    channels.append({"id": first + 1, "kind": "air_humidity", "place": place})
    return {"driver": kind, "pin": pin, "channels": channels}


def soil(pin: int, id: int, place: str) -> dict[str, Any]:
    return {"driver": "soil", "pin": pin, "channels": [{"id": id, "kind": "bed_moisture", "place": place}]}


def two_of(folder: Path) -> Path:
    """Two thermometers and two probes of a kind, each at a place of its own, on pins that could be changed over."""
    sensors = [
        dht("dht22", 4, 1, "cửa"),
        dht("dht22", 16, 3, "cuối nhà"),
        soil(34, 5, "luống 1"),
        soil(35, 6, "luống 2"),
    ]
    calibration = {"calibration": {"5": [2450000, 1100000], "6": [2450000, 1100000]}}
    path = board_of(folder, sensors=sensors)
    document = json.loads(path.read_text("utf-8")) | {"settings": calibration}
    path.write_text(json.dumps(document), "utf-8")
    return path


def test_a_good_node_passes(workbench: Workbench) -> None:
    tried = workbench()
    assert tried.failed == {}
    assert tried.report.result == PASS and tried.report.ok
    what = [row.key for row in tried.report]
    assert what == [
        *("identity", "application", "settings", "recipe", "resets", "heap", "flash", "journal"),
        *(f"sensor.{id}" for id in range(1, 7)),
        *(f"relay.{id}" for id in range(1, 5)),
        *("led", "button", "stop", "wifi", "hub", "clock"),
    ]
    assert tried["relay.2"].value.en == "has its effect"  # the water meter saw it: nobody was asked
    assert tried.asked == ["machines_may_run", "click", "click", "led", "press_button", "press_stop"]


def test_without_questions_nothing_that_needs_a_person_passes(workbench: Workbench) -> None:
    tried = workbench(questions=False)
    assert tried.failed == {} and tried.report.result == NOT_ASKED
    assert {row.key for row in tried.report.not_asked} == {"relay.1", "relay.4", "led", "button", "stop"}


def test_a_dht11_where_the_board_file_says_dht22(workbench: Workbench) -> None:
    assert workbench(faults=SWAPPED).failed == {"sensor.1": "swapped", "sensor.2": "swapped"}


def test_a_dht22_where_the_board_file_says_dht11(workbench: Workbench, tmp_path: Path) -> None:
    board = board_of(tmp_path, sensors=[dht("dht11", 4, 1, "giữa nhà")])
    tried = workbench(board, faults={"dht11@4": "swapped"})
    assert tried.failed == {"sensor.1": "swapped", "sensor.2": "swapped"}
    assert "DHT22" in tried["sensor.1"].why("vi") and "DHT11" in tried["sensor.1"].action("en")


def test_a_dht11_that_is_one(workbench: Workbench, tmp_path: Path) -> None:
    assert workbench(board_of(tmp_path, sensors=[dht("dht11", 4, 1, "giữa nhà")])).failed == {}


@pytest.mark.parametrize(("kind", "other"), [("sht3x", "SHT4x"), ("sht4x", "SHT3x")])
def test_an_sht_of_the_other_kind(workbench: Workbench, tmp_path: Path, kind: str, other: str) -> None:
    channels = [{"id": 1, "kind": "air_temperature", "place": "cửa"}, {"id": 2, "kind": "air_humidity", "place": "cửa"}]
    sensor = {"driver": kind, "scl": 22, "sda": 21, "address": 68, "channels": channels}
    tried = workbench(board_of(tmp_path, sensors=[sensor]), faults={f"{kind}@68": "swapped"}, questions=False)
    assert tried.failed == {"sensor.1": "swapped", "sensor.2": "swapped"}
    assert f"a {other}" in tried["sensor.1"].why("en")


def test_two_sensors_of_a_kind_in_their_places(workbench: Workbench, tmp_path: Path) -> None:
    tried = workbench(two_of(tmp_path))
    assert tried.failed == {}
    assert [tried[f"place.{id}"].result for id in (1, 3, 5, 6)] == [PASS] * 4


@pytest.mark.parametrize("pair", [(1, 3), (5, 6)], ids=["thermometers", "probes"])
def test_two_sensors_of_a_kind_changed_over(workbench: Workbench, tmp_path: Path, pair: tuple[int, int]) -> None:
    tried = workbench(two_of(tmp_path), faults={"exchanged": list(pair)})
    assert tried.failed == {f"place.{id}": "exchanged" for id in pair}
    assert str(pair[1]) in tried[f"place.{pair[0]}"].why("en")


def test_a_dead_dht(workbench: Workbench) -> None:
    tried = workbench(faults={"dht22@4": "timeout"})
    assert tried.failed == {"sensor.1": "no_answer", "sensor.2": "no_answer"}
    assert "GPIO 4" in tried["sensor.1"].why("vi")


def test_a_probe_in_air(workbench: Workbench) -> None:
    assert workbench(faults={"soil@34": 2440}).failed == {"sensor.4": "in_air"}


def test_a_new_probe_in_air_and_one_in_soil(workbench: Workbench, tmp_path: Path) -> None:
    sensors = [soil(34, 1, "luống 1"), soil(35, 2, "luống 2")]
    tried = workbench(board_of(tmp_path, sensors=sensors), faults={"soil@34": 2440}, questions=False)
    assert tried.failed == {"sensor.1": "in_air"}
    assert (tried["sensor.2"].result, tried["sensor.2"].cause) == (NOT_ASKED, "not_calibrated")


def test_a_relay_board_without_power(workbench: Workbench) -> None:
    tried = workbench(faults={"relay_power": "off"})
    assert tried.failed == {f"relay.{id}": "no_click" for id in range(1, 5)}
    assert all(row.data["levels"] == [0, 1, 0, 1] for row in tried.report.failed)  # every pin follows its order
    assert "JD-VCC" in tried["relay.2"].action("vi")


def test_a_relay_board_without_power_and_nobody_there(workbench: Workbench) -> None:
    tried = workbench(faults={"relay_power": "off"}, questions=False)
    assert [tried[f"relay.{id}"].result for id in range(1, 5)] == [NOT_ASKED] * 4


def test_a_pin_that_does_not_follow(workbench: Workbench) -> None:
    assert workbench(faults={"pin:25": 0}).failed == {"relay.1": "pin_stuck"}


def test_weak_wifi(workbench: Workbench) -> None:
    tried = workbench(faults={"rssi": -84})
    assert tried.failed == {"wifi": "wifi_weak"}
    assert "-84" in tried["wifi"].why("vi")


def test_wrong_wifi_password(workbench: Workbench) -> None:
    tried = workbench(faults={"router": ["nhavuon", "khác"]})
    assert tried.failed == {"wifi": "wifi_password", "hub": "no_wifi"}
    assert tried["clock"].result == NOT_ASKED


def test_no_such_wifi(workbench: Workbench) -> None:
    assert workbench(faults={"wifi": "down"}).failed == {"wifi": "wifi_not_heard", "hub": "no_wifi"}


def test_wrong_hub_key(workbench: Workbench) -> None:
    tried = workbench(hub_key=bytes(16))
    assert tried.failed == {"hub": "hub_wrong_key"}
    assert "nhavuon flash" in tried["hub"].action("en")


def test_the_stop_button_stops_the_relays_too(workbench: Workbench) -> None:
    tried = workbench(faults={"pin:27": 1})
    assert tried.failed == {"stop": "stop_open"}
    assert {row.cause for row in tried.report.not_asked} == {"stopped"}
    assert not [edge for edge in edges(tried) if edge["pin"] == 25]


def edges(tried: Tried) -> list[dict[str, Any]]:
    lines = (json.loads(line) for line in tried.bench.trace().read_text("utf-8").splitlines())
    return [line for line in lines if "pin" in line]


def test_every_machine_is_off_afterwards_and_nothing_secret_was_said(workbench: Workbench) -> None:
    tried = workbench()
    last = {edge["pin"]: edge["level"] for edge in edges(tried)}
    assert {pin: last[pin] for pin in (25, 26, 19, 18)} == dict.fromkeys((25, 26, 19, 18), 1)
    told = json.dumps(tried.report.as_dict(), ensure_ascii=False)
    assert KEY.hex() not in told and "nhavuon-wifi" not in told
