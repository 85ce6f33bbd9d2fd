"""Owns Repl: the REPL of one board through mpremote's SerialTransport, from a board that runs to one that listens.

mpremote 1.29.0 is pinned in pyproject.toml: its transport is not a stable API, and this file alone uses it.
Any pyserial URL will do as a port. Used by the flash run, the check, rescue and console.
"""

import contextlib
import errno
import io
import os
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import serial
from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport

from flash_tools.errors import (
    CableLost,
    CodeFailed,
    FlashError,
    NoAnswer,
    NoPermission,
    NoSuchPort,
    NotMicroPython,
    PortBusy,
)
from flash_tools.remote import LONGER_WATCHDOG, Remote
from flash_tools.words import say as sentence

Say = Callable[[str], None]

BAUD = 115200  # MicroPython's console on the UART of every ESP32
READ_S = 5.0  # of silence inside an answer
KNOCK_S = 0.3
DRAIN_S = 0.2
LINES_PATIENCE_S = 60.0  # a first start formats the flash before it listens
BOOT_S = 1.2  # after a reset nobody knocks: a Ctrl-C that early would break the mounting of the file system off
FINGERS_PATIENCE_S = 300.0
SOFT_RESET_S = 20.0
TAKE_OVERS, SETTLE_S = 3, 1.0
QUIET_S = 6.0  # without an answer until the person is asked to press a button
PROMPT = b"raw REPL; CTRL-B to exit\r\n>"
NOT_PYTHON = (b"invalid header: 0x", b"flash read err", b"No bootable app", b"ets_main.c")
DOWNLOAD = b"waiting for download"
BUSY = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
NO_LINES = (errno.ENOTTY, errno.EINVAL)
LOST = (serial.SerialException, OSError, ValueError)  # a closed rfc2217 port raises ValueError


class _Transport(SerialTransport):  # type: ignore[misc]
    """mpremote's transport over a port that is open already, so that any URL and every error is ours to name."""

    def __init__(self, port: serial.SerialBase) -> None:
        self.serial = port
        self.in_raw_repl = False
        self.use_raw_paste = True
        self.device_name = port.name
        self.mounted = False
        self.is_pty = False  # pyserial's in_waiting works on a pty of Linux


def open_serial(port: str, baud: int = BAUD) -> serial.SerialBase:
    """An open pyserial port for any URL; NoSuchPort, NoPermission, PortBusy."""
    try:
        opened = serial.serial_for_url(port, baudrate=baud, timeout=READ_S, do_not_open=True)
        if "://" not in port:  # rfc2217 refuses the first, nothing but a device knows the second
            opened.write_timeout = READ_S
            opened.exclusive = True
        opened.open()
        return opened
    except (serial.SerialException, OSError, ValueError) as error:
        raise _why(port, error) from None


def _why(port: str, error: Exception) -> FlashError:
    """Which leaf an opening that failed is. pyserial keeps the cause only in its text on Windows."""
    text = str(error)
    number = getattr(error, "errno", None)
    if number in BUSY or "exclusively lock" in text or "Resource busy" in text:
        return PortBusy(port=port)
    if "Access is denied" in text or "PermissionError" in text or number == errno.EACCES:
        return PortBusy(port=port) if os.name == "nt" else NoPermission(port=port)
    return NoSuchPort(port=port)


def can_reset(port: serial.SerialBase) -> bool:
    """True when the port has the two lines by which a PC resets a board."""
    if str(port.name).startswith(("socket:", "loop:")):
        return False
    try:
        port.dtr = True
    except OSError as error:
        if error.errno in NO_LINES:
            return False
        raise
    return True


def pulse_reset(port: serial.SerialBase, hold_s: float = 0.1) -> bool:
    """Press EN by the reset lines (DTR high = IO0 free, RTS low = EN down); False where the port has none.

    The USB of an S3 or C3 leaves the bus meanwhile: who calls opens the port again.
    """
    if not can_reset(port):
        return False
    port.dtr = False
    port.rts = True
    time.sleep(hold_s)
    port.rts = False
    return True


