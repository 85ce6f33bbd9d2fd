"""Intruders on the Wi-Fi, each with one trick: refused, counted by cause, shown on the node's page; it works on."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hub.service import Hub
from shared_protocol import registry as g
from shared_protocol.handshake import (
    HelloAck,
    discover_frame,
    hello_ack_frame,
    nosess_frame,
    offer_frame,
    open_hello_ack,
)
from shared_protocol.messages import Records, encode_records
from shared_protocol.session import Session, mac_key
from shared_protocol.wire import find
from tests.hostile.conftest import GOOD, OTHER, scripted
from tests.support.peer import ScriptedNode

PATIENCE_S = 20.0


def wait(done: Callable[[], bool], what: str) -> None:
    """AssertionError naming `what` when it never comes."""
    end = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def of_node(hub: Hub, cause: str, number: int = GOOD) -> int:
    now = hub.live.node(number)
    return now.rejected.get(cause, 0) if now else 0


def refused(hub: Hub, node: ScriptedNode, frames: list[bytes], cause: str, number: int = GOOD) -> None:
    """Each of these frames is counted under this cause, where the node's page reads it, and nothing else happens."""
    before, total = of_node(hub, cause, number), sum(hub.live.rejected().values())
    stored = hub.store.rows("SELECT count(*) FROM record")
    for frame in frames:
        node.raw(frame)
    wait(lambda: of_node(hub, cause, number) >= before + len(frames), f"counted under {cause}")
    assert sum(hub.live.rejected().values()) == total + len(frames)
    assert hub.store.rows("SELECT count(*) FROM record") == stored


def works(node: ScriptedNode) -> None:
    node.now()
    node.ship([node.event()])
    assert node.stored == node.next - 1


def test_replayed(hub: Hub, good: ScriptedNode) -> None:
    frames = [good.now(), good.ship([good.event()])]
    refused(hub, good, frames * 5, "replayed")
    works(good)


def test_replayed_after_the_window_has_moved_on(hub: Hub, good: ScriptedNode) -> None:
    first = good.now()
    for _ in range(g.WINDOW_HUB + 2):
        good.now()
    refused(hub, good, [first], "replayed")


def test_reflected(hub: Hub, good: ScriptedNode) -> None:
    """What the hub sent comes back to it."""
    good.raw(good.sealed(g.MSG_TIME_REQ, bytes(6)))
    answer = good.receive(PATIENCE_S, g.MSG_TIME_RESP)
    assert answer is not None
    refused(hub, good, [answer, nosess_frame(GOOD, 7)], "reflected")
    works(good)


def test_truncated_at_every_byte(hub: Hub, good: ScriptedNode) -> None:
    frame = good.sealed(g.MSG_RECORDS, encode_records(Records([good.event()])))
    good.next -= 1
    total = sum(hub.live.rejected().values())
    for length in range(len(frame)):
        good.raw(frame[:length])
    wait(lambda: sum(hub.live.rejected().values()) == total + len(frame), "each part is counted")
    assert of_node(hub, "truncated") + of_node(hub, "bad_tag") == len(frame) - 8
    works(good)


