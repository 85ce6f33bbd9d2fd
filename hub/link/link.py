"""The link: what becomes of each frame, from datagram to reply; fed by the carrier, used by commands and the service.

A frame that cannot be believed is counted by its cause and changes nothing. One lock guards the sessions: the carrier's
thread opens frames under it, the writer's and the page's threads seal theirs.
"""

import logging
import threading
from collections.abc import Callable
from typing import Any

from hub.carriers.base import Address, Carrier
from hub.clock import Clock
from hub.commands import Commands
from hub.errors import HubError
from hub.fleet import Fleet
from hub.link.arrivals import Arrivals
from hub.link.greeting import Greeter, NotKnown, OtherBoard, Random, Retired
from hub.link.keyring import Keyring
from hub.link.pieces import Pieces
from hub.link.rejects import Rejects
from hub.link.reports import Reports
from hub.link.sessions import Sessions, Slot
from hub.link.wall import WallTime
from hub.live import Live
from hub.store import Store
from hub.store.checking import Checked
from hub.store.tables import Key
from shared_protocol import registry as g
from shared_protocol.errors import Exhausted, Malformed, NotOurs, ProtocolError, Reflected
from shared_protocol.frame import HEADER, SEALED, TO_NODE, WANT_ACK, parse_header
from shared_protocol.maintenance import decode_recipe_ack, decode_settings_ack
from shared_protocol.messages import (
    Nak,
    TimeResp,
    decode_log,
    decode_nak,
    decode_now,
    decode_result,
    decode_time_req,
    encode_nak,
    encode_time_resp,
)
from shared_protocol.names import RESULTS
from shared_protocol.wire import Reader, find

ELECTIVE = 0x80  # message types from here on may be ignored when unknown

log = logging.getLogger(__name__)


class NoSession(NotOurs):  # type: ignore[misc]
    """A sealed frame of a session that the hub does not know: it restarted, or the frame is old."""

    cause = "no_session"


