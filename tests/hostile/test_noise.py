"""Any bytes on the hub's socket end in a counted rejection, and a good node works on beside them."""

import random
import time
from collections.abc import Iterable, Iterator
from itertools import islice

import pytest

from hub.service import Hub
from shared_protocol import registry as g
from shared_protocol.handshake import discover_frame, offer_frame
from tests.hostile.conftest import GOOD, OTHER, scripted
from tests.support import noise
from tests.support.peer import ScriptedNode

HANDFUL = 100  # frames in flight at once: no kernel buffer overflows, so each one must be counted
PATIENCE_S = 60.0


def rejected(hub: Hub) -> int:
    return sum(hub.live.rejected().values())


def pour(hub: Hub, node: ScriptedNode, frames: Iterable[bytes]) -> int:
    """Send frames through the real socket, a handful at a time; each must have been counted. Returns how many."""
    source: Iterator[bytes] = iter(frames)
    sent = 0
    while handful := list(islice(source, HANDFUL)):
        want = rejected(hub) + len(handful)
        for frame in handful:
            node.raw(frame)
        end = time.monotonic() + PATIENCE_S
        while rejected(hub) < want:
            assert time.monotonic() < end, f"{want - rejected(hub)} of {len(handful)} frames were not counted"
            time.sleep(0.001)
        assert rejected(hub) == want
        sent += len(handful)
    return sent


def samples(hub: Hub, node: ScriptedNode) -> list[bytes]:
    """True frames of every kind that a listener on the Wi-Fi could have recorded."""
    hello, _ = node.hello()
    frames = [hello, discover_frame(bytes(8)), offer_frame(bytes(8), 47470, "HTX"), node.now()]
    frames.append(node.ship([node.event() for _ in range(4)]))
    return [*frames, node.sealed(g.MSG_TIME_REQ, bytes(6)), node.sealed(g.MSG_LOG, b"\x05\x01hello")]


def still_works(hub: Hub, node: ScriptedNode, value: int) -> None:
    """The good node's session lives, its records are stored, its values are shown."""
    node.now(value)
    node.ship([node.event()])
    assert node.stored == node.next - 1
    now = hub.live.node(GOOD)
    assert now is not None and now.channels[0].value == value


def campaign(hub: Hub, good: ScriptedNode, count: int, seed: int) -> None:
    luck = random.Random(seed)
    true = samples(hub, good)
    stranger = scripted(hub)
    rounds = 10
    with stranger:
        for n in range(rounds):
            pour(hub, stranger, noise.frames(luck, count // rounds, true, (GOOD, OTHER)))
            still_works(hub, good, 200 + n)
    causes = hub.live.rejected()
    assert {"bad_tag", "truncated", "malformed", "bad_version", "reflected", "no_session"} <= causes.keys(), causes
    node = hub.live.node(GOOD)
    assert node is not None and node.rejected.get("bad_tag", 0) > 0


def test_noise(hub: Hub, good: ScriptedNode) -> None:
    campaign(hub, good, 20_000, seed=41)


@pytest.mark.deep
@pytest.mark.timeout(7200)
def test_a_million_frames_of_noise(hub: Hub, good: ScriptedNode) -> None:
    campaign(hub, good, 1_000_000, seed=42)
