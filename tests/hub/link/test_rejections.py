"""Frames that the hub rejects: each is counted by its cause, changes nothing, and a good node works on."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.benchmark.scripted import ScriptedNode
from shared_protocol.frame import MAX_FRAME, pack_clear, pack_header
from shared_protocol.messages import Ack, encode_ack
from shared_protocol.session import Session
from tests.hub.farm import Farm, g


def test_replay_is_rejected(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    frame = node.now()
    farm.say(frame)
    assert farm.say(frame) == []
    assert farm.now().rejected == {"replayed": 1}


def test_reflected_frame_is_rejected(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    (reply,) = farm.say(node.now())
    assert farm.say(reply) == []
    assert farm.hub.live.rejected() == {"reflected": 1}


def test_frame_of_another_node_is_rejected(farm: Farm) -> None:
    one, two = farm.add(1), farm.add(2)
    farm.greet(one)
    farm.greet(two)
    forged = bytearray(one.now())
    forged[2] = 2
    forged[4] = two.session.number
    assert farm.say(bytes(forged)) == []
    assert farm.now(2).rejected == {"bad_tag": 1}


@pytest.mark.parametrize("bit", [0, 9, 70, 100, 200])
def test_flipped_bit_is_rejected_and_the_node_works_on(farm: Farm, bit: int) -> None:
    node = farm.add()
    farm.greet(node)
    frame = bytearray(node.now())
    frame[bit // 8 % len(frame)] ^= 1 << bit % 8
    farm.say(bytes(frame))
    assert sum(farm.hub.live.rejected().values()) == 1
    assert farm.answers(node, node.now())


def test_every_truncation_is_rejected(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    frame = node.now()
    for size in range(len(frame)):
        assert farm.say(frame[:size]) == []
    assert sum(farm.hub.live.rejected().values()) == len(frame)


def test_wrong_key_unknown_node_other_version_are_told_apart(farm: Farm) -> None:
    farm.add()
    stranger = ScriptedNode(1, bytes(16))
    assert farm.say(stranger.hello()) == []
    stranger.number = 99
    assert farm.say(stranger.hello()) == []
    assert farm.say(b"\x20" + stranger.hello()[1:]) == []
    assert farm.hub.live.rejected() == {"bad_tag": 1, "unknown_node": 1, "bad_version": 1}


def test_clear_frames_of_sealed_types_are_rejected(farm: Farm) -> None:
    farm.add()
    farm.say(pack_clear(g.MSG_NOW, 1, 0, b"x"))
    farm.say(pack_clear(g.MSG_OFFER, g.NODE_DISCOVERY, 0, bytes(12), 8))
    assert farm.hub.live.rejected() == {"malformed": 1, "reflected": 1}


@settings(
    max_examples=300,
    suppress_health_check=[*settings.default.suppress_health_check, HealthCheck.function_scoped_fixture],
)
@given(st.binary(max_size=MAX_FRAME + 40))
def test_any_bytes_end_in_a_counted_rejection(farm: Farm, data: bytes) -> None:
    before = sum(farm.hub.live.rejected().values())
    farm.hub.link.receive(data, ("6.6.6.6", 1))
    assert sum(farm.hub.live.rejected().values()) == before + 1
    assert not farm.carrier.sent


def test_mutated_frames_never_get_through_and_a_good_node_works_on(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    luck = random.Random(5)
    for _ in range(2000):
        true = node.now() if luck.random() < 0.5 else node.hello()
        frame = bytearray(true)
        for _ in range(luck.randint(1, 3)):
            frame[luck.randrange(len(frame))] ^= 1 << luck.randrange(8)
        if frame == true:  # the flips cancelled each other
            continue
        before = sum(farm.hub.live.rejected().values())
        farm.hub.link.receive(bytes(frame), ("6.6.6.6", luck.randrange(1000)))
        assert sum(farm.hub.live.rejected().values()) == before + 1
    assert farm.answers(node, node.now())


def test_hub_frames_do_not_open_as_node_frames(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    session: Session = node.session
    frame = bytearray(session.seal(g.MSG_ACK, encode_ack(Ack(1, 0, None))))
    frame[0] |= 8
    assert farm.say(bytes(frame)) == []
    assert farm.hub.live.rejected() == {"reflected": 1}


def test_header_alone_of_each_type_is_rejected(farm: Farm) -> None:
    farm.add()
    for kind in range(256):
        for flags in (0, 1, 8, 9):
            farm.hub.link.receive(pack_header(kind, 1, 0, 0, flags), ("6.6.6.6", kind))
    assert sum(farm.hub.live.rejected().values()) == 1024
