"""A board on the desk: power, the EN and IO0 lines, and which face its port shows (for tests that flash)."""

import contextlib
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from boards.simulated.process import FILES_AT, SimulatedNode
from tests.support.usb_board import firmware
from tests.support.usb_board.flash import SECTOR, Flash
from tests.support.usb_board.ports import KINDS
from tests.support.usb_board.rom import Rom
from tests.support.usb_board.runner import Runner

EN_RISE_S = 0.5  # how long a level of IO0 that is still to come counts; rfc2217 takes 50 ms per line
NOT_BOOTING_S = 0.5
MAC = bytes.fromhex("240ac4000001")
TALK = 200_000  # bytes of what the board said that are kept


class NotBooting:
    """The face of a chip that finds nothing to run: it says why, over and over."""

    def __init__(self, words: str, say: Callable[[bytes], None]) -> None:
        self._words, self._say = words, say
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name="bench empty", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()

    def feed(self, data: bytes) -> None:
        """Nobody listens."""

    def _repeat(self) -> None:
        while not self._ending.is_set():
            self._say(
                b"rst:0x10 (RTCWDT_RTC_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" + self._words.encode() + b"\r\n"
            )
            self._ending.wait(NOT_BOOTING_S)


class UsbBoard:
    """One board; plugged in and booted when the `with` block begins, gone without a trace after it.

    kind: "rfc2217" (reset lines), "socket", "pty" (no lines: `press_reset`). speed, virtual time and faults are those
    of boards.simulated; `page_hub` is where the node's broadcasts arrive. power_only: a cable without data wires.
    """

    def __init__(
        self,
        folder: Path,
        board: str = "esp32_devkitc",
        kind: str = "rfc2217",
        chip: str = "esp32",
        flash_mb: int = 4,
        mac: bytes = MAC,
        *,
        page_hub: tuple[str, int] | None = None,
        faults: Mapping[str, Any] | None = None,
        **simulated: Any,
    ) -> None:
        self.folder, self.chip, self.mac = folder, chip, mac
        folder.mkdir(parents=True, exist_ok=True)
        self.flash = Flash(folder, flash_mb)
        self._port = KINDS[kind](folder, self._from_pc, self._lines)
        self._spec: dict[str, Any] = {"board": board, **simulated}
        if page_hub is not None:
            self._spec["broadcast"] = f"{page_hub[0]}:{page_hub[1]}"
        self._faults = dict(faults or {})
        self._lock = threading.RLock()
        self._face: Rom | Runner | NotBooting | None = None
        self._en, self._rising = True, 0
        self._bytes_left: int | None = None
        self._garble = b""
        self.sent = 0  # bytes that came from the PC
        self._said = bytearray()
        self.powered = False
        self.cut = threading.Event()
        self.boots = 0  # from reset or power-on, not counting soft resets

    # --- the desk ---

    @property
    def port(self) -> str:
        """What --port takes. Known once the board was plugged in."""
        return self._port.url

    @property
    def face(self) -> str:
        """What the chip does: "off", "held" (EN low), "download", "run" or "empty"."""
        if not self.powered:
            return "off"
        names = {Rom: "download", Runner: "run", NotBooting: "empty"}
        return names[type(self._face)] if self._face is not None else "held"

    @property
    def said(self) -> str:
        """The last of what the board sent since it was made, whoever listened."""
        return bytes(self._said).decode("utf-8", "replace")

    @property
    def run_folder(self) -> Path:
        """Where the simulated board keeps truth.jsonl, trace.jsonl and its RTC memory."""
        return self.folder / "run"

    def __enter__(self) -> "UsbBoard":
        self.plug()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.unplug()

    def plug(self) -> None:
        """Cable in: power, and the port under its name. A cut that came is over."""
        if self.cut.is_set():
            self.flash.cut_after(0)
            self._bytes_left = None
            self.cut.clear()
        self._port.plug()
        with self._lock:
            self.powered, self._en = True, True
            self._boot(download=False)

    def unplug(self) -> None:
        """Cable out: no power, no port."""
        self._port.unplug()
        with self._lock:
            self.powered = False
            self._show(None)
        (self.run_folder / "rtc").unlink(missing_ok=True)

    def cut_after(self, *, sent: int | None = None, flash: int | None = None) -> None:
        """Pull the cable after so many more bytes from the PC, or at the so-manieth flash operation from now (which is
        not done). `cut` is set then; `plug` ends it.
        """
        self._bytes_left = sent
        self.flash.cut_after(flash or 0)

    def garble(self, after: bytes) -> None:
        """One bit of the byte that follows these bytes from the PC is flipped on the way, once."""
        self._garble = after

    def press_reset(self, boot_held: bool = False) -> None:
        """The technician's fingers: the EN button, with BOOT held or not."""
        with self._lock:
            self._boot(download=boot_held)

    def set_faults(self, **faults: Any) -> None:
        """Faults of the simulated board (boards/simulated/harness.py), also for later boots; None ends one."""
        self._faults = {**self._faults, **faults}
        self._write_faults()

    @contextlib.contextmanager
    def held_open(self) -> Iterator[None]:
        """Another program has the port."""
        import serial

        other = serial.serial_for_url(self.port, exclusive=True)
        try:
            yield
        finally:
            other.close()

    def until(self, words: str, timeout_s: float = 30) -> None:
        """Wait until the board has said these words."""
        end = time.monotonic() + timeout_s
        while words not in self.said:
            assert time.monotonic() < end, f"{words!r} not in {self.said[-2000:]}"
            time.sleep(0.02)

    # --- the chip ---

    def _boot(self, download: bool) -> None:
        if not self.powered:
            return
        self.boots += 1
        (self.run_folder / "rtc").unlink(missing_ok=True)
        self._show(None)
        if download:
            self._show(Rom(self.chip, self.mac, self.flash, self._to_pc, self._dead))
            return
        words = firmware.why_not(self.flash.data, self.chip)
        if words is None:
            self._write_faults()
            self._show(Runner(self._simulated(), self._to_pc, lambda: self.flash.cut, self._dead))
        else:
            self._show(NotBooting(words, self._to_pc))

    def _simulated(self) -> SimulatedNode:
        fields: dict[str, Any] = {
            "folder": self.run_folder,
            "node": 1,
            "key": bytes(16),
            "hub": ("127.0.0.1", 9),
            "mac": self.mac,
            "flash": self.flash.path,
            "tally": self.flash.tally,
            "flash_blocks": (self.flash.size - FILES_AT) // SECTOR,
        }
        return SimulatedNode(**(fields | self._spec))

    def _write_faults(self) -> None:
        self.run_folder.mkdir(exist_ok=True)
        temporary = self.run_folder / "faults.new"
        temporary.write_text(json.dumps(self._faults), "utf-8")
        os.replace(temporary, self.run_folder / "faults.json")

    def _show(self, face: Rom | Runner | NotBooting | None) -> None:
        before, self._face = self._face, face
        if before is not None:
            before.stop()
        if face is not None:
            face.start()

    def _dead(self) -> None:
        """The power went at a flash operation: seen by a face's own thread, so somebody else pulls the cable."""
        threading.Thread(target=self._pulled, daemon=True).start()

    def _pulled(self) -> None:
        self.unplug()
        self.cut.set()

    # --- the wires ---

    def _from_pc(self, data: bytes) -> None:
        if self._bytes_left is not None:
            data = data[: self._bytes_left]
            self._bytes_left -= len(data)
        self.sent += len(data)
        if self._garble and (found := data.find(self._garble)) >= 0 and found + len(self._garble) < len(data):
            data = bytearray(data)
            data[found + len(self._garble)] ^= 1
            data, self._garble = bytes(data), b""
        face = self._face
        if face is not None and self.powered and data:
            face.feed(data)
        if self._bytes_left == 0:
            self._bytes_left = None
            self._dead()

    def _to_pc(self, data: bytes) -> None:
        self._said += data
        del self._said[:-TALK]
        self._port.send(data)

    def _lines(self, dtr: bool, rts: bool) -> None:
        """The two transistors of a DevKitC: RTS alone pulls EN low, DTR alone IO0. EN rises slowly (its capacitor), so
        IO0 counts that comes within EN_RISE_S.
        """
        with self._lock:
            self._rising += 1
            en, io0 = not (rts and not dtr), not (dtr and not rts)
            if not en:
                self._en = False
                self._show(None)
            elif not self._en and dtr == rts and dtr:
                threading.Timer(EN_RISE_S, self._risen, (self._rising,)).start()
            elif not self._en:
                self._en = True
                self._boot(download=not io0)

    def _risen(self, rising: int) -> None:
        """Both lines stayed on: EN is high now, and so is IO0."""
        with self._lock:
            if rising == self._rising and not self._en:
                self._en = True
                self._boot(download=False)