class Link:
    """All nodes, over one carrier."""

    def __init__(
        self,
        store: Store,
        fleet: Fleet,
        live: Live,
        commands: Commands,
        rejects: Rejects,
        carrier: Carrier,
        clock: Clock,
        random: Random,
        lock: threading.RLock,
        port: Callable[[], int],
    ) -> None:
        """`lock` is the one that `commands` holds when it sends. `random(n)` gives n random bytes."""
        self._store, self._clock, self._commands = store, clock, commands
        self._carrier, self._rejects, self._lock = carrier, rejects, lock
        self.keyring = Keyring(store)
        self.wall = WallTime(store, clock)
        self.pieces = Pieces(clock, self.send, lock)
        self._sessions = Sessions()
        self.keyring.on_new_key = self._sessions.forget
        self._reports = Reports(live, store, clock)
        self._greeter = Greeter(
            clock,
            self.keyring,
            self._sessions,
            store.intake,
            self.wall,
            random,
            lambda: fleet.farm_name,
            port,
            commands.stopped,
        )
        self._arrivals = Arrivals(store.intake, store.tables, rejects, self._send_about)
        self._handlers: dict[int, Callable[[Slot, Any, bytes], None]] = {
            g.MSG_RECORDS: self._records,
            g.MSG_NOW: self._now,
            g.MSG_TIME_REQ: self._time,
            g.MSG_LOG: self._log,
            g.MSG_RESULT: self._result,
            g.MSG_NAK: self._nak,
            g.MSG_RECIPE_ACK: self._recipe_ack,
            g.MSG_SETTINGS_ACK: self._settings_ack,
        }
        self._greeted: list[Callable[[int], None]] = []
        self._arrived: list[Callable[[int, list[Checked]], None]] = []
        self._refusals: list[Callable[[int, int, int], None]] = []

    # -- for others

    def on(self, type: int, handler: Callable[[int, bytes], None]) -> None:
        """Give the bodies of a type of message to another part; called with (node, body), may raise ProtocolError."""

        def handle(slot: Slot, header: Any, body: bytes) -> None:
            handler(slot.key[0], body)
            self._reports.heard(slot.key[0])

        self._handlers[type] = handle

    def explain(self, follows: Callable[[int, int], int | None]) -> None:
        """Say which channel an actuator's rule follows, by (node, actuator), so that Live can tell why it runs."""
        self._reports.follows = follows

    def on_session(self, listener: Callable[[int], None]) -> None:
        """Tell another part of every session that proved itself, after Live has what its HELLO said."""
        self._greeted.append(listener)

    def on_records(self, listener: Callable[[int, list[Checked]], None]) -> None:
        """Tell another part of a node's records as they come: good ones, but not stored yet."""
        self._arrived.append(listener)

    def on_nak(self, listener: Callable[[int, int, int], None]) -> None:
        """Tell another part of every NAK: (node, type of the refused message, RESULT code)."""
        self._refusals.append(listener)

    def receive(self, data: bytes, address: Address) -> None:
        """One datagram. Never raises for what is in it."""
        node = self._claimed(data)
        try:
            header = parse_header(data)
            with self._lock:
                self._take(header, data, address)
        except ProtocolError as error:
            self._rejects.count(error.cause, node)
        except HubError as error:
            self._rejects.count("hub_trouble", node)
            log.error("a frame could not be served: %s", error)

    def _claimed(self, data: bytes) -> int | None:
        """The node that a frame says it is of, if the fleet has it: whose page counts its rejection."""
        number = int.from_bytes(data[2:4], "little") if len(data) >= HEADER else 0
        return number if self.keyring.known(number) else None

    def send(self, node: int, type: int, body: bytes) -> bool:
        """Seal and send a message to a node; False when it has no session."""
        with self._lock:
            slot = self._sessions.active(node)
            if slot is None:
                return False
            try:
                frame = slot.session.seal(type, body)
            except Exhausted:
                return False
            return self._carrier.send(frame, slot.address)

    def _send_about(self, key: Key, type: int, body: bytes) -> bool:
        """Like `send`, about one journal: a node that has another one by now must not hear of it."""
        with self._lock:
            slot = self._sessions.active(key[0])
            return slot is not None and slot.key == key and self.send(key[0], type, body)

    def tick(self) -> None:
        """What time brings; call it some times a second."""
        now_s = self._clock.monotonic()
        self.keyring.tick(now_s)
        self.wall.tick(now_s)
        self.pieces.tick()

    # -- frames

    def _take(self, header: Any, data: bytes, address: Address) -> None:
        if header.flags & TO_NODE:
            raise Reflected("direction")
        if header.flags & SEALED:
            self._sealed(header, data, address)
        elif header.type == g.MSG_HELLO:
            self._hello(header, data, address)
        elif header.type == g.MSG_DISCOVER:
            self._carrier.send(self._greeter.discover(data, address), address)
        else:
            raise Malformed("clear frame")

    def _hello(self, header: Any, data: bytes, address: Address) -> None:
        reply, refusal = self._greeter.hello(data, header.node, address)
        self._carrier.send(reply, address)
        if refusal is not None:
            if isinstance(refusal, OtherBoard):
                self._reports.other_board(refusal.node, refusal.mac)
            raise refusal

    def _sealed(self, header: Any, data: bytes, address: Address) -> None:
        known = self.keyring.get(header.node, self._clock.monotonic())
        if known is None:
            raise NotKnown("node")
        if known.retired:
            raise Retired("node")
        slot = self._sessions.of(header.node).find(header.session)
        if slot is None:
            self._nosess(header.node, header.session, address)
            raise NoSession("session")
        _, body = slot.session.open(data)
        slot.address = address
        if slot is not self._sessions.active(header.node):
            self._prove(slot)
        if slot.session.worn:
            self._nosess(header.node, header.session, address)
        self._handle(slot, header, body)

    def _nosess(self, node: int, session: int, address: Address) -> None:
        frame = self._greeter.nosess(node, session)
        if frame is not None:
            self._carrier.send(frame, address)

    def _prove(self, slot: Slot) -> None:
        """The first authentic frame under a pending session: now its HELLO is believed."""
        try:
            self._greeter.proved(slot)
        except OtherBoard as refusal:
            self._reports.other_board(refusal.node, refusal.mac)
            raise
        node = slot.key[0]
        known = self.keyring.get(node, self._clock.monotonic())
        if known is not None and known.mac is None and slot.mac is not None:
            self.keyring.bind(node, slot.mac)
        self._store.intake.open_journal(slot.key, slot.hello.first_held)
        self._reports.session(slot)
        self.pieces.session(node)
        for listener in self._greeted:
            listener(node)
        log.info("node %d: session from %s:%d, boot %d", node, *slot.address, slot.hello.boot_no)

    def _handle(self, slot: Slot, header: Any, body: bytes) -> None:
        handler = self._handlers.get(header.type)
        if handler is not None:
            handler(slot, header, body)
        elif header.type < ELECTIVE:
            self._rejects.count("unknown_type", slot.key[0])
            self.send(slot.key[0], g.MSG_NAK, encode_nak(Nak(header.type, header.counter, g.RESULT_UNKNOWN_TYPE)))

    # -- messages

    def _records(self, slot: Slot, header: Any, body: bytes) -> None:
        records = self._arrivals.take(slot.key, header.counter, body)
        self._reports.arrived(slot.key[0], records)
        self._reports.heard(slot.key[0])
        for listener in self._arrived:
            listener(slot.key[0], records)

    def _now(self, slot: Slot, header: Any, body: bytes) -> None:
        report = decode_now(body)
        raw = find(report.tlvs, g.TLV_JOURNAL)
        first_held = Reader(raw).uv() if raw else 0
        if first_held > self._store.intake.standing(slot.key).up_to + 1:
            self._store.intake.open_journal(slot.key, first_held)
        if header.counter > slot.newest_now:  # an older one was overtaken on the way: what it says is over
            slot.newest_now = header.counter
            self._reports.now(slot, report)
        if header.flags & WANT_ACK:
            self._arrivals.now_ack(slot.key, header.counter)

    def _time(self, slot: Slot, header: Any, body: bytes) -> None:
        uptime_ms = decode_time_req(body).uptime_ms
        self._reports.heard(slot.key[0])
        self.send(slot.key[0], g.MSG_TIME_RESP, encode_time_resp(TimeResp(uptime_ms, *self.wall.give())))

    def _log(self, slot: Slot, header: Any, body: bytes) -> None:
        line = decode_log(body)
        self._reports.heard(slot.key[0])
        log.info("node %d says at %d s: %r", slot.key[0], line.uptime_s, line.text)

    def _result(self, slot: Slot, header: Any, body: bytes) -> None:
        result = decode_result(body)
        self._reports.heard(slot.key[0])
        ticket = self._commands.result(slot.key[0], result)
        if ticket is not None:
            commanded = ticket.actuator if ticket.kind == "switch" else 0
            self._reports.result(ticket.node, result.states, commanded, ticket.until_s)
            if ticket.kind in ("stop", "clear"):
                self._reports.stopped(ticket.node, ticket.kind == "stop")

    def _nak(self, slot: Slot, header: Any, body: bytes) -> None:
        refusal = decode_nak(body)
        self._reports.heard(slot.key[0])
        self._rejects.count(f"refused_by_node_{RESULTS.get(refusal.code, refusal.code)}", slot.key[0])
        self.pieces.refused(slot.key[0], refusal.of_type, refusal.code)
        for listener in self._refusals:
            listener(slot.key[0], refusal.of_type, refusal.code)

    def _recipe_ack(self, slot: Slot, header: Any, body: bytes) -> None:
        self._reports.heard(slot.key[0])
        self.pieces.answered(slot.key[0], header.type, decode_recipe_ack(body))

    def _settings_ack(self, slot: Slot, header: Any, body: bytes) -> None:
        self._reports.heard(slot.key[0])
        answer = decode_settings_ack(body)
        self._reports.settings_ack(slot.key[0], body)
        self.pieces.answered(slot.key[0], header.type, answer)
