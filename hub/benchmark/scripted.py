"""A scripted node: the node's half of the protocol as bytes in and bytes out; for benchmarks and tests.

It has a journal in memory and does what it is told; what the firmware decides by itself (when to send what) is the
caller's.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from shared_protocol import registry as g
from shared_protocol.errors import ProtocolError
from shared_protocol.frame import WANT_ACK, parse_header
from shared_protocol.handshake import Hello, hello_frame, open_hello_ack
from shared_protocol.messages import (
    Now,
    Record,
    Records,
    TimeReq,
    acked,
    decode_ack,
    encode_now,
    encode_records,
    encode_time_req,
)
from shared_protocol.record import Actuator, Channel, Event, Table, encode_event, encode_table
from shared_protocol.session import Session, kdf_key, mac_key, session_keys
from shared_protocol.units import ACTUATOR_FAN, ACTUATOR_MISTER, UNIT_CELSIUS, UNIT_PERCENT

TABLE = Table(
    1,
    [
        Channel(1, g.KIND_AIR_TEMPERATURE, UNIT_CELSIUS, -1, "Giữa nhà"),
        Channel(2, g.KIND_AIR_HUMIDITY, UNIT_PERCENT, -1, "Giữa nhà"),
        Channel(3, g.KIND_SOIL_MOISTURE, UNIT_PERCENT, -1, "Luống 1"),
        Channel(4, g.KIND_SOIL_MOISTURE, UNIT_PERCENT, -1, "Luống 2"),
    ],
    [Actuator(1, ACTUATOR_FAN, "Quạt"), Actuator(2, ACTUATOR_MISTER, "Phun sương")],
)


@dataclass
class ScriptedNode:
    """One node of a fleet. `nonce` is the HELLO's nn, to be changed for each HELLO."""

    number: int
    key: bytes
    journal_id: int = 0x1234
    boot_no: int = 1
    uptime_s: int = 0
    mac: bytes = b"\x02\0\0\0\0\1"
    first_held: int = 1
    nonce: bytes = b"nonce--1"
    journal: dict[int, Record] = field(default_factory=dict)  # what is not acknowledged
    last: int = 0
    session: Any = None

    @property
    def next(self) -> int:
        """The sequence of the next record."""
        return max(self.last + 1, self.first_held)

    # -- journal

    def put(self, kind: int, data: bytes) -> Record:
        """Append a record to the journal."""
        record = Record(self.next, kind, data)
        self.journal[record.sequence] = record
        self.last = record.sequence
        return record

    def put_table(self, table: Any = TABLE) -> Record:
        return self.put(g.RECORD_TABLE, encode_table(table))

    def put_event(self, code: int, *fields: Any, uptime_s: int | None = None) -> Record:
        at = self.uptime_s if uptime_s is None else uptime_s
        return self.put(g.RECORD_EVENT, encode_event(Event(code, self.boot_no, at, fields)))

    def put_time(self, wall_s: float, uptime_s: int | None = None) -> Record:
        """Journal a wall time (unix seconds) that the hub gave."""
        wall_ms = round((wall_s - g.EPOCH_2020) * 1000)
        return self.put_event(g.EVENT_TIME, wall_ms // 1000, wall_ms % 1000, g.TIME_HELLO_ACK, uptime_s=uptime_s)

    def put_block(self, rows: Sequence[tuple[int, tuple[int | None, ...], int]], table: int = 1) -> Record:
        """Close a block of (uptime_s, values, states)."""
        from shared_protocol.block import encode_block

        return self.put(g.RECORD_BLOCK, encode_block(self.boot_no, table, list(rows)))

    # -- session

    def hello(self, vmin: int = 1, vmax: int = 1, tlvs: Iterable[tuple[int, bytes]] = ()) -> bytes:
        """A HELLO datagram."""
        extra = [(g.TLV_MAC, self.mac), (g.TLV_FIRMWARE, b"0.1.0"), *tlvs]
        hello = Hello(
            vmin,
            vmax,
            self.journal_id,
            self.boot_no,
            g.RESET_POWER,
            self.uptime_s,
            self.first_held,
            self.next,
            self.nonce,
            extra,
        )
        return bytes(hello_frame(mac_key(self.key), self.number, hello))

    def welcome(self, data: bytes) -> Any:
        """Take the HELLO_ACK (shared_protocol.handshake.HelloAck); a session follows unless it refuses."""
        header, ack = open_hello_ack(mac_key(self.key), data, self.nonce)
        if ack.version:
            up, down = session_keys(kdf_key(self.key), self.number, header.session, self.nonce, ack.nonce)
            self.session = Session(self.number, header.session, up, down, False)
        return ack

    def seal(self, type: int, body: bytes, flags: int = 0) -> bytes:
        return bytes(self.session.seal(type, body, flags))

    def open(self, data: bytes) -> tuple[int, bytes]:
        """(type, body) of a sealed frame from the hub."""
        header, body = self.session.open(data)
        return int(header.type), bytes(body)

    # -- messages

    def records(self, *sequences: int) -> bytes:
        """A RECORDS frame with these records of the journal."""
        return self.seal(g.MSG_RECORDS, encode_records(Records([self.journal[s] for s in sequences])))

    def now(
        self,
        values: Sequence[tuple[int | None, int, int]] = ((274, 0, 3), (812, 0, 3), (431, 0, 3), (387, 0, 3)),
        actuators: Sequence[tuple[int, int, int]] = ((0, g.CAUSE_IDLE, 0), (0, g.CAUSE_IDLE, 0)),
        tlvs: Iterable[tuple[int, bytes]] = (),
    ) -> bytes:
        report = Now(self.boot_no, self.uptime_s, TABLE.number, list(values), list(actuators), list(tlvs))
        return self.seal(g.MSG_NOW, encode_now(report), WANT_ACK)

    def time_request(self) -> bytes:
        return self.seal(g.MSG_TIME_REQ, encode_time_req(TimeReq(self.uptime_s * 1000)))

    def take_ack(self, data: bytes) -> Any | None:
        """The Ack in a frame from the hub, None when it is something else; what is acknowledged leaves the journal."""
        try:
            if parse_header(data).type != g.MSG_ACK:
                return None
            ack = decode_ack(self.open(data)[1])
        except ProtocolError:
            return None
        for sequence in [s for s in self.journal if acked(ack, s)]:
            del self.journal[sequence]
        return ack
