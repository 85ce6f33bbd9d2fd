"""`nhavuon flash` from an empty chip to a node that the hub hears, by mpremote and by ampy, as the guides show it."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport
from pypdf import PdfReader

from flash_tools import knock
from flash_tools.screen import Screen
from flash_tools.words import say
from hub.cli.serving import serving
from hub.service import Hub
from tests.support import needs
from tests.support.usb_board import UsbBoard
from tests.support.usb_board.ready import files_of
from tests.support.usb_scene import Desk

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = {"vi": DOCS / "flashing.vi.md", "en": DOCS / "flashing.md"}
WRITE = "NHAVUON_WRITE_TRANSCRIPTS"  # set: the guides are brought up to date instead of compared
HEARD_S = 60

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), needs.micropython]


@contextmanager
def farm(desk: Desk) -> Iterator[Hub]:
    """A hub on the desk's data folder, at the address that the boards get."""
    with serving(desk.data, "127.0.0.1", 0, 0) as (hub, site):
        desk.hub, desk.page = ("127.0.0.1", hub.port), site.port
        yield hub


def fingers(monkeypatch: pytest.MonkeyPatch, usb: UsbBoard, lang: str) -> None:
    """Somebody who does what the tool says: presses the buttons of a board whose port has no reset lines."""
    plain = Screen.say

    def and_press(self: Screen, text: str) -> None:
        plain(self, text)
        if text in (say(lang, "press_boot"), say(lang, "press_reset")):
            usb.press_reset(boot_held=text == say(lang, "press_boot"))

    monkeypatch.setattr(Screen, "say", and_press)


def until_heard(hub: Hub, number: int, since_s: float) -> None:
    end = time.monotonic() + HEARD_S
    while True:
        now = hub.live.node(number)
        if now is not None and (now.heard_s or 0) > since_s:
            return
        assert time.monotonic() < end, now
        time.sleep(0.2)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("COLUMNS", "100")
    return Desk(tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("lang", "via", "kind"),
    [
        ("vi", "mpremote", "rfc2217"),
        ("en", "ampy", "pty"),
        pytest.param("en", "mpremote", "rfc2217", marks=pytest.mark.deep),
        pytest.param("vi", "ampy", "pty", marks=pytest.mark.deep),
    ],
)
def test_from_an_empty_chip_to_a_node_on_the_hub_in_one_command(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, via: str, kind: str, lang: str
) -> None:
    monkeypatch.setattr(knock, "QUIET_S", knock.LINES_PATIENCE_S)  # a busy PC boots slowly: not to be told of a button
    with farm(desk) as hub, desk.board(kind, speed=4.0) as usb:
        fingers(monkeypatch, usb, lang)
        assert desk.flash(usb, "--via", via, "--lang", lang, check=True) == 0, desk.said
        until_heard(hub, 1, time.time())
        assert hub.fleet.node(1).name == "Nhà giun"
        shown(desk, usb, via, lang)
        no_secret(desk, hub.fleet.key(1))


@pytest.mark.deep
@pytest.mark.parametrize("via", ["mpremote", "ampy"])
@pytest.mark.parametrize("resets", [(), ("--before", "no-reset", "--after", "no-reset")], ids=["default", "no-reset"])
def test_over_a_socket_to_a_node_on_the_hub(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, via: str, resets: tuple[str, ...]
) -> None:
    """An emulator's port: no reset lines, the tool says which buttons to press and goes on."""
    with farm(desk) as hub, desk.board("socket", speed=4.0) as usb:
        fingers(monkeypatch, usb, "vi")
        assert desk.flash(usb, "--via", via, *resets, check=True) == 0, desk.said
        assert say("vi", "press_boot") in desk.said.replace("\n", " ")
        until_heard(hub, 1, time.time())
        no_secret(desk, hub.fleet.key(1))


def shown(desk: Desk, usb: UsbBoard, via: str, lang: str) -> None:
    """The guide shows this run."""
    places = {usb.port: "/dev/ttyUSB0", str(desk.home): ".nhavuon", f":{desk.hub[1]}": ":47470"}
    places[f":{desk.page}/"] = ":8080/"
    text = desk.said.strip()
    page = f"http://127.0.0.1:{desk.page}/nodes/1"
    card = PdfReader(desk.home / "cards" / "node-1.pdf").pages[0].extract_text()
    assert text.endswith(f" {page}") and page in card.splitlines()
    for mine, theirs in places.items():
        text = text.replace(mine, theirs)
    text = re.sub(r"-\d{8}-\d{6}\.log", "-20261123-210000.log", text)
    guide = GUIDES[lang].read_text("utf-8")
    begin, end = f"<!-- {via} -->\n```\n", "```\n"
    head, found, rest = guide.partition(begin)
    assert found, f"{GUIDES[lang].name} has no place for the transcript of {via}"
    before, _, tail = rest.partition(end)
    if os.environ.get(WRITE):
        GUIDES[lang].write_text(head + begin + text + "\n" + end + tail, "utf-8")
    else:
        assert plain(text) == plain(before.rstrip())


