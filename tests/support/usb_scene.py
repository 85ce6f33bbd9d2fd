"""A technician's desk for tests: a hub's data folder, a board on the USB bench, and the commands typed into a terminal.

The commands run in this process, by click's runner, with a home of their own.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hub.cli import cli
from hub.fleet import PAGE_PORT, Fleet, Node
from tests.support.usb_board import UsbBoard, fake_micropython

WIFI = ("nhavuon", "chuoi-bi-mat-4711")
HUB = ("127.0.0.1", 9)


class Desk:
    """Everything lies in `folder`; what the commands wrote outside board and store is under `home`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, hub: tuple[str, int] = HUB) -> None:
        self.folder, self.hub = folder, hub
        self.page = PAGE_PORT
        self.home, self.data = folder / "home", folder / "data"
        self.home.mkdir(parents=True)
        shared = Path(os.environ.get("NHAVUON_HOME") or "")
        monkeypatch.setenv("NHAVUON_HOME", str(self.home))
        if shared.is_dir() and (shared / ".cache").is_dir():
            (self.home / ".cache").symlink_to(shared / ".cache")
        self.firmware = fake_micropython(folder / "ESP32_GENERIC-20240602-v1.23.0.bin")
        self.wifi_file = folder / "wifi.txt"
        self.wifi_file.write_text("\n".join(WIFI) + "\n", "utf-8")
        self.said = ""

    def run(self, *arguments: str, answers: str = "") -> int:
        """One command; its exit code. What it said is in `said`."""
        result = CliRunner().invoke(cli, list(arguments), input=answers, catch_exceptions=True)
        self.said = result.output
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return int(result.exit_code)

    def flash(self, board: UsbBoard, *more: str, answers: str = "", check: bool = False, name: str = "Nhà giun") -> int:
        """`nhavuon flash` with every answer as an option."""
        given = ["--port", board.port, "--board", "esp32_devkitc", "--firmware", str(self.firmware)]
        given += ["--name", name, "--zone", "Nhà giun 1", "--wifi-file", str(self.wifi_file), "--yes"]
        given += ["--hub", f"{self.hub[0]}:{self.hub[1]}", "--data", str(self.data), "--no-questions"]
        return self.run("flash", *given, *([] if check else ["--no-check"]), *more, answers=answers)

    def rescue(self, board: UsbBoard, *more: str, answers: str = "") -> int:
        """`nhavuon rescue` likewise."""
        given = ["--port", board.port, "--board", "esp32_devkitc", "--firmware", str(self.firmware), "--no-wifi"]
        given += ["--hub", f"{self.hub[0]}:{self.hub[1]}", "--data", str(self.data), "--yes", "--no-check"]
        return self.run("rescue", *given, *more, answers=answers)

    def nodes(self) -> list[Node]:
        with self.fleet() as fleet:
            return fleet.nodes()

    @contextmanager
    def fleet(self) -> Iterator[Fleet]:
        fleet = Fleet.open(self.data)
        try:
            yield fleet
        finally:
            fleet.close()

    def board(self, kind: str = "rfc2217", **fields: Any) -> UsbBoard:
        """A board for this desk; not plugged in yet."""
        return UsbBoard(self.folder / f"board_{len(list(self.folder.glob('board_*')))}", kind=kind, **fields)
