"""Owns AmpyRepl: the same board through adafruit-ampy 1.1, where mpremote's transport fails or ampy is asked for.

ampy's own put() has neither hashes nor a whole-file step, so only its connection and its exec are used; files go the
way of remote.py, in pieces that fit the 256 bytes that ampy sends at once.
"""

import contextlib
import io
import time
from collections.abc import Iterator

import serial
from ampy import pyboard
from ampy.pyboard import Pyboard, PyboardError

from flash_tools.errors import CableLost, CodeFailed, NoAnswer
from flash_tools.remote import LONGER_WATCHDOG, Remote
from flash_tools.repl import LOST, SOFT_RESET_S, Knocking, Say, with_patience
from flash_tools.words import LANGUAGES


class _Board(Pyboard):  # type: ignore[misc]
    """ampy's connection over a port that is open already: its own opening would wait for ever for a first byte."""

    def __init__(self, port: serial.SerialBase) -> None:
        pyboard._rawdelay = 0
        self.serial = port


class AmpyRepl(Remote):
    """The REPL of one board."""

    piece = 160  # 214 characters of base64 and the statement around them

    def __init__(self, port: str, board: _Board) -> None:
        self.port = port
        self._board = board

    @classmethod
    def open(
        cls,
        port: str,
        *,
        before: str = "default-reset",
        say: Say = lambda text: None,
        lang: str = LANGUAGES[0],
        patience_s: float | None = None,
        press_now: bool = False,
        away_s: float = 0,
    ) -> "AmpyRepl":
        """A board that waits for code, as Repl.open."""
        knocking = Knocking(port, before == "default-reset", say, lang, patience_s, press_now, away_s)
        found = cls(port, _Board(knocking.until_answered()))
        try:
            with_patience(found._take_over)
        except BaseException:
            found.close()
            raise
        return found

    def _take_over(self) -> None:
        """Watchdog first; then a soft reset runs boot.py alone. ampy's own way sends Ctrl-C half a second after the
        reset, in the middle of boot.py.
        """
        with self._guarded():
            self._board.serial.write(b"\r\x01")
        self.run(LONGER_WATCHDOG)
        with self._guarded():
            self._expect(b">")
            self._board.serial.write(b"\x04")
            self._expect(b"soft reboot\r\n")
            self._expect(b"raw REPL; CTRL-B to exit\r\n")
        self.run(LONGER_WATCHDOG)

    def _expect(self, ending: bytes) -> None:
        if not self._board.read_until(1, ending, timeout=SOFT_RESET_S).endswith(ending):
            raise PyboardError("no " + ending.decode())

    def run(self, code: str, timeout_s: float = 30) -> str:
        with self._guarded():
            out, error = self._board.exec_raw(code, timeout=timeout_s)
        if error:
            raise CodeFailed(error.decode("utf-8", "replace"))
        return bytes(out).decode("utf-8", "replace").replace("\r\n", "\n")

    def restart(self) -> None:
        with self._guarded():
            self._board.exec_raw_no_follow("import machine\nmachine.reset()")
            time.sleep(0.2)

    def close(self) -> None:
        with contextlib.suppress(*LOST):
            self._board.close()

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        """ampy's errors by their cause; what it prints is swallowed."""
        try:
            with contextlib.redirect_stdout(io.StringIO()):
                yield
        except PyboardError:
            raise NoAnswer(port=self.port) from None
        except LOST:
            raise CableLost(port=self.port) from None
