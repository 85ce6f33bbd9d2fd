"""Owns the chip in its download mode, through esptool 5 as a library: what it is, and its flash read, erased, written.

Used by the flash run and rescue. Where a port has no reset lines (socket://, a pty, a bare cable) the person is told
which buttons to press, and the chip is looked for until it is there.
"""

import contextlib
import hashlib
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from esptool.cmds import (
    attach_flash,
    detect_chip,
    detect_flash_size,
    erase_flash,
    reset_chip,
    run_stub,
    write_flash,
)
from esptool.logger import TemplateLogger, log
from esptool.util import FatalError, flash_size_bytes

from boards.chips import CHIPS
from flash_tools.errors import (
    CableLost,
    ChipLocked,
    FlashError,
    FlashUnknown,
    NoDownloadMode,
    VerifyFailed,
    WriteFailed,
    WrongChip,
)
from flash_tools.knock import FINGERS_PATIENCE_S, Say
from flash_tools.line import LOST, NO_LINES, can_reset, open_serial
from flash_tools.words import say as sentence

Progress = Callable[[int, int], None]

ROM_BAUD = 115200
FAST_BAUD = 460800
LINES_ATTEMPTS = 4
BEGINNINGS = ((0, 0x20000), (0x200000, 0x4000))  # boot loader, table, NVS, program; the file system's first blocks
BLANK_MACS = ("00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff")


@dataclass(frozen=True)
class Found:
    """What was read from a chip. `chip` as boards/chips.py names it; mac "" when none was ever burnt in."""

    chip: str
    model: str
    mac: str
    flash_mb: int


class _Listener(TemplateLogger):  # type: ignore[misc]
    """esptool's words go to the unit's log, its progress into our bar. esptool takes one logger per process."""

    def __init__(self) -> None:
        self.progress: Progress | None = None
        self.tell: Say = lambda text: None

    def print(self, *args: Any, **kwargs: Any) -> None:
        text = " ".join(str(arg) for arg in args).strip()
        if text.strip("."):
            self.tell(f"esptool: {text}")

    note = warning = error = print

    def stage(self, finish: bool = False) -> None:
        """esptool folds its output here; there is nothing to fold in a log."""

    def progress_bar(
        self, cur_iter: int, total_iters: int, prefix: str = "", suffix: str = "", bar_length: int = 30
    ) -> None:
        if self.progress:
            self.progress(cur_iter, total_iters)

    def set_verbosity(self, verbosity: str) -> None:
        """Everything is logged."""


LISTENER = _Listener()
log.set_logger(LISTENER)


