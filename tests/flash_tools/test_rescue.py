"""`nhavuon rescue` on the bench: what a dead board still holds comes back to it, and from there to the hub."""

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boards.simulated.peer import Peer
from flash_tools import salvage
from flash_tools.rescue import Store, worth_keeping
from tests.support import needs
from tests.support.usb_board import UsbBoard
from tests.support.usb_board.ready import files_of, make_ready
from tests.support.usb_scene import Desk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), needs.micropython]
SHARES = (0.4,) if os.environ.get("NHAVUON_TEST") != "deep" else tuple(n / 20 + 0.001 for n in range(18))
KEY = bytes(range(100, 116))
CALIBRATION = [2450000, 1100000, 2518]
SETTINGS = {"sample_s": 10, "set_s": 10, "now_s": 15, "calibration": {"4": CALIBRATION}}
HOURS = 6
OPERATIONS = 1300  # of the flash in a whole rescue, about
FILES_AT, PROGRAM_AT = 0x200000, 0x10000


@pytest.fixture
def peer() -> Iterator[Peer]:
    """The hub: silent until a test lets it speak."""
    made = Peer(1, KEY)
    made.mute = True
    yield made
    made.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, peer: Peer) -> Desk:
    made = Desk(tmp_path, monkeypatch, peer.address)
    with made.fleet() as fleet:
        fleet.add("Nhà giun", fleet.add_zone("Nhà giun 1").id, number=1, key=KEY)
    return made


@pytest.fixture
def board(desk: Desk) -> UsbBoard:
    """Node 1 after some hours without a hub, unplugged."""
    made = desk.board(prefill_s=HOURS * 3600, boot_ms=4000)
    make_ready(made, desk.hub, key=KEY, settings=SETTINGS)
    with made:
        until(lambda: (made.run_folder / "anchor").exists(), "the past is lived")
        time.sleep(1)
    return made


def until(done: Callable[[], object], what: str, timeout_s: float = 60) -> None:
    end = time.monotonic() + timeout_s
    while not done():
        assert time.monotonic() < end, what
        time.sleep(0.1)


def journal_of(board: UsbBoard) -> dict[str, bytes]:
    """{path: content} of the journal's segments."""
    return {f"/{path}": data for path, data in files_of(board).items() if path[8:].isdigit()}


def settings_of(board: UsbBoard) -> dict[str, object]:
    found: dict[str, object] = json.loads(files_of(board)["settings.a"].split(b"\n", 1)[1])
    return found


def holds(board: UsbBoard, before: dict[str, bytes]) -> bool:
    """Every segment of before is on the board, whatever was written behind it."""
    after = journal_of(board)
    return all(after.get(path, b"").startswith(data) for path, data in before.items())


def test_a_dead_program_is_written_anew_and_the_records_reach_the_hub(board: UsbBoard, desk: Desk, peer: Peer) -> None:
    """MicroPython is damaged, so there is no REPL: the file system is read from the chip."""
    before = journal_of(board)
    records = salvage.records_in(before)
    assert records > 10
    board.flash.write(PROGRAM_AT, bytes(30_000))
    with board:
        assert board.face == "empty"
        assert desk.rescue(board, "--number", "1") == 0, desk.said
        assert f"({records} bản ghi)" in desk.said and "cứu được: cài đặt" in desk.said
        assert holds(board, before) and settings_of(board)["calibration"] == {"4": CALIBRATION}
        peer.mute = False
        until(lambda: peer.heard.up_to() >= records, f"{records} records on the hub, {peer.heard.up_to()} came")
    saved = Store(desk.data / "rescue").folder
    assert stat.S_IMODE(saved.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in saved.rglob("*") if path.is_file()} == {0o600}


def test_a_board_that_answers_is_saved_over_its_repl(board: UsbBoard, desk: Desk) -> None:
    """The application is damaged in both slots, MicroPython is not: nothing is erased, the board is itself again."""
    before = journal_of(board)
    with board:
        board.until("simulated board: boot.py")
        damage(board, b"/a/seal")
        assert desk.rescue(board, "--number", "1", "--lang", "en") == 0, desk.said
        assert "still answers" in desk.said
        assert "0 journal records" in desk.said, desk.said
    assert holds(board, before) and "a/seal" in files_of(board)


def damage(board: UsbBoard, path: bytes) -> None:
    """Remove a file of the board by its REPL, as a finger that slipped would."""
    from flash_tools.repl import Repl

    repl = Repl.open(board.port)
    try:
        repl.remove(path.decode())
    finally:
        repl.close()


def test_a_file_system_that_does_not_mount_is_searched(board: UsbBoard, desk: Desk) -> None:
    """Its two first blocks are gone, so MicroPython loops for ever; every segment that lies whole is found."""
    before = journal_of(board)
    board.flash.write(FILES_AT, bytes(8192))
    with board:
        board.until("appears to be corrupted")
        assert desk.rescue(board, "--number", "1") == 0, desk.said
        assert "tìm từng mảnh" in desk.said
        assert "không đọc được: thời gian máy" in desk.said
    assert holds(board, before), (sorted(before), sorted(journal_of(board)))
    assert settings_of(board)["calibration"] == {"4": CALIBRATION}


@pytest.mark.parametrize("share", SHARES)
def test_a_rescue_that_is_cut_off_loses_nothing(board: UsbBoard, desk: Desk, share: float) -> None:
    """Wherever the power goes, the next rescue puts back what the first one saved."""
    before = journal_of(board)
    board.flash.write(PROGRAM_AT, bytes(30_000))
    with board:
        board.cut_after(flash=int(share * OPERATIONS))
        assert desk.rescue(board, "--number", "1") == 2, desk.said
        assert board.cut.wait(10)
        board.plug()
        assert desk.rescue(board, "--number", "1") == 0, desk.said
    assert holds(board, before)
    assert settings_of(board)["calibration"] == {"4": CALIBRATION}


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/journal/00000001", True),
        ("/settings.a", True),
        ("/nhật ký.txt", False),
        ("/boot.py", False),
        ("/a/main.mpy", False),
        ("/../../outside", False),
        ("/journal/../../x", False),
        ("/c:x", False),
        ("/a\\b", False),
        ("//x", False),
    ],
)
def test_what_is_kept_of_a_board(path: str, kept: bool) -> None:
    """A damaged file system holds names that lead out of the folder, or that no file of a PC can have."""
    assert worth_keeping(path) == kept


def test_a_folder_counts_until_its_content_is_back(tmp_path: Path) -> None:
    store = Store(tmp_path / "rescue")
    first = store.begin("24:0a:c4:00:00:01", "littlefs")
    assert store.open_ones(first.mac) == []
    first.keep({"/journal/00000001": b"abc", "/key": b"k"})
    second = store.begin(first.mac, "repl")
    second.keep({"/journal/00000001": b"ab"})
    assert second.folder != first.folder
    assert [one.files() for one in store.open_ones(first.mac)] == [first.files(), second.files()]
    assert store.open_ones("24:0a:c4:00:00:02") == []
    first.restored = True
    first.note()
    assert [one.how for one in store.open_ones(first.mac)] == ["repl"]
