"""Board files: those that ship are right, and whatever a file says, the checker ends in a Board or a BoardError."""

import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boards.board import BoardError, load, names, parse
from boards.check import TABLE_BYTES, UNITS, problems
from boards.chips import CHIPS
from shared_protocol import registry as g
from shared_protocol.record import Actuator, Channel, Table, encode_table

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "boards/schema.json").read_text("utf-8"))
RELAY4: dict[str, Any] = json.loads((ROOT / "boards/esp32_relay4.json").read_text("utf-8"))
QUIET = {18, 19, 21, 22, 23, 25, 26, 27, 32, 33}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 70) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)


def one_relay(chip: str, pin: int, **more: Any) -> dict[str, Any]:
    relay = {"id": 1, "kind": "fan", "name": "Quạt", "pin": pin, "on_level": 1, "max_on_s": 60}
    document = {"board": "t", "title": {"vi": "t", "en": "t"}, "chip": chip, "sensors": [], "actuators": [relay]}
    return document | more


@pytest.mark.parametrize("name", names())
def test_shipped_boards_are_right(name: str) -> None:
    board = load(name)
    document = json.loads(names()[name].read_text("utf-8"))
    jsonschema.validate(document, SCHEMA)
    assert board.name == name
    assert len(json.dumps(board.device())) < 2048
    assert [channel.id for channel in board.channels] == sorted(channel.id for channel in board.channels)


def test_there_is_a_board_for_each_chip() -> None:
    assert {load(name).chip.name for name in names()} == set(CHIPS)


@given(chip=st.sampled_from(sorted(CHIPS)), pin=st.integers(-2, 50), psram=st.booleans())
def test_relays_only_on_pins_that_start_quietly(chip: str, pin: int, psram: bool) -> None:
    facts = CHIPS[chip]
    bad = facts.input_only | facts.strapping | facts.flash | facts.repl | (facts.psram if psram else frozenset())
    allowed = pin in facts.pins and pin not in bad
    assert (problems(one_relay(chip, pin, psram=psram)) == []) == allowed


def test_the_quiet_pins_of_the_esp32_are_all_allowed() -> None:
    assert all(not problems(one_relay("esp32", pin)) for pin in QUIET)


@given(chip=st.sampled_from(sorted(CHIPS)), pin=st.integers(0, 48))
def test_probes_only_on_adc1(chip: str, pin: int) -> None:
    probe = {"driver": "soil", "pin": pin, "channels": [{"id": 1, "kind": "soil_moisture"}]}
    document = one_relay(chip, 0) | {"sensors": [probe], "actuators": []}
    facts = CHIPS[chip]
    reserved = facts.strapping | facts.flash | facts.repl
    assert (problems(document) == []) == (pin in facts.adc1 and pin not in reserved)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (("actuators", 0, "pin"), 34, "input-only"),
        (("actuators", 0, "pin"), 12, "strapping"),
        (("actuators", 0, "pin"), 6, "flash"),
        (("actuators", 0, "pin"), 1, "console"),
        (("actuators", 0, "pin"), 33, "used twice"),
        (("actuators", 0, "kind"), "heater", "must fail off"),
        (("actuators", 0, "drive"), "open_drain", "only pull low"),
        (("actuators", 0, "max_on_s"), 0, "from 1 to 65535"),
        (("actuators", 0, "name"), "Quạt hút gió nóng phía sau nhà", "1 to 24 bytes"),
        (("sensors", 1, "pin"), 25, "ADC1"),
        (("sensors", 0, "driver"), "bme280", "use one of"),
        (("sensors", 0, "channels", 0, "kind"), "soil_moisture", "measures temperature and humidity"),
        (("sensors", 0, "channels", 0, "id"), 2, "used more than once"),
        (("stop_pin",), 35, "pull"),
        (("actuators", 0, "kind"), "dryer", "a dryer needs a thermostat of its own"),
        (("recipe",), {"rules": []}, "give {"),
        (("recipe",), {"name": "x", "rules": [5]}, "a list of objects"),
        (("chip",), "esp8266", "use one of esp32"),
    ],
)
def test_each_mistake_is_named(path: tuple[Any, ...], value: Any, words: str) -> None:
    document = copy.deepcopy(RELAY4)
    place: Any = document
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(BoardError) as error:
        parse(document, "t.json")
    assert words in str(error.value) and str(error.value).startswith("t.json: ")


