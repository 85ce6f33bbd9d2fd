"""Owns one session: its two keys, its counters, its replay window. Used by the node's link and the hub's link.

K is 16 bytes per node. A (session, direction, counter) seals exactly one plaintext; a retransmission is sealed again.
"""

import hashlib

from shared_protocol.crypt import Ccm, hmac_sha256
from shared_protocol.errors import Exhausted, Malformed, NotOurs, OutOfRange, Reflected, Replayed
from shared_protocol.frame import MAX_BODY, SEALED, TO_NODE, pack_header, parse_header
from shared_protocol.portable import const
from shared_protocol.registry import WINDOW_HUB, WINDOW_NODE

_WORN = const(0xF00000)
_LAST = const(0xFFFFFF)


def mac_key(key):
    """K -> K_mac, 16 bytes: authenticates HELLO and HELLO_ACK."""
    return hmac_sha256(key, b"nv1 hello")[:16]


def kdf_key(key):
    """K -> K_kdf, 16 bytes: what session keys are derived from."""
    return hmac_sha256(key, b"nv1 kdf")[:16]


def hello_nonce(random16, boot_no, ticks, key):
    """8 bytes: SHA-256(16 random bytes | boot_no u32 | ticks u32 | K)[:8]; not repeated even if the random is weak."""
    mixed = hashlib.sha256(random16)
    mixed.update((boot_no & 0xFFFFFFFF).to_bytes(4, "little"))
    mixed.update((ticks & 0xFFFFFFFF).to_bytes(4, "little"))
    mixed.update(key)
    return mixed.digest()[:8]


def session_keys(kdf, node, session, node_nonce, hub_nonce):
    """(k_up, k_down), 16 bytes each."""
    where = node.to_bytes(2, "little") + bytes((session,))
    both = hmac_sha256(kdf, b"nv1 sess", where, node_nonce, hub_nonce)
    return both[:16], both[16:]


class Window:
    """Which of the last `size` counters were seen."""

    def __init__(self, size):
        self.size = size
        self.top = -1
        self._seen = 0  # bit i: counter top - i was seen

    def check(self, counter):
        """Raises Replayed when the counter was seen or is too old to tell. Changes nothing."""
        age = self.top - counter
        if age >= 0 and (age >= self.size or self._seen >> age & 1):
            raise Replayed("counter")

    def mark(self, counter):
        """Remember a counter that passed check() and whose tag matched."""
        ahead = counter - self.top
        if ahead <= 0:
            self._seen |= 1 << -ahead
            return
        kept = 0 if ahead >= self.size else self._seen << ahead & (1 << self.size) - 1
        self._seen = kept | 1
        self.top = counter


class Session:
    """One session on one side; `send_key` and `receive_key` are k_up and k_down as this side uses them."""

    def __init__(self, node, number, send_key, receive_key, is_hub):
        self.node = node
        self.number = number
        self.counter = 0  # the next one to be sent
        self.window = Window(WINDOW_HUB if is_hub else WINDOW_NODE)
        self._send = Ccm(send_key)
        self._receive = Ccm(receive_key)
        self._mine = TO_NODE if is_hub else 0

    @property
    def worn(self):
        """True when a new HELLO should be made: one direction has used 15/16 of its counters."""
        return self.counter >= _WORN or self.window.top >= _WORN

    def seal(self, type, body, flags=0):
        """A sealed frame, bytes; takes the next counter. Raises Exhausted, OutOfRange."""
        if self.counter >= _LAST:
            raise Exhausted("counter")
        if len(body) > MAX_BODY:
            raise OutOfRange("body")
        header = pack_header(type, self.node, self.number, self.counter, flags | SEALED | self._mine)
        self.counter += 1
        return self._send.seal(header, body)

    def open(self, data):
        """(Header, body bytes) of a received datagram. Any ProtocolError leaves the session as it was.

        Raises Truncated, Malformed, BadVersion, NotOurs, Reflected, BadTag, Replayed.
        """
        header = parse_header(data)
        if not header.flags & SEALED:
            raise Malformed("not sealed")
        if header.node != self.node or header.session != self.number:
            raise NotOurs("session")
        if header.flags & TO_NODE == self._mine:
            raise Reflected("direction")
        body = self._receive.open(data)
        self.window.check(header.counter)
        self.window.mark(header.counter)
        return header, body
