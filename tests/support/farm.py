"""A farm for campaigns: one hub process, simulated boards with the real firmware, and the lossy path between them.

Made by the tests in faults, kills and hostile; everything lies in one folder and ends with the `with` block.
"""

import os
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from boards.board import load
from boards.simulated.process import NodeProcess, SimulatedNode
from hub.fleet import Fleet
from hub.live import NodeNow
from hub.service import Hub
from tests.support.checker import Report, check, last_measured, read_store
from tests.support.hub_process import HubProcess
from tests.support.lossy import CLEAR, LossyPath, Weather

T = TypeVar("T")
DATABASE = "nhavuon.sqlite3"
# Each round of the sensors is a set, as the checker needs it; NOW as often as the firmware allows.
SETTINGS: Mapping[str, Any] = {"sample_s": 10, "set_s": 10, "now_s": 15}
# Rules that switch as often as the board's limits allow: an event record every half minute, so that records are in
# flight at any moment.
RESTLESS: Mapping[str, Any] = {
    "rules": [
        {"actuator": 1, "sensors": [1], "on_above": -300, "off_above": -300, "max_on_s": 10, "rest_s": 10},
        {"actuator": 2, "sensors": [2], "on_above": -300, "off_above": -300, "max_on_s": 10, "rest_s": 10},
    ]
}
LOSSY_PATIENCE_MS = 20  # of a board in virtual time, where an answer may be lost; else it waits for a busy hub
PATIENCE_S = 240.0  # generous: a busy machine is not a fault
LOOK_S = 0.1
# Below the system's ephemeral ports, so that nobody takes a port while its hub is dead; each process begins elsewhere.
PORTS = count(20_000 + os.getpid() * 61 % 11_000)


def _for_board(recipe: Mapping[str, Any], board: str) -> Mapping[str, Any]:
    there = {actuator.id for actuator in load(board).actuators}
    return {**recipe, "rules": [rule for rule in recipe["rules"] if rule["actuator"] in there]}


def free_port(host: str = "127.0.0.1") -> int:
    """A UDP port that nobody holds and that the system gives to nobody."""
    for port in PORTS:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


class LocalHub:
    """The hub in this process, for tests that look into it; starts and stops like HubProcess, always in order."""

    def __init__(self, data: Path, address: tuple[str, int]) -> None:
        self.data, self.address = data, address
        self.discovery: int | None = None
        self.log = data.parent / "no.log"
        self.inner: Hub | None = None

    def start(self) -> None:
        self.inner = Hub(self.data, listen=self.address[0], udp=self.address[1], discovery=self.discovery)
        self.inner.start()

    def stop(self) -> None:
        if self.inner is not None:
            self.inner.stop()
            self.inner = None

    kill = stop


