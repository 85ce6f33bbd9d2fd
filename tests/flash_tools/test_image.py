"""The image of a board: what lies where, byte for byte what the firmware reads, compiled once per content."""

import hashlib
import hmac
import json
import struct
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boards.board import load, names
from flash_tools import image
from flash_tools.errors import BuildError
from tests.support import needs

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
    assert {
        "boot.py",
        "main.py",
        "board.json",
        "settings.a",
        "key",
        "a/main.py",
        "a/node/__init__.py",
        "a/seal",
    } <= files
    assert "a/boot.py" not in files
    device = json.loads((tmp_path / "image/board.json").read_text("utf-8"))
    assert device["board"] == name and all(isinstance(item["kind"], int) for item in device["channels"])


@needs.micropython
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


@needs.micropython
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


PATHS = st.from_regex(r"[a-zé]{1,5}(/[a-z_]{1,5}\.mpy)?", fullmatch=True)


@given(st.dictionaries(PATHS, st.binary(max_size=300), max_size=6), st.tuples(*[st.integers(0, 255)] * 3), st.data())
def test_an_image_is_an_index_and_the_files_it_names(
    files: dict[str, bytes], version: tuple[int, int, int], data: st.DataObject
) -> None:
    """Taken apart as docs/protocol.md says; the order in which the files came does not matter."""
    made = image.Application.of(files, version)
    assert made == image.Application.of(dict(data.draw(st.permutations(list(files.items())))), version)
    size = int(made.data[:5])
    assert made.data[5:6] == b"\n"
    lines, rest = made.data[6 : 6 + size].decode().splitlines(), made.data[6 + size :]
    assert [line.split(" ", 1)[1] for line in lines] == sorted(files, key=str.encode)
    for line in lines:
        length, path = line.split(" ", 1)
        assert rest[: int(length)] == files[path]
        rest = rest[int(length) :]
    assert rest == b"" and made.sha256 == hashlib.sha256(made.data).digest()


@given(st.binary(min_size=16, max_size=16), st.tuples(*[st.integers(0, 255)] * 3))
def test_a_seal_names_the_image_and_proves_the_key(key: bytes, version: tuple[int, int, int]) -> None:
    made = image.Application.of({"main.py": b"x"}, version)
    seal = made.seal(key)
    tag = hmac.new(key, b"nv1 image" + bytes(version) + made.sha256, hashlib.sha256).digest()[:16]
    assert (seal[:32], seal[32:48], seal[48:51], seal[51:]) == (made.sha256, tag, bytes(version), b"1 main.py\n")


def test_the_application_of_the_sources_is_what_the_slot_holds(tmp_path: Path) -> None:
    made = image.application(mpy=False)
    assert made.version == image.version_of() and made.files["main.py"].startswith(b'"""')
    image.write_image(tmp_path / "image", load("esp32_devkitc"), 7, KEY, {}, mpy=False)
    assert (tmp_path / "image/a/seal").read_bytes() == made.seal(KEY)
    on_flash = {
        p.relative_to(tmp_path / "image/a").as_posix() for p in (tmp_path / "image/a").rglob("*") if p.is_file()
    }
    assert on_flash == {*made.files, "seal"}


def test_sources_without_a_version_make_no_image(tmp_path: Path) -> None:
    (tmp_path / "firmware").mkdir()
    (tmp_path / "firmware/main.py").write_text("x = 1\n", "utf-8")
    with pytest.raises(BuildError, match="version"):
        image.application(tmp_path, mpy=False)


def test_too_many_files_make_no_image() -> None:
    with pytest.raises(BuildError, match="index"):
        image.Application.of({"x" * 90 + str(i): b"" for i in range(1200)}, (0, 1, 0))
