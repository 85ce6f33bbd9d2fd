"""The drawings: each pin of each board once, no label over another, and the two wiring guides agree with them."""

import copy
import json
import re
import unicodedata
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from boards.board import Board, load, names, parse
from boards.chips import CHIPS
from boards.drawing import wiring
from boards.drawing.__main__ import drawings
from boards.drawing.pen import LANGUAGES

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = {"en": DOCS / "wiring.md", "vi": DOCS / "wiring.vi.md"}
ALL = drawings()
SVG = "{http://www.w3.org/2000/svg}"
SMALLEST = 14
WIDE = 0.6  # of the font size: more than an average letter takes, also in bold


def texts(svg: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg).iter(f"{SVG}text"))


def words(svg: str) -> list[str]:
    return [element.text or "" for element in texts(svg)]


def pins(board: Board) -> set[int]:
    """Every pin that the board file names."""
    wired = [sensor.get(key) for sensor in board.sensors for key in ("pin", "power_pin", "scl", "sda")]
    wired += [actuator.pin for actuator in board.actuators]
    wired += [board.stop_pin, board.button, board.led["pin"] if board.led else None]
    return {pin for pin in wired if pin is not None}


def devkit(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(names()["esp32_devkitc"].read_text("utf-8"))
    return copy.deepcopy(document) | changes


def one_sensor(**sensor: Any) -> list[str]:
    return words(wiring(parse(devkit(sensors=[sensor])), "en"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", names())
def test_every_board_draws_each_of_its_pins_once(name: str, language: str) -> None:
    board = load(name)
    drawn = words(wiring(board, language))
    labels = Counter(word for word in drawn if re.fullmatch(r"GPIO \d+", word))
    assert labels == Counter(f"GPIO {pin}" for pin in pins(board))
    assert board.title[language] in drawn
    assert all(any(actuator.name in word for word in drawn) for actuator in board.actuators)
    assert all(any(channel.place in word for word in drawn) for channel in board.channels)


def test_sensors_that_share_a_bus_are_one_part_with_every_rom() -> None:
    roms = ("28ff641e8216034c", "28ff641e8216034d")
    sensors = [
        {"driver": "ds18x20", "pin": 21, "rom": rom, "channels": [{"id": index, "kind": "bed_temperature"}]}
        for index, rom in enumerate(roms, 1)
    ]
    drawn = words(wiring(parse(devkit(sensors=sensors)), "en"))
    assert drawn.count("GPIO 21") == 1
    assert sum("DS18B20" in word for word in drawn) == 1
    assert all(any(rom in word for word in drawn) for rom in roms)


def test_the_pull_up_of_a_switched_dht_goes_to_its_own_supply() -> None:
    channels = [{"id": 1, "kind": "air_temperature"}]
    assert "4.7 kΩ → VCC" in one_sensor(driver="dht22", pin=18, power_pin=19, channels=channels)
    assert "4.7 kΩ → 3.3 V" in one_sensor(driver="dht22", pin=18, channels=channels)


def test_a_relay_is_pulled_to_the_level_at_which_it_is_off() -> None:
    high = {"id": 1, "kind": "fan", "name": "Quạt", "pin": 25, "on_level": 1, "max_on_s": 60}
    low = high | {"on_level": 0, "drive": "open_drain"}
    off_high = words(wiring(parse(devkit(sensors=[], actuators=[high])), "en"))
    off_low = words(wiring(parse(devkit(sensors=[], actuators=[low])), "en"))
    assert "10 kΩ → GND" in off_high and "10 kΩ → 3.3 V" not in off_high
    assert "10 kΩ → 3.3 V" in off_low and "10 kΩ → GND" not in off_low


@pytest.mark.parametrize(("pull", "wire", "resistor"), [("up", "GND", "3.3 V"), ("down", "3.3 V", "GND")])
def test_a_float_switch_says_where_its_second_wire_goes(pull: str, wire: str, resistor: str) -> None:
    channels = [{"id": 1, "kind": "water_level"}]
    drawn = one_sensor(driver="contact", pin=33, pull=pull, closed_is=1, channels=channels)
    assert f"wire 2 to {wire}; closed: water" in drawn
    assert f"10 kΩ → {resistor}" in drawn


def test_a_heater_is_drawn_with_its_thermostat() -> None:
    heater = {"id": 1, "kind": "heater", "name": "Sưởi", "pin": 25, "on_level": 1, "max_on_s": 60, "thermostat": True}
    assert "in series with a thermostat" in words(wiring(parse(devkit(actuators=[heater])), "en"))
    fan = heater | {"kind": "fan"}
    assert "in series with a thermostat" not in words(wiring(parse(devkit(actuators=[fan])), "en"))


def test_a_loose_soil_probe_is_pulled_to_ground() -> None:
    assert "1 MΩ → GND" in one_sensor(driver="soil", pin=34, channels=[{"id": 1, "kind": "soil_moisture"}])


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="vi, en"):
        wiring(load("esp32_devkitc"), "fr")


def bounds(element: ElementTree.Element) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of a label, its width estimated."""
    size = float(element.attrib["font-size"])
    width = WIDE * size * len(unicodedata.normalize("NFC", element.text or ""))
    left = float(element.attrib["x"]) - {"start": 0.0, "middle": width / 2, "end": width}[element.attrib["text-anchor"]]
    base = float(element.attrib["y"])
    return left, base - 0.8 * size, left + width, base + 0.2 * size


@pytest.mark.parametrize("name", ALL)
def test_labels_stay_inside_and_apart(name: str) -> None:
    _, _, width, height = map(float, ElementTree.fromstring(ALL[name]).attrib["viewBox"].split())
    labels = [(element.text, bounds(element)) for element in texts(ALL[name]) if element.text]
    assert labels
    for text, (left, top, right, bottom) in labels:
        assert left >= 0 and top >= 0 and right <= width and bottom <= height, text
    for index, (text, one) in enumerate(labels):
        for other_text, two in labels[index + 1 :]:
            apart = one[2] <= two[0] or two[2] <= one[0] or one[3] <= two[1] or two[3] <= one[1]
            assert apart, (text, other_text)


@pytest.mark.parametrize("name", ALL)
def test_drawings_can_be_read_by_everyone(name: str) -> None:
    root = ElementTree.fromstring(ALL[name])
    language = name.split(".")[1]
    assert root.attrib["lang"] == language
    assert root.attrib["aria-label"] == root.findtext(f"{SVG}title")
    assert all(int(element.attrib["font-size"]) >= SMALLEST for element in texts(ALL[name]))
    assert unicodedata.is_normalized("NFC", ALL[name])
    comma = [word for word in words(ALL[name]) if re.search(r"\d\.\d" if language == "vi" else r"\d,\d", word)]
    assert not comma


def test_the_drawings_in_docs_are_what_the_program_draws() -> None:
    """If this fails: `python -m boards.drawing`."""
    folder = DOCS / "img" / "wiring"
    assert {path.name: path.read_text("utf-8") for path in folder.iterdir()} == ALL


def images(language: str) -> list[str]:
    return re.findall(r"!\[[^]]+\]\((\S+)\)", GUIDES[language].read_text("utf-8"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_guide_shows_every_drawing_of_its_language(language: str) -> None:
    shown = images(language)
    assert all((DOCS / image).is_file() for image in shown)
    assert sorted(Path(image).name for image in shown) == sorted(name for name in ALL if f".{language}." in name)


def skeleton(language: str) -> list[str]:
    """The guide without its words: levels of headings, kinds of lines, images, numbers of table columns."""
    found = []
    for line in GUIDES[language].read_text("utf-8").splitlines():
        mark = re.match(r"#+|- |\d+\. |!", line)
        image = re.search(r"img/wiring/(\w+)\.", line)
        found.append(
            f"{mark[0] if mark else ''}{image[1] if image else ''}{'|' * line.count('|')}{'' if line else '/'}"
        )
    return found


def test_both_guides_have_the_same_structure() -> None:
    assert skeleton("vi") == skeleton("en")
    assert max(len(skeleton(language)) for language in LANGUAGES) <= 250


def ranges(numbers: frozenset[int]) -> str:
    """{1, 3, 4, 5} as "1, 3–5"."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs) or "–"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("chip", "name"), [("esp32", "ESP32"), ("esp32s3", "ESP32-S3"), ("esp32c3", "ESP32-C3")])
def test_the_guides_pin_table_is_the_checkers(language: str, chip: str, name: str) -> None:
    facts = CHIPS[chip]
    columns = (facts.flash, facts.repl, facts.strapping, facts.input_only, facts.psram, facts.adc1)
    assert f"| {name} | {' | '.join(map(ranges, columns))} |" in GUIDES[language].read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_of_the_guides_lead_somewhere(language: str) -> None:
    text = GUIDES[language].read_text("utf-8")
    assert unicodedata.is_normalized("NFC", text)
    assert all((DOCS / target).is_file() for target in re.findall(r"(?<!!)\[[^]]+\]\(([^)#]+)\)", text))
