"""boot.py, which no update changes: its decisions in every order of events, and which slots it takes for sound."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import struct
import sys
import types
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flash_tools.image import PROJECT, Application

PWRON, HARD, WDT, DEEPSLEEP, SOFT = 1, 2, 3, 4, 5
KEY = bytes(range(16))
SOURCE = (PROJECT / "firmware/boot.py").read_text("utf-8")
DEFINITIONS = SOURCE[: SOURCE.index("\nbefore = ")]


class Chip(types.ModuleType):
    """`machine` and `esp32` at once."""

    PWRON_RESET, HARD_RESET, WDT_RESET, SOFT_RESET = PWRON, HARD, WDT, SOFT
    Pin = None
    key: bytes | None = KEY

    def NVS(self, name: str) -> Any:
        return self

    def get_blob(self, name: str, buffer: bytearray) -> int:
        if self.key is None:
            raise OSError(-4354)
        buffer[: len(self.key)] = self.key
        return len(self.key)


@contextlib.contextmanager
def booting() -> Iterator[tuple[dict[str, Any], Chip]]:
    """The functions of boot.py, and the chip that they see."""
    chip = Chip("machine")
    known = {name: sys.modules.get(name) for name in ("machine", "esp32")}
    sys.modules["machine"] = sys.modules["esp32"] = chip
    try:
        names: dict[str, Any] = {}
        exec(compile(DEFINITIONS, "boot.py", "exec"), names)
        yield names, chip
    finally:
        for name, module in known.items():
            sys.modules.pop(name)
            if module is not None:
                sys.modules[name] = module


with booting() as (BOOT, _):
    pass

ended_badly, judged, choose = BOOT["ended_badly"], BOOT["judged"], BOOT["choose"]

RUNS = {"starting": 1, "running": 2, "ended": 3, "restart": 4, "failed": 5, "update": 6, "none": 0}
MEMORY = st.sampled_from(sorted(RUNS)).map(lambda name: b"NR" + bytes([RUNS[name], 0, 0]) + b"crc!")
LETTERS = st.sampled_from([b"", b"J", b"S", b"E", b"F"])


@given(st.sampled_from([PWRON, SOFT, DEEPSLEEP, 0]), st.binary(max_size=12))
def test_power_and_soft_resets_are_never_bad_ends(cause: int, memory: bytes) -> None:
    assert not ended_badly(cause, memory)


@given(st.sampled_from([HARD, WDT]), MEMORY, LETTERS)
def test_a_chip_reset_is_a_bad_end_when_the_application_was_in_charge(cause: int, memory: bytes, letter: bytes) -> None:
    expected = letter in (b"S", b"F") if letter else memory[2] in (1, 2, 5)
    assert ended_badly(cause, memory + letter) == expected


def test_a_watchdog_of_which_nothing_is_known_is_one_too() -> None:
    assert ended_badly(WDT, b"") and not ended_badly(HARD, b"")


@given(st.binary(max_size=5), st.booleans())
def test_whatever_the_file_says_it_names_a_slot(text: bytes, bad: bool) -> None:
    found = judged(text, bad)
    assert found[:1] in (b"a", b"b") and (len(found) == 1 or found[:2] in (b"ab", b"ba"))
    assert judged(found, False) == found, "what it wrote it reads again"


@given(
    st.sampled_from([b"a", b"b", b"ab0", b"ba0", b"ab2", b"abf", b"abT", b"", b"??"]),
    st.lists(st.tuples(st.sampled_from([PWRON, HARD, WDT, SOFT]), MEMORY, LETTERS), max_size=30),
    st.lists(st.sampled_from("ab"), unique=True),
)
def test_any_history_of_starts(text: bytes, history: list[tuple[int, bytes, bytes]], sound: list[str]) -> None:
    """A sound slot runs if there is one; the proven one changes by nothing that happens here; three bad ends, and only
    they, end a trial whose slot is sound.
    """
    proven = judged(text, False)[:1]
    trial = judged(text, False)[1:2] if BOOT["on_trial"](judged(text, False)) else b""
    bad = int(judged(text, False)[2:3] or b"0") if trial else 0
    for cause, memory, letter in history:
        ended = ended_badly(cause, memory + letter)
        slot, text = choose(judged(text, ended), lambda slot: slot.decode() in sound)
        assert text[:1] == proven
        assert bool(slot) == bool(sound) and slot.decode() in ["", *sound]
        bad += ended
        if trial and bad < 3 and trial.decode() in sound:
            assert slot == trial and BOOT["on_trial"](text)
        elif trial:
            assert not BOOT["on_trial"](text)
            trial = b""
        if not trial and proven.decode() in sound:
            assert slot == proven


FILES = st.dictionaries(
    st.from_regex(r"[a-z]{1,4}(/[a-z]{1,4}\.mpy)?", fullmatch=True), st.binary(max_size=600), min_size=1, max_size=5
).filter(
    lambda files: not any(path.startswith(other + "/") for path in files for other in files) and "seal" not in files
)


def laid(folder: Path, image: Application, key: bytes = KEY) -> Path:
    for path, data in image.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    (folder / "seal").write_bytes(image.seal(key))
    return folder


@contextlib.contextmanager
def standing_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def sound(folder: Path, key: bytes | None = KEY) -> bool:
    with booting() as (names, chip), standing_in(folder.parent):
        chip.key = key
        return bool(names["is_sound"](folder.name.encode()))


@given(FILES, st.tuples(*[st.integers(0, 255)] * 3), st.data())
def test_a_sound_slot_and_every_damage_to_it(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes], version: tuple[int, int, int], data: Any
) -> None:
    image = Application.of(files, version)
    folder = laid(tmp_path_factory.mktemp("flash") / "b", image)
    assert sound(folder) and hashlib.sha256(image.data).digest() == image.sha256
    assert not sound(folder, bytes(16)), "sealed with another node's key"
    assert sound(folder, None), "a board without a key has only the hash"
    path = folder / data.draw(st.sampled_from([*sorted(files), "seal"]))
    whole = path.read_bytes()
    at = data.draw(st.integers(0, max(0, len(whole) - 1)))
    damages = [whole[:at], whole + b"\0"]
    if whole:
        damages.append(whole[:at] + bytes([whole[at] ^ 1 << data.draw(st.integers(0, 7))]) + whole[at + 1 :])
    for damaged in damages:
        path.write_bytes(damaged)
        assert sound(folder) == (damaged == whole), path.name
    path.unlink()
    assert not sound(folder)


@given(st.binary(max_size=300))
def test_any_bytes_as_a_seal(tmp_path_factory: pytest.TempPathFactory, seal: bytes) -> None:
    folder = tmp_path_factory.mktemp("flash") / "a"
    folder.mkdir()
    (folder / "seal").write_bytes(seal)
    assert not sound(folder, None) and not sound(folder)


def test_either_copy_of_the_key_will_do(tmp_path: Path) -> None:
    """So that a node which is given another key is never without a slot: one copy, the seals, the other copy."""
    folder = laid(tmp_path / "a", Application.of({"main.mpy": b"x"}, (0, 1, 0)))
    body = struct.pack("<H16s", 7, KEY)
    (tmp_path / "key").write_bytes(body + struct.pack("<I", zlib.crc32(body)))
    assert sound(folder, bytes(16)) and sound(folder, None)
    (tmp_path / "key").write_bytes(body + bytes(4))  # a damaged copy is none
    assert not sound(folder, bytes(16)) and sound(folder, None)


@given(FILES, st.data())
def test_the_node_reads_an_index_as_boot_py_does(files: dict[str, bytes], data: Any) -> None:
    """And refuses, or reads as it stands, whatever else may be there."""
    with booting():
        from node.unpack import entries
    image = Application.of(files, (0, 1, 0))
    index = image.seal(KEY)[51:]
    assert list(entries(io.BytesIO(index), len(index))) == [(len(d), path) for path, d in image.files.items()]
    noise = data.draw(st.binary(max_size=60))
    try:
        found = list(entries(io.BytesIO(noise), len(noise)))
    except ValueError:
        return
    for _size, path in found:
        assert path and not path.startswith("/") and ".." not in path.split("/")
