"""What is read from a copy of a board's flash: the files of a sound file system, and the pieces of a broken one."""

import json
import random
import struct
import zlib

from hypothesis import given
from hypothesis import strategies as st
from littlefs import LittleFS

from flash_tools import image, salvage
from flash_tools.salvage import BLOCK, HEAD, RECORD, SEGMENT_MAGIC, SHAPE, SYNC

BLOCKS = 64
SETTINGS = {  # more than the 128 bytes that littlefs keeps in the directory
    **{"wifi": [["nhà", "một mật khẩu"], ["nhà kho", "một mật khẩu khác"]], "hub": ["192.168.1.10", 47470]},
    **{"calibration": {"4": [2450000, 1100000, 2518]}, "sample_s": 10, "set_s": 60, "now_s": 15},
}
RECIPE = {"name": "nhà giun", "rules": [{"actuator": 1, "sensors": [1], "on_above": 285, "off_above": 275}] * 2}


def segment(journal: int, first: int, bodies: list[bytes]) -> bytes:
    """A journal segment as firmware/node/journal.py writes it."""
    data = SEGMENT_MAGIC + struct.pack("<I", journal)
    for number, body in enumerate(bodies, first):
        head = struct.pack("<BBHI", SYNC, 1, len(body), 7)
        data += head + struct.pack("<I", zlib.crc32(struct.pack("<I", number) + head + body)) + body
    return data


def flash(files: dict[str, bytes]) -> bytes:
    """A littlefs as MicroPython makes it, with these files written in this order."""
    system = LittleFS(block_size=BLOCK, block_count=BLOCKS, disk_version=0x20000, **SHAPE)
    for path, data in files.items():
        if path.count("/") > 1:
            system.makedirs(path.rpartition("/")[0], exist_ok=True)
        with system.open(path, "wb") as file:
            file.write(data)
    return bytes(system.context.buffer)


def a_board() -> dict[str, bytes]:
    noise = random.Random(1)
    bodies = [noise.randbytes(300) for _ in range(25)]
    return {
        "/journal/00000001": segment(9, 1, bodies),
        "/journal/00000026": segment(9, 26, bodies[:6]),
        "/settings.a": image.slot_bytes(7, SETTINGS),
        "/settings.b": image.slot_bytes(6, {**SETTINGS, "hub": ["10.0.0.1", 1]}),
        "/recipe.a": image.slot_bytes(2, RECIPE),
        "/a/main.mpy": noise.randbytes(9000),
    }


def test_a_sound_file_system_gives_every_file() -> None:
    files = a_board()
    assert salvage.mounted(flash(files)) == files
    assert salvage.records_in(files) == 31


def test_a_broken_one_gives_journal_settings_and_recipe() -> None:
    files = a_board()
    broken = bytes(2 * BLOCK) + flash(files)[2 * BLOCK :]
    assert salvage.mounted(broken) is None
    found = salvage.carved(broken)
    assert {path: found[path] for path in files if path.startswith("/journal/")} == {
        path: data for path, data in files.items() if path.startswith("/journal/")
    }
    assert found["/settings.a"] == files["/settings.a"] and json.loads(found["/recipe.a"].split(b"\n", 1)[1]) == RECIPE


def test_of_two_journals_the_longer_is_taken_and_of_two_copies_the_longer() -> None:
    bodies = [b"x" * 100] * 5
    blocks = [segment(1, 1, bodies[:1]), segment(2, 1, bodies[:2]), segment(2, 1, bodies), b""]
    found = salvage.carved(b"".join(block.ljust(BLOCK, b"\xff") for block in blocks))
    assert found == {"/journal/00000001": blocks[2]}


def test_a_damaged_record_ends_its_segment() -> None:
    whole = segment(1, 40, [b"a" * 50, b"b" * 50, b"c" * 50])
    cut = HEAD + 2 * (RECORD.size + 50)
    spoiled = whole[: cut + 20] + b"?" + whole[cut + 21 :]
    assert salvage.carved(spoiled.ljust(BLOCK, b"\xff")) == {"/journal/00000040": whole[:cut]}
    assert salvage.records_in({"/journal/00000040": spoiled}) == 2


@given(st.binary(min_size=1, max_size=600), st.integers(0, 2**32 - 1))
def test_four_bytes_are_found_by_the_check_of_what_follows(rest: bytes, number: int) -> None:
    assert salvage.four_before(rest, zlib.crc32(struct.pack("<I", number) + rest)) == number


@given(st.binary(max_size=3 * BLOCK), st.sampled_from([b"", SEGMENT_MAGIC, b"0123abcd 7\n{"]))
def test_nothing_that_a_flash_can_hold_breaks_the_search(data: bytes, begin: bytes) -> None:
    whole = (begin + data)[: 3 * BLOCK].ljust(3 * BLOCK, b"\xff")
    found = salvage.carved(whole)
    assert all(salvage.records_in({path: data}) for path, data in found.items() if path.startswith("/journal/"))
