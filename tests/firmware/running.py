"""Starts whole nodes for the tests of this folder: the real firmware on a simulated board, against a scripted hub.

`start` is a fixture by way of conftest.py; the rest are helpers that read what the hub got and what the pins did.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from boards.board import load
from boards.simulated.process import DEFAULT_SETTINGS, NodeProcess, SimulatedNode, interpreter
from flash_tools.image import SEAL, Application, application, write_image
from shared_protocol import record
from shared_protocol import registry as g
from shared_protocol.unblock import decode_block
from tests.firmware.peer import Peer

KEY = bytes(range(16))
NODE = 7
QUICK = {"sample_s": 2, "set_s": 10, "now_s": 2}
QUIET: dict[str, Any] = {"rules": []}
START_S = 120.0  # building, booting, the rescue window, joining

Starter = Callable[..., tuple[NodeProcess, Peer]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """start(board, **SimulatedNode fields) -> a running node and the hub it talks to, after its first NOW.

    second: an application in slot b, and `slot`: what the file of that name says; complains: exceptions are expected.
    """
    running: list[NodeProcess] = []
    complaining: list[NodeProcess] = []
    peers: list[Peer] = []

    def starter(board: str = "worm_house_air", wait: bool = True, **options: Any) -> tuple[NodeProcess, Peer]:
        peer = Peer(NODE, KEY)
        peers.append(peer)
        settings = {**QUICK, **options.pop("settings", {})}
        options.setdefault("speed", 4.0)
        options.setdefault("recipe", QUIET)
        second, slot, complains = (options.pop(name, None) for name in ("second", "slot", "complains"))
        spec = SimulatedNode(tmp_path / "node", NODE, KEY, peer.address, board, settings=settings, **options)
        if second is not None:
            spec = replace(spec, image=staged(spec, second, slot))
        process = NodeProcess(spec)
        (complaining if complains else running).append(process)
        process.start()
        if wait:
            assert peer.run(START_S, lambda: peer.nows), process.log().read_text("utf-8")
        return process, peer

    yield starter
    for process in running + complaining:
        process.kill()
    for peer in peers:
        peer.close()
    for process in running:
        assert "Traceback" not in process.log().read_text("utf-8")


def newer(files: dict[str, bytes] | None = None, without: str = "", version: str = "0.2.0") -> Application:
    """The application of these sources as another version, with other files and without one."""
    known = {path: data for path, data in sources().files.items() if path != without}
    major, minor, patch = (int(number) for number in version.split("."))
    return Application.of({**known, "note": version.encode(), **(files or {})}, (major, minor, patch))


def sources() -> Application:
    """The application of these sources, as a board here runs it."""
    return application(mpy=interpreter() == "micropython")


def staged(spec: SimulatedNode, second: Application, slot: bytes) -> Path:
    """A folder with all that lies on the flash of a node with two slots."""
    folder, board = spec.folder.parent / "image", load(spec.board)
    settings = {**DEFAULT_SETTINGS, **board.settings, "hub": list(spec.hub), **spec.settings}
    write_image(folder, board, spec.node, spec.key, settings, spec.uses_micropython, spec.provisioned(board))
    for path, data in second.files.items():
        (folder / "b" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "b" / path).write_bytes(data)
    (folder / "b" / SEAL).write_bytes(second.seal(spec.key))
    (folder / "slot").write_bytes(slot)
    return folder


def events(peer: Peer, code: int) -> list[Any]:
    """Events of one code that the hub stored, in order."""
    found = []
    for number in peer.numbers():
        kind, data = peer.records[peer.journal_id, number]
        if kind == g.RECORD_EVENT:
            event = record.decode_event(data)
            if event.code == code:
                found.append(event)
    return found


def sets(peer: Peer) -> dict[tuple[int, int], tuple[Any, ...]]:
    """{(boot, uptime): values} of every set in the hub's blocks; a set must not be there twice."""
    found: dict[tuple[int, int], tuple[Any, ...]] = {}
    for kind, data in peer.records.values():
        if kind == g.RECORD_BLOCK:
            block = decode_block(data)
            for i, uptime in enumerate(block.times):
                assert (block.boot_no, uptime) not in found
                found[block.boot_no, uptime] = tuple(column[i] for column in block.columns)
    return found


def edges(process: NodeProcess, pin: int) -> list[int]:
    """Levels that an output took after the boots, from the pin trace."""
    lines = [json.loads(line) for line in process.trace().read_text("utf-8").splitlines()]
    return [line["level"] for line in lines if line.get("pin") == pin]


def power_cycle(process: NodeProcess, peer: Peer) -> None:
    """Cut the power, and wait until the next boot reports."""
    boot = peer.nows[-1].boot_no
    process.kill()
    process.start()
    assert peer.run(START_S, lambda: peer.nows[-1].boot_no > boot)