def plain(text: str) -> str:
    """Without what every run measures anew: figures, the width of a table, whether the node wrote its first record
    before the check stopped it.
    """
    text = re.sub(r"[0-9a-f]{64}", "SHA-256", text)
    text = re.sub(r"\d+ (records|bản ghi)|not begun|chưa bắt đầu", "0 records", text)
    return re.sub(r"[\s━─]+", " ", re.sub(r"-?\d+([.,]\d+)?", "0", text))


def no_secret(desk: Desk, *secrets: bytes) -> None:
    """Neither key nor password in any file outside the board and the hub's store, nor on the screen."""
    password = desk.wifi_file.read_text("utf-8").split()[1]
    forms = [password.encode(), password.encode().hex().encode()]
    for secret in secrets:
        forms += [secret, secret.hex().encode()]
    files = [path for path in desk.home.rglob("*") if path.is_file() and ".cache" not in path.parts]
    assert any(path.suffix == ".log" for path in files) and any(path.suffix == ".pdf" for path in files)
    files += [path for path in (desk.home / ".cache" / "micropython").rglob("*") if path.is_file()]
    for path in files:
        data = path.read_bytes()
        assert not [form for form in forms if form in data], path
    assert not [form for form in forms if form in desk.said.encode()]


def test_an_emulator_that_is_started_again_by_hand(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """socket://, no reset lines, and the connection breaks and is away for a while at each start: nothing is typed."""
    plain = Screen.say

    def start_again(usb: UsbBoard, boot_held: bool) -> None:
        usb.unplug()
        time.sleep(1.5)
        usb.plug()
        usb.press_reset(boot_held)

    def and_start_again(self: Screen, text: str) -> None:
        plain(self, text)
        if text in (say("vi", "press_boot"), say("vi", "press_reset")):
            threading.Thread(target=start_again, args=(usb, text == say("vi", "press_boot"))).start()

    monkeypatch.setattr(Screen, "say", and_start_again)
    with desk.board("socket", boot_ms=4000) as usb:
        assert desk.flash(usb) == 0, desk.said
        assert "a/seal" in files_of(usb)


def test_ampy_takes_over_where_mpremote_gets_no_answer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(*_: object, **__: object) -> None:
        raise TransportError("timeout waiting for first EOF reception")

    monkeypatch.setattr(SerialTransport, "exec_raw", no_answer)
    with desk.board("pty", boot_ms=4000) as usb:
        fingers(monkeypatch, usb, "vi")
        assert desk.flash(usb) == 0, desk.said
        assert say("vi", "try_ampy") in desk.said.replace("\n", " ")
        assert "a/seal" in files_of(usb)
    with desk.board("socket", mac=bytes.fromhex("240ac4000002")) as usb:
        fingers(monkeypatch, usb, "vi")
        assert desk.flash(usb) == 2


def test_a_second_run_writes_nothing_that_is_right_already(desk: Desk) -> None:
    with desk.board(boot_ms=4000) as usb:
        assert desk.flash(usb, "--lang", "en") == 0, desk.said
        before = files_of(usb)
        assert desk.flash(usb, "--lang", "en", name="") == 0, desk.said
        assert "is there already" in desk.said and "0 of " in desk.said
        assert len(desk.nodes()) == 1
        kept = ("a/", "boot.py", "main.py", "board.json", "settings.a", "key")
        after = files_of(usb)
        assert {k: v for k, v in before.items() if k.startswith(kept)} == {
            k: v for k, v in after.items() if k.startswith(kept)
        }


def test_what_is_wrong_on_the_board_is_mended_and_nothing_else_sent(desk: Desk) -> None:
    from flash_tools.repl import Repl

    with desk.board(boot_ms=4000) as usb:
        assert desk.flash(usb) == 0
        remote = Repl.open(usb.port)
        remote.put("/a/main.mpy", b"half")
        remote.put("/a/node/stranger.mpy", b"what does this do here")
        remote.remove("/boot.py")
        remote.close()
        assert desk.flash(usb, "--lang", "en") == 0, desk.said
        assert "2 of " in desk.said
        assert "a/node/stranger.mpy" not in files_of(usb) and len(files_of(usb)["a/main.mpy"]) > 100


def test_a_board_of_somebody_else_is_asked_about_and_a_no_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    with desk.board() as usb:
        usb.flash.write(0x1000, b"\xe9 somebody's own program")
        before = usb.flash.read(0, usb.flash.size)
        options = ["--port", usb.port, "--board", "esp32_devkitc", "--firmware", str(desk.firmware), "--name", "N"]
        options += ["--zone", "Z", "--hub", "127.0.0.1", "--no-wifi", "--no-check", "--data", str(desk.data)]
        assert desk.run("flash", *options, "--lang", "en", answers="n\n") == 2
        assert "EVERYTHING WILL BE ERASED" in desk.said and "Nothing was changed" in desk.said
        assert usb.flash.read(0, usb.flash.size) == before
        assert desk.nodes() == []


def test_a_dead_node_is_replaced_by_a_new_board_with_a_new_key(desk: Desk) -> None:
    with desk.board(boot_ms=4000) as usb:
        assert desk.flash(usb) == 0
    with desk.fleet() as fleet:
        first = fleet.key(1)
    with desk.board(boot_ms=4000, mac=bytes.fromhex("240ac4000002")) as usb:
        assert desk.flash(usb, "--replace", "1") == 0, desk.said
        with desk.fleet() as fleet:
            assert [node.number for node in fleet.nodes()] == [1] and fleet.key(1) != first
            assert fleet.key(1) in files_of(usb)["key"]


def test_micropython_that_is_there_may_stay(desk: Desk) -> None:
    with desk.board(boot_ms=4000) as usb:
        usb.flash.write(0x1000, desk.firmware.read_bytes())
        usb.press_reset()
        assert desk.flash(usb, "--keep-micropython") == 0, desk.said
        assert "a/seal" in files_of(usb)


@pytest.mark.deep
def test_calibrations_and_wifi_of_a_node_survive_its_flashing(desk: Desk) -> None:
    from flash_tools import provision
    from flash_tools.image import slot_bytes
    from flash_tools.repl import Repl

    with desk.board(boot_ms=4000) as usb:
        assert desk.flash(usb) == 0
        remote = Repl.open(usb.port)
        serial, found = provision.newest(remote, "settings")
        remote.put("/settings.b", slot_bytes(serial + 4, {**found, "calibration": {"4": [2450000, 1100000, 2518]}}))
        remote.reset()
        remote.close()
        options = ["--port", usb.port, "--board", "esp32_devkitc", "--firmware", str(desk.firmware), "--yes"]
        options += ["--hub", "127.0.0.7", "--no-wifi", "--no-check", "--data", str(desk.data)]
        assert desk.run("flash", *options) == 0, desk.said
        left = files_of(usb)
        assert (
            b'"calibration":{"4":[2450000,1100000,2518]}' in left["settings.a"] and b"127.0.0.7" in left["settings.a"]
        )
        assert b"nhavuon" in left["settings.a"] and "settings.b" not in left


def test_a_batch_takes_two_keystrokes_a_board(desk: Desk) -> None:
    with desk.board(boot_ms=4000) as usb:
        options = ["--port", usb.port, "--board", "esp32_devkitc", "--firmware", str(desk.firmware), "--batch"]
        options += ["--zone", "Khu 1", "--hub", "127.0.0.1", "--wifi-file", str(desk.wifi_file), "--no-check"]
        options += ["--data", str(desk.data)]
        assert desk.run("flash", *options, answers="\n\nq\n") == 0, desk.said
        assert [node.name for node in desk.nodes()] == ["Khu 1 1"]


def test_the_one_file_image_starts_without_anything_secret(desk: Desk) -> None:
    target = desk.folder / "rescue.bin"
    options = ["--board", "esp32_devkitc", "--firmware", str(desk.firmware), "--image", str(target)]
    assert desk.run("flash", *options) == 0, desk.said
    with desk.board(boot_ms=4000) as usb:
        usb.flash.write(0, target.read_bytes())
        usb.press_reset()
        usb.until("boot.py")
        files: dict[str, Any] = files_of(usb)
        assert {"boot.py", "main.py", "board.json", "a/seal", "a/main.mpy"} <= set(files)
        assert not {"key", "settings.a"} & set(files)
        assert desk.flash(usb, "--keep-micropython") == 0, desk.said
