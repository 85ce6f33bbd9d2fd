"""The sessions of each node: one active, up to four pending; kept by the link under its lock.

A HELLO only makes a pending session. The active one stays until a frame with a valid tag arrives under a pending one,
so that replayed HELLOs neither end a session nor shut a node out.
"""

from dataclasses import dataclass
from typing import Any

from hub.carriers.base import Address
from hub.store.tables import Key
from shared_protocol.registry import PENDING_SESSIONS


@dataclass
class Slot:
    """A session as the hub holds it. `address` is where its last authentic frame came from."""

    session: Any  # shared_protocol.session.Session
    hello: Any  # shared_protocol.handshake.Hello
    reply: bytes
    closes: bool  # its HELLO_ACK asked to close the open block
    address: Address
    mac: str | None
    newest_now: int = -1  # the counter of the newest NOW that was shown

    @property
    def key(self) -> Key:
        """The journal whose records come under this session."""
        return int(self.session.node), int(self.hello.journal_id)


class NodeSessions:
    """Active and pending sessions of one node."""

    def __init__(self) -> None:
        self.active: Slot | None = None
        self._pending: dict[bytes, Slot] = {}  # by the HELLO's nonce, oldest first

    def answered(self, nonce: bytes) -> Slot | None:
        """The slot that was made for this HELLO, if it is still there."""
        if self.active is not None and self.active.hello.nonce == nonce:
            return self.active
        return self._pending.get(nonce)

    def add(self, slot: Slot) -> None:
        """A new pending session; of too many the oldest goes."""
        while len(self._pending) >= PENDING_SESSIONS:
            del self._pending[next(iter(self._pending))]
        self._pending[slot.hello.nonce] = slot

    def find(self, number: int) -> Slot | None:
        """The session with this number."""
        if self.active is not None and self.active.session.number == number:
            return self.active
        return next((slot for slot in self._pending.values() if slot.session.number == number), None)

    def used(self) -> set[int]:
        """Numbers that a new session must not get."""
        used = {int(slot.session.number) for slot in self._pending.values()}
        return used | {int(self.active.session.number)} if self.active is not None else used

    def promote(self, slot: Slot) -> None:
        """A pending session proved itself: it is the active one now."""
        self._pending.pop(slot.hello.nonce, None)
        self.active = slot


class Sessions:
    """All nodes' sessions."""

    def __init__(self) -> None:
        self._nodes: dict[int, NodeSessions] = {}

    def of(self, node: int) -> NodeSessions:
        """A node's sessions, made at first use. Ask only for numbers of the fleet."""
        found = self._nodes.get(node)
        if found is None:
            found = self._nodes[node] = NodeSessions()
        return found

    def forget(self, node: int) -> None:
        """End all sessions of a node: its key is another one now."""
        self._nodes.pop(node, None)

    def active(self, node: int) -> Slot | None:
        """The session to send under, None when there is none."""
        found = self._nodes.get(node)
        return found.active if found else None
