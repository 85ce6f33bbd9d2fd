"""Damaged files on a board's flash: it says so, keeps its relays off, and goes on with what is left."""

import dataclasses
import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from boards.simulated.process import NodeProcess
from flash_tools.image import slot_bytes
from tests.support.farm import SETTINGS, Farm

pytestmark = pytest.mark.slow

Damage = Callable[[Path], object]


def with_files(farm: Farm, damage: Damage) -> NodeProcess:
    """Node 1 on a board whose image was damaged on the way to its flash."""
    board = farm.boards[1]
    board.spec.write_spec()
    image = farm.folder / "image"
    shutil.copytree(board.folder / "image", image)
    damage(image)
    farm.boards[1] = NodeProcess(dataclasses.replace(board.spec, image=image))
    return farm.boards[1]


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def settings(farm: Farm, serial: int, **changes: object) -> bytes:
    return slot_bytes(serial, {"wifi": [["nhavuon", "x"]], "hub": list(farm.path.address), **SETTINGS, **changes})


def live(farm: Farm, damage: Damage) -> NodeProcess:
    board = with_files(farm, damage)
    farm.start()
    return board


def relays_stay_off(board: NodeProcess) -> None:
    lines = [json.loads(line) for line in board.trace().read_text().splitlines()]
    wiring = json.loads((board.folder / "spec.json").read_text())["wiring"]["actuators"]
    on = {item["pin"]: item["on_level"] for item in wiring}
    assert not [line for line in lines if "pin" in line and on.get(line["pin"]) == line["level"]], lines


def test_one_damaged_settings_slot_of_two(tmp_path: Path) -> None:
    """The newer slot is damaged: the older one counts."""
    with Farm(tmp_path, local=True, virtual=True) as farm:

        def damage(image: Path) -> None:
            (image / "settings.a").write_bytes(settings(farm, 1))
            (image / "settings.b").write_bytes(settings(farm, 2))
            flip(image / "settings.b")

        live(farm, damage)
        farm.greeted()
        farm.lives(1, 250)
        assert farm.settle()[1].complete


@pytest.mark.parametrize("text", [b"", b"\xff" * 300, b"00000000 1\n{}", b"zz"], ids=["empty", "blank", "crc", "short"])
def test_both_settings_slots_damaged(tmp_path: Path, text: bytes) -> None:
    """No Wi-Fi is known any more: the node says so on its console and goes on measuring, relays off."""
    with Farm(tmp_path, local=True, virtual=True) as farm:
        board = live(farm, lambda image: [(image / f"settings.{slot}").write_bytes(text) for slot in "ab"])
        farm.lives(1, 100)
        assert "settings" in board.log().read_text().lower()
        relays_stay_off(board)


def test_settings_with_sound_bytes_and_senseless_values(tmp_path: Path) -> None:
    with Farm(tmp_path, local=True, virtual=True) as farm:

        def damage(image: Path) -> None:
            (image / "settings.a").write_bytes(settings(farm, 1))
            (image / "settings.b").write_bytes(settings(farm, 2, sample_s="often"))

        live(farm, damage)
        farm.greeted()


def recipe(serial: int, **changes: object) -> bytes:
    """A slot with a recipe that keeps the fan on as long as the board's limits allow."""
    rule = {"actuator": 1, "sensors": [1], "on_above": -300, "off_above": -300, **changes}
    return slot_bytes(serial, {"name": "luôn bật", "rules": [rule]})


def fan_runs(farm: Farm) -> None:
    farm.until(lambda: farm.now().actuators[0].on, "the older recipe switches the fan on")


@pytest.mark.parametrize("damage", ["flipped", "unknown_key", "other_board"])
def test_a_newer_recipe_that_cannot_be_used(tmp_path: Path, damage: str) -> None:
    """Its bytes are damaged, or sound and senseless: the recipe before it counts."""
    with Farm(tmp_path, local=True, virtual=True) as farm:

        def spoil(image: Path) -> None:
            (image / "recipe.a").write_bytes(recipe(1))
            changes = {"unknown_key": {"colour": 1}, "other_board": {"actuator": 77}}.get(damage, {})
            (image / "recipe.b").write_bytes(recipe(2, **changes))
            if damage == "flipped":
                flip(image / "recipe.b")

        live(farm, spoil)
        farm.greeted()
        fan_runs(farm)


@pytest.mark.parametrize("text", [b"", b"\xff" * 300, b"00000000 1\n{}", b"zz", b"00 1\n" + b"[" * 900], ids=range(5))
def test_both_recipe_slots_damaged(tmp_path: Path, text: bytes) -> None:
    """It says so, switches nothing by itself, and goes on measuring and reporting."""
    with Farm(tmp_path, local=True, virtual=True) as farm:
        board = live(farm, lambda image: [(image / f"recipe.{slot}").write_bytes(text) for slot in "ab"])
        farm.greeted()
        farm.lives(1, 100)
        assert "no recipe" in board.log().read_text()
        relays_stay_off(board)


def test_a_recipe_that_is_nested_too_deep(tmp_path: Path) -> None:
    """Sound bytes that a parser may not survive: it starts all the same."""
    text = b"[" * 4000
    with Farm(tmp_path, local=True, virtual=True) as farm:

        def spoil(image: Path) -> None:
            (image / "recipe.a").write_bytes(recipe(1))
            rest = b"2\n" + text
            (image / "recipe.b").write_bytes(b"%08x " % zlib.crc32(rest) + rest)

        live(farm, spoil)
        farm.greeted()
        fan_runs(farm)


@pytest.mark.parametrize(
    "text", [b"", b"{", b"[]", b'{"channels": [{"id": 1}]}', b'{"actuators": 7}', b"\xff\xfe"], ids=range(6)
)
def test_a_damaged_board_file(tmp_path: Path, text: bytes) -> None:
    """It knows no sensor and no relay any more, and still talks to the hub, which shows it."""
    with Farm(tmp_path, local=True, virtual=True) as farm:
        board = live(farm, lambda image: (image / "board.json").write_bytes(text))
        farm.until(lambda: farm.now().health.get("board") == "damaged", "the hub shows that the board file is damaged")
        relays_stay_off(board)
        assert "Traceback" not in board.log().read_text()


def test_the_key_file_is_damaged_and_nvs_is_sound(tmp_path: Path) -> None:
    with Farm(tmp_path, local=True, virtual=True) as farm:
        live(farm, lambda image: flip(image / "key"))
        farm.greeted()


def test_the_nvs_is_wiped_and_the_key_file_is_sound(tmp_path: Path) -> None:
    with Farm(tmp_path, local=True, virtual=True) as farm:
        farm.start()
        farm.lives(1, 20)
        farm.boards[1].kill()
        (farm.boards[1].folder / "nvs_nv").write_text("{}")
        farm.hub.stop()
        farm.hub.start()
        farm.boards[1].start()
        farm.greeted()
