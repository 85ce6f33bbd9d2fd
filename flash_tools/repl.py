"""Owns Repl: the REPL of one board through mpremote's SerialTransport.

mpremote 1.29.0 is pinned in pyproject.toml: its transport is not a stable API, and this file alone uses it.
Any pyserial URL will do as a port. Used by the flash run, the check, rescue and console; via_ampy.py varies it.
"""

import contextlib
import io
import struct
import time
from collections.abc import Iterator
from typing import Any

import serial
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from flash_tools import knock
from flash_tools.errors import CableLost, CodeFailed, NoAnswer
from flash_tools.line import LOST
from flash_tools.remote import LONGER_WATCHDOG, Remote

LAST_BYTES_S = 0.2  # until they have left the PC


class _Transport(SerialTransport):  # type: ignore[misc]
    """mpremote's transport over a port that is open already, so that any URL and every error is ours to name."""

    def __init__(self, port: serial.SerialBase) -> None:
        self.serial = port
        self.in_raw_repl = True
        self.use_raw_paste = True
        self.device_name = port.name
        self.mounted = False
        self.is_pty = False  # pyserial's in_waiting works on a pty of Linux


class Repl(Remote):
    """The REPL of one board."""

    connection: Any = _Transport  # of an open port whose raw REPL shows its prompt next
    failures: tuple[type[Exception], ...] = (TransportError, struct.error)

    def __init__(self, port: str, opened: serial.SerialBase) -> None:
        self.port = port
        self._connection = self.connection(opened)

    @classmethod
    def open(
        cls,
        port: str,
        *,
        before: str = "default-reset",
        say: knock.Say = lambda text: None,
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
        knocking = knock.Knocking(port, before == "default-reset", say, lang, patience_s, press_now, away_s)
        found = cls(port, knocking.until_listening())
        try:
            found.run(LONGER_WATCHDOG)  # boot.py may have given less
        except BaseException:
            found.close()
            raise
        return found

    def take_over(self) -> None:
        """The same again, whatever the board does now."""
        with self._guarded():
            knock.take_over(self.serial)
        self.run(LONGER_WATCHDOG)

    def run(self, code: str, timeout_s: float = 30) -> str:
        with self._guarded():
            out, error = self._connection.exec_raw(code, timeout=timeout_s)
        if error:
            raise CodeFailed(error.decode("utf-8", "replace"))
        return bytes(out).decode("utf-8", "replace").replace("\r\n", "\n")

    def restart(self) -> None:
        with self._guarded():
            self._connection.exec_raw_no_follow("import machine\nmachine.reset()")
            time.sleep(LAST_BYTES_S)

    def leave(self) -> None:
        """Back to the friendly prompt, for a person."""
        with self._guarded():
            self._connection.exit_raw_repl()

    @property
    def serial(self) -> serial.SerialBase:
        """The open port, for the console."""
        return self._connection.serial

    def close(self) -> None:
        opened = self.serial
        for each in (self._connection, opened):
            with contextlib.suppress(*LOST):
                each.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """What the connection raises, by its cause. It also prints what it did not understand: that is swallowed."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except self.failures:
            raise NoAnswer(port=self.port) from None
        except LOST:
            raise CableLost(port=self.port) from None
