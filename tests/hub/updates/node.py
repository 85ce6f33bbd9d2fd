"""A scripted node that takes updates as docs/protocol.md says, and is strict about what it is sent; for hub tests.

`flash` is what survives the power; the rest is one boot. Nothing is sent or lost here: the test carries the bytes.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from hub.benchmark.scripted import ScriptedNode
from shared_protocol import registry as g
from shared_protocol.maintenance import (
    UpdateStatus,
    decode_update_begin,
    decode_update_chunk,
    encode_update_status,
    image_tag,
)

MOST = 400
OLD = hashlib.sha256(b"the program that it came with").digest()


@dataclass
class Flash:
    """Which images lie on it, what is received so far, and how the one that runs stands."""

    runs: bytes = OLD  # SHA-256 of what is proven
    trial: bytes = b""  # SHA-256 of what is on trial
    other: bytes = b""  # SHA-256 of what lies complete in the slot that does not run
    gone_back: bool = False
    wanted: bytes = b""
    received: bytearray = field(default_factory=bytearray)
    history: list[str] = field(default_factory=list)  # "trial NAME", "proven NAME", "rolled_back NAME", in short names


class UpdateNode:
    """Node `number` with `key`. `bad` are images that do not hold; `busy`: its machines run, so it does not switch."""

    def __init__(self, number: int, key: bytes) -> None:
        self.script = ScriptedNode(number, key, mac=bytes((2, 0, 0, 0, 0, number)))
        self.script.put_table()
        self.number, self.key = number, key
        self.flash = Flash()
        self.bad: set[bytes] = set()
        self.busy = False
        self.refuses: int | None = None
        self.knows_updates = True
        self.state = g.IMAGE_PROVEN  # what it says of an image that is neither on trial nor came back
        self.boots = 0
        self.asked_whole = 0  # it may still be checking, or wait until it is idle
        self.mistakes: list[str] = []
        self._begun: tuple[int, bytes] | None = None  # (size, SHA-256)
        self.reboot()

    # -- its life

    @property
    def image(self) -> bytes:
        """The image that runs."""
        return self.flash.trial or self.flash.runs

    def reboot(self) -> None:
        """The power went and came back."""
        self.boots += 1
        self._begun = None
        self.script.boot_no, self.script.session = self.boots, None

    def tear(self, count: int) -> None:
        """A power cut may cost the last bytes that were written."""
        self.flash.received = self.flash.received[: max(0, len(self.flash.received) - count)]
        self.reboot()

    def switch(self) -> bool:
        """Restart with what is whole, if it is idle; a bad image brings the old one back."""
        flash = self.flash
        if self.busy or flash.trial or not self._whole():
            return False
        flash.trial, flash.other, flash.wanted, flash.gone_back = flash.wanted, flash.runs, b"", False
        flash.received = bytearray()
        flash.history.append(f"trial {flash.trial[:8].hex()}")
        self.script.put_event(g.EVENT_UPDATE, 2, "0.2.0", g.RESULT_ON_TRIAL)
        self.reboot()
        return True

    def confirm(self) -> bool:
        """Five healthy minutes on trial are over."""
        flash = self.flash
        if not flash.trial or flash.trial in self.bad:
            return False
        flash.runs, flash.trial = flash.trial, b""
        flash.history.append(f"proven {flash.runs[:8].hex()}")
        self.script.put_event(g.EVENT_UPDATE, 2, "0.2.0", g.RESULT_OK)
        return True

    def roll_back(self) -> bool:
        """The image on trial has ended badly three times."""
        flash = self.flash
        if not flash.trial:
            return False
        flash.history.append(f"rolled_back {flash.trial[:8].hex()}")
        flash.other, flash.trial, flash.gone_back = flash.trial, b"", True
        self.reboot()
        self.script.put_event(g.EVENT_UPDATE, 2, "0.2.0", g.RESULT_FAULT)
        return True

    def _whole(self) -> bool:
        flash = self.flash
        return bool(flash.wanted) and (
            flash.wanted == flash.other or hashlib.sha256(flash.received).digest() == flash.wanted
        )

    # -- what it says

    def hello(self) -> bytes:
        """A HELLO datagram with a nonce of its own."""
        self.script.nonce = b"%02d%06d" % (self.number, self.script.uptime_s % 1_000_000)
        self.script.uptime_s += 1
        return self.script.hello(tlvs=list(self._tlvs()))

    def _tlvs(self) -> Iterator[tuple[int, bytes]]:
        yield g.TLV_BOARD, b"esp32_devkitc"
        if self.knows_updates:
            state = self.state
            if self.flash.trial:
                state = g.IMAGE_ON_TRIAL
            elif self.flash.gone_back:
                state = g.IMAGE_ROLLED_BACK
            yield g.TLV_IMAGE, self.image[:8] + bytes((state,))

    def now(self) -> bytes:
        """A NOW frame."""
        return self.script.now(tlvs=[(g.TLV_TRIAL, b"\1")] if self.flash.trial else [])

    def take(self, kind: int, body: bytes) -> list[bytes]:
        """What it answers to a message of the hub: sealed frames."""
        if kind == g.MSG_UPDATE_BEGIN:
            return [self._status(*self._begin(body))]
        if kind == g.MSG_UPDATE_CHUNK:
            return [self._status(*self._chunk(body))]
        return []

    def _status(self, slot: int, offset: int, code: int) -> bytes:
        return self.script.seal(g.MSG_UPDATE_STATUS, encode_update_status(UpdateStatus(slot, offset, code)))

    def _begin(self, body: bytes) -> tuple[int, int, int]:
        begin, flash = decode_update_begin(body), self.flash
        if begin.slot != 0:
            self.mistakes.append("a slot is named")
        if self.refuses is not None:
            return 2, 0, self.refuses
        if begin.tag != image_tag(self.key, begin.version, begin.sha256):
            self.mistakes.append("the tag does not fit")
            return 2, 0, g.RESULT_NOT_ALLOWED
        if begin.sha256 == self.image:
            return 2, begin.size, g.RESULT_OK
        if flash.trial:
            return 2, 0, g.RESULT_BUSY
        if begin.sha256 != flash.wanted:
            flash.wanted, flash.received = bytes(begin.sha256), bytearray()
        flash.gone_back = False
        self._begun = begin.size, bytes(begin.sha256)
        return self._stands(begin.size)

    def _stands(self, size: int) -> tuple[int, int, int]:
        if self._whole():
            self.asked_whole += 1
            return 2, size, g.RESULT_OK if self.asked_whole % 2 else g.RESULT_BUSY
        if len(self.flash.received) >= size:
            self.flash.received, self._begun = bytearray(), None
            return 2, 0, g.RESULT_BAD_HASH
        return 2, len(self.flash.received), g.RESULT_OK

    def _chunk(self, body: bytes) -> tuple[int, int, int]:
        chunk, flash = decode_update_chunk(body), self.flash
        if not 0 < len(chunk.data) <= MOST or chunk.slot != 2:
            self.mistakes.append(f"a chunk of {len(chunk.data)} bytes for slot {chunk.slot}")
        if self._begun is None or flash.trial:
            return 2, 0, g.RESULT_NOT_STORED
        if chunk.offset == len(flash.received) and not self._whole():
            flash.received += chunk.data
        elif chunk.offset > len(flash.received):
            return 2, len(flash.received), g.RESULT_BAD_OFFSET
        return self._stands(self._begun[0])
