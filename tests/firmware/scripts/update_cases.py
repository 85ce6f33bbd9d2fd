"""Update with a node in small, on a littlefs whose power goes: each case named by argv[1], more arguments behind it."""

import gc
import hashlib
import sys

import chip
import ramdisk
from chip import HARD_RESET, KEY, PWRON_RESET
from node import files, image, trial, unpack, update
from node.reset import PHASE_UPDATE

from shared_protocol import maintenance as m
from shared_protocol import registry as g

CHUNK = 400
BLOCKS = 48


def packed(files):
    """The image of these files."""
    index = b"".join([b"%d %s\n" % (len(data), path.encode()) for path, data in sorted(files.items())])
    return b"%05d\n" % len(index) + index + b"".join([data for _, data in sorted(files.items())])


def sealed(slot, contents, version=b"\x00\x01\x00", key=KEY):
    """Lay files and their seal into a slot."""
    whole = packed(contents)
    for path, data in contents.items():
        unpack._copy(Source(data), len(data), slot + "/" + path)
    sha = hashlib.sha256(whole).digest()
    index = whole[6 : 6 + int(whole[:5])]
    files.write(slot + "/seal", sha + m.image_tag(key, version, sha) + version + index)


class Source:
    """A file of these bytes."""

    def __init__(self, data):
        self.data = data

    def read(self, count):
        head, self.data = self.data[:count], self.data[count:]
        return head


OLD = {"main.mpy": b"old" * 300, "node/x.mpy": b"x" * 900}
NEW = {
    "main.mpy": b"new!" * 700,
    "node/x.mpy": b"y" * 5000,
    "node/drivers/z.mpy": b"",
    "shared_protocol/w.mpy": b"w" * 77,
}
DATA = packed(NEW)
SHA = hashlib.sha256(DATA).digest()
VERSION = b"\x00\x02\x01"


class History:
    def __init__(self):
        self.lease_until = self.hold_until = self.on = 0


class Actuator:
    def __init__(self):
        self.history = History()


class Node:
    """What update and trial ask of main's Node; `events`, `sent` (UPDATE_STATUS) and `left` (a phase) are kept."""

    def __init__(self):
        self.clock = self.status = self.actuators = self.recorder = self.reset = self.link = self.watchdog = self
        self.ms = 0
        self.all = [Actuator(), Actuator()]
        self.events, self.sent, self.phases = [], [], []
        self.left = self.image = None
        self.failures = 0
        self.session = self
        self.heard_ms = 0
        self.renewed = False
        self.gone = []

    def now(self):
        return self.ms

    def send(self, type, body):
        assert type == g.MSG_UPDATE_STATUS
        self.sent.append(m.decode_update_status(body))

    def event(self, code, fields):
        self.events.append((code, fields))

    def enter(self, phase):
        self.phases.append(phase)

    def leave(self, phase):
        self.left = phase

    def renew(self):
        self.renewed = True

    def on_time(self, now):
        return True

    def dismiss(self, part, *names):
        self.gone.append(part)


class Header:
    def __init__(self, type):
        self.type = type


class Hub:
    """Sends an image to a part as the protocol says; `part` may be replaced, as by a reset."""

    def __init__(self, data=DATA, **changes):
        self.node = Node()
        self.part = update.Update(self.node)
        self.data = data
        sha = changes.get("sha256", hashlib.sha256(data).digest())
        version = changes.get("version", VERSION)
        tag = changes.get("tag", m.image_tag(KEY, version, sha))
        self.message = m.UpdateBegin(changes.get("slot", 0), changes.get("size", len(data)), sha, version, tag)

    def again(self):
        """The node was reset."""
        self.node = Node()
        self.part = update.Update(self.node)

    def begin(self):
        self.part.handle(self.node, Header(g.MSG_UPDATE_BEGIN), m.encode_update_begin(self.message))
        return self.node.sent[-1]

    def chunk(self, offset, size=CHUNK, data=None):
        data = self.data[offset : offset + size] if data is None else data
        body = m.encode_update_chunk(m.UpdateChunk(0, offset, data))
        self.part.handle(self.node, Header(g.MSG_UPDATE_CHUNK), body)
        return self.node.sent[-1]

    def send_all(self):
        """Everything up to the last chunk; the last answer."""
        status = self.begin()
        while status.code == g.RESULT_OK and status.next_offset < len(self.data):
            status = self.chunk(status.next_offset)
        return status

    def step(self, most=2000):
        """Let the node work until it leaves or has nothing to do; the last status it told."""
        for _ in range(most):
            if self.node.left is not None or self.part._work is None:
                break
            self.node.ms = max(self.node.ms, self.part.due)
            self.part.step(self.node.ms)
        return self.node.sent[-1] if self.node.sent else None

    def update(self):
        """All of it; True when the node left to start the new image."""
        self.send_all()
        self.step()
        return self.node.left == PHASE_UPDATE


def fresh(blocks=BLOCKS):
    """A disk with a node's slot a, its key, and nothing else."""
    gc.collect()
    disk = ramdisk.RamDisk(blocks)
    ramdisk.mount(disk, fresh=True)
    files.write_guarded("key", b"\x07\x00" + KEY)
    sealed("a", OLD)
    sys.path.insert(0, "a")
    return disk


