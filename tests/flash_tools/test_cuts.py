"""The power or the cable goes at any step of `nhavuon flash`: the next run repairs it, and it is one and the same node.

Cuts by flash operation (an erase or a program) and by bytes from the PC. Whatever the first run left, the second ends
with exactly the files of a run that nobody disturbed, and the node reports to the hub.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from boards.simulated.peer import Peer
from flash_tools import image
from tests.support import needs
from tests.support.usb_board import UsbBoard
from tests.support.usb_board.ready import files_of, make_ready
from tests.support.usb_scene import Desk

SIZE = os.environ.get("NHAVUON_TEST", "standard")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), needs.micropython]
KEY = bytes(range(200, 216))
OPERATIONS, BYTES = 1150, 260_000  # of a whole run on an empty board, about
EVERYWHERE = [(way, n / 40 + 0.003) for way in ("flash", "sent") for n in range(40)]
NEW, USED = ([("flash", 0.6)], [("flash", 0.9)]) if SIZE != "deep" else (EVERYWHERE, EVERYWHERE)


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer(1, KEY)
    yield made
    made.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, peer: Peer) -> Desk:
    """A hub that has node 1 already, so that its key is known here."""
    made = Desk(tmp_path, monkeypatch, peer.address)
    with made.fleet() as fleet:
        fleet.add("Nhà giun", fleet.add_zone("Nhà giun 1").id, number=1, key=KEY)
    return made


def heard(board: UsbBoard, peer: Peer) -> None:
    """Wait until the node reports."""
    end = time.monotonic() + 60
    while not peer.heard.now:
        assert time.monotonic() < end, board.said[-1500:]
        time.sleep(0.1)


def repaired(board: UsbBoard, desk: Desk, peer: Peer) -> None:
    """The next run does what is left, and the node lives."""
    board.cut_after()  # a run that was over before its cut came leaves it behind
    board.plug()
    assert desk.flash(board, "--number", "1") == 0, desk.said + board.said[-3000:]
    heard(board, peer)
    files = files_of(board)
    application = image.application()
    assert {path: files.get(f"a/{path}") for path in application.files} == dict(application.files)
    assert files["a/seal"] == application.seal(KEY) and files["key"] == image.key_bytes(1, KEY)
    assert not [path for path in files if path.endswith(".tmp")]
    assert [node.number for node in desk.nodes()] == [1]


def cut(board: UsbBoard, way: str, share: float, whole: dict[str, int]) -> None:
    """The cable is pulled after this share of a run, counted in flash operations or in bytes from the PC."""
    board.cut_after(**{way: max(1, int(share * whole[way]))})


@pytest.mark.parametrize(("way", "share"), NEW)
def test_an_empty_board(desk: Desk, peer: Peer, way: str, share: float) -> None:
    with desk.board(boot_ms=4000) as board:
        cut(board, way, share, {"flash": OPERATIONS, "sent": BYTES})
        assert desk.flash(board, "--number", "1") == 2, desk.said
        assert "✗" in desk.said and "Làm tiếp:" in desk.said
        assert board.cut.wait(10)
        repaired(board, desk, peer)


@pytest.mark.parametrize(("way", "share"), USED)
def test_a_node_in_use(desk: Desk, peer: Peer, way: str, share: float) -> None:
    """A file of its application is damaged, the rest is right: its calibrations and its journal stay."""
    board = desk.board(boot_ms=4000)
    make_ready(board, desk.hub, key=KEY, settings={"calibration": {"4": [2450000, 1100000, 2518]}})
    files = files_of(board)
    with board:
        heard(board, peer)
        peer.heard.now = None
        board.unplug()
        journal = {path: data for path, data in files_of(board).items() if path[8:].isdigit()}
        board.flash.write(bytes(board.flash.data).find(files["a/main.mpy"][:64]) + 32, bytes(1))
        board.plug()
        cut(board, way, share, {"flash": 40, "sent": 40_000})
        code = desk.flash(board, "--number", "1")
        assert (code, board.cut.is_set()) in ((2, True), (0, False)), desk.said
        repaired(board, desk, peer)
        after = files_of(board)
        assert journal and all(after[path].startswith(data) for path, data in journal.items())
        assert b'"calibration":{"4":[2450000' in after["settings.a"]
