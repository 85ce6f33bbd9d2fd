"""The test bench itself: real esptool, mpremote and ampy meet a board that behaves as a DevKitC would."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import serial
from ampy.files import Files
from ampy.pyboard import Pyboard
from esptool import FatalError
from esptool.cmds import attach_flash, detect_chip, detect_flash_size, erase_region, read_flash, reset_chip, run_stub
from esptool.cmds import write_flash as esptool_write
from mpremote.transport import TransportError
from mpremote.transport_serial import SerialTransport

from boards.simulated.peer import Peer
from tests.support import needs
from tests.support.usb_board import UsbBoard, fake_micropython
from tests.support.usb_board.ready import files_of, make_ready, put_files

KEY = bytes(range(16))
KINDS = ("rfc2217", "socket", "pty")
pytestmark = [needs.micropython, pytest.mark.timeout(120)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Callable[..., UsbBoard]]:
    """`bench(kind, files=…, micropython=True, **UsbBoard)`: a board that is plugged in."""
    made: list[UsbBoard] = []

    def make(kind: str, files: dict[str, bytes] | None = None, micropython: bool = True, **fields: Any) -> UsbBoard:
        board = UsbBoard(tmp_path / f"board{len(made)}", kind=kind, **fields)
        if micropython:
            board.flash.write(0x1000, fake_micropython(tmp_path / "mp.bin").read_bytes())
        if files is not None:
            put_files(board, files)
        made.append(board)
        board.plug()
        return board

    yield make
    for board in made:
        board.__exit__(None, None, None)


def at_the_prompt(board: UsbBoard) -> SerialTransport:
    """A raw REPL over mpremote's transport."""
    board.until(">>> ")
    repl = SerialTransport(board.port)
    repl.enter_raw_repl(soft_reset=False)
    return repl


def connected(board: UsbBoard, **how: Any) -> Any:
    if board.port.startswith("rfc2217"):
        return detect_chip(board.port, **how)
    board.press_reset(boot_held=True)
    return detect_chip(board.port, connect_mode="no-reset", **how)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stub", [False, True])
def test_esptool_writes_what_then_boots(bench: Any, tmp_path: Path, kind: str, stub: bool) -> None:
    board = bench(kind, micropython=False)
    assert board.face == "empty"
    image = fake_micropython(tmp_path / "image.bin")
    with connected(board) as chip:
        chip = run_stub(chip) if stub else chip
        attach_flash(chip)
        assert chip.read_mac() == tuple(board.mac)
        assert detect_flash_size(chip) == "4MB"
        esptool_write(chip, [(0x1000, str(image))])
        assert read_flash(chip, 0x8000, 0x100) == board.flash.read(0x8000, 0x100)
        reset_chip(chip, "hard-reset" if kind == "rfc2217" else "no-reset")
    if kind != "rfc2217":
        assert board.face == "download"
        board.press_reset()
    assert board.face == "run"
    board.until(">>> ")


@pytest.mark.parametrize(("chip", "mb", "at"), [("esp32", 2, 0x1000), ("esp32s3", 8, 0), ("esp32c3", 4, 0)])
def test_other_chips_and_sizes(bench: Any, tmp_path: Path, chip: str, mb: int, at: int) -> None:
    mac = bytes.fromhex("7cdfa1020304")
    board = bench("pty", micropython=False, chip=chip, flash_mb=mb, mac=mac)
    with connected(board) as found:
        attach_flash(found)
        assert (found.CHIP_NAME.lower().replace("-", ""), found.read_mac()) == (chip, tuple(mac))
        assert detect_flash_size(found) == f"{mb}MB"
        esptool_write(found, [(at, str(fake_micropython(tmp_path / "image.bin", chip)))])
    board.press_reset()
    assert board.face == "run"


