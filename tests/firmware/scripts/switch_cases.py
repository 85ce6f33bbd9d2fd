"""When a node switches to an image that it has, in small: each case named by argv[1]."""

import sys

from node import files
from node.reset import PHASE_UPDATE
from small_node import DATA, OLD, Hub, again, contents, fresh, packed

from shared_protocol import registry as g


def leases_and_holds_delay_the_switch():
    fresh()
    hub = Hub()
    first, second = [actuator.history for actuator in hub.node.all]
    first.on, first.lease_until, second.hold_until = 1, 600, 1200
    hub.send_all()
    hub.step(250)
    assert hub.node.left is None and 300000 < hub.node.ms < 600000
    assert hub.begin() == (2, len(DATA), g.RESULT_OK), "verified; it waits"
    first.on = 0
    hub.step()
    assert hub.node.left == PHASE_UPDATE and 1200000 <= hub.node.ms <= 1210000


def outputs_that_rules_switch_delay_it_half_an_hour():
    fresh()
    hub = Hub()
    hub.node.all[0].history.on = 1
    hub.send_all()
    began = hub.node.ms
    hub.step(10000)
    assert hub.node.left == PHASE_UPDATE and began + 1800000 <= hub.node.ms <= began + 1810000


def settings_on_trial_delay_it():
    fresh()
    files.write("trial", b"1")
    hub = Hub()
    hub.send_all()
    hub.step(300)
    assert hub.node.left is None
    files.remove("trial")
    hub.step()
    assert hub.node.left == PHASE_UPDATE


def waiting_goes_on_after_a_power_cut():
    """Without a word of the hub: the whole image lies there."""
    disk = fresh()
    hub = Hub()
    hub.node.all[0].history.on = 1
    hub.send_all()
    hub.step(200)
    assert files.read("b/seal") and hub.node.left is None
    disk = again(disk)
    hub.again()
    hub.part.go_on()
    hub.step()
    assert hub.node.left == PHASE_UPDATE and not hub.node.sent
    hub.again()
    assert files.read("update.img") is None, "removed before the switch: a rollback would be undone by it"
    files.write("update.img", b"half a header")
    hub.part.go_on()
    assert hub.part._work is None


def damage_found_without_a_hub_is_told_later():
    """The power went with the whole image there, and it was damaged meanwhile; there is no session to say so."""
    disk = fresh()
    hub = Hub()
    hub.send_all()
    data = bytearray(files.read("update.img"))
    data[-1] ^= 1
    files.write("update.img", data)
    again(disk)
    hub.again()
    hub.node.session = None
    hub.part.go_on()
    hub.step()
    assert hub.node.left is None and not hub.node.sent and files.read("update.img") is None
    hub.node.session = hub.node
    assert hub.begin() == (2, 0, g.RESULT_BAD_HASH)
    assert hub.update()


def the_version_before_is_switched_to_at_once():
    fresh()
    hub = Hub()
    assert hub.update()
    files.write("slot", b"b")
    sys.path[0] = "b"
    back = Hub(packed(OLD), version=b"\x00\x01\x00")
    assert back.begin() == (1, len(back.data), g.RESULT_BUSY)
    back.step()
    assert back.node.left == PHASE_UPDATE and files.read("slot") == b"ba0"


def a_damaged_version_before_is_sent_again():
    fresh()
    assert Hub().update()
    files.write("slot", b"b")
    sys.path[0] = "b"
    files.write("a/node/x.mpy", b"damaged")
    back = Hub(packed(OLD), version=b"\x00\x01\x00")
    assert back.begin().code == g.RESULT_BUSY
    assert back.step().code == g.RESULT_FLASH and back.node.left is None
    assert back.begin().code == g.RESULT_FLASH  # told once more
    assert back.begin() == (1, 0, g.RESULT_OK)
    assert back.update() and contents("a", OLD)


def nothing_else_during_a_trial():
    fresh()
    assert Hub().update()
    sys.path[0] = "b"
    other = Hub(packed({"main.mpy": b"third"}))
    assert other.begin() == (1, 0, g.RESULT_BUSY)
    same = Hub()
    assert same.begin() == (1, len(DATA), g.RESULT_OK)
    assert contents("a", OLD)


globals()[sys.argv[1]]()
print("ok")
