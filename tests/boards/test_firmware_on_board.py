"""The real firmware on the simulated boards, with a hub in small: it boots, joins, reports, obeys."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boards.simulated.peer import Peer
from boards.simulated.process import NodeProcess, SimulatedNode
from shared_protocol import registry
from shared_protocol.messages import Command, encode_command
from tests.support import needs

KEY = bytes(range(16))
PATIENCE_S = 60.0
KINDS = {registry.RECORD_BLOCK, registry.RECORD_EVENT, registry.RECORD_TABLE}
BOARDS = ("worm_house_air", "worm_house_bed", "tea_field", "worm_house")


@pytest.fixture
def peer() -> Iterator[Peer]:
    made = Peer(1, KEY)
    yield made
    made.close()


def until(done: Callable[[], object], process: NodeProcess) -> None:
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert process.alive() and time.monotonic() < end, process.log().read_text("utf-8", "replace")
        time.sleep(0.05)


def kinds(peer: Peer) -> set[int]:
    """The kinds of records that came so far."""
    return {kind for kind, _ in list(peer.heard.records.values())}


def lives(peer: Peer, folder: Path, board: str, micropython: bool) -> None:
    """Some virtual hours: a session, the values of all channels, records without a hole."""
    spec = SimulatedNode(folder, 1, KEY, peer.address, board, virtual=True, micropython=micropython)
    process = NodeProcess(spec)
    process.start()
    try:
        until(lambda: peer.heard.now and peer.heard.now.uptime_s > 7200 and kinds(peer) >= KINDS, process)
    finally:
        process.stop()
    wiring = json.loads((folder / "spec.json").read_text())["wiring"]
    assert len(peer.heard.now.values) == len(wiring["channels"])
    assert all(value is not None and fault == 0 for value, fault, _ in peer.heard.now.values)
    assert kinds(peer) == KINDS
    assert peer.heard.up_to() == max(peer.heard.records)


@needs.micropython
@pytest.mark.parametrize("board", BOARDS)
def test_in_a_real_micropython(peer: Peer, tmp_path: Path, board: str) -> None:
    lives(peer, tmp_path, board, True)


def test_in_cpython(peer: Peer, tmp_path: Path) -> None:
    lives(peer, tmp_path, "worm_house_air", False)


def test_a_command_moves_the_relay_and_its_lease_ends_by_itself(peer: Peer, tmp_path: Path) -> None:
    process = NodeProcess(SimulatedNode(tmp_path, 1, KEY, peer.address, "tea_field", virtual=True))
    process.start()
    try:
        until(lambda: peer.heard.now and peer.heard.now.uptime_s > 2000, process)
        command = Command(b"abcd", peer.heard.now.uptime_s + 100_000, 1, 1, 300, 0)
        peer.send(registry.MSG_COMMAND, encode_command(command))
        until(lambda: peer.heard.results, process)
        until(lambda: len(pump_edges(process)) >= 2, process)
    finally:
        process.stop()
    (on_ms, on), (off_ms, off) = pump_edges(process)[:2]
    assert (on, off) == (0, 1)
    assert abs(off_ms - on_ms - 300_000) <= 2000


def pump_edges(process: NodeProcess) -> list[tuple[int, int]]:
    """(t_ms, level) of each edge at the tea field's pump, pin 26, active low."""
    lines = [json.loads(line) for line in process.trace().read_text().splitlines()]
    return [(line["t_ms"], line["level"]) for line in lines if line.get("pin") == 26]


def test_the_relays_never_twitch_while_it_starts(peer: Peer, tmp_path: Path) -> None:
    """Whatever the firmware does later, through boot and the first seconds no relay pin has an edge."""
    process = NodeProcess(SimulatedNode(tmp_path, 1, KEY, peer.address))
    process.start()
    try:
        until(lambda: peer.heard.counts.get(registry.MSG_NOW), process)
    finally:
        process.kill()
    lines = [json.loads(line) for line in process.trace().read_text().splitlines()]
    first_s = [line for line in lines if line["t_ms"] < 3000]
    assert [line for line in first_s if "pin" in line] == []
