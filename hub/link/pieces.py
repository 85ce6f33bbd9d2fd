"""Pieces: a text longer than a frame goes to a node chunk by chunk, until the node says what became of it; for recipes
and settings.

One text at a time and one piece in flight per node. A piece is sent again after a second; after 20 s of silence the
text is given up and its owner is told. The answer names the text, not the piece, so an answer that may belong to an
earlier sending is not believed: the piece goes out once more.
"""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hub.clock import Clock
from shared_protocol import registry as g
from shared_protocol.maintenance import Recipe, Settings, encode_recipe, encode_settings
from shared_protocol.names import RESULTS

CHUNK = 400  # bytes; with its 14 bytes of fields and the frame around it far below what any Wi-Fi carries whole
AGAIN_S = 1.0
GIVE_UP_S = 20.0  # without any answer
STALE_S = 5.0  # longer than a frame lives on a LAN: after it no answer to an earlier sending can come
STARTS = 5  # how often one text is begun anew
# The node lost its place, made something else of the pieces, or had no memory for the whole just then.
ANEW = (g.RESULT_BAD_OFFSET, g.RESULT_BAD_HASH, g.RESULT_NO_SPACE)

NO_ANSWER = "no_answer"

Send = Callable[[int, int, bytes], bool]  # node, type, body; False without a session
Done = Callable[[int, bytes, str], None]  # node, hash, code: "ok", a RESULT by name, or NO_ANSWER

_MAKE: dict[int, Callable[[Any], bytes]] = {
    g.MSG_RECIPE: lambda fields: bytes(encode_recipe(Recipe(*fields))),
    g.MSG_SETTINGS: lambda fields: bytes(encode_settings(Settings(*fields))),
}
_ANSWERS = {g.MSG_RECIPE_ACK: g.MSG_RECIPE, g.MSG_SETTINGS_ACK: g.MSG_SETTINGS}


def hash8(text: bytes) -> bytes:
    """The name of a text on the wire: SHA-256, cut."""
    return hashlib.sha256(text).digest()[:8]


@dataclass
class _Transfer:
    """A text under way. `stale`: answers to earlier sendings that may still come; `sends`: of the present piece."""

    type: int
    text: bytes
    hash: bytes
    done: Done
    heard_s: float
    offset: int = 0
    sends: int = 0
    stale: int = 0
    moved_s: float = 0.0
    next_s: float = 0.0
    starts: int = 0

    @property
    def chunk(self) -> bytes:
        return self.text[self.offset : self.offset + CHUNK]


class Pieces:
    """Texts on their way to nodes. `done` callbacks are called under the link's lock, as the link calls this."""

    def __init__(self, clock: Clock, send: Send, lock: threading.RLock) -> None:
        self._clock, self._send, self._lock = clock, send, lock
        self._queues: dict[int, list[_Transfer]] = {}  # by node, the first one is under way

    def offer(self, node: int, type: int, text: bytes, done: Done) -> bytes:
        """Send a text of MSG_RECIPE or MSG_SETTINGS; a waiting or unfinished one of the same type is dropped unheard.

        Returns its hash. `done` is told once, unless a newer offer takes its place.
        """
        with self._lock:
            self.cancel(node, type)
            transfer = _Transfer(type, text, hash8(text), done, self._clock.monotonic())
            self._queues.setdefault(node, []).append(transfer)
            self._push(node)
            return transfer.hash

    def cancel(self, node: int, type: int) -> None:
        """Forget what is on its way; the node drops a part that is not followed."""
        with self._lock:
            queue = self._queues.get(node, [])
            queue[:] = [transfer for transfer in queue if transfer.type != type]

    def under_way(self, node: int, type: int) -> tuple[int, int] | None:
        """(bytes that the node has, bytes in all) of a text on its way, None without one."""
        with self._lock:
            for transfer in self._queues.get(node, []):
                if transfer.type == type:
                    return transfer.offset, len(transfer.text)
            return None

    # -- for the link

    def session(self, node: int) -> None:
        """A new session: what the node had collected may be gone with its last life."""
        with self._lock:
            for transfer in self._queues.get(node, [])[:1]:
                self._begin(transfer)
                transfer.starts = transfer.stale = 0  # no answer of an old session is heard any more
            self._push(node)

    def answered(self, node: int, type: int, answer: Any) -> None:
        """A RECIPE_ACK or SETTINGS_ACK (shared_protocol.maintenance)."""
        with self._lock:
            transfer = self._first(node)
            if transfer is None or transfer.type != _ANSWERS[type] or transfer.hash != answer.hash:
                return
            transfer.heard_s = self._clock.monotonic()
            self._judge(node, transfer, answer.code)
            self._push(node)

    def refused(self, node: int, type: int, code: int) -> None:
        """A NAK: the node does not know this type of message, or could not read it."""
        with self._lock:
            transfer = self._first(node)
            if transfer is not None and transfer.type == type:
                self._end(node, transfer, RESULTS.get(code, f"result_{code}"))

    def tick(self) -> None:
        """Send again what is due, give up what nobody answers; call it some times a second."""
        with self._lock:
            for node in [node for node, queue in self._queues.items() if queue]:
                self._push(node)

    # -- inside

    def _first(self, node: int) -> _Transfer | None:
        queue = self._queues.get(node)
        return queue[0] if queue else None

    def _begin(self, transfer: _Transfer) -> None:
        """Go back to the first piece."""
        self._move(transfer, 0)
        transfer.starts += 1
        transfer.heard_s = self._clock.monotonic()

    def _move(self, transfer: _Transfer, offset: int) -> None:
        """Turn to another piece; sendings of this one may still be answered."""
        transfer.stale += max(0, transfer.sends - 1)
        transfer.offset, transfer.sends = offset, 0
        transfer.moved_s, transfer.next_s = self._clock.monotonic(), 0.0

    def _judge(self, node: int, transfer: _Transfer, code: int) -> None:
        """What an answer changes."""
        if transfer.stale and self._clock.monotonic() - transfer.moved_s < STALE_S:
            transfer.stale -= 1
            transfer.next_s = 0.0
        elif code == g.RESULT_OK and transfer.offset + CHUNK < len(transfer.text):
            self._move(transfer, transfer.offset + CHUNK)
        elif code in ANEW and transfer.starts < STARTS:
            self._begin(transfer)
        elif code != g.RESULT_BUSY:
            self._end(node, transfer, RESULTS.get(code, f"result_{code}"))

    def _end(self, node: int, transfer: _Transfer, code: str) -> None:
        self._queues[node].remove(transfer)
        following = self._first(node)
        if following is not None:
            following.heard_s = self._clock.monotonic()
        transfer.done(node, transfer.hash, code)

    def _push(self, node: int) -> None:
        """Send the present piece if it is due, or give up."""
        transfer, now_s = self._first(node), self._clock.monotonic()
        if transfer is None:
            return
        if now_s - transfer.heard_s >= GIVE_UP_S:
            self._end(node, transfer, NO_ANSWER)
        elif now_s >= transfer.next_s:
            transfer.next_s = now_s + AGAIN_S
            fields = (transfer.hash, transfer.offset, len(transfer.text), transfer.chunk)
            transfer.sends += bool(self._send(node, transfer.type, _MAKE[transfer.type](fields)))
