"""Fixture `workbench`: the check against a simulated board with the real firmware, a scripted hub and technician."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flash_tools.check import Report, Row, check
from tests.firmware.peer import Peer
from tests.flash_tools.check.bench_board import BenchBoard, Technician, begin, make

KEY = bytes(range(16))
NODE = 7


class Tried:
    """One check that was run: its report and what was asked."""

    def __init__(self, bench: BenchBoard, report: Report, asked: list[str]) -> None:
        self.bench = bench
        self.report = report
        self.asked = asked

    def __getitem__(self, key: str) -> Row:
        return next(row for row in self.report if row.key == key)

    @property
    def failed(self) -> dict[str, str]:
        """{row: cause}"""
        return {row.key: row.cause for row in self.report.failed}


Workbench = Callable[..., Tried]


@pytest.fixture
def workbench(tmp_path: Path) -> Iterator[Workbench]:
    """workbench(board, faults={…}, questions=True, hub_key=…, **SimulatedNode fields) -> Tried."""
    benches: list[BenchBoard] = []
    peers: list[Peer] = []
    over = threading.Event()

    def run(
        board: str | Path = "worm_house",
        faults: dict[str, Any] | None = None,
        questions: bool = True,
        hub_key: bytes = KEY,
        **options: Any,
    ) -> Tried:
        peer = Peer(NODE, hub_key)
        peers.append(peer)
        threading.Thread(target=_serve, args=(peer, over), daemon=True).start()
        bench = make(tmp_path, board, KEY, peer.address, **options)
        benches.append(bench)
        begin(bench, faults or {})
        technician = Technician(bench.set_faults, bench.folder, board)
        wall_s = peer.wall_s + 1577836800
        report = check(bench.run, ask=technician if questions else None, expected=NODE, now=lambda: wall_s)
        return Tried(bench, report, technician.asked)

    yield run
    over.set()
    for bench in benches:
        bench.kill()
    for peer in peers:
        peer.close()


def _serve(peer: Peer, over: threading.Event) -> None:
    while not over.is_set():
        try:
            peer.once()
        except OSError:
            return
