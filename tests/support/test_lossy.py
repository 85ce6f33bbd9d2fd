"""The lossy path does what its weather says, and the same again with the same seed."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.lossy import CLEAR, DOWN, UP, LossyPath, Weather


class Peer:
    """A bare UDP socket that plays a node or a hub."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.address = self.socket.getsockname()

    def drain(self, quiet_s: float = 0.15) -> list[bytes]:
        """Everything that arrives until nothing came for `quiet_s`."""
        got = []
        self.socket.settimeout(quiet_s)
        try:
            while True:
                got.append(self.socket.recv(2048))
        except TimeoutError:
            self.socket.settimeout(5)
            return got


@pytest.fixture
def hub() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.socket.close()


@pytest.fixture
def node() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.socket.close()


def numbered(count: int) -> list[bytes]:
    return [b"\x11\x10" + n.to_bytes(2, "little") for n in range(count)]


def push(node: Peer, path: LossyPath, hub: Peer, frames: list[bytes]) -> list[bytes]:
    """Send the frames in handfuls, so that no kernel buffer overflows; returns what the hub got, in order."""
    got = []
    for at in range(0, len(frames), 100):
        for frame in frames[at : at + 100]:
            node.socket.sendto(frame, path.address)
        got += hub.drain()
    return got


def test_clear_weather_passes_everything_and_replies_return(hub: Peer, node: Peer) -> None:
    other = Peer()
    with LossyPath(hub.address) as path:
        for peer, word in ((node, b"one"), (other, b"two")):
            peer.socket.sendto(word, path.address)
            data, back_to = hub.socket.recvfrom(2048)
            assert data == word
            hub.socket.sendto(word + b" back", back_to)
            assert peer.socket.recv(2048) == word + b" back"
        assert path.nodes() == [node.address, other.address]
        assert [f.data for f in path.seen(DOWN)] == [b"one back", b"two back"]
    other.socket.close()


def test_loss_and_doubling_are_as_frequent_as_asked(hub: Peer, node: Peer) -> None:
    with LossyPath(hub.address, seed=3, weather=Weather(loss=0.3, duplicate=0.2)) as path:
        arrived = push(node, path, hub, numbered(600))
    distinct = len(set(arrived))
    assert 360 <= distinct <= 480
    assert 0.1 * distinct <= len(arrived) - distinct <= 0.3 * distinct


def test_the_same_seed_loses_the_same_frames(hub: Peer, node: Peer) -> None:
    survivors = []
    for _ in range(2):
        with LossyPath(hub.address, seed=7, weather=Weather(loss=0.5)) as path:
            survivors.append(push(node, path, hub, numbered(200)))
    assert survivors[0] == survivors[1]


def test_reordering_changes_the_order_only(hub: Peer, node: Peer) -> None:
    frames = numbered(200)
    with LossyPath(hub.address, seed=1, weather=Weather(reorder=0.5)) as path:
        arrived = push(node, path, hub, frames)
    assert arrived != frames
    assert sorted(arrived) == sorted(frames)


def test_cut_drops_also_what_is_held(hub: Peer, node: Peer) -> None:
    with LossyPath(hub.address, weather=Weather(delay_s=0.5)) as path:
        node.socket.sendto(b"held", path.address)
        while not path.counts["held"]:
            time.sleep(0.01)
        path.cut()
        node.socket.sendto(b"cut", path.address)
        while path.counts["cut"] < 2:
            time.sleep(0.01)
        path.weather = CLEAR
        path.mend()
        node.socket.sendto(b"after", path.address)
        assert hub.drain() == [b"after"]


def test_a_moved_hub_gets_what_follows(hub: Peer, node: Peer) -> None:
    elsewhere = Peer()
    with LossyPath(hub.address) as path:
        node.socket.sendto(b"here", path.address)
        assert hub.socket.recv(100) == b"here"
        path.hub = elsewhere.address
        node.socket.sendto(b"there", path.address)
        assert elsewhere.socket.recv(100) == b"there"
    elsewhere.socket.close()


def test_a_forger_speaks_with_the_nodes_address(hub: Peer, node: Peer) -> None:
    with LossyPath(hub.address) as path:
        node.socket.sendto(b"true", path.address)
        true_from = hub.socket.recvfrom(100)[1]
        path.to_hub(b"forged", node.address)
        assert hub.socket.recvfrom(100) == (b"forged", true_from)
        path.to_node(b"to you", node.address)
        assert node.socket.recvfrom(100) == (b"to you", path.address)
        assert [f.data for f in path.seen(UP)] == [b"true"]


def test_tampering_replaces_a_frame(hub: Peer, node: Peer) -> None:
    with LossyPath(hub.address) as path:
        path.tamper = lambda frame: (frame.data[::-1], frame.data[:2])
        node.socket.sendto(b"abcd", path.address)
        assert hub.drain() == [b"dcba", b"ab"]


def test_a_flood_of_addresses_is_bounded(hub: Peer, node: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.lossy.MAX_NODES", 1)
    stranger = Peer()
    with LossyPath(hub.address) as path:
        node.socket.sendto(b"first", path.address)
        assert hub.socket.recv(100) == b"first"
        stranger.socket.sendto(b"second", path.address)
        assert hub.drain() == []
        assert path.counts["overflow"] == 1
    stranger.socket.close()
