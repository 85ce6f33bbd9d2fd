"""The face of a bench board that boots from its flash: MicroPython's unix port in a pty on boards/simulated.

Each process is one boot. What a UART carries goes in by `feed` and out by `say`; a soft reset, `machine.reset()` and a
watchdog that bites start the next boot, as on the chip. So does Ctrl-C: it asks the interpreter to stop at its next
step. The unix port itself would jump out of wherever it is; out of its allocator, that leaves a lock held, and the
board hangs at its prompt for ever.
"""

import contextlib
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable
from typing import Any

from boards.simulated import process
from boards.simulated.process import SimulatedNode

RUN = (
    "import sys, ctypes, fcntl, termios, micropython_run; from signal import SIGUSR1; "
    "fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "ask = ctypes.CDLL(micropython_run.__file__).mp_sched_keyboard_interrupt; "
    "ctypes.CDLL(None).signal(SIGUSR1, ask); "
    "from micropython_unix import main; sys.argv[0] = 'micropython'; sys.exit(main())"
)
CTRL_C = b"\x03"
RAW_PROMPT, BANNER_END = b"raw REPL; CTRL-B to exit\r\n>", b'Type "help()" for more information.\r\n>>> '
BANNER = b"MicroPython "
READY = b"simulated board: boot.py"
UART_RING = 260  # bytes that wait while the chip starts
SOFT_RESET, PANIC_RESET = 5, 3
LOOK_S = 0.05
PANIC_PAUSE_S = 0.3


def a_console() -> tuple[int, int]:
    """A pty whose far end is as plain as a UART. MicroPython has ISIG on while code runs and off at its prompt."""
    near, far = pty.openpty()
    wanted = termios.tcgetattr(far)
    wanted[0] = wanted[1] = 0
    wanted[3] = termios.ISIG
    for key in (termios.VINTR, termios.VQUIT, termios.VSUSP):
        wanted[6][key] = b"\0"
    termios.tcsetattr(far, termios.TCSANOW, wanted)
    return near, far


def write_all(handle: int, data: bytes) -> None:
    """Write to a non-blocking pty; what is not taken within a second is lost."""
    with contextlib.suppress(OSError):
        while data and select.select([], [handle], [], 1.0)[1]:
            data = data[os.write(handle, data) :]


class Runner:
    """One run from a reset of the chip to the next; `dead` is called when the power went at a flash operation."""

    def __init__(
        self,
        spec: SimulatedNode,
        say: Callable[[bytes], None],
        cut: Callable[[], bool],
        dead: Callable[[], None],
    ) -> None:
        """`cut`: whether the power was to go at the next flash operation."""
        self._spec, self._say, self._cut, self._dead = spec, say, cut, dead
        self.folder = spec.folder.resolve()
        self._path = spec.write_spec()
        (self.folder / "reset").unlink(missing_ok=True)
        (self.folder / "wdt").unlink(missing_ok=True)
        self._ending = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._near: int | None = None
        self._early: bytes | None = b""  # what came before the start was over
        self._wire = threading.Lock()
        self._raw = False
        self._tail = b""
        self._thread = threading.Thread(target=self._live, name="bench run", daemon=True)

    def start(self) -> None:
        self._spawn()
        self._thread.start()

    def stop(self) -> None:
        """The power goes, or the chip is reset."""
        self._ending.set()
        self._kill()
        if threading.current_thread() is not self._thread:
            self._thread.join(10)

    def feed(self, data: bytes) -> None:
        """Like a UART: what nobody takes is lost."""
        with self._wire:
            if self._early is not None:
                self._early = (self._early + data)[:UART_RING]
            elif self._near is not None:
                self._receive(self._near, data)

    def _receive(self, near: int, data: bytes) -> None:
        """Ctrl-C never waits behind what the running code has not read yet; at the prompt it is a byte like others."""
        first, *others = data.split(CTRL_C)
        write_all(near, first)
        for piece in others:
            if termios.tcgetattr(near)[3] & termios.ISIG:
                self._signal(signal.SIGUSR1)
            else:
                write_all(near, CTRL_C)
            write_all(near, piece)

    def _ready(self) -> None:
        early, self._early = self._early, None
        if early:
            self.feed(early)

    def _spawn(self) -> None:
        arguments, environment = process.command(self._path, self._spec.heap_kb)
        near, far = a_console()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-c", RUN, "-i", *arguments],
                env={**os.environ, **environment, "HOME": str(self.folder)},
                cwd=self.folder,
                stdin=far,
                stdout=far,
                stderr=far,
                start_new_session=True,
            )
        finally:
            os.close(far)
        os.set_blocking(near, False)
        with self._wire:
            self._near, self._early = near, b""
        if self._ending.is_set():
            self._kill()

    def _kill(self) -> None:
        self._signal(signal.SIGKILL)
        if self._process is not None:
            self._process.wait(10)

    def _signal(self, number: int) -> None:
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _live(self) -> None:
        while not self._ending.is_set():
            self._boot()
            with self._wire:
                near, self._near = self._near, None
            assert near is not None
            os.close(near)
            assert self._process is not None
            self._process.wait(10)
            if self._ending.is_set() or not self._next():
                return

    def _boot(self) -> None:
        """Carry what the board says until its process ends; before a raw REPL its banner is swallowed."""
        waiting = self._raw
        held = b""
        looked = time.monotonic()
        near = self._near
        assert near is not None
        while not self._ending.is_set():
            if time.monotonic() - looked > 0.2:
                looked = time.monotonic()
                self._serve_watchdog()
            if not select.select([near], [], [], LOOK_S)[0]:
                continue
            try:
                data = os.read(near, 65536)
            except OSError:
                return
            if not waiting:
                self._out(data)
                continue
            held += data
            if self._early is not None and READY in held:
                self._ready()
            if held.endswith(BANNER_END):
                self._out(held[: held.rindex(BANNER)])
                waiting, held = False, b""
                self.feed(b"\x01")
        if held:
            self._out(held)

    def _out(self, data: bytes) -> None:
        self._tail += data
        if self._early is not None and READY in self._tail:
            self._ready()
        self._tail = self._tail[-200:]
        raw, friendly = self._tail.rfind(RAW_PROMPT), self._tail.rfind(BANNER_END)
        if raw != friendly:
            self._raw = raw > friendly
        self._say(data)

    def _serve_watchdog(self) -> None:
        text = process.bite(self.folder)
        if text is not None:
            self._kill()
            (self.folder / "reset").write_text(text, "utf-8")

    def _next(self) -> bool:
        """Start the boot that follows; False when the power went."""
        try:
            cause = json.loads((self.folder / "reset").read_text("utf-8"))["cause"]
        except (OSError, ValueError):
            if self._cut():
                self._dead()
                return False
            cause = PANIC_RESET
            (self.folder / "reset").write_text(json.dumps({"cause": cause, "t_ms": 0}), "utf-8")
            self._say(b"\r\nGuru Meditation Error (the simulated board's process ended)\r\n")
            self._ending.wait(PANIC_PAUSE_S)
        self._raw = self._raw and cause == SOFT_RESET
        self._say(b"MPY: soft reboot\r\n" if cause == SOFT_RESET else b"\r\nrst:0x%x\r\n" % cause)
        self._set(raw=self._raw)
        self._tail = RAW_PROMPT if self._raw else b""
        self._spawn()
        return True

    def _set(self, **changes: Any) -> None:
        spec = json.loads(self._path.read_text("utf-8"))
        self._path.write_text(json.dumps({**spec, **changes}), "utf-8")
