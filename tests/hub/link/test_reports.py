"""Reports: what is wrong with a machine and who latched a stop, as the node tells it; also when the hub restarted."""

from hub.benchmark.scripted import ScriptedNode
from shared_protocol import registry as g
from shared_protocol.wire import tlv
from tests.hub.farm import KEY, Farm

STOPPED = (g.TLV_STOP, b"\1")


def test_trouble_belongs_to_its_machine_and_ends_with_the_next_report(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship_all(node)
    bits = bytes((1, g.TROUBLE_LOCKED | g.TROUBLE_STUCK, 2, g.TROUBLE_NO_EFFECT))
    farm.say(node.now(tlvs=[(g.TLV_TROUBLE, bits)]))
    assert [one.trouble for one in farm.now().actuators] == [("locked", "stuck"), ("no_effect",)]
    farm.say(node.now(tlvs=[(g.TLV_TROUBLE, bits[:3] + b"\x80\1")]))
    assert [one.trouble for one in farm.now().actuators] == [("locked", "stuck"), ()], "an unknown bit, a cut pair"
    farm.say(node.now())
    assert [one.trouble for one in farm.now().actuators] == [(), ()]


def test_who_latched_a_stop(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    node.put_event(g.EVENT_STOP, g.STOP_HUB, uptime_s=10)
    node.put_event(g.EVENT_STOP, g.STOP_INPUT, uptime_s=20)
    farm.ship_all(node)
    assert farm.now().stop_source == "", "nothing is stopped now"
    farm.say(node.now(tlvs=[STOPPED]))
    assert farm.now().stop and farm.now().stop_source == "input"
    farm.say(node.now(tlvs=[tlv(g.TLV_STOP, 0)]))
    assert farm.now().stop_source == ""


def test_the_event_may_come_after_the_report(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship_all(node)
    farm.say(node.now(tlvs=[STOPPED]))
    assert farm.now().stop_source == ""
    node.put_event(g.EVENT_STOP, g.STOP_INPUT, uptime_s=20)
    farm.ship_all(node)
    assert farm.now().stop_source == "input"


def test_a_restarted_hub_knows_it_from_its_store_after_a_reboot_of_the_node_too(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    node.put_event(g.EVENT_STOP, g.STOP_INPUT, uptime_s=20)
    farm.ship_all(node)
    farm.close()
    farm.open()
    node.boot_no, node.nonce = 2, b"nonce--2"
    (reply,) = farm.say(node.hello(tlvs=[STOPPED]))
    node.welcome(reply)
    farm.say(node.now(tlvs=[STOPPED]))
    assert farm.now().stop_source == "input"


def test_a_new_board_under_the_same_number_explains_itself(farm: Farm) -> None:
    """It counts its boots from the beginning: what the dead board said last is not newer than what this one says."""
    node = farm.add(boot_no=50)
    farm.greet(node)
    node.put_event(g.EVENT_ACTUATOR, 1, 1, g.CAUSE_ABOVE, 330, 300, uptime_s=900)
    node.put_event(g.EVENT_STOP, g.STOP_INPUT, uptime_s=950)
    farm.ship_all(node)
    farm.hub.fleet.release_mac(1)
    farm.hub.link.keyring.refresh(farm.clock.monotonic())
    board = ScriptedNode(1, KEY, mac=b"\2\0\0\0\0\x99", journal_id=0x777, nonce=b"nonce--2", uptime_s=60)
    board.put_table()
    farm.greet(board)
    farm.ship_all(board)
    farm.say(board.now(actuators=((1, g.CAUSE_ABOVE, 0), (0, g.CAUSE_IDLE, 0)), tlvs=[STOPPED]))
    assert (farm.now().actuators[0].value, farm.now().stop_source) == (None, "")
    board.put_event(g.EVENT_ACTUATOR, 1, 1, g.CAUSE_ABOVE, 312, 300)
    board.put_event(g.EVENT_STOP, g.STOP_HUB)
    farm.ship_all(board)
    farm.say(board.now(actuators=((1, g.CAUSE_ABOVE, 0), (0, g.CAUSE_IDLE, 0)), tlvs=[STOPPED]))
    assert (farm.now().actuators[0].value, farm.now().stop_source) == (312, "hub")
