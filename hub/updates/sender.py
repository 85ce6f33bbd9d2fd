"""The sender: one image on its way to each of a few nodes, chunk by chunk, from where the node says it stands; used by
the rollout.

Stop and wait: one message in flight per node, sent again until its answer. The node's UPDATE_STATUS says where the next
chunk goes, so a transfer goes on after any reboot of either side; each new session begins with UPDATE_BEGIN. What a
node reports beyond its own reception (that it runs the image, that it went back) comes by HELLO, not here.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from hub.clock import Clock
from shared_protocol import registry as g
from shared_protocol.maintenance import (
    UpdateBegin,
    UpdateChunk,
    decode_update_status,
    encode_update_begin,
    encode_update_chunk,
    image_tag,
)
from shared_protocol.names import RESULTS

CHUNK = 400  # bytes: what a node takes at once
GAP_S = 0.05  # between two chunks to one node: at most 8 KB/s, so that its other messages have the air to themselves
AGAIN_S = 1.0  # without an answer …
SLOWEST_S = 30.0  # … and twice as long each time for UPDATE_BEGIN, which asks a silent node
ASK_S = 10.0  # a node that is busy is asked again
QUIET_S = 20.0  # a transfer without an answer for so long is no longer under way
TRIES = 6  # news that it came to nothing on the node's side; a node tells each failure twice
FREE_SLOT = 0  # "the one that does not run"

# What the rollout is told of a transfer.
BEGUN, STORED, REFUSED = "begun", "stored", "refused"
TRY_AGAIN_S = {g.RESULT_BAD_HASH: 1.0, g.RESULT_MALFORMED: 1.0, g.RESULT_FLASH: 10.0, g.RESULT_FAULT: 10.0}

Send = Callable[[int, int, bytes], bool]  # node, type, body; False without a session
KeyOf = Callable[[int], bytes | None]
Told = Callable[[int, str, str], None]  # node, BEGUN, STORED or REFUSED, result by name


@dataclass(frozen=True)
class Image:
    """What is sent: the bytes and what names them."""

    data: bytes
    sha256: bytes
    version: bytes  # major, minor, patch


@dataclass
class _Transfer:
    """`slot` 0 = the node must be asked where it stands (UPDATE_BEGIN) before a chunk goes out."""

    image: Image
    heard_s: float
    slot: int = FREE_SLOT
    offset: int = 0
    next_s: float = 0.0
    ready_s: float = 0.0  # no chunk before
    again_s: float = AGAIN_S
    stored: bool = False
    failures: int = 0
    failed_s: float = 0.0


class Sender:
    """All transfers. Called under the link's lock, and so are its callbacks."""

    def __init__(
        self, clock: Clock, send: Send, key_of: KeyOf, lock: threading.RLock, told: Told, gap_s: float = GAP_S
    ) -> None:
        self._clock, self._send, self._key_of, self.lock, self._told = clock, send, key_of, lock, told
        self._transfers: dict[int, _Transfer] = {}
        self.gap_s = gap_s

    def offer(self, node: int, image: Image) -> None:
        """Bring this image to a node; one on its way to it already just goes on."""
        with self.lock:
            known = self._transfers.get(node)
            if known is None or known.image.sha256 != image.sha256:
                self._transfers[node] = _Transfer(image, self._clock.monotonic())
            self._push(node)

    def cancel(self, node: int) -> None:
        """Send no more; the node keeps what it has."""
        with self.lock:
            self._transfers.pop(node, None)

    def sent(self, node: int) -> int | None:
        """How many bytes the node has acknowledged, None without a transfer."""
        found = self._transfers.get(node)
        return None if found is None else len(found.image.data) if found.stored else found.offset

    def under_way(self, node: int) -> bool:
        """Whether the node has answered lately."""
        found = self._transfers.get(node)
        return found is not None and self._clock.monotonic() - found.heard_s < QUIET_S

    def offered(self, node: int) -> bool:
        """Whether there is a transfer to the node."""
        return node in self._transfers

    # -- for the link and the service

    def session(self, node: int) -> None:
        """A new session: ask the node where it stands."""
        with self.lock:
            if node in self._transfers:
                self._ask(self._transfers[node], 0.0)
                self._push(node)

    def status(self, node: int, body: bytes) -> None:
        """An UPDATE_STATUS. Raises ProtocolError."""
        status = decode_update_status(body)
        with self.lock:
            transfer = self._transfers.get(node)
            if transfer is not None:
                transfer.heard_s = self._clock.monotonic()
                self._judge(node, transfer, status.slot, status.next_offset, status.code)
                self._push(node)

    def refused(self, node: int, type: int, code: int) -> None:
        """A NAK: the node's program knows no updates, or could not read one."""
        with self.lock:
            if node in self._transfers and type in (g.MSG_UPDATE_BEGIN, g.MSG_UPDATE_CHUNK):
                self._refuse(node, code)

    def tick(self) -> None:
        """Send what is due; call it some times a second."""
        with self.lock:
            for node in list(self._transfers):
                self._push(node)

    # -- inside

    def _judge(self, node: int, transfer: _Transfer, slot: int, offset: int, code: int) -> None:
        """What an answer changes."""
        whole = offset == len(transfer.image.data)
        if code == g.RESULT_OK and not whole:
            self._advance(node, transfer, slot, offset)
        elif code in (g.RESULT_OK, g.RESULT_BUSY):
            self._wait(node, transfer, whole)
        elif code in (g.RESULT_BAD_OFFSET, g.RESULT_NOT_STORED):
            self._seek(transfer, offset)
        elif code in TRY_AGAIN_S:
            self._fail(node, transfer, code)
        else:
            self._refuse(node, code)

    def _advance(self, node: int, transfer: _Transfer, slot: int, offset: int) -> None:
        """Good so far. An answer that was overtaken, or came twice, moves nothing."""
        if transfer.slot == FREE_SLOT:
            transfer.slot, transfer.offset, transfer.next_s = slot, offset, 0.0
            transfer.stored = False
            self._told(node, BEGUN, "")
        elif offset > transfer.offset:
            transfer.offset, transfer.next_s = offset, 0.0

    def _wait(self, node: int, transfer: _Transfer, stored: bool) -> None:
        """Nothing to send for now: it is whole there (HELLO tells when it runs), or another image is on trial."""
        if stored and not transfer.stored:
            transfer.stored = True
            self._told(node, STORED, "")
        self._ask(transfer, ASK_S)

    def _seek(self, transfer: _Transfer, offset: int) -> None:
        """The node stands elsewhere; nowhere at all when it has forgotten the beginning."""
        if transfer.slot == FREE_SLOT:
            return  # it answers something that was sent before
        if 0 < offset < len(transfer.image.data):
            transfer.offset, transfer.next_s = offset, 0.0
        else:
            self._ask(transfer, 0.0)

    def _fail(self, node: int, transfer: _Transfer, code: int) -> None:
        """What came together was not the image, or the flash refused it: from the start, but not for ever."""
        now_s = self._clock.monotonic()
        if now_s - transfer.failed_s < TRY_AGAIN_S[code]:
            return  # the same news twice
        transfer.failures, transfer.failed_s, transfer.stored = transfer.failures + 1, now_s, False
        if transfer.failures >= TRIES:
            self._refuse(node, code)
        else:
            self._ask(transfer, TRY_AGAIN_S[code])

    def _refuse(self, node: int, code: int) -> None:
        del self._transfers[node]
        self._told(node, REFUSED, RESULTS.get(code, f"result_{code}"))

    def _ask(self, transfer: _Transfer, in_s: float) -> None:
        """Turn to UPDATE_BEGIN."""
        transfer.slot, transfer.again_s = FREE_SLOT, AGAIN_S
        transfer.next_s = self._clock.monotonic() + in_s

    def _push(self, node: int) -> None:
        """Send what is due to one node."""
        transfer, now_s = self._transfers.get(node), self._clock.monotonic()
        if transfer is None or now_s < transfer.next_s:
            return
        if transfer.slot != FREE_SLOT and now_s - transfer.heard_s >= QUIET_S:
            self._ask(transfer, 0.0)
        if transfer.slot == FREE_SLOT:
            transfer.next_s = now_s + transfer.again_s
            transfer.again_s = min(SLOWEST_S, 2 * transfer.again_s)
            self._begin(node, transfer)
        elif now_s >= transfer.ready_s:
            transfer.next_s, transfer.ready_s = now_s + AGAIN_S, now_s + self.gap_s
            chunk = transfer.image.data[transfer.offset : transfer.offset + CHUNK]
            body = encode_update_chunk(UpdateChunk(transfer.slot, transfer.offset, chunk))
            self._send(node, g.MSG_UPDATE_CHUNK, bytes(body))

    def _begin(self, node: int, transfer: _Transfer) -> None:
        image, key = transfer.image, self._key_of(node)
        if key is None:
            return
        tag = image_tag(key, image.version, image.sha256)
        begin = UpdateBegin(FREE_SLOT, len(image.data), image.sha256, image.version, tag)
        self._send(node, g.MSG_UPDATE_BEGIN, bytes(encode_update_begin(begin)))
