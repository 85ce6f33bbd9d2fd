"""Trouble that only a board on the cable shows: each ends in its cause and the next action.

The rest of the table is in test_failures.py, where each of these is said in both languages; a scene here takes its
time, so each plays in one of them, and in the other with --deep.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from boards.simulated.peer import Peer
from flash_tools.words import LANGUAGES, table
from tests.support import needs
from tests.support.usb_board import UsbBoard
from tests.support.usb_board.ready import make_ready
from tests.support.usb_scene import WIFI, Desk

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), needs.micropython]
KEY = bytes(range(50, 66))


def deep(*values: object) -> Any:
    """A row of a table that plays with --deep only."""
    return pytest.param(*values, marks=pytest.mark.deep)


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer(1, KEY)
    yield made
    made.close()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, peer: Peer) -> Desk:
    monkeypatch.setenv("COLUMNS", "1000")
    made = Desk(tmp_path, monkeypatch, peer.address)
    with made.fleet() as fleet:
        fleet.add("Nhà giun", fleet.add_zone("Nhà giun 1").id, number=1, key=KEY)
    return made


def tells(said: str, key: str, lang: str) -> bool:
    """Cause and action of this key are on the screen, whatever stands in their places."""
    parts = [re.escape(table(lang)[f"{key}.{part}"]) for part in ("cause", "action")]
    return all(re.search(re.sub(r"\\{\w+\\}", ".*", part), said) for part in parts)


def installed(desk: Desk, **fields: object) -> UsbBoard:
    """A board that is node 1 already, so that a run takes little time."""
    board = desk.board(boot_ms=4000, **fields)
    make_ready(board, desk.hub, key=KEY, settings={"wifi": [list(WIFI)]})
    return board


@pytest.mark.parametrize(("after", "lang"), [(3000, "vi"), (40_000, "en"), deep(3000, "en"), deep(40_000, "vi")])
def test_the_cable_is_pulled(desk: Desk, lang: str, after: int) -> None:
    """In the chip's download mode, and while the software is installed."""
    with desk.board() as board:
        board.cut_after(sent=after)
        assert desk.flash(board, "--number", "1", "--lang", lang) == 2
        assert any(tells(desk.said, key, lang) for key in ("cable_lost", "no_such_port")), desk.said


@pytest.mark.parametrize("lang", ["vi", deep("en")])
def test_a_byte_that_changes_on_the_cable(desk: Desk, lang: str) -> None:
    """The file is other than what was sent, which its hash shows: it never gets its name, and the next run sends it."""
    board = installed(desk)
    with board:
        board.garble(b"_f.write(_a('")
        assert desk.flash(board, "--number", "1", "--lang", lang) == 2
        assert tells(desk.said, "half_written", lang) or tells(desk.said, "code_failed", lang), desk.said
        assert desk.flash(board, "--number", "1", "--lang", lang) == 0, desk.said


@pytest.mark.parametrize("lang", ["en", deep("vi")])
def test_the_flash_fails_while_the_software_is_installed(desk: Desk, lang: str) -> None:
    board = installed(desk)
    with board:
        board.flash.fail_after(5)
        assert desk.flash(board, "--number", "1", "--lang", lang) == 2
        assert tells(desk.said, "code_failed", lang) or tells(desk.said, "write_failed", lang), desk.said


@pytest.mark.deep
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_wrong_wifi_password(desk: Desk, lang: str) -> None:
    board = installed(desk, faults={"router": [WIFI[0], "another password"]})
    with board:
        assert desk.flash(board, "--number", "1", "--lang", lang, check=True) == 1
        assert tells(desk.said, "check.wifi_password", lang), desk.said


@pytest.mark.deep
@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_hub(desk: Desk, peer: Peer, lang: str) -> None:
    peer.mute = True
    board = installed(desk, page_hub=("127.0.0.1", peer.address[1]))
    with board:
        assert desk.flash(board, "--number", "1", "--lang", lang, check=True) == 1
        assert tells(desk.said, "check.hub_no_answer", lang), desk.said


@pytest.mark.parametrize("lang", ["vi", deep("en")])
def test_a_hub_whose_clock_is_off(desk: Desk, peer: Peer, lang: str) -> None:
    peer.ahead_s = 7200
    board = installed(desk)
    with board:
        assert desk.flash(board, "--number", "1", "--lang", lang, check=True) == 1
        assert tells(desk.said, "check.clock_off", lang), desk.said
