"""Owns MicroPython images: where one comes from (file, bundle, cache, micropython.org) and whether it is sound (used by
the flash run and rescue).

All is verified before anything is erased: both program images in the file by their own checksum byte and SHA-256, the
partition table by its MD5, chip and version. A file's SHA-256 is shown, remembered under its name and compared from
then on; no hash is built in here. Layout: Espressif, "Firmware Image Format" and "Partition Tables".
"""

import hashlib
import http.client
import json
import os
import re
import struct
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flash_tools.errors import (
    FetchFailed,
    HashChanged,
    HashDemanded,
    ImageDamaged,
    ImageForAnotherChip,
    ImageTooOld,
    NotAnImage,
    NotInBundle,
)
from flash_tools.image import cache_folder

Version = tuple[int, int, int]
Progress = Callable[[int, int], None]
Get = Callable[[str, Progress | None], bytes]

FLOOR: Version = (1, 23, 0)
PREFERRED = "1.23"  # the release whose compiled programs the node software is made for
SITE = "https://micropython.org"
NAMES = {"esp32": "ESP32_GENERIC", "esp32s3": "ESP32_GENERIC_S3", "esp32c3": "ESP32_GENERIC_C3"}  # as the site has them
CHIP_IDS = {0: "esp32", 2: "esp32s2", 5: "esp32c3", 9: "esp32s3", 12: "esp32c2", 13: "esp32c6", 16: "esp32h2"}
TABLE_AT = 0x8000
TABLE_END = 0x9000
MAGIC, CHECKSUM_SEED, HEADER = 0xE9, 0xEF, 24
MOST_SEGMENTS = 16
ENTRY, ENTRY_MAGIC = 32, b"\xaa\x50"
MD5_MAGIC = b"\xeb\xeb" + b"\xff" * 14
BANNER = re.compile(rb"MicroPython v(\d+)\.(\d+)(?:\.(\d+))?([-.\w]*) on (\d{4}-\d\d-\d\d)")
FETCH_TIMEOUT_S = 30
MOST_BYTES = 16 << 20


@dataclass(frozen=True)
class Partition:
    """A line of the partition table; offset and size in bytes."""

    name: str
    kind: int
    subtype: int
    offset: int
    size: int


@dataclass(frozen=True)
class Image:
    """A sound MicroPython image. `offset`: where its first byte goes; `vfs`: the partition of the board's files."""

    name: str
    data: bytes
    sha256: str
    chip: str
    offset: int
    version: Version
    banner: str
    partitions: tuple[Partition, ...]

    @property
    def release(self) -> str:
        return ".".join(str(part) for part in self.version)

    def partition(self, name: str) -> Partition:
        """The partition of this name; NotAnImage where a MicroPython for ESP32 must have one and has not."""
        for part in self.partitions:
            if part.name == name:
                return part
        raise NotAnImage("no_vfs", file=self.name, wanted=NAMES.get(self.chip, ""))

    @property
    def flash_mb(self) -> int:
        """How much flash its partitions take."""
        end = max(part.offset + part.size for part in self.partitions)
        return (end + (1 << 20) - 1) >> 20

    def pieces(self, keep_nvs: bool) -> list[tuple[int, bytes]]:
        """(offset, bytes) to write; keep_nvs leaves out what lies between the table and the program, where a board in
        use keeps its key.
        """
        if not keep_nvs:
            return [(self.offset, self.data)]
        program = _program(self.partitions)
        head = self.data[: TABLE_END - self.offset]
        return [(self.offset, head), (program.offset, self.data[program.offset - self.offset :])]


def read(path: Path) -> Image:
    """The image in a file. NotAnImage, ImageDamaged."""
    try:
        data = path.read_bytes()
    except OSError:
        raise NotAnImage("unreadable", file=str(path), wanted="ESP32_GENERIC") from None
    return parse(data, path.name)


def parse(data: bytes, name: str) -> Image:
    """The image in these bytes, proven sound; `name` is the file's. NotAnImage, ImageDamaged."""
    if len(data) < TABLE_END or data[0] != MAGIC:
        raise NotAnImage("no_beginning", file=name, wanted="ESP32_GENERIC")
    chip = CHIP_IDS.get(struct.unpack_from("<H", data, 12)[0], "")
    offset = 0x1000 if chip in ("esp32", "esp32s2") else 0
    partitions = partition_table(data[TABLE_AT - offset : TABLE_END - offset], name)
    program = _program(partitions)
    at = program.offset - offset
    if at >= len(data):
        raise ImageDamaged("cut_off", file=name)
    _prove(data, 0, name)
    end = _prove(data, at, name)
    if CHIP_IDS.get(struct.unpack_from("<H", data, at + 12)[0], "") != chip:
        raise ImageDamaged("mixed_chips", file=name)
    version, banner = _banner(data[at:end], name)
    return Image(name, data, hashlib.sha256(data).hexdigest(), chip, offset, version, banner, tuple(partitions))


