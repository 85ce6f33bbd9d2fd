"""Makes the one-file rescue image: MicroPython and a file system with the node software, for `flash --image`.

It holds nothing that belongs to one node: no key, no Wi-Fi, no hub. Written at 0x0 it makes a board that starts and
waits for its provisioning; whatever was on the board is gone then, NVS too.
"""

from pathlib import Path
from typing import Any

from esptool.cmds import merge_bin
from littlefs import LittleFS

from boards.board import Board, BoardError, load
from flash_tools import image, install, micropython
from flash_tools.errors import AnswerMissing, BadAnswer
from flash_tools.salvage import BLOCK, SHAPE
from flash_tools.wishes import Options

DISK_VERSION = 0x00020000  # littlefs 2.0: what MicroPython 1.23 mounts
NO_KEY = bytes(16)  # a board without a key takes any whole slot


def make(path: Path, options: Options) -> dict[str, Any]:
    """Write the image; returns what to say about it. FlashErrors as in a run."""
    if not options.board:
        raise AnswerMissing(what="board", option="--board")
    try:
        board = load(options.board)
    except BoardError as error:
        raise BadAnswer(str(error), value=options.board) from None
    found = _micropython(board, options)
    application = image.application()
    files = install.fixed_files(board, application) | {install.SEAL: application.seal(NO_KEY)}
    vfs = found.partition("vfs")
    system = file_system(files, vfs.size)
    merge_bin([(found.offset, found.data), (vfs.offset, system)], board.chip.name, output=str(path))
    version = ".".join(map(str, application.version))
    kb = path.stat().st_size >> 10
    return {"path": path, "kb": kb, "release": found.release, "version": version, "board": board.name}


def _micropython(board: Board, options: Options) -> micropython.Image:
    memory = micropython.Memory()
    found = micropython.chosen(board.chip.name, options.firmware, options.bundle, memory)
    micropython.admit(found, board.chip.name, options.sha256, memory)
    return found


def file_system(files: dict[str, bytes], size: int) -> bytes:
    """A littlefs of `size` bytes with these files, as MicroPython mounts it."""
    system = LittleFS(block_size=BLOCK, block_count=size // BLOCK, disk_version=DISK_VERSION, **SHAPE)
    for path, data in sorted(files.items()):
        folder = path.rpartition("/")[0]
        if folder:
            system.makedirs(folder, exist_ok=True)
        with system.open(path, "wb") as file:
            file.write(data)
    return bytes(system.context.buffer)
