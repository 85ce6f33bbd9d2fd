"""An update over the air: receives an image, checks it, lays it into the slot that does not run, and switches when the
node is idle. Loaded by main when an UPDATE message comes.

What is there already survives any power cut: `update.img` is a header that names the image (SHA-256, tag, version,
size) and its first bytes; a slot counts only with its seal, which is written last. The hub goes on with the same
UPDATE_BEGIN.
"""

import struct

from node import files, identity, image, unpack
from node.reset import PHASE_RUNNING, PHASE_UPDATE
from shared_protocol import maintenance as m
from shared_protocol import registry as g
from shared_protocol.crypt import same

MOST_BYTES = 163840  # of an image: what main.RESERVE leaves room for
PATIENCE_MS = 1800000  # after that it no longer waits for outputs that rules switch
_FORM = "<32s16s3sI"
_BATCH = 5  # chunks written at once: each append costs littlefs a block
_LOOK_MS = 2000
_IDLE_MS = 60000
_LEAVING = ("node.unpack", "node.image", "node.identity", "shared_protocol.maintenance")


class Update:
    """A part of the main loop as long as it lives; `node` is main's Node."""

    def __init__(self, node):
        self._node = node
        self._slot = image.other()
        self._begin = None  # the UPDATE_BEGIN in force
        self._ready = False  # it lies in its slot, whole, and waits for the node to be idle
        self._next = 0  # offset of the next byte that is wanted
        self._batch = []  # received, not on flash yet; never joined: a heap in use may not have so much in one piece
        self._work = None  # goes through the stages after the last byte, a little at each step
        self._failed = None  # (SHA-256, RESULT_ code) that the hub is told once more
        self._used = node.clock.now()
        self.due = self._used + _IDLE_MS

    def handle(self, link, header, body):
        """Answer UPDATE_BEGIN or UPDATE_CHUNK. Raises ProtocolError."""
        now = self._used = self._node.clock.now()
        self.due = now if self._work else now + _IDLE_MS
        if header.type == g.MSG_UPDATE_BEGIN:
            next, code = self._open(m.decode_update_begin(body))
        elif header.type == g.MSG_UPDATE_CHUNK:
            next, code = self._take(m.decode_update_chunk(body))
        else:
            return False
        self._tell(link, next, code)
        return True

    def _tell(self, link, next, code):
        link.send(g.MSG_UPDATE_STATUS, m.encode_update_status(m.UpdateStatus(image.number(self._slot), next, code)))

    def step(self, now):
        """Go on with the work; leave when nothing came for a minute."""
        self.due = now + _IDLE_MS
        if self._work is None:
            if now - self._used >= _IDLE_MS:
                self._store()
                self._node.dismiss(self, "node.update", *_LEAVING)
            return
        try:
            self.due = now + next(self._work)
        except StopIteration:
            self._work = None
        except (unpack.Refused, OSError) as error:
            self._fail(error)

    def _fail(self, error):
        code = error.args[0] if isinstance(error, unpack.Refused) else unpack.code_of(error)
        self._failed = (self._begin.sha256, code)
        self._work = self._begin = None
        files.remove(unpack.STORE)
        if self._node.link.session is not None:
            self._tell(self._node.link, 0, code)

    def go_on(self):
        """After a start: what lay on the flash as a whole when the power went is installed without the hub."""
        try:
            with open(unpack.STORE, "rb") as file:
                head = file.read(unpack.HEAD)
        except OSError:
            return
        if len(head) == unpack.HEAD:
            sha256, tag, version, size = struct.unpack(_FORM, head)
            if files.size(unpack.STORE) - unpack.HEAD < size:
                return
            self._open(m.UpdateBegin(0, size, sha256, version, tag))

    # receiving

    def _open(self, begin):
        """(next offset, RESULT_ code) for an UPDATE_BEGIN; one that is refused changes nothing."""
        if begin.slot not in (0, image.number(self._slot)) or not self._authentic(begin):
            return 0, g.RESULT_NOT_ALLOWED
        if self._work and begin[1:] == self._begin[1:]:
            return begin.size, g.RESULT_OK if self._ready else g.RESULT_BUSY
        if self._failed and self._failed[0] == begin.sha256:
            code, self._failed = self._failed[1], None
            return 0, code
        sealed = image.seal(image.running())
        if sealed and sealed[0] == begin.sha256:
            files.remove(unpack.STORE)
            return begin.size, g.RESULT_OK
        if image.on_trial():
            return 0, g.RESULT_BUSY
        if begin.size > MOST_BYTES:
            return 0, g.RESULT_NO_SPACE
        code = self._resume(begin)
        if self._begin:
            try:
                self._node.status.image = image.update_begins()
            except OSError as error:
                self._work = self._begin = None
                return 0, unpack.code_of(error)
        return self._next, code

    def _authentic(self, begin):
        key = identity.load()[1]
        return key is not None and same(m.image_tag(key, begin.version, begin.sha256), begin.tag)

    def _resume(self, begin):
        """Find what is there of this image, or make room for it."""
        self._work, self._batch, self._ready = None, [], False
        self._begin = begin
        sealed = image.seal(self._slot)
        if sealed == (begin.sha256, begin.tag, begin.version):
            return self._whole(self._settle())
        head = struct.pack(_FORM, begin.sha256, begin.tag, begin.version, begin.size)
        held = unpack.held(head)
        self._next = held or 0
        if held is None:
            code = unpack.made(head, begin.size)
            if code != g.RESULT_OK:
                self._begin = None
                return code
        if self._next >= begin.size:
            return self._whole(self._install())
        return g.RESULT_OK

    def _whole(self, work):
        self._next = self._begin.size
        self._work = work
        self.due = 0
        return g.RESULT_BUSY

    def _take(self, chunk):
        """(next offset, RESULT_ code) for an UPDATE_CHUNK."""
        begin = self._begin
        if begin is None or chunk.slot not in (0, image.number(self._slot)):
            return 0, g.RESULT_NOT_STORED
        if self._work:
            return begin.size, g.RESULT_OK if self._ready else g.RESULT_BUSY
        if chunk.offset > self._next:
            return self._next, g.RESULT_BAD_OFFSET
        if chunk.offset + len(chunk.data) > begin.size:
            return self._next, g.RESULT_MALFORMED
        fresh = chunk.data[self._next - chunk.offset :]
        if fresh:
            self._batch.append(fresh)
            self._next += len(fresh)
        code = g.RESULT_OK
        if len(self._batch) >= _BATCH or self._next == begin.size:
            code = self._store()
        if code == g.RESULT_OK and self._next == begin.size:
            code = self._whole(self._install())
        return self._next, code

    def _store(self):
        """Put what came onto the flash; a RESULT_ code. What the flash refuses is asked for again."""
        batch, self._batch = self._batch, []
        if not batch:
            return g.RESULT_OK
        try:
            with open(unpack.STORE, "ab") as file:
                for data in batch:
                    file.write(data)
        except OSError as error:
            self._next = max(0, files.size(unpack.STORE) - unpack.HEAD)
            return unpack.code_of(error)
        return g.RESULT_OK

    # after the last byte: generators that yield how long to wait (ms)

    def _install(self):
        """Check the whole, lay it into the slot, then settle it."""
        yield from unpack.checked(self._begin)
        yield from unpack.unpacked(self._begin, self._slot)
        yield from self._settle()

    def _settle(self):
        """Read the slot back; when it is what was announced, switch to it as soon as the node is idle."""
        yield from unpack.read_back(self._begin, self._slot)
        self._ready = True
        began = self._node.clock.now()
        while not self._idle(began):
            yield _LOOK_MS
        self._switch()

    def _idle(self, began):
        """No lease, no hold, no settings on trial, and every output off (the last only for PATIENCE_MS)."""
        now = self._node.clock.now()
        histories = [actuator.history for actuator in self._node.actuators.all]
        if files.read("trial") is not None or any([now < 1000 * max(h.lease_until, h.hold_until) for h in histories]):
            return False
        return now - began >= PATIENCE_MS or not any([h.on for h in histories])

    def _switch(self):
        node = self._node
        files.remove(unpack.STORE)  # before the switch: after a rollback it would be installed again
        node.reset.enter(PHASE_UPDATE)  # a reset from here on is no bad end of the new image
        try:
            files.write(image.SLOT, (image.running() + self._slot + "0").encode())
        except OSError:
            node.reset.enter(PHASE_RUNNING)
            raise
        version = image.version(image.seal(self._slot))
        node.recorder.event(g.EVENT_UPDATE, (image.number(self._slot), version, g.RESULT_ON_TRIAL))
        node.leave(PHASE_UPDATE)