class Farm:
    """Nodes 1..n on their boards, a hub, and the path. `speed`: times real time; `virtual`: as fast as the PC can."""

    def __init__(
        self,
        folder: Path,
        boards: tuple[str, ...] = ("worm_house_air",),
        *,
        seed: int = 1,
        weather: Weather = CLEAR,
        speed: float = 1.0,
        virtual: bool = False,
        prefill_s: int = 0,
        settings: Mapping[str, Any] | None = None,
        recipe: Mapping[str, Any] | None = None,
        local: bool = False,
        **board: Any,
    ) -> None:
        """`local`: the hub in this process. `recipe`: for every board, without the rules of machines that it has not.
        `board`: further fields of every SimulatedNode.
        """
        self.folder = folder
        make: Callable[[Path, tuple[str, int]], HubProcess | LocalHub] = LocalHub if local else HubProcess
        self.hub = make(folder / "hub", ("127.0.0.1", free_port()))
        self.erased: dict[int, set[int]] = {}
        self.extra: list[NodeProcess] = []  # boards that are nobody's node, ended with the others
        self.path = LossyPath(self.hub.address, seed=seed, weather=weather)
        self.boards: dict[int, NodeProcess] = {}
        for number, name in enumerate(boards, start=1):
            spec = SimulatedNode(
                folder=folder / f"node_{number}",
                node=number,
                key=secrets.token_bytes(16),
                hub=self.path.address,
                board=name,
                seed=seed * 100 + number,
                settings={**SETTINGS, **(settings or {})},
                recipe=None if recipe is None else _for_board(recipe, name),
                speed=speed,
                virtual=virtual,
                prefill_s=prefill_s,
                **({"patience_ms": LOSSY_PATIENCE_MS} if weather.loss else {}) | board,
            )
            self.boards[number] = NodeProcess(spec)
        self._enrol()

    def _enrol(self) -> None:
        fleet = Fleet.open(self.hub.data)
        try:
            for number, board in self.boards.items():
                fleet.add(f"Thiết bị {number}", number=number, key=board.spec.key)
        finally:
            fleet.close()

    def __enter__(self) -> "Farm":
        self.path.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for board in [*self.boards.values(), *self.extra]:
            board.kill()
        self.hub.kill()
        self.path.stop()
        if kind is None:
            for board in self.boards.values():
                assert "Traceback" not in _tail(board.log(), 1 << 20), _tail(board.log())

    def start(self) -> None:
        """The hub, then all boards."""
        self.hub.start()
        for board in self.boards.values():
            board.start()

    @property
    def inner(self) -> Hub:
        """The hub itself, when it is local and runs."""
        assert isinstance(self.hub, LocalHub) and self.hub.inner is not None
        return self.hub.inner

    def now(self, node: int = 1) -> NodeNow:
        """What a local hub shows of a node."""
        return self.inner.live.node(node) or NodeNow(node)

    def greeted(self, node: int = 1) -> None:
        """Wait until a local hub has heard a NOW of a node under a session."""
        self.until(lambda: bool(self.now(node).channels), f"node {node} reports")

    @property
    def database(self) -> Path:
        return self.hub.data / DATABASE

    def report(self, node: int = 1) -> Report:
        """What became of every set of a node so far. The hub must be up, or its database be closed."""
        return check(self.database, node, self.boards[node].folder, self.erased.get(node, ()))

    def journals(self, node: int = 1) -> dict[int, int]:
        """{journal_id: how many of its records are stored}."""
        return {journal: len(sequences) for journal, sequences in read_store(self.database, node).journals.items()}

    def lost(self, node: int = 1) -> list[tuple[int, int]]:
        """The (first, last) sequences that the hub booked as lost."""
        return [span for spans in read_store(self.database, node).lost.values() for span in spans]

    def until(self, done: Callable[[], T | None], what: str, patience_s: float = PATIENCE_S) -> T:
        """Wait for something and return it; AssertionError with the last words of boards and hub if it never comes."""
        end = time.monotonic() + patience_s
        while not (found := done()):
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {patience_s:.0f} s\n{self.last_words()}")
            time.sleep(LOOK_S)
        return found

    def last_words(self) -> str:
        """The ends of all logs and the reports, for a failed test."""
        parts = [f"path {dict(self.path.counts)}"]
        for number, board in self.boards.items():
            parts += [f"node {number}: {self.report(number)}", _tail(board.log())]
        return "\n".join([*parts, _tail(self.hub.log)])

    def settle(self) -> dict[int, Report]:
        """Wait until everything that the nodes measured until now is stored: their open blocks must close by then.

        Returns each node's report of the moment in which it had settled: a later look may meet records of what it
        measured since, on their way in any order.
        """
        return {node: self._settle(node, last_measured(board.folder)) for node, board in self.boards.items()}

    def settle_earlier(self, node: int) -> Report:
        """Wait until the board, just started, measures again and all sets of its earlier boots are stored."""
        self.lives(node, 1)
        return self._settle(node, (0, 0))

    def settle_newest(self, node: int) -> Report:
        """Wait until what the newest boot measured until now is stored, whatever became of earlier ones."""
        mark = last_measured(self.boards[node].folder)
        return self.until(lambda: self._reached(node, mark), f"node {node} arrives")

    def _reached(self, node: int, mark: tuple[int, int]) -> Report | None:
        report = self.report(node)
        return report if not report.holes and (report.newest_boot, report.newest_ms) >= mark else None

    def _settle(self, node: int, mark: tuple[int, int]) -> Report:
        def settled() -> Report | None:
            report = self._reached(node, mark)
            return report if report and not report.missing else None

        return self.until(settled, f"node {node} settles")

    def lives(self, node: int, sets: int) -> None:
        """Wait until a board has measured so many more sets."""
        want = self.report(node).rounds + sets
        self.until(lambda: self.report(node).rounds >= want, f"node {node} measures {sets} sets")

    def reformat(self, node: int) -> None:
        """Erase a board's flash, as a technician does; its number and key in NVS stay. The board must be off."""
        board = self.boards[node]
        self.erased.setdefault(node, set()).add(self.report(node).newest_boot)
        for name in ("flash.bin", "flashed"):
            (board.folder / name).unlink()

    def copy_data(self, name: str) -> Path:
        """A copy of the hub's data folder; the hub must be down."""
        copy = self.folder / name
        shutil.copytree(self.hub.data, copy)
        return copy

    def restore_data(self, copy: Path) -> None:
        """Put a copy in the place of the hub's data; the hub must be down."""
        shutil.rmtree(self.hub.data)
        shutil.copytree(copy, self.hub.data)


def _tail(path: Path, size: int = 1500) -> str:
    return path.read_text("utf-8", "replace")[-size:] if path.exists() else f"no {path.name}"