def test_every_flipped_bit(hub: Hub, good: ScriptedNode) -> None:
    frame = good.sealed(g.MSG_RECORDS, encode_records(Records([good.event()])))
    good.next -= 1
    total = sum(hub.live.rejected().values())
    for bit in range(8 * len(frame)):
        made = bytearray(frame)
        made[bit // 8] ^= 1 << bit % 8
        good.raw(bytes(made))
        if bit % 100 == 99:
            wait(lambda bit=bit: sum(hub.live.rejected().values()) >= total + bit + 1, "each is counted")  # type: ignore[misc]
    wait(lambda: sum(hub.live.rejected().values()) == total + 8 * len(frame), "each is counted")
    assert of_node(hub, "bad_tag") >= 8 * (len(frame) - 8)
    works(good)


def test_wrong_key(hub: Hub, good: ScriptedNode) -> None:
    with ScriptedNode(GOOD, bytes(16), ("127.0.0.1", hub.port), mac=good.mac) as forger:
        forger.session = Session(GOOD, good.session.number, bytes(16), bytes(16), False)
        frames = [forger.hello()[0], forger.sealed(g.MSG_NOW, b"\1\1\1\0\0"), forger.sealed(g.MSG_RECORDS, b"\1\1\0")]
        refused(hub, forger, frames, "bad_tag")
    works(good)


def test_no_such_session(hub: Hub, good: ScriptedNode) -> None:
    with scripted(hub) as forger:
        forger.session = Session(GOOD, good.session.number ^ 1, bytes(16), bytes(16), False)
        refused(hub, forger, [forger.sealed(g.MSG_NOW, bytes(5)) for _ in range(20)], "no_session")
        answers = [forger.receive(0.2, g.MSG_NOSESS) for _ in range(4)]
        assert sum(answer is not None for answer in answers) <= 2, "the hub answers a flood of these hardly at all"
    works(good)


def test_unknown_node(hub: Hub, good: ScriptedNode) -> None:
    with ScriptedNode(99, bytes(16), ("127.0.0.1", hub.port)) as stranger:
        stranger.session = Session(99, 5, bytes(16), bytes(16), False)
        for frame in (stranger.hello()[0], stranger.sealed(g.MSG_NOW, bytes(5))):
            stranger.raw(frame)
        wait(lambda: hub.live.rejected().get("unknown_node", 0) == 2, "counted")
        assert stranger.receive(0.2) is None, "nothing is told to a stranger"
    works(good)


def test_retired_node(hub: Hub, good: ScriptedNode) -> None:
    with scripted(hub, OTHER) as other:
        other.join()
        hub.fleet.retire(OTHER)
        wait(lambda: _counted_retired(hub, other), "refused once the hub has looked at its fleet again")
    works(good)


def _counted_retired(hub: Hub, other: ScriptedNode) -> bool:
    other.raw(other.sealed(g.MSG_NOW, bytes(5)))
    return hub.live.rejected().get("retired_node", 0) > 0


def test_another_nodes_frame(hub: Hub, good: ScriptedNode) -> None:
    """Node 2 is a true node that turned bad: what it seals does not count as node 1's, whatever the header says."""
    with scripted(hub, OTHER) as other:
        other.join()
        stolen = other.sealed(g.MSG_NOW, bytes(5))
        claimed = stolen[:2] + GOOD.to_bytes(2, "little") + bytes((good.session.number,)) + stolen[5:]
        refused(hub, other, [claimed], "bad_tag")
        mine = good.sealed(g.MSG_NOW, bytes(5))
        moved = mine[:2] + OTHER.to_bytes(2, "little") + bytes((other.session.number,)) + mine[5:]
        refused(hub, other, [moved], "bad_tag", OTHER)
        works(other)
    works(good)


def test_another_version_of_the_frame(hub: Hub, good: ScriptedNode) -> None:
    frames = [bytes((major << 4 | 1,)) + good.sealed(g.MSG_NOW, bytes(5))[1:] for major in range(16) if major != 1]
    refused(hub, good, frames, "bad_version")
    works(good)


@pytest.mark.parametrize(("vmin", "vmax"), [(2, 3), (0, 0), (255, 255), (3, 1)])
def test_a_node_of_another_version_is_told_why(hub: Hub, good: ScriptedNode, vmin: int, vmax: int) -> None:
    frame, nonce = good.hello(vmin=vmin, vmax=vmax)
    refused(hub, good, [frame], "no_common_version")
    data = good.receive(PATIENCE_S, g.MSG_HELLO_ACK)
    assert data is not None
    _, ack = open_hello_ack(mac_key(good.key), data, nonce)
    assert ack.version == 0
    assert find(ack.tlvs, g.TLV_REFUSED) == bytes((g.RESULT_NO_COMMON_VERSION,))
    assert find(ack.tlvs, g.TLV_VERSIONS) == b"\1\1"
    works(good)


def test_a_node_with_a_range_of_versions_is_welcome(hub: Hub, good: ScriptedNode) -> None:
    frame, nonce = good.hello(vmin=0, vmax=9)
    good.raw(frame)
    data = good.receive(PATIENCE_S, g.MSG_HELLO_ACK)
    assert data is not None and open_hello_ack(mac_key(good.key), data, nonce)[1].version == 1


def test_versions_cannot_be_talked_down(hub: Hub, good: ScriptedNode) -> None:
    """vmin and vmax are under the tag."""
    frame, _ = good.hello(vmin=1, vmax=2)
    refused(hub, good, [frame[:9] + b"\1" + frame[10:], frame[:8] + b"\0" + frame[9:]], "bad_tag")


def test_sealed_garbage_of_a_node_that_turned_bad(hub: Hub, good: ScriptedNode) -> None:
    """Authentic frames with senseless bodies, of every type: rejected or ignored, and the hub goes on."""
    with scripted(hub, OTHER) as bad:
        bad.join()
        for kind in range(256):
            for body in (b"", bad.luck.randbytes(3), bad.luck.randbytes(60), b"\xff" * 400):
                bad.raw(bad.sealed(kind, body))
            works(good) if kind % 32 == 0 else time.sleep(0.001)
        wait(lambda: of_node(hub, "unknown_type", OTHER) > 100, f"{hub.live.rejected()}")
        assert of_node(hub, "malformed", OTHER) + of_node(hub, "truncated", OTHER) >= 8
        works(bad)


def test_records_that_lie(hub: Hub, good: ScriptedNode) -> None:
    """Senseless records of a true node are not stored and not acknowledged; good ones in the same frame are."""
    fine = good.event()
    lies = [fine._replace(sequence=0), fine._replace(sequence=9, data=b"\1"), fine._replace(sequence=8, kind=1)]
    good.raw(good.sealed(g.MSG_RECORDS, encode_records(Records([*lies, fine])), 4))
    good.ship([fine])
    assert (good.stored, good.bitmap) == (fine.sequence, 0)
    assert sum(count for cause, count in hub.live.rejected().items() if cause.startswith("record_")) >= 3
    works(good)


def test_other_bytes_under_a_stored_name(hub: Hub, good: ScriptedNode) -> None:
    """(node, journal, sequence) names a record for ever: the first bytes stay, the others are counted."""
    first = good.event()
    good.ship([first])
    other = good.event(g.EVENT_STOP, (g.STOP_INPUT,))._replace(sequence=first.sequence)
    good.next -= 1
    good.raw(good.sealed(g.MSG_RECORDS, encode_records(Records([other])), 4))
    wait(lambda: of_node(hub, "record_conflict") == 1, f"{hub.live.rejected()}")
    rows = hub.store.rows("SELECT bytes FROM record WHERE sequence = ?", (first.sequence,))
    assert rows == [(first.data,)]


def test_replayed_hellos_neither_end_a_session_nor_shut_a_node_out(hub: Hub, good: ScriptedNode) -> None:
    old = [good.hello()[0] for _ in range(40)]
    with flood(hub, lambda n: old[n % len(old)]) as sent:
        wait(lambda: sent[0] > 2000, "a flood")
        works(good)
        good.join()
        works(good)


def test_a_flood_of_hellos_from_many_addresses(hub: Hub, good: ScriptedNode) -> None:
    """Forged HELLOs from more addresses than any limit per address helps against: a node can still join."""
    forged = [good.hello()[0][:-1] + b"\0" for _ in range(20)]
    with flood(hub, lambda n: forged[n % len(forged)], sockets=600) as sent:
        wait(lambda: sent[0] > 5000, "a flood")
        works(good)
        said = sum(good.join() for _ in range(5))
        works(good)
    assert said <= 8, "forged HELLOs must not use up what is there for true ones"
    assert of_node(hub, "bad_tag") > 2000


def test_a_flood_of_discovers_and_offers(hub: Hub, good: ScriptedNode) -> None:
    frames = [
        discover_frame(bytes(8)),
        offer_frame(bytes(8), 1, "x"),
        hello_ack_frame(bytes(16), 1, 1, HelloAck(1, 0, 0, bytes(8), []), bytes(8)),
    ]
    with flood(hub, lambda n: frames[n % 3]) as sent:
        for _ in range(10):
            works(good)
        wait(lambda: sent[0] > 3000, "a flood")
    wait(lambda: hub.live.rejected().get("flood", 0) > 100, f"{hub.live.rejected()}")
    assert hub.live.rejected()["reflected"] > 100


@contextmanager
def flood(hub: Hub, frame: Callable[[int], bytes], sockets: int = 1) -> Iterator[list[int]]:
    """Some thousand frames per second from a thread, while the block runs; gives how many were sent."""
    sent, ending = [0], threading.Event()
    outs = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(sockets)]

    def run() -> None:
        while not ending.wait(0.002):
            for _ in range(10):
                outs[sent[0] % sockets].sendto(frame(sent[0]), ("127.0.0.1", hub.port))
                sent[0] += 1

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield sent
    finally:
        ending.set()
        thread.join()
        for out in outs:
            out.close()