def wired(driver: str, pin: int, kind: str, **more: Any) -> dict[str, Any]:
    sensor = {"driver": driver, "pin": pin, "channels": [{"id": 1, "kind": kind}], **more}
    return one_relay("esp32", 25, sensors=[sensor])


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (wired("contact", 35, "water_level"), "no pull"),
        (wired("contact", 32, "water_level", pull="sideways"), "up, down, none"),
        (wired("contact", 32, "water_level", closed_is=2), "from 0 to 1"),
        (wired("contact", 32, "water_level", closed_is=0), "a broken wire would read as water"),
        (wired("contact", 32, "water_flow"), "measures level and rain and door"),
        (wired("flow", 33, "water_flow"), "pulses_per_litre"),
        (wired("flow", 33, "water_flow", pulses_per_litre=0), "from 1 to 10000"),
        (wired("contact", 32, "rain", channels=[{"id": 1, "kind": "rain"}, {"id": 2, "kind": "door"}]), "one channel"),
    ],
)
def test_contacts_and_water_meters_are_checked(document: dict[str, Any], words: str) -> None:
    found = problems(document)
    assert len(found) == 1 and words in found[0]


def test_a_contact_with_a_resistor_of_its_own_may_use_any_input() -> None:
    assert problems(wired("contact", 35, "water_level", pull="none")) == []


@pytest.mark.parametrize(
    ("kind", "unit", "scale"), [("water_level", "on_off", 0), ("door", "on_off", 0), ("rain", "on_off", 0)]
)
def test_a_contact_is_0_or_1_in_its_scale(kind: str, unit: str, scale: int) -> None:
    channel = parse(wired("contact", 32, kind)).device()["channels"][0]
    assert (channel["unit"], channel["scale"], channel["out"]) == (UNITS[unit], scale, 0)


def thermometers(places: list[str], relay: str = "Quạt") -> dict[str, Any]:
    """That many on one wire, each with its rom."""
    channels = [{"id": n, "kind": "bed_temperature", "place": place} for n, place in enumerate(places, 1)]
    sensors = [{"driver": "ds18x20", "pin": 32, "rom": f"28{one['id']:014x}", "channels": [one]} for one in channels]
    document = one_relay("esp32", 25, sensors=sensors)
    document["actuators"][0]["name"] = relay
    return document


def test_a_board_has_no_more_channels_than_a_block_has_columns() -> None:
    assert problems(thermometers([""] * g.MAX_CHANNELS)) == []
    assert "at most 15" in problems(thermometers([""] * (g.MAX_CHANNELS + 1)))[0]


@given(st.lists(st.sampled_from(["", "luống 2", "x" * 23, "x" * 24]), min_size=12, max_size=15), st.integers(1, 24))
@example(["x" * 24] * 15, 24)
def test_a_board_is_right_when_its_table_fits_a_record(places: list[str], length: int) -> None:
    document = thermometers(places, "y" * length)
    channels = [Channel(n, 1, 1, -1, place) for n, place in enumerate(places, 1)]
    table = encode_table(Table(1, channels, [Actuator(1, 1, "y" * length)]))
    assert (problems(document) == []) == (len(table) <= TABLE_BYTES)


def test_a_heater_wants_its_thermostat_told() -> None:
    relay = {"id": 1, "kind": "heater", "name": "Sưởi", "pin": 25, "on_level": 1, "max_on_s": 60}
    assert "thermostat" in problems(one_relay("esp32", 25, actuators=[relay]))[0]
    assert problems(one_relay("esp32", 25, actuators=[{**relay, "thermostat": True}])) == []


def test_psram_takes_two_pins() -> None:
    assert problems(one_relay("esp32", 16)) == []
    assert "PSRAM" in problems(one_relay("esp32", 16, psram=True))[0]


@given(json_values)
def test_any_json_ends_in_a_board_or_an_error(document: object) -> None:
    assert isinstance(problems(document), list)


@given(data=st.data())
def test_any_change_ends_in_a_board_or_an_error(data: st.DataObject) -> None:
    document: Any = copy.deepcopy(RELAY4)
    place = document
    while isinstance(place, dict | list) and place and data.draw(st.booleans()):
        inner = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[inner], dict | list) or not place[inner]:
            break
        place = place[inner]
    if isinstance(place, dict):
        place[data.draw(st.sampled_from(sorted(place)))] = data.draw(json_values)
    elif place:
        place[data.draw(st.integers(0, len(place) - 1))] = data.draw(json_values)
    try:
        parse(document).device()
    except BoardError as error:
        assert error.problems


def test_an_unknown_board_is_told_with_those_there_are() -> None:
    with pytest.raises(BoardError, match="esp32_relay4"):
        load("esp33")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000])
def test_a_file_that_is_not_json(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    with pytest.raises(BoardError, match="not JSON"):
        load(path)
