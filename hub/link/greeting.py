"""Greeting: who may speak. DISCOVER gets an OFFER, HELLO a pending session or a refusal with its reason; for the link.

Nothing that a HELLO says is believed before a frame under its session proves that it was not a replay: until then it
costs a place in a table of four.
"""

from collections.abc import Callable
from typing import Any

from hub.carriers.base import Address
from hub.clock import Clock
from hub.link.keyring import Keyring, Known
from hub.link.rates import Rate
from hub.link.sessions import Sessions, Slot
from hub.link.wall import WallTime
from hub.store.intake import Intake
from shared_protocol import registry as g
from shared_protocol.errors import ProtocolError
from shared_protocol.handshake import (
    MAX_FARM_NAME,
    HelloAck,
    hello_ack_frame,
    nosess_frame,
    offer_frame,
    open_discover,
    open_hello,
)
from shared_protocol.session import Session, session_keys
from shared_protocol.wire import find, tlv

# Per address. A node says HELLO at most once a second; a farm behind one address (a router) says more.
HELLOS_PER_S, HELLO_BURST = 20.0, 60.0
OFFERS_PER_S, OFFER_BURST = 50.0, 100.0  # to all together: anybody may ask, from any address that it claims
NOSESS_PER_S, NOSESS_BURST = 1.0, 2.0  # per node: it only hastens a HELLO

Random = Callable[[int], bytes]


class Flood(ProtocolError):  # type: ignore[misc]
    """More greetings than are answered."""

    cause = "flood"


class NotKnown(ProtocolError):  # type: ignore[misc]
    """A number that the fleet does not have."""

    cause = "unknown_node"


class Retired(ProtocolError):  # type: ignore[misc]
    """A number that the fleet has retired."""

    cause = "retired_node"


class OtherBoard(ProtocolError):  # type: ignore[misc]
    """A known number from another MAC address: a cloned flash, or a replacement that nobody announced."""

    cause = "other_board"

    def __init__(self, node: int, mac: str) -> None:
        super().__init__(node, mac)
        self.node, self.mac = node, mac


class NoCommonVersion(ProtocolError):  # type: ignore[misc]
    """A node that speaks no version of ours."""

    cause = "no_common_version"


REFUSALS = {
    Retired: g.RESULT_RETIRED,
    OtherBoard: g.RESULT_OTHER_BOARD,
    NoCommonVersion: g.RESULT_NO_COMMON_VERSION,
}


class Greeter:
    """Makes sessions. Called under the link's lock."""

    def __init__(
        self,
        clock: Clock,
        keyring: Keyring,
        sessions: Sessions,
        intake: Intake,
        wall: WallTime,
        random: Random,
        farm_name: Callable[[], str],
        port: Callable[[], int],
        holds_stop: Callable[[int], bool],
    ) -> None:
        self._clock, self._keyring, self._sessions = clock, keyring, sessions
        self._intake, self._wall, self._random = intake, wall, random
        self._farm_name, self._port, self._holds_stop = farm_name, port, holds_stop
        self._closed: set[int] = set()  # nodes that were asked to close their open block since the hub started
        self._from_address = Rate(HELLOS_PER_S, HELLO_BURST)
        self._offers = Rate(OFFERS_PER_S, OFFER_BURST)
        self._nosess = Rate(NOSESS_PER_S, NOSESS_BURST)

    def discover(self, data: bytes, address: Address) -> bytes:
        """The OFFER for a DISCOVER. Raises ProtocolError's leaves."""
        self._admit(address)
        nonce = open_discover(data)
        if not self._offers.allows("all", self._clock.monotonic()):
            raise Flood("offers")
        name = self._farm_name().encode()[:MAX_FARM_NAME].decode(errors="ignore")
        return bytes(offer_frame(nonce, self._port(), name))

    def hello(self, data: bytes, node: int, address: Address) -> tuple[bytes, ProtocolError | None]:
        """The HELLO_ACK for a HELLO, and why it refuses if it does. Raises ProtocolError's leaves when silent."""
        self._admit(address)
        known = self._keyring.get(node, self._clock.monotonic())
        if known is None:
            raise NotKnown("node")
        _, hello = open_hello(known.mac_key, data)
        try:
            mac = self._accept(known, hello)
        except (Retired, OtherBoard, NoCommonVersion) as refusal:
            return self._refusal(known, hello, REFUSALS[type(refusal)]), refusal
        sessions = self._sessions.of(node)
        slot = sessions.answered(hello.nonce)
        if slot is None:
            slot = self._make(known, hello, address, mac, sessions.used())
            sessions.add(slot)
        return slot.reply, None

    def proved(self, slot: Slot) -> None:
        """A pending session proved itself. Raises OtherBoard when its number went to another board meanwhile."""
        known = self._keyring.get(slot.session.node, self._clock.monotonic())
        if known is None or known.retired:
            raise Retired("node")
        if known.mac is not None and slot.mac is not None and known.mac != slot.mac:
            raise OtherBoard(known.number, slot.mac)
        self._sessions.of(known.number).promote(slot)
        if slot.closes:
            self._closed.add(known.number)

    def nosess(self, node: int, session: int) -> bytes | None:
        """What to tell a node whose session is not known; None when it was told just now."""
        if not self._nosess.allows(node, self._clock.monotonic()):
            return None
        return bytes(nosess_frame(node, session))

    def _admit(self, address: Address) -> None:
        if not self._from_address.allows(address, self._clock.monotonic()):
            raise Flood("greetings")

    def _accept(self, known: Known, hello: Any) -> str | None:
        """The board's MAC. Raises the refusals."""
        if known.retired:
            raise Retired("node")
        if not hello.vmin <= g.VERSION <= hello.vmax:
            raise NoCommonVersion("version")
        raw = find(hello.tlvs, g.TLV_MAC)
        mac = raw.hex(":") if raw else None
        if known.mac is not None and mac is not None and mac != known.mac:
            raise OtherBoard(known.number, mac)
        return mac

    def _make(self, known: Known, hello: Any, address: Address, mac: str | None, used: set[int]) -> Slot:
        free = [number for number in range(1, 256) if number not in used]
        number = free[self._random(1)[0] % len(free)]
        nonce = self._random(8)
        up, down = session_keys(known.kdf_key, known.number, number, hello.nonce, nonce)
        wall_s, wall_ms = self._wall.give()
        closes = known.number not in self._closed
        ack = HelloAck(g.VERSION, wall_s, wall_ms, nonce, self._tlvs(known, hello, closes))
        reply = hello_ack_frame(known.mac_key, known.number, number, ack, hello.nonce)
        return Slot(Session(known.number, number, down, up, True), hello, reply, closes, address, mac)

    def _tlvs(self, known: Known, hello: Any, closes: bool) -> list[tuple[int, bytes]]:
        standing = self._intake.standing((known.number, hello.journal_id))
        tlvs = [tlv(g.TLV_STORED_UP_TO, standing.up_to)]
        if self._holds_stop(known.number):
            tlvs.append((g.TLV_STOP, b"\1"))
        if closes:
            tlvs.append((g.TLV_CLOSE_NOW, b""))
        return tlvs

    def _refusal(self, known: Known, hello: Any, code: int) -> bytes:
        tlvs = [(g.TLV_REFUSED, bytes((code,))), (g.TLV_VERSIONS, bytes((g.VERSION, g.VERSION)))]
        ack = HelloAck(0, 0, 0, self._random(8), tlvs)
        return bytes(hello_ack_frame(known.mac_key, known.number, 0, ack, hello.nonce))
