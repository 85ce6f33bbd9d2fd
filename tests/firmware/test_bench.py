"""node/bench.py on a board: it harms nothing that lies there, leaves outputs off, and tells what the flash does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from boards.simulated.process import NodeProcess
from tests.firmware.peer import Peer
from tests.firmware.running import KEY, NODE, QUICK, SimulatedNode
from tests.flash_tools.check.bench_board import BenchBoard, BoardFailed, begin, make

pytestmark = pytest.mark.slow

Bench = Callable[..., BenchBoard]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """bench(board, faults, **SimulatedNode fields) -> a board at its REPL with the bench loaded."""
    made: list[BenchBoard] = []

    def start(board: str = "worm_house", faults: dict[str, Any] | None = None, **options: Any) -> BenchBoard:
        found = begin(make(tmp_path, board, KEY, ("127.0.0.1", 9), **options), faults or {})
        made.append(found)
        found.run("from node import bench")
        return found

    yield start
    for one in made:
        one.kill()


def told(board: BenchBoard, step: str) -> list[dict[str, Any]]:
    """The JSON lines of a step such as `"relay", 1`."""
    lines = board.run(f"bench.run({step})").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_each_step_prints_json_and_nothing_secret(bench: Bench) -> None:
    board = bench()
    for step in ("facts", "settings", "resets", "heap", "flash", "journal", "image", "buses", "wifi", "hub"):
        lines = told(board, repr(step))
        assert lines and all(line["what"] for line in lines)
        text = json.dumps(lines)
        assert KEY.hex() not in text and "nhavuon-wifi" not in text
    (image,) = told(board, '"image"')
    assert image["sealed"] and image["sound"] and image["slot"] == "a" and not image["spare"]


def test_it_fits_the_heap_of_a_board(bench: Bench) -> None:
    board = bench()
    for step in ('"sensors", 2', '"wifi"', '"hub"', '"heap"'):
        lines = told(board, step)
    assert lines[0]["free"] > 20 * 1024


BREAKS = """
looks = []
def broken(driver):
    looks.append(driver)
    if len(looks) > 1:
        raise ValueError("broken in mid-click")
from node import bench_parts
bench_parts._look = broken
"""


def test_the_output_is_off_after_a_step_that_breaks(bench: Bench) -> None:
    board = bench()
    board.run(BREAKS)
    with pytest.raises(BoardFailed, match="broken in mid-click"):
        board.run('bench.run("relay", 1)')
    assert [line["level"] for line in _edges(board, 25)] == [0, 1]


def _edges(board: BenchBoard, pin: int) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in board.trace().read_text("utf-8").splitlines()]
    return [line for line in lines if line.get("pin") == pin]


def test_nothing_is_switched_while_a_stop_is_latched(bench: Bench) -> None:
    board = bench()
    board.run('open("stop", "wb").close()')
    assert told(board, '"relay", 1') == [{"what": "relay", "which": 1, "refused": "stop"}]
    assert _edges(board, 25) == []


WALK = """
import os, hashlib
def walk(folder):
    for entry in os.ilistdir(folder):
        path = folder + "/" + entry[0]
        if entry[1] & 0x4000:
            walk(path)
        else:
            with open(path, "rb") as file:
                print("file", path, hashlib.sha256(file.read()).digest())
"""


def test_journal_settings_and_key_are_as_they_were(tmp_path: Path, bench: Bench) -> None:
    """After a node has run, the whole check changes no file of it."""
    peer = Peer(NODE, KEY)
    spec = SimulatedNode(
        tmp_path / "board", NODE, KEY, peer.address, "worm_house", settings=QUICK, speed=4.0, recipe={"rules": []}
    )
    node = NodeProcess(spec)
    node.start()
    try:
        assert peer.run(60, lambda: peer.nows and peer.numbers())
    finally:
        node.kill()
        peer.close()
    board = bench(settings=QUICK)
    board.run(WALK)
    before = board.run("walk('')")
    (held,) = told(board, '"journal"')
    assert held["begun"] and held["next"] > 1 and not held["unreadable"]
    steps = ('"sensors", 2', '"flash"', '"relay", 1', '"led"', '"button", 0', '"stop", 0', '"wifi"', '"hub"', '"image"')
    for step in steps:
        told(board, step)
    assert board.run("walk('')") == before


def test_a_flash_that_does_not_take_the_scratch_file(bench: Bench) -> None:
    board = bench(cut_at=40, cut_kills=False)
    found = {}
    for _ in range(20):
        (found,) = told(board, '"flash"')
        if not found["same"]:
            break
    assert found["same"] is False and found["error"] == 5


def test_a_file_of_the_software_that_is_damaged_or_gone(bench: Bench) -> None:
    board = bench()
    board.run('f = open("a/node/led.mpy", "r+b")\nf.seek(20)\nf.write(b"?")\nf.close()')
    (found,) = told(board, '"image"')
    assert (found["sound"], found["missing"]) == (False, 0)
    board.run('f = open("slot", "wb")\nf.write(b"b")\nf.close()')
    assert [image["spare"] for image in told(board, '"image"')] == [True], "boot.py passed over b"
    board.run('import os\nos.remove("a/node/led.mpy")')
    (found,) = told(board, '"image"')
    assert (found["sound"], found["missing"]) == (False, 1)
