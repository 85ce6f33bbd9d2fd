"""Fixture of the tests here: `try_board`, a simulated board with a main.py of the test's own, run to its end."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boards.simulated.process import NodeProcess, SimulatedNode

BOOT = """from machine import Pin
Pin(25, Pin.OPEN_DRAIN, value=1)
Pin(26, Pin.OPEN_DRAIN, value=1)
"""
KEY = bytes(16)
PATIENCE_S = 60.0


class TriedBoard:
    """A board that ran: what it printed and what its logs hold."""

    def __init__(self, process: NodeProcess) -> None:
        self.process = process

    def run(self) -> "TriedBoard":
        """Power on and wait until main.py ended for good."""
        self.process.start()
        end = time.monotonic() + PATIENCE_S
        while self.process.alive():
            assert time.monotonic() < end, self.text
            time.sleep(0.02)
        self.process.kill()
        return self

    def until(self, words: str) -> None:
        """Wait until the board printed these words."""
        end = time.monotonic() + PATIENCE_S
        while words not in self.text:
            assert time.monotonic() < end and self.process.alive(), self.text
            time.sleep(0.02)

    @property
    def text(self) -> str:
        return self.process.log().read_text("utf-8", "replace")

    @property
    def said(self) -> list[str]:
        """What main.py printed, without the simulator's own lines."""
        return [line for line in self.text.splitlines() if line and not line.startswith("simulated board:")]

    @property
    def trace(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.process.trace().read_text().splitlines()]

    @property
    def truth(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.process.produced().read_text().splitlines()]


@pytest.fixture
def try_board(tmp_path: Path) -> Iterator[Callable[..., TriedBoard]]:
    """`try_board(main, board="worm_house_air", **SimulatedNode fields)`; not started."""
    made: list[NodeProcess] = []

    def make(main: str, boot: str = BOOT, **fields: Any) -> TriedBoard:
        image = tmp_path / f"image{len(made)}"
        image.mkdir()
        (image / "boot.py").write_text(boot, "utf-8")
        (image / "main.py").write_text(main, "utf-8")
        wanted = {"folder": tmp_path / f"board{len(made)}", "virtual": True, "image": image} | fields
        made.append(NodeProcess(SimulatedNode(node=1, key=KEY, hub=("127.0.0.1", 9), **wanted)))
        return TriedBoard(made[-1])

    yield make
    for process in made:
        process.kill()
