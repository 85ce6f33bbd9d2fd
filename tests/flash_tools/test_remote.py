"""Files go to a board and back through a real MicroPython, by mpremote and by ampy; a cut leaves old or new."""

from __future__ import annotations

import os
import time
from typing import Any

import pytest

from flash_tools import knock
from flash_tools.errors import CableLost, CodeFailed, NoAnswer, NoSuchPort, NotMicroPython, PortBusy
from flash_tools.remote import Remote
from flash_tools.repl import Repl
from flash_tools.via_ampy import AmpyRepl
from tests.flash_tools.conftest import Bench
from tests.support import needs
from tests.support.usb_board import UsbBoard
from tests.support.usb_board.ready import files_of, make_ready

pytestmark = needs.micropython
WAYS = {"mpremote": Repl, "ampy": AmpyRepl}
ALL_CTRL_C = b"\x03" * 700
KINDS = [("mpremote", "pty"), ("mpremote", "rfc2217"), ("mpremote", "socket"), ("ampy", "pty")]


def ready(usb: UsbBoard) -> None:
    make_ready(usb, ("127.0.0.1", 9))


@pytest.mark.parametrize(("way", "kind"), KINDS)
def test_files_survive_the_way_there_and_back(bench: Bench, way: str, kind: str) -> None:
    usb = bench(kind, ready)
    remote: Remote = WAYS[way].open(usb.port)
    data = os.urandom(5000) + ALL_CTRL_C + bytes(range(256))
    remote.put("/new/folder/x.bin", data)
    assert remote.get("/new/folder/x.bin") == data
    assert remote.get("/nothing") is None
    assert remote.sha256(["/nothing"]) == {"/nothing": None}
    assert ("/new/folder/x.bin", len(data)) in remote.tree()
    remote.remove("/new")
    remote.remove("/new")
    assert not [path for path, _ in remote.tree() if path.startswith("/new")]
    with pytest.raises(CodeFailed) as failed:
        remote.run("1/0")
    assert "ZeroDivisionError" in failed.value.traceback
    remote.close()


@pytest.mark.parametrize("way", WAYS)
def test_a_running_node_is_taken_over_with_its_outputs_at_boot_level_and_goes_on_afterwards(
    bench: Bench, way: str
) -> None:
    usb = bench("pty", ready, boot_ms=4000)
    usb.until("boot.py")
    remote = WAYS[way].open(usb.port, before="no-reset")
    assert remote.run("import sys\nprint('main' in sys.modules, sys.path[0])").split() == ["False", "a"]
    relays = remote.run("from machine import Pin\nprint([Pin(n, Pin.OPEN_DRAIN).value() for n in (25, 26, 32)])")
    assert relays.strip() == "[1, 1, 1]"  # these relays pull to ground
    boots = usb.boots
    remote.reset()
    remote.close()
    usb.until("boot.py")
    assert usb.boots >= boots


@pytest.mark.parametrize("way", WAYS)
def test_a_cable_pulled_in_the_middle_leaves_the_old_file(bench: Bench, way: str) -> None:
    usb = bench("pty", ready)
    remote = WAYS[way].open(usb.port)
    remote.put("/x", b"old")
    usb.cut_after(sent=3000)
    with pytest.raises((CableLost, NoAnswer)):
        remote.put("/x", os.urandom(9000))
    remote.close()
    usb.cut.wait(20)
    assert files_of(usb)["x"] == b"old"
    usb.plug()
    again = WAYS[way].open(usb.port)
    again.put("/x", b"new")
    assert again.get("/x") == b"new"
    again.close()


def test_an_empty_chip_is_not_micropython(bench: Bench) -> None:
    with pytest.raises(NotMicroPython) as failed:
        Repl.open(bench("rfc2217").port)
    assert "invalid header" in str(failed.value)


def test_a_board_without_reset_lines_is_waited_for_while_the_person_presses(bench: Bench) -> None:
    usb = bench("socket", ready)
    usb.press_reset(boot_held=True)
    said = []

    def press(text: str) -> None:
        said.append(text)
        usb.press_reset()

    Repl.open(usb.port, say=press, press_now=True).close()
    assert len(said) == 1 and "EN" in said[0]


def test_a_silent_board_is_given_up(bench: Bench) -> None:
    usb = bench("socket", ready)
    usb.press_reset(boot_held=True)
    with pytest.raises(NoAnswer):
        Repl.open(usb.port, patience_s=2)


@pytest.mark.parametrize("port", ["/dev/ttyUSB99", "socket://127.0.0.1:9", "rfc2217://127.0.0.1:9", "nonsense://x"])
def test_a_port_that_is_not_there(port: str) -> None:
    with pytest.raises(NoSuchPort):
        Repl.open(port)


def test_a_port_that_somebody_else_has(bench: Bench) -> None:
    usb = bench("pty", ready)
    with usb.held_open(), pytest.raises(PortBusy):
        Repl.open(usb.port)


@pytest.mark.parametrize("way", WAYS)
def test_the_watchdog_of_a_running_node_is_given_ten_minutes_first(bench: Bench, monkeypatch: Any, way: str) -> None:
    """Of every session the first statement, and the first after its soft reset: it would bite in an upload."""
    came = bytearray()
    feed = UsbBoard._from_pc
    monkeypatch.setattr(UsbBoard, "_from_pc", lambda usb, data: (came.extend(data), feed(usb, data))[1])
    WAYS[way].open(bench("pty", ready).port).close()
    before, after = came.split(b"\x04\x04")
    assert b"\x04" not in before and b"WDT(timeout=600000)" in before
    assert after.count(b"\x04") == 1 and b"WDT(timeout=600000)" in after


def test_a_board_that_answers_old_knocks_late_is_still_understood(bench: Bench, monkeypatch: Any) -> None:
    """As one that boots for long: what waited in its UART is answered afterwards, one after the other."""
    usb = bench("pty", ready, boot_ms=4000)
    send = usb._port.send
    monkeypatch.setattr(usb._port, "send", lambda data: (time.sleep(0.2), send(data)))
    monkeypatch.setattr(knock, "KNOCK_S", 0.01)
    monkeypatch.setattr(knock, "LONGEST_KNOCK_S", 0.08)
    remote = Repl.open(usb.port, before="no-reset")
    assert remote.run("print(6 * 7)") == "42\n"
    remote.close()
