"""No secret gets out: after flashing, checking and rescuing, neither the key nor the Wi-Fi password is in any file
outside the board and the hub's store, on the screen, or in the list of processes.
"""

import base64
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from pypdf import PdfReader

from tests.support import needs
from tests.support.usb_scene import WIFI, Desk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), needs.micropython]
LOOK_S = 0.05
LOOKS = 3  # at a process: between its fork and its exec it still bears its parent's command line


class Watching:
    """Gathers the command line of every process as long as the `with` block lasts."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        looks: Counter[psutil.Process] = Counter()
        while not self._ending.wait(LOOK_S):
            for process in psutil.process_iter():
                if looks[process] < LOOKS:
                    looks[process] += 1
                    with suppress(psutil.Error):
                        self.seen.add("\0".join(process.cmdline()))

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join(5)


def forms(secret: bytes) -> list[bytes]:
    """A secret as it is, in hex and in base64 however it lies in a longer text."""
    found = [secret, secret.hex().encode(), secret.hex().upper().encode(), secret.hex(":").encode()]
    for shift in range(3):
        text = base64.b64encode(bytes(shift) + secret)
        found.append(text[4 if shift else 0 : len(text) // 4 * 4 - 4])
    return found


def leaks(text: bytes, secrets: list[bytes]) -> bool:
    return any(form in text for secret in secrets for form in forms(secret))


def written(desk: Desk, board: Path) -> Iterator[Path]:
    """Every file that this test's commands wrote, except on the board, in the hub's store, and what they were given."""
    for path in desk.folder.rglob("*"):
        inside = [path.is_relative_to(place) for place in (board, desk.data, desk.wifi_file)]
        if path.is_file() and not any(inside):
            yield path


def content(path: Path) -> bytes:
    """What is in a file; of a PDF also the text that a reader sees."""
    seen = "".join(page.extract_text() for page in PdfReader(path).pages) if path.suffix == ".pdf" else ""
    return path.read_bytes() + seen.encode()


def test_a_leak_would_be_found() -> None:
    key = bytes(range(77, 93))
    for shift in range(5):
        assert leaks(base64.b64encode(b"x" * shift + key + b"tail"), [key])
    assert leaks(b"key " + key.hex().encode(), [key]) and not leaks(base64.b64encode(bytes(64)), [key])


def test_flash_check_and_rescue_leave_no_secret_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, monkeypatch)
    said = ""
    with desk.board(boot_ms=4000) as board, Watching() as processes:
        assert desk.flash(board, check=True) in (0, 1), desk.said
        said += desk.said
        desk.run("check", "--port", board.port, "--no-questions", "--card", str(tmp_path / "card.pdf"))
        said += desk.said
        made = str(tmp_path / "one.bin")
        assert desk.run("flash", "--image", made, "--board", "esp32_devkitc", "--firmware", str(desk.firmware)) == 0
        said += desk.said
        board.flash.write(0x10000, bytes(30_000))
        board.press_reset()
        assert desk.rescue(board, "--number", "1") == 0, desk.said
        said += desk.said
        with desk.fleet() as fleet:
            secrets = [fleet.key(1), WIFI[1].encode()]
    found = list(written(desk, board.folder))
    assert {path.suffix for path in found} >= {".log", ".pdf", ".bin"}
    assert [path for path in found if leaks(content(path), secrets)] == []
    assert not leaks(said.encode(), secrets)
    assert processes.seen and not leaks("\n".join(processes.seen).encode(), secrets)
    assert leaks(bytes(board.flash.data), secrets)  # on the board they are, or this test would look for nothing
