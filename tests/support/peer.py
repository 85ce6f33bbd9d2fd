"""A scripted node: speaks to a hub over a socket, one frame at a time, as well or as badly as a hostile test wants."""

import random
import socket
import time
from types import TracebackType
from typing import Any

from shared_protocol import registry as g
from shared_protocol import units
from shared_protocol.errors import ProtocolError
from shared_protocol.handshake import Hello, hello_frame, open_hello_ack
from shared_protocol.messages import Now, Record, Records, acked, decode_ack, encode_now, encode_records
from shared_protocol.record import Actuator, Channel, Event, Table, encode_event, encode_table
from shared_protocol.session import Session, kdf_key, mac_key, session_keys
from shared_protocol.wire import Reader, find

Address = tuple[str, int]
PATIENCE_S = 30.0
REPEAT_S = 0.25

MAC = b"\x02\x00\x00\x00\x00\x01"
TEMPERATURE = Channel(1, g.KIND_AIR_TEMPERATURE, units.UNIT_CELSIUS, -1, "giữa")
TABLE = Table(1, [TEMPERATURE], [Actuator(1, units.ACTUATOR_FAN, "Quạt")])


class ScriptedNode:
    """Node `number` with `key`; `hub` is where it sends. Its journal starts with a table and grows by `event`."""

    def __init__(
        self, number: int, key: bytes, hub: Address, *, seed: int = 1, mac: bytes = b"\x02\x00\x00\x00\x00\x01"
    ):
        self.number, self.key, self.hub, self.mac = number, key, hub, mac
        self.luck = random.Random(f"{seed} {number}")
        self.journal_id = self.luck.getrandbits(32)
        self.next = 1
        self.told = 0  # what the last HELLO_ACK said of this journal
        self.stored = 0  # up to where the last ACK said that everything is stored
        self.bitmap = 0
        self.session: Any = None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))

    def __enter__(self) -> "ScriptedNode":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.socket.close()

    def raw(self, data: bytes) -> None:
        """Send any bytes."""
        self.socket.sendto(data, self.hub)

    def hello(self, **changes: Any) -> tuple[bytes, bytes]:
        """(HELLO frame, its nonce). `changes` replace fields of the Hello."""
        made = Hello(
            1, 1, self.journal_id, 1, g.RESET_POWER, 5, 1, self.next, self.luck.randbytes(8), [(g.TLV_MAC, self.mac)]
        )._replace(**changes)
        frame: bytes = hello_frame(mac_key(self.key), self.number, made)
        return frame, made.nonce

    def join(self) -> int:
        """Say HELLO until the hub welcomes, then prove the session by a NOW. Returns how many HELLOs it took."""
        end = time.monotonic() + PATIENCE_S
        said = 0
        while time.monotonic() < end:
            said += 1
            frame, nonce = self.hello()
            self.raw(frame)
            data = self.receive(REPEAT_S, g.MSG_HELLO_ACK)
            if data is None:
                continue
            try:
                header, ack = open_hello_ack(mac_key(self.key), data, nonce)
            except ProtocolError:
                continue
            if ack.version:
                keys = session_keys(kdf_key(self.key), self.number, header.session, nonce, ack.nonce)
                self.session = Session(self.number, header.session, *keys, False)
                self.told = Reader(find(ack.tlvs, g.TLV_STORED_UP_TO) or b"\0").uv()
                self.now()
                return said
        raise AssertionError("the hub did not welcome the scripted node")

    def receive(self, patience_s: float, kind: int | None = None) -> bytes | None:
        """The next datagram of a type (any when None) within this time."""
        end = time.monotonic() + patience_s
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(2048)
            except (TimeoutError, ConnectionError):
                continue
            if kind is None or data[1] == kind:
                return data
        return None

    def sealed(self, kind: int, body: bytes, flags: int = 0) -> bytes:
        """An authentic frame, not sent."""
        frame: bytes = self.session.seal(kind, body, flags)
        return frame

    def now(self, value: int = 250) -> bytes:
        """Send a NOW until it is answered; returns the frame."""
        report = Now(1, 10, 1, [(value, 0, 0)], [(0, g.CAUSE_IDLE, 0)], [])
        return self._until_acked(g.MSG_NOW, encode_now(report), lambda ack, counter: ack.now_counter == counter)

    def event(self, code: int = g.EVENT_STOP_CLEAR, fields: tuple[Any, ...] = (g.STOP_HUB,)) -> Record:
        """The next record of the journal: the table first, then events."""
        kind, data = g.RECORD_TABLE, encode_table(TABLE)
        if self.next > 1:
            kind, data = g.RECORD_EVENT, encode_event(Event(code, 1, self.next, fields))
        self.next += 1
        return Record(self.next - 1, kind, data)

    def ship(self, records: list[Record]) -> bytes:
        """Send records until all are acknowledged; returns the last frame."""
        body = encode_records(Records(records))
        return self._until_acked(g.MSG_RECORDS, body, lambda ack, _: all(acked(ack, r.sequence) for r in records))

    def _until_acked(self, kind: int, body: bytes, good: Any) -> bytes:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            frame = self.sealed(kind, body, 4)
            counter = self.session.counter - 1
            self.raw(frame)
            if self._acked(lambda ack, counter=counter: good(ack, counter)):
                return frame
        raise AssertionError("the hub did not answer the scripted node")

    def _acked(self, good: Any) -> bool:
        end = time.monotonic() + REPEAT_S
        while (left := end - time.monotonic()) > 0:
            data = self.receive(left, g.MSG_ACK)
            if data is None:
                return False
            try:
                _, body = self.session.open(data)
            except ProtocolError:
                continue
            ack = decode_ack(body)
            self.stored, self.bitmap = ack.up_to, ack.bitmap
            if good(ack):
                return True
        return False