class Chip:
    """A chip that waits in download mode. `found` says what it is."""

    def __init__(self, port: str, esp: Any) -> None:
        self.port = port
        self._esp = esp
        self.found = Found("", "", "", 0)

    @classmethod
    def open(
        cls,
        port: str,
        *,
        before: str = "default-reset",
        baud: int | None = None,
        stub: bool = True,
        say: Say = lambda text: None,
        note: Say = lambda text: None,
        lang: str = "vi",
        patience_s: float = FINGERS_PATIENCE_S,
    ) -> "Chip":
        """Bring the chip into download mode and read what it is.

        before: as esptool's. baud None = fast on a local port. note: esptool's own words, for a log.
        """
        LISTENER.tell = note
        caller = _Caller(port, before, say, lang, patience_s)
        made = cls(port, caller.until_there())
        try:
            made._check_kind()
            made._check_lock()
            if stub and not made._start_stub():
                note("the stub does not start: going on without it")
                made.close()
                made = cls(port, caller.until_there())
            with made._guarded():
                made._prepare(baud)
        except BaseException:
            made.close()
            raise
        return made

    def _check_kind(self) -> None:
        """WrongChip for one that MicroPython nodes do not run on."""
        if _plain(self._esp.CHIP_NAME) not in CHIPS:
            raise WrongChip(found=self._esp.CHIP_NAME, board="–", wanted=", ".join(CHIPS))

    def _check_lock(self) -> None:
        """ChipLocked for one that takes signed or encrypted programs only."""
        with self._guarded():
            esp = self._esp
            if esp.secure_download_mode or esp.get_secure_boot_enabled() or esp.get_flash_encryption_enabled():
                raise ChipLocked()

    def _start_stub(self) -> bool:
        """Run esptool's helper in the chip; False when it does not come up (emulators, some clones)."""
        with self._guarded():
            try:
                self._esp = run_stub(self._esp)
            except FatalError:
                return False
        return True

    def _prepare(self, baud: int | None) -> None:
        esp = self._esp
        wanted = baud or (FAST_BAUD if _is_local(self.port) else ROM_BAUD)
        if wanted > ROM_BAUD and esp.IS_STUB:
            esp.change_baud(wanted)
        attach_flash(esp)
        size = detect_flash_size(esp)
        if size is None:
            raise FlashUnknown(f"{esp.flash_id():06x}", port=self.port)
        esp.flash_set_parameters(flash_size_bytes(size))
        mac = ":".join(f"{byte:02x}" for byte in esp.read_mac() or ())
        mb = int(flash_size_bytes(size)) >> 20
        self.found = Found(_plain(esp.CHIP_NAME), esp.get_chip_description(), "" if mac in BLANK_MACS else mac, mb)

    def read(self, offset: int, size: int) -> bytes:
        """Bytes of the flash."""
        with self._guarded():
            return bytes(self._esp.read_flash(offset, size, None))

    def holds(self, offset: int, data: bytes) -> bool:
        """True when these bytes are at this place; the chip hashes them itself."""
        with self._guarded():
            return bool(self._esp.flash_md5sum(offset, len(data)) == hashlib.md5(data).hexdigest())

    def is_blank(self, offset: int, size: int) -> bool:
        """True when nothing was ever written there."""
        return self.holds(offset, b"\xff" * size)

    def erase(self) -> None:
        """Erase everything; without the stub, which alone can do that at once, the places where anything would be
        looked for.
        """
        with self._guarded():
            if self._esp.IS_STUB:
                erase_flash(self._esp)
            else:
                write_flash(self._esp, [(at, b"\xff" * size) for at, size in BEGINNINGS], no_compress=True)

    def write(self, pieces: Sequence[tuple[int, bytes]], progress: Progress | None = None) -> None:
        """Write (offset, bytes) and read back by hash. WriteFailed, VerifyFailed, CableLost."""
        total, done = sum(len(data) for _, data in pieces), 0
        for offset, data in pieces:
            LISTENER.progress = _scaled(progress, done, len(data), total) if progress else None
            try:
                with self._guarded():
                    write_flash(self._esp, [(offset, data)], no_progress=False)
            finally:
                LISTENER.progress = None
            done += len(data)
        if not all(self.holds(offset, data) for offset, data in pieces):
            raise VerifyFailed()

    def leave(self, after: str = "hard-reset") -> bool:
        """Let the chip run what is on it; False where only a finger can do that."""
        try:
            if after != "hard-reset" or can_reset(self._esp._port):
                reset_chip(self._esp, after)
                return after not in ("no-reset", "no-reset-stub")
        except OSError as error:
            if error.errno not in NO_LINES:
                return True  # its USB went away with the reset
        except FatalError:
            pass
        return False

    def close(self) -> None:
        with contextlib.suppress(*LOST):
            self._esp._port.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """esptool's errors by their cause."""
        try:
            yield
        except FlashError:
            raise
        except FatalError as error:
            first = str(error).splitlines()[0] if str(error) else "esptool"
            raise (VerifyFailed() if "MD5" in first else WriteFailed(first.rstrip("."))) from None
        except (*LOST, struct.error):
            raise CableLost(port=self.port) from None


class _Caller:
    """Calls the chip until it answers from download mode."""

    def __init__(self, port: str, before: str, say: Say, lang: str, patience_s: float) -> None:
        self._port, self._before, self._say, self._lang = port, before, say, lang
        self._patience_s = patience_s

    def until_there(self) -> Any:
        """esptool's object of the chip. NoSuchPort, PortBusy, NoPermission at once; NoDownloadMode after patience."""
        opened = open_serial(self._port)
        lines = can_reset(opened)
        opened.close()
        esp = self._try(self._before if lines else "no-reset", LINES_ATTEMPTS if lines else 1)
        began = time.monotonic()
        if esp is None:
            self._say(sentence(self._lang, "press_boot"))
        while esp is None:
            if time.monotonic() - began > self._patience_s:
                raise NoDownloadMode(port=self._port)
            time.sleep(0.2)
            esp = self._try("no-reset", 1)
        return esp

    def _try(self, mode: str, attempts: int) -> Any:
        with contextlib.suppress(FatalError, struct.error, *LOST):
            return detect_chip(self._port, ROM_BAUD, mode, False, attempts)
        return None


def _scaled(progress: Progress, done: int, size: int, total: int) -> Progress:
    """esptool counts compressed bytes of one piece; the bar counts bytes of all pieces."""
    return lambda now, most: progress(done + size * min(now, most) // max(1, most), total)


def _plain(name: str) -> str:
    """ESP32-S3 as the board files write it."""
    return name.lower().replace("-", "")


def _is_local(port: str) -> bool:
    return "://" not in port and not port.startswith("/dev/pts/")
