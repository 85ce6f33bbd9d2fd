"""Owns the way from a port to a board that listens: reset, knocks, a proof, a soft reset. Used by Repl and the console.

A prompt proves nothing: while a board boots, knocks wait in its UART and are answered one after the other, later. So
the first statement says a word that nobody said before. When that word has come back, all that was sent is answered.
"""

import contextlib
import time
from collections.abc import Callable

import serial

from flash_tools.errors import CableLost, NoAnswer, NoSuchPort, NotMicroPython, PortBusy
from flash_tools.line import LOST, open_serial, pulse_reset
from flash_tools.remote import LONGER_WATCHDOG
from flash_tools.words import say as sentence

Say = Callable[[str], None]

KNOCK_S, LONGEST_KNOCK_S = 0.3, 1.5  # for an answer to the first knock, to a late one
PROOF_S = 5.0
SOFT_RESET_S = 20.0
LINES_PATIENCE_S = 60.0  # a first start formats the flash before it listens
FINGERS_PATIENCE_S = 300.0
BOOT_S = 1.2  # after a reset nobody knocks: a Ctrl-C that early would break the mounting of the file system off
QUIET_S = 6.0  # without an answer until the person is asked to press a button
LOOK_S = 0.02
RAW = b"raw REPL; CTRL-B to exit\r\n"
SOFT = b"soft reboot\r\n"
NOT_PYTHON = (b"invalid header: 0x", b"flash read err", b"No bootable app", b"ets_main.c")
DOWNLOAD = b"waiting for download"
KEPT = 4096  # bytes of what was heard


class Knocking:
    """Knocks on one port, which may come and go meanwhile, until its board listens."""

    def __init__(
        self,
        port: str,
        reset: bool,
        say: Say,
        lang: str,
        patience_s: float | None = None,
        press: bool = False,
        away_s: float = 0,
    ) -> None:
        """As Repl.open. reset: by the port's lines, where it has them."""
        self._lines = False
        self._quiet_s = 0.0 if press else QUIET_S
        self._port, self._reset, self._say, self._lang = port, reset, say, lang
        self._patience_s = patience_s
        self._away_s = self._patience(False) if press else away_s
        self._heard = bytearray()
        self._asked = False

    def until_listening(self) -> serial.SerialBase:
        """The port of a board as `Door.opens` leaves it; NoAnswer, NotMicroPython, CableLost."""
        began = time.monotonic()
        opened = self._first(began)
        if self._reset and opened is not None:
            self._lines = self._pulse(opened)
            time.sleep(BOOT_S if self._lines else 0)
        door = Door(opened, self._heard) if opened is not None else None
        while True:
            waited = time.monotonic() - began
            if waited > self._patience(door is not None) or (not self._asked and self._not_python()):
                self._give_up(door)
            self._ask(waited)
            door = door or self._open_again()
            if door is None:
                time.sleep(KNOCK_S)
                continue
            try:
                if door.opens():
                    return door.port
            except LOST:
                _close(door.port)
                door = None

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
        return LINES_PATIENCE_S if self._lines and there else FINGERS_PATIENCE_S

    def _pulse(self, opened: serial.SerialBase) -> bool:
        try:
            return pulse_reset(opened)
        except LOST:
            return True  # its USB went away with the reset

    def _open_again(self) -> "Door | None":
        try:
            return Door(open_serial(self._port), self._heard)
        except (NoSuchPort, PortBusy):
            return None

    def _ask(self, waited_s: float) -> None:
        """Once: say what a person can press, when the board is silent or waits in download mode."""
        if not self._asked and (waited_s > self._quiet_s or DOWNLOAD in self._heard):
            self._asked = True
            self._heard.clear()
            self._say(sentence(self._lang, "press_reset"))

    def _not_python(self) -> str:
        """What the chip said when it found nothing to run; empty when it did not."""
        lines = self._heard.decode("ascii", "ignore").splitlines()
        found = [line.strip() for line in lines if any(sign.decode() in line for sign in NOT_PYTHON)]
        return found[-1][:60] if found else ""

    def _give_up(self, door: "Door | None") -> None:
        if door is not None:
            _close(door.port)
        if self._not_python():
            raise NotMicroPython(self._not_python(), port=self._port)
        raise NoAnswer(port=self._port) if door is not None else CableLost(port=self._port)


class Door:
    """One open port and the knocks on it, each waiting longer than the one before. `heard`: the last that came."""

    def __init__(self, port: serial.SerialBase, heard: bytearray) -> None:
        self.port = port
        self._heard = heard
        self._wait_s = KNOCK_S

    def opens(self) -> bool:
        """Knock once. True when the board, its watchdog at 10 minutes, has run boot.py alone after a soft reset, which
        sets every output, and the `>` of its raw REPL comes next.
        """
        wait_s, self._wait_s = self._wait_s, min(2 * self._wait_s, LONGEST_KNOCK_S)
        return self._answers(wait_s) and self._listens() and self._starts_anew()

    def _answers(self, wait_s: float) -> bool:
        self.port.write(b"\r\x03\x03")
        time.sleep(0.05)
        self.port.write(b"\r\x01")
        return self._hear(RAW + b">", wait_s)

    def _listens(self) -> bool:
        """The first statement of every session. An echo of it at the friendly prompt is not the answer."""
        word = f"{time.monotonic_ns():x}"
        self.port.write(f"{LONGER_WATCHDOG}print('{word[:4]}' '{word[4:]}', end='')\n\x04".encode())
        return self._hear(f"{word}\x04\x04>".encode(), PROOF_S)

    def _starts_anew(self) -> bool:
        self.port.write(b"\x04")
        return self._hear(SOFT, SOFT_RESET_S) and self._hear(RAW, SOFT_RESET_S)

    def _hear(self, ending: bytes, wait_s: float) -> bool:
        """Read until `ending` and not a byte more. What has arrived is read however late it is."""
        until = time.monotonic() + wait_s
        fresh = b""
        while not fresh.endswith(ending):
            if self.port.in_waiting:  # a socket:// port only says that there is some
                byte = self.port.read(1)
                fresh = (fresh + byte)[-len(ending) :]
                self._heard += byte
                del self._heard[:-KEPT]
            elif time.monotonic() > until:
                return False
            else:
                time.sleep(LOOK_S)
        return True


def take_over(port: serial.SerialBase) -> None:
    """A board on a port that is open already, whatever it does, listens again. NoAnswer."""
    door = Door(port, bytearray())
    until = time.monotonic() + LINES_PATIENCE_S
    while not door.opens():
        if time.monotonic() > until:
            raise NoAnswer(port=port.name)


def _close(port: serial.SerialBase) -> None:
    with contextlib.suppress(*LOST):
        port.close()
