"""Greetings at the hub: DISCOVER, HELLO, pending and proved sessions, and who is refused for which reason."""

from hub.benchmark.scripted import ScriptedNode
from hub.link.greeting import HELLO_BURST
from shared_protocol.frame import parse_header
from shared_protocol.handshake import discover_frame, hello_frame, open_hello, open_nosess, open_offer
from shared_protocol.session import mac_key
from shared_protocol.wire import find
from tests.hub.farm import KEY, Farm, g


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


def test_worn_session_is_asked_for_a_new_hello(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    node.session.counter = 0xF00000
    replies = farm.say(node.now())
    assert any(parse_header(reply).type == g.MSG_NOSESS for reply in replies)


def test_discover_is_answered_with_port_and_farm_name(farm: Farm) -> None:
    farm.hub.fleet.farm_name = "HTX Riti"
    (reply,) = farm.say(discover_frame(b"12345678"))
    assert open_offer(reply) == (b"12345678", 47470, "HTX Riti")


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


def test_flood_of_hellos_is_cut_and_other_addresses_go_on(farm: Farm) -> None:
    node = farm.add()
    stranger = ScriptedNode(1, bytes(16))
    for _ in range(200):
        farm.hub.link.receive(stranger.hello(), ("6.6.6.6", 1))
    assert farm.hub.live.rejected() == {"bad_tag": int(HELLO_BURST), "flood": 200 - int(HELLO_BURST)}
    assert farm.greet(node)


def test_hello_with_a_mac_key_of_another_node_is_rejected(farm: Farm) -> None:
    one, _ = farm.add(1), farm.add(2)
    _, hello = open_hello(mac_key(one.key), one.hello())
    frame = hello_frame(mac_key(bytes(16)), 2, hello)
    assert farm.say(frame) == []
    assert farm.hub.live.rejected() == {"bad_tag": 1}
