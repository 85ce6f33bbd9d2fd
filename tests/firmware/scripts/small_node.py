"""A node in small, on a littlefs whose power goes, and a hub that sends it an image; for the scripts of updates."""

import gc
import hashlib
import sys

import ramdisk
from chip import KEY
from node import files, unpack, update
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
