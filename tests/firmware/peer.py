"""A scripted hub for one node: answers as the protocol asks, keeps what it got, does what a test tells it to do."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from typing import Any

from shared_protocol import handshake, messages
from shared_protocol import registry as g
from shared_protocol.errors import ProtocolError
from shared_protocol.frame import WANT_ACK, parse_header
from shared_protocol.session import Session, kdf_key, mac_key, session_keys
from shared_protocol.wire import find, put_uv

TIME_2026_S = 217_000_000  # a wall time, seconds since 2020


class Peer:
    """`records` {(journal_id, sequence): (kind, data)}, `nows`, `hellos`, `results` (in order), `naks`, `clashes`."""

    def __init__(self, node: int, key: bytes, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind(address)
        except OSError:
            self.socket.close()
            raise
        self.socket.settimeout(0.05)
        self.address: tuple[str, int] = self.socket.getsockname()
        self.node = node
        self.key = key
        self.session: Session | None = None
        self.where: Any = None
        self.journal_id = 0
        self.records: dict[tuple[int, int], tuple[int, bytes]] = {}
        self.clashes: list[tuple[int, int]] = []  # the same name with other content
        self.nows: list[Any] = []
        self.hellos: list[Any] = []
        self.results: list[Any] = []
        self.others: list[tuple[int, bytes]] = []
        self.rejected: list[str] = []
        self.ack_tlvs: list[tuple[int, bytes]] = []  # sent with each HELLO_ACK beside what is stored
        self.wall_s = TIME_2026_S
        self.deaf = False
        self.lose: Callable[[bytes, bool], bool] = lambda data, incoming: False

    def close(self) -> None:
        self.socket.close()

    def run(self, seconds: float, until: Callable[[], Any] = lambda: False) -> bool:
        """Serve for at most `seconds` (real); True as soon as `until()` is true."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if until():
                return True
            self.once()
        return bool(until())

    def once(self) -> None:
        """Wait for one datagram and answer it."""
        try:
            data, where = self.socket.recvfrom(2048)
        except (TimeoutError, ConnectionResetError):
            return
        if self.deaf or self.lose(data, True):
            return
        try:
            self._take(data, where)
        except ProtocolError as error:
            self.rejected.append(error.cause)

    def out(self, data: bytes) -> None:
        if not self.lose(data, False):
            self.socket.sendto(data, self.where)

    def stored_up_to(self, journal_id: int) -> int:
        number = 0
        while (journal_id, number + 1) in self.records:
            number += 1
        return number

    def _take(self, data: bytes, where: Any) -> None:
        header = parse_header(data)
        if header.type == g.MSG_DISCOVER:
            nonce = handshake.open_discover(data)
            self.where = where
            self.out(handshake.offer_frame(nonce, self.address[1], "thử"))
        elif header.type == g.MSG_HELLO:
            self.where = where
            self._welcome(data)
        elif self.session is None or header.session != self.session.number:
            self.where = where
            self.out(handshake.nosess_frame(self.node, header.session))
        else:
            header, body = self.session.open(data)
            self.where = where
            self._answer(header, body)

    def _welcome(self, data: bytes) -> None:
        _, hello = handshake.open_hello(mac_key(self.key), data)
        self.hellos.append(hello)
        self.journal_id = hello.journal_id
        for number in range(1, hello.first_held):
            self.records.setdefault((hello.journal_id, number), (0, b""))
        stored = bytearray()
        put_uv(stored, self.stored_up_to(hello.journal_id))
        nonce, number = os.urandom(8), os.urandom(1)[0] or 1
        tlvs = [(g.TLV_STORED_UP_TO, bytes(stored)), *self.ack_tlvs]
        ack = handshake.HelloAck(1, self.wall_s, 250 if self.wall_s else 0, nonce, tlvs)
        up, down = session_keys(kdf_key(self.key), self.node, number, hello.nonce, nonce)
        self.session = Session(self.node, number, down, up, True)
        self.out(handshake.hello_ack_frame(mac_key(self.key), self.node, number, ack, hello.nonce))

    def _answer(self, header: Any, body: bytes) -> None:
        if header.type == g.MSG_NOW:
            self.nows.append(messages.decode_now(body))
            if header.flags & WANT_ACK:
                self.send(g.MSG_ACK, messages.encode_ack(self._ack(header.counter)))
        elif header.type == g.MSG_RECORDS:
            for sequence, kind, data in messages.decode_records(body).records:
                name = (self.journal_id, sequence)
                if self.records.setdefault(name, (kind, data)) != (kind, data):
                    self.clashes.append(name)
            self.send(g.MSG_ACK, messages.encode_ack(self._ack(None)))
        elif header.type == g.MSG_RESULT:
            self.results.append(messages.decode_result(body))
        elif header.type == g.MSG_TIME_REQ:
            asked = messages.decode_time_req(body)
            answer = messages.TimeResp(asked.uptime_ms, self.wall_s, 0)
            self.send(g.MSG_TIME_RESP, messages.encode_time_resp(answer))
        else:
            self.others.append((header.type, body))

    def _ack(self, counter: int | None) -> messages.Ack:
        up_to = self.stored_up_to(self.journal_id)
        bitmap = sum(1 << i for i in range(8) if (self.journal_id, up_to + 2 + i) in self.records)
        return messages.Ack(up_to, bitmap, counter)

    def send(self, type: int, body: bytes) -> None:
        assert self.session is not None
        self.out(self.session.seal(type, body))

    def command(self, actuator: int, state: int, seconds: int, id: bytes | None = None, late_s: int = 60) -> bytes:
        """Send a COMMAND whose deadline is `late_s` behind the last NOW; returns its id."""
        id = id or os.urandom(4)
        on, off = (seconds, 0) if state else (0, seconds)
        order = messages.Command(id, self.nows[-1].uptime_s + late_s, actuator, state, on, off)
        self.send(g.MSG_COMMAND, messages.encode_command(order))
        return id

    def numbers(self) -> list[int]:
        """Sequence numbers stored of the present journal, in order."""
        return sorted(number for journal_id, number in self.records if journal_id == self.journal_id)

    def lease(self, actuator: int = 0) -> Any:
        """(on, cause, remaining_s) of the actuator at this place of the table, as last reported."""
        return self.nows[-1].actuators[actuator] if self.nows else None


__all__ = ("Peer", "find")
