"""`nhavuon console` in a real terminal: warns, talks to the board, and leaves it controlling again."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boards.simulated.peer import Peer
from boards.simulated.process import PROJECT
from flash_tools.words import say
from tests.support import needs
from tests.support.usb_board import UsbBoard
from tests.support.usb_board.ready import make_ready

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120), needs.micropython]
KEY = bytes(range(16))
PATIENCE_S = 60


class Terminal:
    """A person's terminal with a command in it."""

    def __init__(self, *arguments: str) -> None:
        self._near, far = os.openpty()
        environment = {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONUTF8": "1"}
        command = [sys.executable, "-m", "hub.cli", *arguments]
        self.process = subprocess.Popen(command, stdin=far, stdout=far, stderr=far, env=environment)
        os.close(far)
        self.shown = ""

    def types(self, keys: str) -> None:
        os.write(self._near, keys.encode())

    def shows(self, words: str) -> None:
        """Wait for these words after those that were waited for before."""
        end = time.monotonic() + PATIENCE_S
        while words not in self.shown:
            assert time.monotonic() < end, self.shown
            if select.select([self._near], [], [], 0.1)[0]:
                try:
                    self.shown += os.read(self._near, 4096).decode("utf-8", "replace")
                except OSError:
                    assert words in self.shown, self.shown
        self.shown = self.shown.partition(words)[2]

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        os.close(self._near)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Terminal]]:
    made: list[Terminal] = []

    def make(*arguments: str) -> Terminal:
        made.append(Terminal(*arguments))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer(1, KEY)
    yield made
    made.close()


def until_heard(peer: Peer, board: UsbBoard) -> None:
    end = time.monotonic() + PATIENCE_S
    while not peer.heard.now:
        assert time.monotonic() < end, board.said[-2000:]
        time.sleep(0.1)


def test_a_look_inside_and_back(tmp_path: Path, terminal: Callable[..., Terminal], peer: Peer) -> None:
    board = UsbBoard(tmp_path / "board", kind="pty", boot_ms=4000)
    make_ready(board, peer.address, key=KEY)
    with board:
        until_heard(peer, board)
        window = terminal("console", "--port", board.port, "--lang", "en")
        window.shows(say("en", "console.warn"))
        window.types("y\n")
        window.shows("To leave: Ctrl-]")
        window.shows(">>> ")
        window.types("6 * 7\r")
        window.shows("42")
        window.types("\x04")
        window.shows("[soft reset")
        window.shows(">>> ")
        window.types("import os; print(sorted(os.listdir('/'))[0])\r")
        window.shows("\na")
        peer.heard.now = None
        window.types("\x1d")
        window.shows("The board restarts")
        assert window.process.wait(10) == 0
        until_heard(peer, board)


def test_no_is_no(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    window = terminal("console", "--port", str(tmp_path / "nothing"))
    window.shows(say("vi", "console.ask"))
    window.types("n\n")
    assert window.process.wait(10) == 0


def test_yes_is_said_as_in_the_other_commands(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    port = str(tmp_path / "nothing")
    window = terminal("console", "--port", port)
    window.shows(say("vi", "yes_no"))
    window.types("c\n")
    window.shows("✗ " + say("vi", "no_such_port.cause", port=port))
    assert window.process.wait(10) == 2


def test_a_cable_that_is_pulled_ends_it_in_words(tmp_path: Path, terminal: Callable[..., Terminal]) -> None:
    board = UsbBoard(tmp_path / "board", kind="pty", boot_ms=4000)
    make_ready(board, ("127.0.0.1", 9), key=KEY)
    with board:
        window = terminal("console", "--port", board.port, "--yes")
        window.shows(">>> ")
        board.unplug()
        window.shows("✗ " + say("vi", "cable_lost.cause", port=board.port))
        assert window.process.wait(10) == 2
