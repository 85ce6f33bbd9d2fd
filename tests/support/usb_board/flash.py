"""The chip's flash of a bench board: one file that both faces work on, and the operation at which the power goes.

An operation is an erase or a program of littlefs, a commit of NVS, or a block that the ROM writes or erases.
"""

import mmap
import os
from pathlib import Path
from typing import Any

from esp32_mock_bootloader.server import FlashImage

SECTOR = 4096
NUMBER = 10  # digits, see boards.simulated.flash.FileBlocks


class PowerGone(Exception):
    """The operation at which the power was to go has come; it was not done."""


class Flash:
    """Flash of `mb` megabytes in a file, with the operations so far, and the one that does not happen any more."""

    def __init__(self, folder: Path, mb: int) -> None:
        self.path, self.tally = folder / "chip_flash.bin", folder / "tally"
        self.size = mb << 20
        if not self.path.exists():
            self.path.write_bytes(b"\xff" * self.size)
        self.tally.write_bytes(b"%10d%10d" % (0, 0))
        self.data = self._map(self.path)
        self._numbers = self._map(self.tally)

    @staticmethod
    def _map(path: Path) -> mmap.mmap:
        handle = os.open(path, os.O_RDWR)
        try:
            return mmap.mmap(handle, 0)
        finally:
            os.close(handle)

    @property
    def done(self) -> int:
        return int(self._numbers[:NUMBER])

    @property
    def _stop_at(self) -> int:
        return int(self._numbers[NUMBER : 2 * NUMBER])

    def _stop(self, operation: int) -> None:
        self._numbers[NUMBER : 2 * NUMBER] = b"%10d" % operation

    def cut_after(self, operations: int) -> None:
        """The power goes at the so-manieth operation from now; 0: never."""
        self._stop(self.done + operations if operations else 0)

    def fail_after(self, operations: int) -> None:
        """From the so-manieth operation on nothing can be written any more, but the board lives; 0: it is well."""
        self._stop(-self.done - operations if operations else 0)

    def spend(self) -> None:
        """One operation of the ROM. Raises PowerGone."""
        if self.cut:
            raise PowerGone
        self._numbers[:NUMBER] = b"%10d" % (self.done + 1)

    @property
    def cut(self) -> bool:
        """The next operation is the one at which the power goes."""
        return 0 < self._stop_at <= self.done + 1

    @property
    def failing(self) -> bool:
        return self._stop_at < 0 and self.done + 1 >= -self._stop_at

    def read(self, start: int, size: int) -> bytes:
        return self.data[start : start + size]

    def write(self, start: int, data: bytes) -> None:
        """Past all counting: for a test that damages something."""
        self.data[start : start + len(data)] = data


class RomFlash(FlashImage):  # type: ignore[misc]
    """The mock bootloader's flash on ours: erases before it writes, as the chip does."""

    def __init__(self, flash: Flash) -> None:
        super().__init__()
        self.flash = flash
        self.data: Any = flash.data

    def begin_defl(self, payload: bytes) -> None:
        super().begin_defl(payload)
        self.erase_region(int.from_bytes(payload[12:16], "little"), int.from_bytes(payload[:4], "little"))

    def begin_plain(self, payload: bytes) -> None:
        super().begin_plain(payload)
        self.erase_region(int.from_bytes(payload[12:16], "little"), int.from_bytes(payload[:4], "little"))

    def write_defl_block(self, payload: bytes) -> None:
        assert self._decompressor is not None
        size = int.from_bytes(payload[:4], "little")
        plain = self._decompressor.decompress(payload[16 : 16 + size])
        self._put(self._defl_offset, plain)
        self._defl_offset += len(plain)

    def write_plain_block(self, payload: bytes) -> None:
        block = payload[16 : 16 + int.from_bytes(payload[:4], "little")]
        self._put(self._plain_offset, block)
        self._plain_offset += len(block)

    def _put(self, at: int, data: bytes) -> None:
        for start in range(0, len(data), SECTOR):
            self.flash.spend()
            piece = data[start : start + SECTOR][: max(0, self.flash.size - at - start)]
            self.flash.write(at + start, piece)

    def erase_all(self) -> None:
        self.flash.spend()
        self.flash.write(0, b"\xff" * self.flash.size)

    def erase_region(self, offset: int, size: int) -> None:
        """One operation per 64 KB, the chip's block erase."""
        end = min(-(-(offset + size) // SECTOR) * SECTOR, self.flash.size)
        for start in range(offset // SECTOR * SECTOR, end, 16 * SECTOR):
            self.flash.spend()
            self.flash.write(start, b"\xff" * min(16 * SECTOR, end - start))
