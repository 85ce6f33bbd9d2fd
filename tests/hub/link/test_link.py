"""Frames at the hub: greetings, sessions, refusals, and every rejection by its cause."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.benchmark.scripted import ScriptedNode
from hub.link.greeting import HELLO_BURST
from shared_protocol.frame import MAX_FRAME, pack_clear, pack_header, parse_header
from shared_protocol.handshake import discover_frame, hello_frame, open_nosess, open_offer
from shared_protocol.messages import Ack, decode_ack, decode_nak, decode_time_resp, encode_ack
from shared_protocol.session import Session, mac_key
from shared_protocol.wire import find
from tests.hub.farm import KEY, Farm, g, rows


def test_a_node_greets_reports_and_ships(farm: Farm) -> None:
    node = farm.add()
    node.put_block(rows(0))
    ack = farm.greet(node)
    assert find(ack.tlvs, g.TLV_STORED_UP_TO) == b"\0"  # type: ignore[attr-defined]
    assert farm.ship(node) == Ack(2, 0, None)
    farm.answers(node, node.now())
    assert farm.now().channels[0].value == 274
    assert not farm.hub.live.lost(1, farm.clock.wall())
    farm.clock.advance(46)
    assert farm.hub.live.lost(1, farm.clock.wall())


def test_now_is_acknowledged_by_its_counter(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    ((kind, body),) = farm.answers(node, node.now())
    assert kind == g.MSG_ACK and decode_ack(body).now_counter == 1


def test_a_now_that_was_overtaken_is_acknowledged_and_not_shown(farm: Farm) -> None:
    """The network may hold a frame back: "on" from before a stop must not follow the "off" behind it."""
    node = farm.add()
    farm.greet(node)
    farm.ship(node)
    node.uptime_s = 100
    older = node.now(actuators=((1, g.CAUSE_MANUAL_ON, 60), (0, g.CAUSE_IDLE, 0)))
    farm.answers(node, node.now())
    ((kind, body),) = farm.answers(node, older)
    assert kind == g.MSG_ACK and decode_ack(body).now_counter == 2
    assert not farm.now().actuators[0].on
    node.uptime_s = 90  # of the next boot: its session counts from the beginning
    node.nonce = b"nonce--2"
    farm.greet(node)
    farm.answers(node, node.now(actuators=((1, g.CAUSE_MANUAL_ON, 60), (0, g.CAUSE_IDLE, 0))))
    assert farm.now().actuators[0].on


def test_first_session_after_a_start_asks_to_close_the_open_block(farm: Farm) -> None:
    node = farm.add()
    (lost,) = farm.say(node.hello())
    node.nonce = b"nonce--2"
    ack = farm.greet(node)
    assert find(ack.tlvs, g.TLV_CLOSE_NOW) == b""  # type: ignore[attr-defined]  # the first was never proved
    node.nonce = b"nonce--3"
    assert find(farm.greet(node).tlvs, g.TLV_CLOSE_NOW) is None  # type: ignore[attr-defined]
    farm.close()
    farm.open()
    node.nonce = b"nonce--4"
    assert find(farm.greet(node).tlvs, g.TLV_CLOSE_NOW) == b""  # type: ignore[attr-defined]


def test_same_hello_gets_the_same_reply(farm: Farm) -> None:
    node = farm.add()
    first = farm.say(node.hello())
    assert farm.say(node.hello()) == first
    node.welcome(first[0])
    farm.say(node.now())
    assert farm.say(node.hello()) == first  # also once it is active


def test_replayed_hellos_neither_end_a_session_nor_shut_a_node_out(farm: Farm) -> None:
    node = farm.add()
    replays = []
    for i in range(8):
        node.nonce = b"replay-%d" % i
        replays.append(node.hello())
    node.nonce = b"nonce--1"
    farm.greet(node)
    for frame in replays:
        assert farm.say(frame, ("6.6.6.6", 1))
    assert farm.answers(node, node.now())  # the session lives
    node.nonce, node.uptime_s = b"nonce--2", 100
    farm.greet(node)  # and a new one can be made
    assert farm.now().uptime_s == 100


def test_a_hello_alone_changes_nothing(farm: Farm) -> None:
    node = farm.add(first_held=500)
    farm.say(node.hello())
    assert farm.hub.live.node(1) is None
    assert farm.hub.fleet.node(1).mac is None
    assert farm.hub.store.rows("SELECT * FROM journal") == []


def test_an_old_pending_session_is_evicted_by_the_fifth(farm: Farm) -> None:
    node = farm.add()
    (first,) = farm.say(node.hello())
    for i in range(4):
        node.nonce = b"other--%d" % i
        farm.say(node.hello())
    node.nonce = b"nonce--1"
    node.welcome(first)
    farm.say(node.now())
    assert farm.hub.live.rejected() == {"no_session": 1}


def test_unknown_session_gets_nosess_now_and_then(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.close()
    farm.open()  # the hub forgot the session
    (reply,) = farm.say(node.now())
    assert open_nosess(reply) == (1, node.session.number)
    replies = [reply for _ in range(20) for reply in farm.say(node.now())]
    assert len(replies) == 1  # a burst of two in all
    farm.clock.advance(1)
    assert len(farm.say(node.now())) == 1
    assert farm.now().rejected == {"no_session": 22}


def test_discover_is_answered_with_port_and_farm_name(farm: Farm) -> None:
    farm.hub.fleet.farm_name = "HTX Riti"
    (reply,) = farm.say(discover_frame(b"12345678"))
    assert open_offer(reply) == (b"12345678", 47470, "HTX Riti")


def test_time_is_given_on_request(farm: Farm) -> None:
    node = farm.add(uptime_s=77)
    farm.greet(node)
    ((kind, body),) = farm.answers(node, node.time_request())
    answer = decode_time_resp(body)
    assert kind == g.MSG_TIME_RESP and answer.uptime_ms == 77_000
    assert answer.wall_s == int(farm.clock.wall()) - g.EPOCH_2020


# -- refusals


def test_second_board_with_the_same_number_is_refused_and_both_are_named(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    clone = ScriptedNode(1, KEY, mac=b"\2\0\0\0\0\x99", nonce=b"clone---")
    (reply,) = farm.say(clone.hello(), ("10.0.0.9", 4000))
    ack = clone.welcome(reply)
    assert ack.version == 0 and find(ack.tlvs, g.TLV_REFUSED) == bytes((g.RESULT_OTHER_BOARD,))
    now = farm.now()
    assert now.health["mac"] == "02:00:00:00:00:01" and now.health["other_mac"] == "02:00:00:00:00:99"
    assert now.rejected == {"other_board": 1}
    assert farm.answers(node, node.now())


def test_of_two_new_boards_the_first_to_speak_wins(farm: Farm) -> None:
    one = farm.add()
    two = ScriptedNode(1, KEY, mac=b"\2\0\0\0\0\x99", nonce=b"clone---")
    one.welcome(farm.say(one.hello())[0])
    two.welcome(farm.say(two.hello())[0])
    farm.say(one.now())
    assert farm.say(two.now()) == []
    assert farm.hub.fleet.node(1).mac == "02:00:00:00:00:01"
    assert farm.now().health["other_mac"] == "02:00:00:00:00:99"


def test_a_replacement_is_let_in_after_the_old_board_was_released(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.hub.fleet.release_mac(1)
    farm.clock.advance(3)
    farm.hub.tick()
    fresh = ScriptedNode(1, KEY, mac=b"\2\0\0\0\0\x99", journal_id=0x777, nonce=b"nonce--2")
    fresh.put_table()
    farm.greet(fresh)
    assert farm.hub.fleet.node(1).mac == "02:00:00:00:00:99"


def test_retired_node_is_refused_and_told_so(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.hub.fleet.retire(1)
    farm.clock.advance(3)
    farm.hub.tick()
    assert farm.say(node.now()) == []
    node.nonce = b"nonce--2"
    ack = node.welcome(farm.say(node.hello())[0])
    assert find(ack.tlvs, g.TLV_REFUSED) == bytes((g.RESULT_RETIRED,))
    assert farm.now().rejected["retired_node"] == 2


def test_no_common_version_is_refused_with_both_ranges(farm: Farm) -> None:
    node = farm.add()
    ack = node.welcome(farm.say(node.hello(vmin=2, vmax=3))[0])
    assert ack.version == 0 and find(ack.tlvs, g.TLV_REFUSED) == bytes((g.RESULT_NO_COMMON_VERSION,))
    assert find(ack.tlvs, g.TLV_VERSIONS) == b"\1\1"


def test_a_node_added_by_the_command_line_is_known_at_its_first_hello(farm: Farm) -> None:
    farm.hub.fleet.add("Later", None, 7, KEY)  # the keyring was not told
    node = ScriptedNode(7, KEY)
    assert farm.greet(node)


# -- rejections by cause


def causes(farm: Farm) -> dict[str, int]:
    return dict(farm.hub.live.rejected())


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
    assert causes(farm) == {"reflected": 1}


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
    assert sum(causes(farm).values()) == 1
    assert farm.answers(node, node.now())


def test_every_truncation_is_rejected(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    frame = node.now()
    for size in range(len(frame)):
        assert farm.say(frame[:size]) == []
    assert sum(causes(farm).values()) == len(frame)


def test_wrong_key_unknown_node_other_version_are_told_apart(farm: Farm) -> None:
    farm.add()
    stranger = ScriptedNode(1, bytes(16))
    assert farm.say(stranger.hello()) == []
    stranger.number = 99
    assert farm.say(stranger.hello()) == []
    assert farm.say(b"\x20" + stranger.hello()[1:]) == []
    assert causes(farm) == {"bad_tag": 1, "unknown_node": 1, "bad_version": 1}


def test_flood_of_hellos_is_cut_and_other_addresses_go_on(farm: Farm) -> None:
    node = farm.add()
    stranger = ScriptedNode(1, bytes(16))
    for _ in range(200):
        farm.hub.link.receive(stranger.hello(), ("6.6.6.6", 1))
    assert causes(farm) == {"bad_tag": int(HELLO_BURST), "flood": 200 - int(HELLO_BURST)}
    assert farm.greet(node)


def test_unknown_critical_type_is_naked_and_elective_ignored(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    ((kind, body),) = farm.answers(node, node.seal(0x7D, b"?"))
    assert kind == g.MSG_NAK and decode_nak(body)[::2] == (0x7D, g.RESULT_UNKNOWN_TYPE)
    assert farm.answers(node, node.seal(0xFD, b"?")) == []
    assert causes(farm) == {"unknown_type": 1}


def test_malformed_body_under_a_good_tag_is_counted(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    assert farm.answers(node, node.seal(g.MSG_NOW, b"\xff\xff")) == []
    assert causes(farm) == {"truncated": 1}


def test_clear_frames_of_sealed_types_are_rejected(farm: Farm) -> None:
    farm.add()
    farm.say(pack_clear(g.MSG_NOW, 1, 0, b"x"))
    farm.say(pack_clear(g.MSG_OFFER, g.NODE_DISCOVERY, 0, bytes(12), 8))
    assert causes(farm) == {"malformed": 1, "reflected": 1}


def test_worn_session_is_asked_for_a_new_hello(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    node.session.counter = 0xF00000
    replies = farm.say(node.now())
    assert any(parse_header(reply).type == g.MSG_NOSESS for reply in replies)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=MAX_FRAME + 40))
def test_any_bytes_end_in_a_counted_rejection(farm: Farm, data: bytes) -> None:
    before = sum(causes(farm).values())
    farm.hub.link.receive(data, ("6.6.6.6", 1))
    assert sum(causes(farm).values()) == before + 1
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
        before = sum(causes(farm).values())
        farm.hub.link.receive(bytes(frame), ("6.6.6.6", luck.randrange(1000)))
        assert sum(causes(farm).values()) == before + 1
    assert farm.answers(node, node.now())


def test_authentic_garbage_in_records_is_refused_not_stored(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship(node)
    node.put(g.RECORD_BLOCK, b"\1\1\xff\xff\xff")
    node.put_event(g.EVENT_STOP, g.STOP_INPUT)
    answers = farm.answers(node, node.records(2, 3))
    naks = [decode_nak(body) for kind, body in answers if kind == g.MSG_NAK]
    acks = [decode_ack(body) for kind, body in answers if kind == g.MSG_ACK]
    assert [nak.code for nak in naks] == [g.RESULT_MALFORMED]
    assert acks == [Ack(1, 1, None)]  # 3 is stored, 2 is not
    assert set(farm.stored()) == {1, 3}


def test_hub_frames_do_not_open_as_node_frames(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    session: Session = node.session
    frame = bytearray(session.seal(g.MSG_ACK, encode_ack(Ack(1, 0, None))))
    frame[0] |= 8
    assert farm.say(bytes(frame)) == []
    assert causes(farm) == {"reflected": 1}


def test_header_alone_of_each_type_is_rejected(farm: Farm) -> None:
    farm.add()
    for kind in range(256):
        for flags in (0, 1, 8, 9):
            farm.hub.link.receive(pack_header(kind, 1, 0, 0, flags), ("6.6.6.6", kind))
    assert sum(causes(farm).values()) == 1024


def test_hello_with_a_mac_key_of_another_node_is_rejected(farm: Farm) -> None:
    one, two = farm.add(1), farm.add(2)
    two.key = bytes(16)
    frame = hello_frame(mac_key(bytes(16)), 2, open_hello_of(one))
    assert farm.say(frame) == []
    assert farm.hub.live.rejected() == {"bad_tag": 1}


def open_hello_of(node: ScriptedNode) -> object:
    from shared_protocol.handshake import open_hello

    return open_hello(mac_key(node.key), node.hello())[1]
