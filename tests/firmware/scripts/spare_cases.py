"""The proven slot is found damaged and the other one runs instead: told, and mended by an update. Case: argv[1]."""

import sys

import chip
from chip import PWRON_RESET
from node import files, image
from small_node import DATA, NEW, OLD, SHA, VERSION, Hub, Node, again, contents, fresh, packed

from shared_protocol import registry as g


def spare():
    """A disk whose proven slot b is damaged; slot a was started."""
    disk = fresh()
    assert Hub().update()
    files.write("slot", b"b")
    files.write("b/node/x.mpy", b"damaged")
    assert chip.start(PWRON_RESET)[:2] == ("a", "b"), "the next start tries b again"
    return disk


def told_at_each_start():
    spare()
    for _ in range(2):
        node = Node()
        assert image.is_spare() and image.rolled_back() is None
        assert image.standing()[8] == g.IMAGE_SPARE and image.standing()[:8] != SHA[:8]
        image.tell_rollback(node)
        assert node.events == [(g.EVENT_UPDATE, (2, "0.2.1", g.RESULT_BAD_HASH))]
        assert chip.start(PWRON_RESET)[:2] == ("a", "b")


def a_missing_seal_is_damage_too():
    spare()
    files.remove("b/seal")
    node = Node()
    image.tell_rollback(node)
    assert image.standing()[8] == g.IMAGE_SPARE
    assert node.events == [(g.EVENT_UPDATE, (2, "", g.RESULT_BAD_HASH))]


def a_spare_that_was_taken_back_before():
    """b was taken back; then a, proven, is damaged: b is all there is, and it is the spare."""
    fresh()
    assert Hub().update()
    files.write("slot", b"abF")
    files.write("a/main.mpy", b"damaged")
    assert chip.start(PWRON_RESET)[:2] == ("b", "abF")
    sys.path[0] = "b"
    assert image.standing() == SHA[:8] + bytes((g.IMAGE_SPARE,))


def an_update_mends_it():
    """With the very image that was damaged; the power goes in the middle."""
    disk = spare()
    hub = Hub()
    assert hub.begin().code == g.RESULT_BUSY
    assert hub.step().code == g.RESULT_FLASH, "its seal is there, its files are not what it says"
    assert hub.begin().code == g.RESULT_FLASH
    assert hub.send_all() == (2, len(DATA), g.RESULT_BUSY)
    for _ in range(5):
        hub.part.step(hub.node.ms)
    assert image.standing()[8] == hub.node.image[8] == g.IMAGE_PROVEN
    again(disk)
    assert chip.start(PWRON_RESET)[:2] == ("a", "a")
    hub.again()
    hub.part.go_on()
    hub.step()
    assert hub.node.left is not None and contents("a", OLD) and contents("b", NEW)
    assert files.read("slot") == b"ab0" and chip.start(PWRON_RESET)[:2] == ("b", "ab0")
    sys.path[0] = "b"
    assert image.standing()[8] == g.IMAGE_ON_TRIAL and image.seal("b")[2] == VERSION


def what_mends_it_never_starts_without_a_trial():
    """It lies whole in the slot that was proven, and the power goes before the switch."""
    disk = spare()
    hub = Hub(packed({"main.mpy": b"untried"}))
    hub.node.all[0].history.lease_until = 9999
    assert hub.send_all().code == g.RESULT_BUSY
    hub.step(50)
    assert hub.node.left is None and image.seal("b")[0] == hub.message.sha256
    again(disk)
    assert chip.start(PWRON_RESET)[:2] == ("a", "a")


def a_flash_that_refuses_to_make_it_the_proven_one():
    spare()
    hub = Hub(packed({"main.mpy": b"untried"}))
    write = files.write
    files.write = refuse
    assert hub.begin() == (2, 0, g.RESULT_FLASH) and hub.chunk(0).code == g.RESULT_NOT_STORED
    files.write = write
    assert hub.update() and chip.start(PWRON_RESET)[:2] == ("b", "ab0")


def refuse(path, data):
    raise OSError(5)


globals()[sys.argv[1]]()
print("ok")
