"""Owns the reading of a board's files from a copy of its flash (used by rescue, its shape by one_file).

`mounted` reads the littlefs. One that does not mount is searched block by block (`carved`): journal segments, settings
and recipe carry checks of their own, by which each is known for sound wherever it lies.
"""

import json
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from littlefs import LittleFS, LittleFSError

BLOCK = 4096
SHAPE = {"read_size": 32, "prog_size": 32, "cache_size": 128, "lookahead_size": 32}  # MicroPython's VfsLfs2: its cache
# bounds the files that littlefs keeps inside a folder's block, so another one would make files that it cannot open
SEGMENT_MAGIC = b"NVJ1"  # firmware/node/journal.py
HEAD, RECORD, SYNC = 8, struct.Struct("<BBHII"), 0xA5
MAX_BODY = 480
MOST_NUMBER = 99_999_999  # a segment is named by the number of its first record, 8 digits
DOCUMENT = re.compile(rb"([0-9a-f]{8}) (\d+)\n(?=\{)")


def mounted(data: bytes) -> dict[str, bytes] | None:
    """{path: content} of a littlefs, None when it cannot be mounted. A file that cannot be read is left out."""
    system = LittleFS(block_size=BLOCK, block_count=len(data) // BLOCK, mount=False, **SHAPE)
    system.context.buffer[:] = data
    try:
        system.mount()
        paths = [f"{top.rstrip('/')}/{name}" for top, _, names in system.walk("/") for name in names]
    except LittleFSError:
        return None
    return {path: content for path in paths if (content := _read(system, path)) is not None}


def _read(system: LittleFS, path: str) -> bytes | None:
    try:
        with system.open(path, "rb") as file:
            return bytes(file.read())
    except LittleFSError:
        return None


@dataclass
class Found:
    """What a search found. `segments`: {journal id: {first number: bytes of the segment file}}."""

    segments: dict[int, dict[int, bytes]] = field(default_factory=dict)
    settings: tuple[int, bytes] = (0, b"")
    recipe: tuple[int, bytes] = (0, b"")

    def files(self) -> dict[str, bytes]:
        """The newest journal, settings and recipe as files of a board."""
        files = {"/settings.a": self.settings[1], "/recipe.a": self.recipe[1]}
        if self.segments:
            newest = max(self.segments.values(), key=lambda found: sum(map(len, found.values())))
            files |= {f"/journal/{start:08d}": data for start, data in newest.items()}
        return {path: data for path, data in files.items() if data}


def carved(data: bytes) -> dict[str, bytes]:
    """{path: content} of what is sound in a file system that does not mount."""
    found = Found()
    for start in range(0, len(data), BLOCK):
        block = data[start : start + BLOCK]
        if block[:4] == SEGMENT_MAGIC:
            _take_segment(found, data, start)
        for document, serial, content in _documents(block):
            if "wifi" in document and serial > found.settings[0]:
                found.settings = serial, content
            elif "rules" in document and serial > found.recipe[0]:
                found.recipe = serial, content
    return found.files()


def _documents(block: bytes) -> Iterator[tuple[Mapping[str, object], int, bytes]]:
    """Settings and recipes in a block: (document, serial, the whole slot) whose CRC-32 is right."""
    for match in DOCUMENT.finditer(block):
        text = block[match.end() :].split(b"\xff", 1)[0].decode("utf-8", "ignore")
        try:
            document, end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            continue
        rest = match.group(2) + b"\n" + text[:end].encode()
        if zlib.crc32(rest) == int(match.group(1), 16) and isinstance(document, dict):
            yield document, int(match.group(2)), match.group(1) + b" " + rest


def _take_segment(found: Found, data: bytes, start: int) -> None:
    """The segment that begins in this block, as far as it is sound, unless a longer copy of it is known."""
    number = _first_number(data[start : start + BLOCK])
    if number is None:
        return
    best = max((_sound(whole, number) for whole in _wholes(data, start)), key=len)
    known = found.segments.setdefault(struct.unpack_from("<I", best, 4)[0], {})
    if len(best) > len(known.get(number, b"")):
        known[number] = best


def _wholes(data: bytes, start: int) -> Iterator[bytes]:
    """The file's first block alone, and with each block that littlefs may have chained to it by its first word."""
    first = data[start : start + BLOCK]
    yield first
    pointer = struct.pack("<I", start // BLOCK)
    for other in range(0, len(data), BLOCK):
        if data[other : other + 4] == pointer:
            yield first + data[other + 4 : other + BLOCK]


def _first_number(block: bytes) -> int | None:
    """The number of a segment's first record, whose name may be lost: the one with which its check is right."""
    sync, _, length, _, check = RECORD.unpack_from(block, HEAD)
    end = HEAD + RECORD.size + length
    if sync != SYNC or length > MAX_BODY or end > len(block):
        return None
    rest = block[HEAD : HEAD + 8] + block[HEAD + RECORD.size : end]
    number = four_before(rest, check)
    return number if 0 < number <= MOST_NUMBER else None


def four_before(rest: bytes, check: int) -> int:
    """The four bytes (as a little-endian number) before `rest` with which the CRC-32 of all is `check`.

    The register of a CRC can be run backwards; over four unknown bytes its steps are known and the bytes follow.
    """
    register, indexes = check ^ 0xFFFFFFFF, []
    for byte in reversed(rest):
        index = _BY_TOP[register >> 24]
        register = ((register ^ _TABLE[index]) << 8 & 0xFFFFFFFF) | index ^ byte
    for _ in range(4):
        indexes.append(_BY_TOP[register >> 24])
        register = (register ^ _TABLE[indexes[-1]]) << 8 & 0xFFFFFFFF
    register, found = 0xFFFFFFFF, bytearray()
    for index in reversed(indexes):
        found.append((register ^ index) & 0xFF)
        register = register >> 8 ^ _TABLE[index]
    return int.from_bytes(found, "little")


def _entry(index: int) -> int:
    for _ in range(8):
        index = index >> 1 ^ (0xEDB88320 if index & 1 else 0)
    return index


_TABLE = [_entry(index) for index in range(256)]
_BY_TOP = {value >> 24: index for index, value in enumerate(_TABLE)}


def _sound(whole: bytes, number: int) -> bytes:
    """The segment up to its last sound record."""
    end = HEAD
    while end + RECORD.size <= len(whole):
        sync, _, length, _, check = RECORD.unpack_from(whole, end)
        stop = end + RECORD.size + length
        if sync != SYNC or length > MAX_BODY or stop > len(whole):
            break
        guarded = struct.pack("<I", number) + whole[end : end + 8] + whole[end + RECORD.size : stop]
        if zlib.crc32(guarded) != check:
            break
        number, end = number + 1, stop
    return whole[:end]


def records_in(files: Mapping[str, bytes]) -> int:
    """How many sound journal records these files hold."""
    total = 0
    for path, data in files.items():
        name = path.removeprefix("/journal/")
        if name != path and name.isdigit() and data[:4] == SEGMENT_MAGIC:
            total += _count(data, int(name))
    return total


def _count(data: bytes, number: int) -> int:
    sound, end, count = len(_sound(data, number)), HEAD, 0
    while end < sound:
        end += RECORD.size + int(RECORD.unpack_from(data, end)[2])
        count += 1
    return count
