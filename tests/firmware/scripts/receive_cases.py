"""An update is received and refused, in small: each case named by argv[1]."""

import sys

import chip
import ramdisk
from chip import HARD_RESET, KEY, PWRON_RESET
from node import files, update
from node.reset import PHASE_UPDATE
from small_node import CHUNK, DATA, NEW, OLD, SHA, VERSION, Hub, again, contents, fresh, packed

from shared_protocol import maintenance as m
from shared_protocol import registry as g


def received_and_switched_to():
    fresh()
    hub = Hub()
    assert hub.send_all() == (2, len(DATA), g.RESULT_BUSY)
    assert hub.begin() == (2, len(DATA), g.RESULT_BUSY)
    hub.step()
    assert hub.node.left == PHASE_UPDATE and hub.node.phases == [PHASE_UPDATE]
    assert files.read("slot") == b"ab0" and files.read("update.img") is None
    assert contents("a", OLD) and contents("b", NEW)
    assert hub.node.events == [(g.EVENT_UPDATE, (2, "0.2.1", g.RESULT_ON_TRIAL))]
    assert chip.start(HARD_RESET, b"NR\x06\x00\x00....")[:2] == ("b", "ab0")


def refused_at_the_beginning():
    """A forged tag, a slot that runs, an image that is too big for the node or its flash: nothing is touched."""
    disk = fresh()
    operations = disk.operations
    tag = m.image_tag(KEY, VERSION, SHA)
    for changes, code in (
        ({"tag": m.image_tag(bytes(16), VERSION, SHA)}, g.RESULT_NOT_ALLOWED),
        ({"tag": tag, "version": b"\x00\x02\x02"}, g.RESULT_NOT_ALLOWED),
        ({"tag": tag, "sha256": bytes(32)}, g.RESULT_NOT_ALLOWED),
        ({"tag": b""}, g.RESULT_NOT_ALLOWED),
        ({"tag": tag[:15]}, g.RESULT_NOT_ALLOWED),
        ({"slot": 1}, g.RESULT_NOT_ALLOWED),
        ({"slot": 3}, g.RESULT_NOT_ALLOWED),
        ({"size": update.MOST_BYTES + 1}, g.RESULT_NO_SPACE),
        ({"size": update.MOST_BYTES}, g.RESULT_NO_SPACE),  # this flash has 192 KiB, and littlefs must breathe
    ):
        hub = Hub(**changes)
        found = hub.begin()
        assert found == (2, 0, code), (changes, found)
        assert hub.chunk(0) == (2, 0, g.RESULT_NOT_STORED)
        assert hub.part._work is None
    assert disk.operations == operations
    assert Hub(slot=2).begin() == (2, 0, g.RESULT_OK)


def a_refused_beginning_disturbs_nothing():
    fresh()
    hub = Hub()
    hub.begin()
    status = hub.chunk(0)
    good = hub.message
    hub.message = m.UpdateBegin(0, len(DATA), SHA, VERSION, bytes(16))
    assert hub.begin().code == g.RESULT_NOT_ALLOWED
    hub.message = good
    while status.next_offset < len(DATA):
        status = hub.chunk(status.next_offset)
    hub.step()
    assert hub.node.left == PHASE_UPDATE


def wrong_content():
    """What is whole but not what was announced is dropped, told once unasked and once more, and may then come again."""
    fresh()
    damaged = bytearray(DATA)
    damaged[-1] ^= 1
    no_index = b"99999\n" + DATA[6:]
    outside = packed({"main.mpy": b"1", "../key": b"2"})
    absolute = packed({"/key": b"2"})
    short = DATA[:-5]
    for data, sha, code in (
        (bytes(damaged), SHA, g.RESULT_BAD_HASH),
        (no_index, None, g.RESULT_MALFORMED),
        (outside, None, g.RESULT_MALFORMED),
        (absolute, None, g.RESULT_MALFORMED),
        (short, None, g.RESULT_MALFORMED),
        (b"00000", None, g.RESULT_MALFORMED),
        (packed({"seal": b"2"}), None, g.RESULT_MALFORMED),
    ):
        hub = Hub(data) if sha is None else Hub(data, sha256=sha)
        assert hub.send_all().code == g.RESULT_BUSY
        assert hub.step() == (2, 0, code), (data[:20], hub.node.sent[-1], code)
        assert hub.node.left is None and files.read("update.img") is None and files.read("b/seal") is None
        assert hub.begin() == (2, 0, code)
        assert hub.begin() == (2, 0, g.RESULT_OK)
        assert contents("a", OLD) and files.read("slot") is None
    assert chip.start(PWRON_RESET)[:2] == ("a", "a")


def chunks_in_any_order():
    fresh()
    hub = Hub()
    assert hub.chunk(0) == (2, 0, g.RESULT_NOT_STORED)
    assert hub.begin() == (2, 0, g.RESULT_OK)
    assert hub.chunk(400) == (2, 0, g.RESULT_BAD_OFFSET)
    assert hub.chunk(0) == (2, 400, g.RESULT_OK)
    assert hub.chunk(0) == (2, 400, g.RESULT_OK)  # its answer was lost
    assert hub.chunk(200) == (2, 600, g.RESULT_OK)  # half of it is new
    assert hub.chunk(len(DATA) - 100, data=bytes(200)).code == g.RESULT_BAD_OFFSET
    assert hub.chunk(600, data=bytes(len(DATA))).code == g.RESULT_MALFORMED
    assert hub.begin() == (2, 0, g.RESULT_OK)  # what was in RAM only is asked for again
    assert hub.update() and contents("b", NEW)


def resumed_at_every_chunk():
    """The power goes after each chunk; the same UPDATE_BEGIN goes on, never more than a batch before it."""
    for cut in range(0, len(DATA), CHUNK):
        disk = fresh()
        hub = Hub()
        status = hub.begin()
        while status.next_offset < cut:
            status = hub.chunk(status.next_offset)
        disk = again(disk)
        hub.again()
        status = hub.begin()
        assert cut - update._BATCH * CHUNK < status.next_offset <= max(cut, 0), (cut, status)
        assert hub.update() and contents("b", NEW)
        ramdisk.umount()


def idle_parts_keep_what_came():
    """Code that leaves for lack of messages writes what it holds; going on costs nothing twice."""
    fresh()
    hub = Hub()
    hub.begin()
    hub.chunk(0)
    hub.node.ms += 60000
    hub.part.step(hub.node.ms)
    assert hub.node.gone == [hub.part]
    hub.again()
    assert hub.begin() == (2, 400, g.RESULT_OK)
    assert hub.update()


def another_image_in_the_middle():
    fresh()
    hub = Hub()
    hub.begin()
    for offset in range(0, 4000, CHUNK):
        hub.chunk(offset)
    other = Hub(packed({"main.mpy": b"third"}))
    other.part, other.node = hub.part, hub.node
    assert other.update() and contents("b", {"main.mpy": b"third"})


def no_room():
    """The flash is full at the beginning, or in the middle of unpacking: told, and the image that runs is whole."""
    ended = set()
    for blocks in range(13, 30):
        fresh(blocks)
        hub = Hub()
        if hub.update():
            ended.add("switched")
        else:
            assert hub.node.sent[-1] == (2, 0, g.RESULT_NO_SPACE), hub.node.sent[-1]
            ended.add("late" if len(hub.node.sent) > 1 else "early")
            assert chip.start(PWRON_RESET)[0] == "a"
        assert contents("a", OLD)
        ramdisk.umount()
    assert ended == {"early", "late", "switched"}, ended


globals()[sys.argv[1]]()
print("ok")
