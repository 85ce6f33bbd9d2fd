"""A trial is confirmed or taken back, in small: each case named by argv[1]; the power goes at each flash operation."""

import sys

import chip
import ramdisk
from chip import HARD_RESET, PWRON_RESET
from node import files, image, trial
from small_node import NEW, SHA, VERSION, Hub, Node, again, fresh, sealed

from shared_protocol import registry as g


def confirmed_when_healthy():
    fresh()
    assert Hub().update()
    sys.path[0] = "b"
    node = Node()
    part = trial.Trial(node)

    def run(minutes, **changes):
        for name, value in changes.items():
            setattr(node, name, value)
        for _ in range(12 * minutes):
            node.ms = part.due
            if node.session:
                node.heard_ms = node.ms
            if not node.gone:
                part.step(node.ms)

    run(20, session=None)
    assert image.on_trial(), "no session"
    run(4, failures=1, session=node)
    assert image.on_trial(), "a part failed 4 minutes ago"
    run(2)
    assert files.read("slot") == b"b" and node.gone == [part] and node.renewed
    assert node.events == [(g.EVENT_UPDATE, (2, "0.2.1", g.RESULT_OK))]
    assert node.image == SHA[:8] + b"\x00"


def rolled_back_is_told_once():
    for letter, code in ((b"f", g.RESULT_FAULT), (b"t", g.RESULT_TOO_LATE), (b"d", g.RESULT_BAD_HASH)):
        fresh()
        sealed("b", NEW, VERSION)
        files.write("slot", b"ab" + letter)
        node = Node()
        assert image.standing()[8] == g.IMAGE_ROLLED_BACK and image.rolled_back() == ("b", code)
        image.tell_rollback(node)
        assert node.events == [(g.EVENT_UPDATE, (2, "0.2.1", code))]
        assert image.rolled_back() is None and image.standing()[8] == g.IMAGE_ROLLED_BACK
        image.tell_rollback(node)
        assert len(node.events) == 1
        assert chip.start(PWRON_RESET)[:2] == ("a", "ab" + letter.decode().upper())
        hub = Hub()
        hub.begin()
        assert hub.node.image[8] == g.IMAGE_PROVEN and files.read("slot") == b"a"
        ramdisk.umount()


def cut_in_confirming():
    for cut in range(20):
        disk = fresh()
        assert Hub().update()
        sys.path[0] = "b"
        node = Node()
        part = trial.Trial(node)
        node.ms = node.heard_ms = 600000
        disk.operations = 0
        disk.cut_at = cut
        try:
            part.step(node.ms)
            done = True
        except OSError:
            done = False
        disk.cut_at = -1
        disk = again(disk, "b")
        running, standing, _ = chip.start(PWRON_RESET)
        assert running == "b" and standing == ("b" if done else "ab0") or (not done and standing == "b"), (
            cut,
            standing,
        )
        ramdisk.umount()
        if done:
            return
    raise AssertionError("never done")


def cut_in_going_back():
    """boot.py at the third bad end: however often the power goes, the proven slot runs in the end."""
    for cut in range(20):
        disk = fresh()
        assert Hub().update()
        files.write("slot", b"ab2")
        disk.operations = 0
        disk.cut_at = cut
        running, standing, _ = chip.start(HARD_RESET, b"NR\x02\x00\x00....S")
        assert (running, standing) == ("a", "abf"), "what runs does not wait for the flash"
        stored = disk.operations <= cut
        disk.cut_at = -1
        again(disk)
        running, standing, _ = chip.start(PWRON_RESET)
        assert (running, standing) in (("a", "abf"), ("b", "ab2")), (cut, running, standing)
        ramdisk.umount()
        if stored:
            assert running == "a"
            return
    raise AssertionError("never stored")


globals()[sys.argv[1]]()
print("ok")