def again(disk, path="a"):
    """The power came back."""
    ramdisk.umount()
    disk = ramdisk.RamDisk(image=disk.data)
    ramdisk.mount(disk)
    sys.path[0] = path
    return disk


def contents(slot, of):
    """True when the slot holds exactly these files."""
    return all([files.read(slot + "/" + path) == data for path, data in of.items()])


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


# the power goes at flash operation n


def whole(disk, cut):
    """After any cut: a sound slot runs, the old one or the new, and the update ends when it is asked for again."""
    disk = again(disk)
    running, standing, _ = chip.start(PWRON_RESET)
    assert running == ("b" if standing == "ab0" else "a"), (cut, running, standing)
    assert contents("a", OLD), cut
    if running == "b":
        assert contents("b", NEW), cut
        return
    sys.path[0] = running
    hub = Hub()
    hub.part.go_on()
    hub.step()
    if hub.node.left is None:
        assert hub.update(), (cut, hub.node.sent[-1])
    assert contents("b", NEW) and contents("a", OLD) and files.read("slot") == b"ab0", cut


def cut_anywhere_in_an_update():
    """The power goes at operation `cut`, for every one of them."""
    cut = 0
    while True:
        disk = fresh()
        disk.operations = 0
        disk.cut_at = cut
        hub = Hub()
        try:
            done = hub.update()
        except OSError:
            done = False
        disk.cut_at = -1
        whole(disk, cut)
        ramdisk.umount()
        if done:
            break
        cut += 1
    assert cut > 200


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


class Board:
    """A node whose power goes at random operations of its flash; `random(n)` is the dice."""

    def __init__(self, random):
        self.random = random
        self.disk = fresh()
        self.cuts = 0
        self.running, self.standing = "a", "a"
        self.images = {"a": OLD}

    def threaten(self, most):
        """The power will go within so many operations, or not at all."""
        self.disk.operations = 0
        self.disk.cut_at = self.random(most) if self.random(4) else -1

    def start(self, cause, memory=None):
        """Start it, and again whenever the power goes while boot.py writes; a whole image runs."""
        self.disk = again(self.disk, self.running)
        self.threaten(8)
        self.running, self.standing, names = chip.start(cause, memory)
        if self.disk.cut_at >= 0 and self.disk.operations > self.disk.cut_at:
            self.cuts += 1
            self.disk.cut_at = -1
            return self.start(PWRON_RESET)
        self.disk.cut_at = -1
        sys.path[0] = self.running
        assert self.running in ("a", "b") and contents(self.running, self.images[self.running])
        return names

    def receive(self, hub):
        """The hub sends until the node has switched."""
        while self.standing[2:] != "0":
            hub.again()
            self.threaten(180)
            try:
                hub.part.go_on()
                done = hub.update()
            except OSError:
                done = False
            self.cuts += self.disk.cut_at >= 0 and self.disk.operations > self.disk.cut_at
            self.disk.cut_at = -1
            self.start(HARD_RESET if done else PWRON_RESET, b"NR\x06\x00\x00...." if done else None)

    def confirm(self):
        """5 healthy minutes, until they are written down."""
        while len(self.standing) != 1:
            node = Node()
            part = trial.Trial(node)
            node.ms = node.heard_ms = 600000
            self.threaten(6)
            try:
                part.step(node.ms)
            except OSError:
                self.cuts += 1
            self.disk.cut_at = -1
            self.start(PWRON_RESET)

    def fail(self):
        """Three bad ends of the trial."""
        for _ in range(3):
            self.start(HARD_RESET, b"NR\x06\x00\x00....S")


def many_updates():
    """argv: how many, seed. Each gets there however often the power goes; every fourth is broken and taken back."""
    count, state = int(sys.argv[2]), [int(sys.argv[3])]

    def random(most):
        state[0] = (state[0] * 1103515245 + 12345) & 0x7FFFFFFF
        return (state[0] >> 8) % most

    board = Board(random)
    for i in range(count):
        new = {"main.mpy": b"%d " % i * (1 + random(900)), "node/p.mpy": bytes([random(256)]) * random(6000)}
        new["node/" + "vwxyz"[random(5)] + ".mpy"] = b"z" * random(300)
        before = board.running
        board.images["b" if before == "a" else "a"] = new
        hub = Hub(packed(new), version=bytes([0, i >> 8, i & 255]))
        board.receive(hub)
        assert board.running != before and board.standing == before + board.running + "0"
        if random(4):
            board.confirm()
            assert board.running != before and board.standing == board.running
        else:
            board.fail()
            while board.standing[2:].isdigit():  # the power went before boot.py had counted
                board.start(HARD_RESET, b"NR\x06\x00\x00....S")
            assert board.running == before and board.standing == before + ("b" if before == "a" else "a") + "f"
    print(count, "updates,", board.cuts, "power cuts")
    assert board.cuts > count // 2


globals()[sys.argv[1]]()
print("ok")
