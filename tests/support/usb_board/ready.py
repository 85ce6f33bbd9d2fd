"""A bench board as `nhavuon flash` leaves it, without flashing it: for tests of what comes afterwards."""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from littlefs import LittleFS

from boards.board import load
from boards.simulated.process import DEFAULT_SETTINGS, FILES_AT, NVS_AT
from flash_tools import image
from tests.support.usb_board.board import UsbBoard
from tests.support.usb_board.firmware import BOOTLOADER_AT, fake_micropython
from tests.support.usb_board.flash import SECTOR

SHAPE = {"block_size": SECTOR, "read_size": 32, "prog_size": 32, "cache_size": 128, "lookahead_size": 32}


def make_ready(
    usb: UsbBoard,
    hub: tuple[str, int],
    node: int = 1,
    key: bytes = bytes(range(16)),
    board: str = "esp32_devkitc",
    settings: Mapping[str, Any] | None = None,
    recipe: Mapping[str, Any] | None = None,
) -> None:
    """MicroPython, the node's files and its NVS on the flash of a board that is not plugged in."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "files"
        wiring = load(board)
        wanted = {**DEFAULT_SETTINGS, **wiring.settings, "hub": list(hub), **(settings or {})}
        image.write_image(source, wiring, node, key, wanted, True, recipe)
        put_files(usb, {p.relative_to(source).as_posix(): p.read_bytes() for p in source.rglob("*") if p.is_file()})
        micropython = fake_micropython(Path(folder) / "micropython.bin", usb.chip)
        usb.flash.write(BOOTLOADER_AT.get(usb.chip, 0), micropython.read_bytes())
    nvs = json.dumps({"key": key.hex(), "node": node}).encode()
    usb.flash.write(NVS_AT, nvs.ljust(SECTOR, b"\xff"))


def put_files(usb: UsbBoard, files: Mapping[str, bytes]) -> None:
    """A new file system with these files."""
    blocks = (usb.flash.size - FILES_AT) // SECTOR
    system = LittleFS(**SHAPE, block_count=blocks, disk_version=0x20000)
    for name, data in sorted(files.items()):
        if "/" in name:
            system.makedirs(name.rsplit("/", 1)[0], exist_ok=True)
        with system.open(name, "wb") as file:
            file.write(data)
    usb.flash.write(FILES_AT, bytes(system.context.buffer))


def files_of(usb: UsbBoard) -> dict[str, bytes]:
    """What lies in the board's file system now; an error of littlefs when it cannot be mounted."""
    system = LittleFS(**SHAPE, block_count=(usb.flash.size - FILES_AT) // SECTOR, mount=False)
    system.context.buffer[:] = usb.flash.read(FILES_AT, usb.flash.size - FILES_AT)
    system.mount()
    found = {}
    for folder, _, names in system.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with system.open(path, "rb") as file:
                found[path.lstrip("/")] = file.read()
    return found