def _program(partitions: "list[Partition] | tuple[Partition, ...]") -> Partition:
    return min((part for part in partitions if part.kind == 0), key=lambda part: part.offset)


def partition_table(table: bytes, name: str) -> list[Partition]:
    """The lines of the table, whose MD5 must be right."""
    found = []
    for start in range(0, len(table) - ENTRY + 1, ENTRY):
        if table[start : start + 16] == MD5_MAGIC:
            if hashlib.md5(table[:start]).digest() != table[start + 16 : start + 32]:
                raise ImageDamaged("table_md5", file=name)
            break
        magic, kind, subtype, offset, size, label = struct.unpack_from("<2sBBII16s", table, start)
        if magic != ENTRY_MAGIC:
            raise ImageDamaged("table_cut", file=name)
        found.append(Partition(label.rstrip(b"\0").decode("ascii", "replace"), kind, subtype, offset, size))
    else:
        raise ImageDamaged("table_bare", file=name)
    if not any(part.kind == 0 for part in found):
        raise NotAnImage("no_table", file=name, wanted="ESP32_GENERIC")
    return found


def _prove(data: bytes, start: int, name: str) -> int:
    """Check one program image by its checksum byte and its SHA-256; returns where it ends."""
    if len(data) < start + HEADER or data[start] != MAGIC or not 1 <= data[start + 1] <= MOST_SEGMENTS:
        raise ImageDamaged("no_program", file=name)
    at, checksum = start + HEADER, CHECKSUM_SEED
    for _ in range(data[start + 1]):
        if at + 8 > len(data):
            raise ImageDamaged("cut_off", file=name)
        size = struct.unpack_from("<I", data, at + 4)[0]
        if at + 8 + size > len(data):
            raise ImageDamaged("cut_off", file=name)
        for word in struct.iter_unpack("<I", data[at + 8 : at + 8 + size // 4 * 4]):
            checksum ^= word[0] & 0xFF ^ word[0] >> 8 & 0xFF ^ word[0] >> 16 & 0xFF ^ word[0] >> 24
        at += 8 + size
    end = at + 16 - (at - start) % 16
    if end > len(data) or data[end - 1] != checksum:
        raise ImageDamaged("checksum", file=name)
    if data[start + 23] != 1:
        raise ImageDamaged("no_hash", file=name)
    if hashlib.sha256(data[start:end]).digest() != data[end : end + 32]:
        raise ImageDamaged("own_hash", file=name)
    return end


def _banner(program: bytes, name: str) -> tuple[Version, str]:
    found = BANNER.search(program)
    if found is None:
        raise NotAnImage("no_banner", file=name, wanted="ESP32_GENERIC")
    major, minor, patch = (int(number or 0) for number in found.groups()[:3])
    return (major, minor, patch), found.group(0).decode("ascii")


def admit(image: Image, chip: str, demanded: str | None, memory: "Memory") -> None:
    """Whether this image may go onto this chip; then it is remembered. ImageForAnotherChip, ImageTooOld, HashDemanded,
    HashChanged.

    demanded: a SHA-256 in hex that it must have, which also settles that a file under a known name is another now.
    """
    if image.chip != chip:
        raise ImageForAnotherChip(file=image.name, found=image.chip or "?", wanted=NAMES.get(chip, chip))
    if image.version < FLOOR:
        raise ImageTooOld(file=image.name, found=image.release, wanted=".".join(map(str, FLOOR)))
    image.partition("vfs")
    if demanded and demanded.lower() != image.sha256:
        raise HashDemanded(file=image.name, found=image.sha256, wanted=demanded.lower())
    known = memory.known(image)
    if known and known != image.sha256 and not demanded:
        raise HashChanged(file=image.name, found=image.sha256, wanted=known)
    memory.remember(image)


class Memory:
    """The cache folder: images that were fetched, and the SHA-256 of every image that was ever admitted."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or cache_folder() / "micropython"

    def known(self, image: Image) -> str | None:
        """The SHA-256 that a file of this name and version had before."""
        return self._all().get(self._name(image))

    def remember(self, image: Image) -> None:
        known = self._all() | {self._name(image): image.sha256}
        self.folder.mkdir(parents=True, exist_ok=True)
        _replace(self.folder / "known.json", json.dumps(known, indent=1, sort_keys=True).encode())

    def keep(self, image: Image) -> None:
        """Keep a fetched image for the next board."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _replace(self.folder / image.name, image.data)

    def _name(self, image: Image) -> str:
        return f"{image.name} {image.chip} {image.banner}"

    def _all(self) -> dict[str, str]:
        try:
            found: dict[str, str] = json.loads((self.folder / "known.json").read_text("utf-8"))
            return found
        except (OSError, ValueError):
            return {}


def chosen(
    chip: str, firmware: Path | None, bundle: Path | None, memory: "Memory", progress: Progress | None = None
) -> Image:
    """The image for this chip: a file, or a bundle's, or the cache's, or micropython.org's."""
    if firmware:
        return read(firmware)
    if bundle:
        return bundled(bundle, chip)
    return in_folder(memory.folder, chip) or fetch(chip, memory, progress)


def in_folder(folder: Path, chip: str) -> Image | None:
    """The image for this chip that a folder holds: of the preferred release, else the newest that is new enough."""
    found = [(version, path) for version, path in _versions(folder, chip) if version >= FLOOR]
    if not found:
        return None
    preferred = [item for item in found if f"{item[0][0]}.{item[0][1]}" == PREFERRED]
    return read(max(preferred or found)[1])


def bundled(folder: Path, chip: str) -> Image:
    """The image of an offline bundle. NotInBundle."""
    image = in_folder(folder, chip)
    if image is None:
        raise NotInBundle(folder=str(folder), name=NAMES.get(chip, chip))
    return image


def fetch(chip: str, memory: Memory, progress: Progress | None = None, get: "Get | None" = None) -> Image:
    """The image from micropython.org, kept in the cache. FetchFailed, NotAnImage, ImageDamaged."""
    get = get or download
    name = NAMES.get(chip, chip)
    page = f"{SITE}/download/{name}/"
    link = _choose(get(page, None).decode("utf-8", "replace"), name)
    if link is None:
        raise FetchFailed("no_link", url=page, name=name)
    image = parse(get(SITE + link, progress), link.rpartition("/")[2])
    memory.keep(image)
    return image


def download(url: str, progress: Progress | None = None) -> bytes:
    """The bytes behind an https address. FetchFailed."""
    name = next((name for name in reversed(NAMES.values()) if name in url), NAMES["esp32"])
    request = urllib.request.Request(url, headers={"User-Agent": "nhavuon"})
    data = bytearray()
    try:
        with urllib.request.urlopen(request, timeout=FETCH_TIMEOUT_S) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            while piece := answer.read(65536):
                data += piece
                if progress:
                    progress(len(data), max(total, len(data)))
                if len(data) > MOST_BYTES:
                    raise FetchFailed("too_large", url=url, name=name)
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise FetchFailed(str(reason)[:80], url=url, name=name) from None
    return bytes(data)


def _choose(page: str, name: str) -> str | None:
    """The link to the image: of the preferred release, else the newest stable one that is new enough."""
    links = re.findall(rf"(/resources/firmware/{name}-(\d{{8}})-v(\d+(?:\.\d+){{1,2}})\.bin)\b", page)
    found = {_version(version): link for link, _, version in links if _version(version) >= FLOOR}
    preferred = [version for version in found if f"{version[0]}.{version[1]}" == PREFERRED]
    return found[max(preferred or found)] if found else None


def _versions(folder: Path, chip: str) -> list[tuple[Version, Path]]:
    name = NAMES.get(chip, chip)
    shape = re.compile(rf"{name}-\d{{8}}-v(\d+(?:\.\d+){{1,2}})\.bin")
    files = [(shape.fullmatch(path.name), path) for path in folder.glob("*.bin")] if folder.is_dir() else []
    return [(_version(match.group(1)), path) for match, path in files if match]


def _version(text: str) -> Version:
    parts = [int(part) for part in text.split(".")] + [0, 0]
    return parts[0], parts[1], parts[2]


def _replace(path: Path, data: bytes) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(data)
    os.replace(temporary, path)
