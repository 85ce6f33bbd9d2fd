"""A file that every tool takes for MicroPython for ESP32, and the chip's own look at its flash before it boots.

Nothing in the file can run on a chip, and its text says so: on the bench MicroPython's unix port runs in its place.
"""

import hashlib
import struct
from pathlib import Path

CHIP_IDS = {"esp32": 0, "esp32s2": 2, "esp32c3": 5, "esp32s3": 9, "esp32c6": 13}
BOOTLOADER_AT = {"esp32": 0x1000, "esp32s2": 0x1000}  # others: 0
TABLE_AT, APP_AT = 0x8000, 0x10000
MAGIC, CHECKSUM_SEED, DESCRIPTOR_MAGIC = 0xE9, 0xEF, 0xABCD5432
RODATA, IRAM = 0x3F400020, 0x40080000  # where an ESP32 maps its flash, and its instruction RAM
NOTICE = b"This is a test image of the test bench: NOT MicroPython, it runs on no chip.\0"
PARTITIONS = (
    (b"nvs", 1, 2, 0x9000, 0x6000),
    (b"phy_init", 1, 1, 0xF000, 0x1000),
    (b"factory", 0, 0, 0x10000, 0x1F0000),
    (b"vfs", 1, 0x81, 0x200000, 0x200000),
)


def fake_micropython(path: Path, chip: str = "esp32", version: str = "1.23.0", filling: int = 60_000) -> Path:
    """Write the file that would be written at the chip's bootloader address: bootloader, partition table, application.

    `filling`: bytes of noise in the application, so that writing takes more than a moment.
    """
    start = BOOTLOADER_AT.get(chip, 0)
    data = bytearray(b"\xff" * (APP_AT - start))
    loader = esp_image(chip, [(IRAM, NOTICE)])
    data[: len(loader)] = loader
    table = partition_table()
    data[TABLE_AT - start : TABLE_AT - start + len(table)] = table
    path.write_bytes(bytes(data) + application(chip, version, filling))
    return path


def application(chip: str, version: str, filling: int) -> bytes:
    """The application's image: descriptor first (esp_app_desc_t of ESP-IDF), then words and noise."""
    descriptor = struct.pack(
        "<II8x32s32s16s16s32s32s80x",
        *(DESCRIPTOR_MAGIC, 0, f"v{version}".encode(), b"micropython", b"12:00:00", b"Jun  2 2024", b"v5.0.4"),
        hashlib.sha256(version.encode()).digest(),
    )
    words = f"MicroPython v{version} on 2024-06-02\0; Generic {chip.upper()} module with {chip.upper()}\0".encode()
    noise = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(filling // 32))
    return esp_image(chip, [(RODATA, descriptor + words + NOTICE + noise)])


def esp_image(chip: str, segments: list[tuple[int, bytes]]) -> bytes:
    """An image as the ROM loads it: header, segments, checksum at the end of a 16-byte line, SHA-256."""
    body = bytearray(struct.pack("<BBBBI", MAGIC, len(segments), 2, 0x20, IRAM))
    body += struct.pack("<BBBBHBHHIB", 0xEE, 0, 0, 0, CHIP_IDS[chip], 0, 0, 0, 0, 1)
    checksum = CHECKSUM_SEED
    for address, data in segments:
        data += bytes(-len(data) % 4)
        body += struct.pack("<II", address, len(data)) + data
        for byte in data:
            checksum ^= byte
    body += bytes(15 - len(body) % 16) + bytes([checksum])
    return bytes(body) + hashlib.sha256(body).digest()


def partition_table() -> bytes:
    """The table of the official 4 MB image, with its MD5."""
    rows = b"".join(
        struct.pack("<HBBII16sI", 0x50AA, kind, sub, at, size, name, 0) for name, kind, sub, at, size in PARTITIONS
    )
    closed = rows + b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(rows).digest()
    return closed.ljust(0xC00, b"\xff")


def why_not(flash: bytes, chip: str) -> str | None:
    """What the ROM and the bootloader say when this flash does not boot; None when it does."""
    start = BOOTLOADER_AT.get(chip, 0)
    for at in (start, APP_AT):
        if flash[at] != MAGIC:
            return f"invalid header: 0x{int.from_bytes(flash[at : at + 4], 'little'):08x}"
        if not _sound(flash, at, CHIP_IDS[chip]):
            return f"image at 0x{at:x} has invalid checksum or hash"
    if flash[TABLE_AT : TABLE_AT + len(partition_table())] != partition_table():
        return "flash read err, 1000: no partition table"
    return None


def _sound(flash: bytes, at: int, chip_id: int) -> bool:
    count, end = flash[at + 1], at + 24
    if struct.unpack_from("<H", flash, at + 12)[0] != chip_id:
        return False
    for _ in range(count):
        end += 8 + int(struct.unpack_from("<I", flash, end + 4)[0])
        if end > len(flash):
            return False
    end += 16 - (end - at) % 16
    return bytes(flash[end : end + 32]) == hashlib.sha256(flash[at:end]).digest()