def test_an_image_of_another_chip_or_half_of_one_does_not_boot(bench: Any, tmp_path: Path) -> None:
    board = bench("pty", micropython=False)
    image = fake_micropython(tmp_path / "image.bin").read_bytes()
    for wrong in (image[: len(image) // 2], fake_micropython(tmp_path / "s3", "esp32s3").read_bytes()):
        board.flash.write(0x1000, wrong)
        board.press_reset()
        assert board.face == "empty"
    board.until("invalid")


@pytest.mark.parametrize("kind", KINDS)
def test_mpremote_and_a_soft_reset(bench: Any, kind: str) -> None:
    """A soft reset from the raw REPL runs boot.py, not main.py, and keeps the outputs."""
    files = {"boot.py": b"print('boot ran')\n", "main.py": b"print('main ran')\n"}
    board = bench(kind, files)
    repl = at_the_prompt(board)
    assert repl.exec("print(6 * 7)").strip() == b"42"
    repl.fs_writefile("x.bin", bytes(range(256)) * 8)
    repl.exec("import machine; pin = machine.Pin(25, machine.Pin.OUT, value=1)")
    repl.enter_raw_repl(soft_reset=True)
    assert b"SOFT" in repl.exec(
        "import machine; print('SOFT' if machine.reset_cause() == machine.SOFT_RESET else machine.reset_cause())"
    )
    assert repl.exec("print(machine.Pin(25, machine.Pin.OUT).value())").strip() == b"0"
    assert repl.fs_readfile("x.bin") == bytes(range(256)) * 8
    repl.close()
    assert (board.said.count("boot ran"), board.said.count("main ran")) == (2, 1)
    assert files_of(board)["x.bin"] == bytes(range(256)) * 8


def test_ampy(bench: Any) -> None:
    board = bench("pty")
    board.until(">>> ")
    files = Files(Pyboard(board.port))
    files.put("a.txt", b"0123456789" * 100)
    assert files.get("a.txt") == b"0123456789" * 100
    assert "/a.txt" in files.ls(long_format=False)
    files._pyboard.close()


def test_control_c_and_a_reset_of_the_board_s_own(bench: Any) -> None:
    board = bench("pty", {"main.py": b"import time\nprint('waiting')\nwhile True:\n    time.sleep(1)\n"})
    board.until("waiting")
    with serial.serial_for_url(board.port) as port:
        port.write(b"\x03")
        board.until("KeyboardInterrupt")
        board.until(">>> ")
        port.write(b"import machine; machine.reset()\r")
        board.until("rst:0x2")
        end = time.monotonic() + 30
        while board.said.count("waiting") < 2:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_the_watchdog_bites_at_the_prompt_unless_it_gets_more_time(bench: Any) -> None:
    board = bench("pty", {"main.py": b"import machine\nmachine.WDT(timeout=5000)\n"})
    repl = at_the_prompt(board)
    repl.exec("import machine; machine.WDT(timeout=600000)")
    time.sleep(6)
    assert "rst:0x3" not in board.said
    repl.exec("machine.WDT(timeout=100)")
    board.until("rst:0x3")
    repl.close()


def test_a_file_system_that_does_not_mount_never_reaches_boot_py(bench: Any) -> None:
    board = bench("pty", {"boot.py": b"print('boot ran')\n"})
    board.until("boot ran")
    board.unplug()
    board.flash.write(0x200000, bytes(8192))
    board.plug()
    board.until("filesystem appears to be corrupted")
    assert board.said.count("boot ran") == 1


def test_nvs_lies_in_the_flash(bench: Any) -> None:
    board = bench("pty")
    repl = at_the_prompt(board)
    repl.exec("import esp32; n = esp32.NVS('nv'); n.set_i32('node', 7); n.commit()")
    assert repl.exec("print(esp32.NVS('nv').get_i32('node'))").strip() == b"7"
    repl.close()
    with connected(board) as chip:
        chip = run_stub(chip)
        attach_flash(chip)
        erase_region(chip, 0x9000, 0x6000)
    board.press_reset()
    board._said.clear()
    repl = at_the_prompt(board)
    with pytest.raises(TransportError, match="NOT_FOUND"):
        repl.exec("import esp32; esp32.NVS('nv').get_i32('node')")
    repl.close()


def test_the_power_goes_while_the_rom_writes(bench: Any, tmp_path: Path) -> None:
    board = bench("rfc2217", micropython=False)
    board.cut_after(flash=9)
    with pytest.raises((FatalError, OSError)), connected(board) as chip:
        attach_flash(chip)
        esptool_write(chip, [(0x1000, str(fake_micropython(tmp_path / "image.bin")))])
    assert board.cut.wait(5) and board.face == "off" and board.flash.done == 8
    with pytest.raises(serial.SerialException):
        serial.serial_for_url(board.port)
    board.plug()
    assert board.face == "empty"


@pytest.mark.parametrize("kind", ["socket", "pty"])
def test_the_power_goes_while_a_file_is_written(bench: Any, kind: str) -> None:
    board = bench(kind, {"kept.txt": b"kept"})
    repl = at_the_prompt(board)
    board.cut_after(flash=3)
    with pytest.raises((TransportError, OSError, serial.SerialException)):
        repl.fs_writefile("big.bin", bytes(20_000))
        repl.exec("1")
    repl.serial.close()
    assert board.cut.wait(5)
    board.plug()
    board._said.clear()
    repl = at_the_prompt(board)
    assert repl.fs_readfile("kept.txt") == b"kept"
    repl.close()


def test_the_cable_is_pulled_after_some_bytes(bench: Any) -> None:
    board = bench("pty")
    repl = at_the_prompt(board)
    board.cut_after(sent=100)
    with pytest.raises((TransportError, OSError, serial.SerialException)):
        for _ in range(20):
            repl.exec("print('some code that is long enough')")
    repl.serial.close()
    assert board.cut.wait(5) and not Path(board.port).exists()


def test_flash_that_cannot_be_written(bench: Any, tmp_path: Path) -> None:
    board = bench("pty")
    repl = at_the_prompt(board)
    board.flash.fail_after(1)
    with pytest.raises(OSError):
        repl.fs_writefile("x", b"x" * 5000)
    repl.close()
    with pytest.raises(FatalError), connected(board) as chip:
        attach_flash(chip)
        esptool_write(chip, [(0x1000, str(tmp_path / "mp.bin"))])
    assert board.face == "download"


@pytest.mark.parametrize("kind", ["pty", "socket"])
def test_a_port_that_another_program_holds(bench: Any, kind: str) -> None:
    board = bench(kind)
    board.until(">>> ")
    with board.held_open(), pytest.raises((TransportError, serial.SerialException)):
        repl = SerialTransport(board.port)
        try:
            repl.enter_raw_repl(soft_reset=False, timeout_overall=2)
        finally:
            repl.serial.close()
    at_the_prompt(board).close()


def test_our_firmware_on_it_reaches_the_hub(tmp_path: Path) -> None:
    peer = Peer(1, KEY)
    board = UsbBoard(tmp_path / "board", kind="pty", boot_ms=4000)
    make_ready(board, peer.address, key=KEY)
    try:
        with board:
            end = time.monotonic() + 60
            while not peer.heard.now:
                assert time.monotonic() < end, board.said
                time.sleep(0.05)
            repl = SerialTransport(board.port)
            repl.enter_raw_repl(soft_reset=False)
            assert b"settings.a" in repl.exec("import os; print(os.listdir('/'))")
            repl.close()
    finally:
        peer.close()


def test_nothing_is_left_running(tmp_path: Path) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    board = UsbBoard(tmp_path / "board", kind="pty")
    board.flash.write(0x1000, fake_micropython(tmp_path / "mp.bin").read_bytes())
    with board:
        board.until(">>> ")
        assert {child.pid for child in psutil.Process().children(recursive=True)} > before
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
