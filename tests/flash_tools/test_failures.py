"""What goes wrong on a technician's desk: each gives its cause and the next action, in Vietnamese and in English.

The nine of every desk are said here in both languages; test_scenes.py plays those that need a running board, and
tests/flash_tools/check finds what the check says of Wi-Fi password, hub and clock.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import serial
from esptool.targets.esp32 import ESP32ROM

from flash_tools import errors, install, ports, provision
from flash_tools.check import judge
from flash_tools.check.rows import Row
from flash_tools.errors import FlashError
from flash_tools.flash import chip_in, mac_of
from flash_tools.micropython import Memory
from flash_tools.remote import About, Remote
from flash_tools.words import LANGUAGES, table
from tests.support.usb_board import UsbBoard, fake_micropython
from tests.support.usb_scene import Desk

Scene = Callable[[Desk, pytest.MonkeyPatch], UsbBoard]


def leaves(kind: type[FlashError] = FlashError) -> list[type[FlashError]]:
    below = kind.__subclasses__()
    own = [kind] if "code" in vars(kind) else []
    return own + [leaf for one in below for leaf in leaves(one)]


@pytest.mark.parametrize("leaf", leaves(), ids=lambda leaf: leaf.__name__)
def test_every_error_has_cause_and_action_in_both_languages(leaf: type[FlashError]) -> None:
    for lang in LANGUAGES:
        for part in ("cause", "action"):
            assert len(table(lang)[f"{leaf.code}.{part}"]) > 10


def test_both_languages_have_the_same_sentences_with_the_same_places() -> None:
    vi, en = table("vi"), table("en")
    assert vi.keys() == en.keys()
    places = {key: (set(re.findall(r"{(\w+)}", vi[key])), set(re.findall(r"{(\w+)}", en[key]))) for key in vi}
    assert not {key: both for key, both in places.items() if both[0] != both[1]}


# --- a table: what is wrong, and the error that says so ---


def wrong_chip(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    return desk.board(chip="esp32c3")


def chip_without_boards(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    return desk.board(chip="esp32s2")


def small_flash(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    return desk.board(flash_mb=2)


def locked_chip(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    patch.setattr(ESP32ROM, "get_flash_encryption_enabled", lambda chip: True)
    return desk.board()


def no_permission(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(errno.EACCES, "could not open port: Permission denied")

    patch.setattr("flash_tools.line.serial.serial_for_url", refuse)
    return desk.board()


def half_a_firmware(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    desk.firmware.write_bytes(desk.firmware.read_bytes()[:-5000])
    return desk.board()


def firmware_for_another(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    fake_micropython(desk.firmware, "esp32s3")
    return desk.board()


def old_firmware(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    fake_micropython(desk.firmware, version="1.22.2")
    return desk.board()


def not_firmware(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    desk.firmware.write_bytes(b"<html>404</html>" * 4096)
    return desk.board()


def changed_firmware(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    from flash_tools import micropython

    micropython.admit(micropython.read(desk.firmware), "esp32", None, Memory())
    fake_micropython(desk.firmware, filling=6400)
    return desk.board()


def flash_that_refuses(desk: Desk, patch: pytest.MonkeyPatch) -> UsbBoard:
    usb = desk.board()
    usb.flash.fail_after(3)
    return usb


TABLE: list[tuple[Scene, type[FlashError]]] = [
    (wrong_chip, errors.WrongChip),
    (chip_without_boards, errors.WrongChip),
    (small_flash, errors.FlashTooSmall),
    (locked_chip, errors.ChipLocked),
    (no_permission, errors.NoPermission),
    (half_a_firmware, errors.ImageDamaged),
    (firmware_for_another, errors.ImageForAnotherChip),
    (old_firmware, errors.ImageTooOld),
    (not_firmware, errors.NotAnImage),
    (changed_firmware, errors.HashChanged),
    (flash_that_refuses, errors.WriteFailed),
]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("COLUMNS", "1000")
    return Desk(tmp_path, monkeypatch)


def tells(said: str, leaf: type[FlashError], lang: str) -> bool:
    """Cause and action of this error are on the screen, whatever stands in their places."""
    parts = [re.escape(table(lang)[f"{leaf.code}.{part}"]) for part in ("cause", "action")]
    return all(re.search(re.sub(r"\\{\w+\\}", ".*", part), said) for part in parts)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(("scene", "leaf"), TABLE, ids=[scene.__name__ for scene, _ in TABLE])
def test_what_is_wrong_is_said_with_what_to_do(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, scene: Scene, leaf: type[FlashError], lang: str
) -> None:
    with scene(desk, monkeypatch) as usb:
        before = usb.flash.read(0, usb.flash.size)
        assert desk.flash(usb, "--lang", lang) == 2
        assert tells(desk.said, leaf, lang), desk.said
        assert desk.nodes() == []  # nothing is entered in the fleet for a board that was not made
        assert leaf is errors.WriteFailed or usb.flash.read(0, usb.flash.size) == before


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_demanded_hash_is_demanded(desk: Desk, lang: str) -> None:
    with desk.board() as usb:
        assert desk.flash(usb, "--sha256", "ab" * 32, "--lang", lang) == 2
        assert tells(desk.said, errors.HashDemanded, lang)


def test_a_locked_chip_is_refused_without_the_stub_too(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with locked_chip(desk, monkeypatch) as usb:
        assert desk.flash(usb, "--no-stub", "--lang", "en") == 2
        assert tells(desk.said, errors.ChipLocked, "en"), desk.said


@pytest.mark.parametrize("option", ["--before", "--after"])
def test_a_reset_that_esptool_does_not_know_is_refused_before_anything_happens(desk: Desk, option: str) -> None:
    assert desk.run("flash", "--port", "socket://127.0.0.1:9", option, "hard_rest", "--data", str(desk.data)) == 2
    assert "no-reset" in desk.said and not desk.data.exists()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_busy_port(desk: Desk, lang: str) -> None:
    with desk.board("pty") as usb, usb.held_open():
        assert desk.flash(usb, "--lang", lang) == 2
        assert tells(desk.said, errors.PortBusy, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_such_port_and_no_program_on_the_chip(desk: Desk, lang: str) -> None:
    assert desk.run("flash", "--port", "/dev/ttyUSB99", "--data", str(desk.data), "--lang", lang) == 2
    assert tells(desk.said, errors.NoSuchPort, lang)
    with desk.board() as usb:
        assert desk.flash(usb, "--keep-micropython", "--lang", lang) == 2
        assert tells(desk.said, errors.NotMicroPython, lang)


# --- without a board ---

WIFI = {"joined": False, "names": ["nhavuon"], "tries": 3, "status": 202, "ms": 9000, "rssi": [], "heard": []}
HELLO = {"answer": "", "offers": [], "asked": 3, "bad": 0, "refused": 0, "at": None, "wall_s": 0}
PORT = "/dev/ttyUSB0"
NINE: dict[str, FlashError | Row] = {
    "wrong chip": errors.WrongChip(found="esp32c3", board="esp32_devkitc", wanted="esp32"),
    "flash too small": errors.FlashTooSmall(found=2, wanted=4, board="esp32_devkitc"),
    "busy port": errors.PortBusy(port=PORT),
    "no permission": errors.NoPermission(port=PORT),
    "cable pulled": errors.CableLost(port=PORT),
    "half-written file": errors.HalfWritten(file="/a/main.mpy"),
    "wrong password": judge.wifi(WIFI),
    "no hub": judge.hub(HELLO, ["192.168.1.10", 47470], 7),
    "clock off": judge.clock(HELLO | {"answer": "ok", "wall_s": 1}, 1_800_000_000),
}


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("what", NINE)
def test_the_nine_of_every_desk_have_cause_and_next_action(what: str, lang: str) -> None:
    trouble = NINE[what]
    cause = {one: trouble.why(one) if isinstance(trouble, Row) else trouble.cause(one) for one in LANGUAGES}
    for said in (cause, {one: trouble.action(one) for one in LANGUAGES}):
        assert len(said[lang]) > 20 and "{" not in said[lang] and said["vi"] != said["en"]


@pytest.mark.parametrize("said", ["", "E (1234) wifi: lost", "17 E (12)", "('micropython', (1, 23"])
def test_an_answer_that_is_not_intelligible_is_said_to_be_none(said: str) -> None:
    board = Told()
    asked = (board.tree, lambda: board.get("/x"), lambda: provision.number_on(board), lambda: Remote.about(board))
    board.says = said
    for ask in asked[1 if not said else 0 :]:  # an empty tree is one
        with pytest.raises(errors.NoAnswer):
            ask()
    board.says = "None"
    with pytest.raises(errors.NoAnswer):
        board.sha256(["/x", "/y"])


@pytest.mark.parametrize(
    ("machine", "chip"),
    [
        ("Generic ESP32 module with ESP32", "esp32"),
        ("Generic ESP32 module with SPIRAM with ESP32", "esp32"),
        ("Generic ESP32S3 module with Octal-SPIRAM with ESP32S3", "esp32s3"),
        ("Generic ESP32S2 module with ESP32S2", "esp32s2"),
        ("ESP32-C6 with ESP32-C6", "esp32c6"),
        ("linux [GCC 12.2.0] version", ""),
    ],
)
def test_the_chip_that_micropython_names(machine: str, chip: str) -> None:
    assert chip_in(machine) == chip


@pytest.mark.parametrize(("said", "mac"), [("24:0a:c4:00:00:01", "24:0a:c4:00:00:01"), ("00:00:00:00:00:00", "")])
def test_a_board_whose_mac_was_never_burnt_in_has_none(said: str, mac: str) -> None:
    board = Told()
    board.says = said + "\n"
    assert mac_of(board) == mac


class Told(Remote):
    """A board that says what it is told to say."""

    def __init__(self, about: About | None = None, hashed: str = "") -> None:
        self._about, self._hashed, self.says = about, hashed, ""

    def run(self, code: str, timeout_s: float = 30) -> str:
        return self.says or (repr(self._hashed) if "print(repr(_hash" in code else "")

    def about(self) -> About:
        assert self._about is not None
        return self._about

    def restart(self) -> None:
        """There is nothing to restart."""

    def close(self) -> None:
        """There is nothing to close."""


@pytest.mark.parametrize(
    ("version", "mpy", "leaf"),
    [((1, 22, 2), 0x306, errors.OldMicroPython), ((1, 29, 0), 0x407, errors.OtherBytecode), ((1, 23, 0), 0x2B06, None)],
)
def test_the_micropython_on_the_board(version: Any, mpy: int, leaf: type[FlashError] | None) -> None:
    board = Told(About(version, mpy, "esp32", "Generic ESP32 module with ESP32"))
    if leaf is None:
        assert install.check_micropython(board) == "1.23.0"
        return
    with pytest.raises(leaf):
        install.check_micropython(board)


def test_a_file_that_arrives_otherwise_than_it_was_sent_is_never_renamed() -> None:
    with pytest.raises(errors.HalfWritten) as failed:
        Told(hashed="00" * 32).put("/a/main.mpy", b"data")
    assert "main.mpy" in failed.value.cause("vi")


def test_a_power_only_cable_shows_no_port() -> None:
    said: list[str] = []
    with pytest.raises(errors.NoPortFound) as failed:
        ports.find(said.append, "vi", patience_s=1, look=list)
    assert "sạc" in failed.value.action("vi") and "power only" in failed.value.action("en") and said


def port(name: str) -> ports.Port:
    return ports.Port(name, "CP2102 USB to UART Bridge Controller", 0x10C4, 0xEA60)


def test_the_port_that_goes_and_comes_back_is_the_board() -> None:
    looks = iter(
        [[port("COM3"), port("COM5")], [port("COM3"), port("COM5")], [port("COM3")], [port("COM3"), port("COM5")]]
    )
    said: list[str] = []
    assert ports.find(said.append, "vi", patience_s=10, look=lambda: next(looks)).device == "COM5"
    assert "CP2102" in said[0]


def test_one_board_needs_no_question() -> None:
    assert ports.find(pytest.fail, look=lambda: [port("/dev/ttyUSB0")]).device == "/dev/ttyUSB0"


def test_the_details_are_in_the_persons_language_too() -> None:
    error = errors.ImageDamaged("cut_off", file="x.bin")
    assert "bị đứt" in error.cause("vi") and "cut off" in error.cause("en")
    sources = (Path(install.__file__).parent / "micropython.py").read_text("utf-8")
    named = re.findall(r'(?:ImageDamaged|NotAnImage|FetchFailed)\("(\w+)"', sources)
    assert len(named) > 10 and not [name for name in named if f"why.{name}" not in table("vi")]
