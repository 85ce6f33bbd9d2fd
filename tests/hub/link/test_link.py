"""Messages at the hub under a session: reported, shipped, answered, and refused for what is in them."""

from shared_protocol.messages import Ack, decode_ack, decode_nak, decode_time_resp
from shared_protocol.wire import find
from tests.hub.farm import Farm, g, rows


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


def test_time_is_given_on_request(farm: Farm) -> None:
    node = farm.add(uptime_s=77)
    farm.greet(node)
    ((kind, body),) = farm.answers(node, node.time_request())
    answer = decode_time_resp(body)
    assert kind == g.MSG_TIME_RESP and answer.uptime_ms == 77_000
    assert answer.wall_s == int(farm.clock.wall()) - g.EPOCH_2020


def test_unknown_critical_type_is_naked_and_elective_ignored(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    ((kind, body),) = farm.answers(node, node.seal(0x7D, b"?"))
    assert kind == g.MSG_NAK and decode_nak(body)[::2] == (0x7D, g.RESULT_UNKNOWN_TYPE)
    assert farm.answers(node, node.seal(0xFD, b"?")) == []
    assert farm.hub.live.rejected() == {"unknown_type": 1}


def test_malformed_body_under_a_good_tag_is_counted(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    assert farm.answers(node, node.seal(g.MSG_NOW, b"\xff\xff")) == []
    assert farm.hub.live.rejected() == {"truncated": 1}


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