class Repl(Remote):
    """The REPL of one board. `lines`: the port could reset it."""

    def __init__(self, port: str, transport: _Transport, lines: bool) -> None:
        self.port = port
        self.lines = lines
        self._transport = transport

    @classmethod
    def open(
        cls,
        port: str,
        *,
        before: str = "default-reset",
        say: Say = lambda text: None,
        lang: str = "vi",
        patience_s: float | None = None,
        press_now: bool = False,
        away_s: float = 0,
    ) -> "Repl":
        """A board that waits for code: reset, else interrupted; watchdog at 10 minutes, outputs at their boot levels.

        before: "default-reset" or "no-reset". say: told which button to press. patience_s: how long to knock.
        press_now: the board cannot answer before somebody presses its button (a port without reset lines).
        away_s: how long the port itself may be gone at first (the USB of an S3 or C3 after a reset).
        """
        knocking = Knocking(port, before == "default-reset", say, lang, patience_s, press_now, away_s)
        found = cls(port, _Transport(knocking.until_answered()), knocking.lines)
        try:
            with_patience(found.take_over)
        except BaseException:
            found.close()
            raise
        return found

    def take_over(self) -> None:
        """Raw REPL, watchdog first; then a soft reset runs boot.py alone, which sets every output."""
        with self._guarded():
            self._transport.enter_raw_repl(soft_reset=False)
        self.run(LONGER_WATCHDOG)
        with self._guarded():
            self._transport.enter_raw_repl(soft_reset=True, timeout_overall=SOFT_RESET_S)
        self.run(LONGER_WATCHDOG)

    def run(self, code: str, timeout_s: float = 30) -> str:
        with self._guarded():
            out, error = self._transport.exec_raw(code, timeout=timeout_s)
        if error:
            raise CodeFailed(error.decode("utf-8", "replace"))
        return bytes(out).decode("utf-8", "replace").replace("\r\n", "\n")

    def restart(self) -> None:
        with self._guarded():
            self._transport.exec_raw_no_follow("import machine\nmachine.reset()")
            time.sleep(0.2)  # until the last bytes have left the PC

    def leave(self) -> None:
        """Back to the friendly prompt, for a person."""
        with self._guarded():
            self._transport.exit_raw_repl()

    @property
    def serial(self) -> serial.SerialBase:
        """The open port, for the console."""
        return self._transport.serial

    def close(self) -> None:
        with contextlib.suppress(*LOST):
            self._transport.close()
        with contextlib.suppress(*LOST):
            self._transport.serial.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """What the transport raises, by its cause. It also prints what it did not understand: that is swallowed."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except TransportExecError as error:
            raise CodeFailed(error.error_output) from None
        except (TransportError, struct.error):
            raise NoAnswer(port=self.port) from None
        except LOST:
            raise CableLost(port=self.port) from None


class Knocking:
    """Ctrl-C and Ctrl-A until the raw REPL answers; the port may come and go meanwhile."""

    def __init__(
        self, port: str, reset: bool, say: Say, lang: str, patience_s: float | None, press: bool, away_s: float
    ) -> None:
        self.lines = False
        self._quiet_s = 0.0 if press else QUIET_S
        self._port, self._reset, self._say, self._lang = port, reset, say, lang
        self._patience_s = patience_s
        self._away_s = self._patience(False) if press else away_s
        self._heard = b""
        self._asked = False

    def until_answered(self) -> serial.SerialBase:
        """The port of a board in its raw REPL; NoAnswer, NotMicroPython, CableLost."""
        began = time.monotonic()
        opened = self._first(began)
        if self._reset and opened is not None:
            self.lines = self._pulse(opened)
            time.sleep(BOOT_S if self.lines else 0)
        while True:
            waited = time.monotonic() - began
            if waited > self._patience(opened is not None):
                self._give_up(opened)
            self._ask(waited)
            opened = opened or self._open_again()
            try:
                if opened is not None and self._knock(opened):
                    return opened
            except LOST:
                _close(opened)
                opened = None
            if opened is None:
                time.sleep(KNOCK_S)

    def _first(self, began: float) -> serial.SerialBase | None:
        """The port; None when it is away and somebody has to bring it back. NoSuchPort, PortBusy, NoPermission."""
        while True:
            try:
                return open_serial(self._port)
            except NoSuchPort:
                if self._away_s >= FINGERS_PATIENCE_S:
                    return None
                if time.monotonic() - began >= self._away_s:
                    raise
            time.sleep(KNOCK_S)

    def _patience(self, there: bool) -> float:
        if self._patience_s is not None:
            return self._patience_s
        return LINES_PATIENCE_S if self.lines and there else FINGERS_PATIENCE_S

    def _pulse(self, opened: serial.SerialBase) -> bool:
        try:
            return pulse_reset(opened)
        except LOST:
            return True  # its USB went away with the reset

    def _open_again(self) -> serial.SerialBase | None:
        try:
            return open_serial(self._port)
        except (NoSuchPort, PortBusy):
            return None

    def _knock(self, opened: serial.SerialBase) -> bool:
        opened.write(b"\r\x03\x03")
        time.sleep(0.05)
        opened.write(b"\r\x01")
        until = time.monotonic() + KNOCK_S
        while time.monotonic() < until:
            while waiting := opened.in_waiting:  # a socket:// port only says that there is some
                self._heard = (self._heard + opened.read(waiting))[-4096:]
            if self._heard.endswith(PROMPT):
                _drain(opened)
                return True
            if self._asked is False and any(sign in self._heard for sign in NOT_PYTHON):
                self._give_up(opened)
            time.sleep(0.02)
        return False

    def _ask(self, waited_s: float) -> None:
        """Once: say what a person can press, when the board is silent or waits in download mode."""
        if not self._asked and (waited_s > self._quiet_s or DOWNLOAD in self._heard):
            self._asked = True
            self._heard = b""
            self._say(sentence(self._lang, "press_reset"))

    def _give_up(self, opened: serial.SerialBase | None) -> None:
        _close(opened)
        if any(sign in self._heard for sign in NOT_PYTHON):
            raise NotMicroPython(_last_line(self._heard), port=self._port)
        raise NoAnswer(port=self._port) if opened is not None else CableLost(port=self._port)


def with_patience(take_over: Callable[[], None]) -> None:
    """Take a board over, again when it is still answering knocks that waited while it booted. NoAnswer."""
    for _ in range(TAKE_OVERS - 1):
        try:
            return take_over()
        except NoAnswer:
            time.sleep(SETTLE_S)
    take_over()


def _drain(opened: serial.SerialBase) -> None:
    """Wait out the prompts that earlier knocks are still owed."""
    quiet = time.monotonic() + DRAIN_S
    while time.monotonic() < quiet:
        if opened.in_waiting:
            opened.read(opened.in_waiting)
            quiet = time.monotonic() + DRAIN_S
        time.sleep(0.01)


def _last_line(heard: bytes) -> str:
    lines = [line.strip() for line in heard.decode("ascii", "ignore").splitlines() if line.strip()]
    found = [line for line in lines if any(sign.decode() in line for sign in NOT_PYTHON)]
    return found[-1][:60] if found else ""


def _close(opened: Any) -> None:
    if opened is not None:
        with contextlib.suppress(*LOST):
            opened.close()
