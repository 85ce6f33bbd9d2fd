"""Owns a hub in small: it opens sessions, takes every record and answers at once (for the node benchmark and tests).

Made of shared_protocol alone, so that a board can be tried without the hub. It keeps what it was sent, in memory.
Its wall clock goes with the node's uptime, so that it is right in virtual time too.
"""

import secrets
import socket
import threading
from dataclasses import dataclass, field
from typing import Any

from shared_protocol import handshake, messages, registry, session
from shared_protocol.errors import ProtocolError
from shared_protocol.frame import parse_header

WALL_AT_START_S = 200_000_000  # seconds since 2020: the wall clock at a node's uptime 0
LOOK_S = 0.2
LARGEST = 600


@dataclass
class Heard:
    """What one node has told: records by sequence, the last HELLO and NOW, and how many frames of each type."""

    records: dict[int, tuple[int, bytes]] = field(default_factory=dict)
    journal_id: int = 0
    hello: Any = None
    now: Any = None
    results: list[Any] = field(default_factory=list)
    counts: dict[int, int] = field(default_factory=dict)

    def up_to(self) -> int:
        """The last sequence below which none is missing."""
        number = self._floor
        while number + 1 in self.records:
            number += 1
        self._floor = number
        return number

    _floor: int = 0


class Peer:
    """A UDP endpoint on 127.0.0.1 that plays the hub for one node; `mute` drops everything that comes."""

    def __init__(self, node: int, key: bytes) -> None:
        self.node = node
        self.heard = Heard()
        self.mute = False
        self.ahead_s = 0  # of the true time: what this hub's clock is wrong by
        self._mac, self._kdf = session.mac_key(key), session.kdf_key(key)
        self._sessions: dict[int, Any] = {}
        self._last: tuple[Any, Any] | None = None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(LOOK_S)
        self.address: tuple[str, int] = self._socket.getsockname()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="peer", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ended.set()
        self._thread.join(5)
        self._socket.close()

    def send(self, type: int, body: bytes) -> bool:
        """Send a sealed message of the hub's own accord; False while there is no session."""
        if self._last is None:
            return False
        opened, address = self._last
        self._socket.sendto(opened.seal(type, body), address)
        return True

    def forget(self) -> None:
        """Lose all sessions, as a hub that restarts does."""
        self._sessions.clear()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                data, address = self._socket.recvfrom(LARGEST)
            except (TimeoutError, ConnectionResetError):
                continue
            if self.mute:
                continue
            try:
                self._take(data, address)
            except ProtocolError as error:
                self.heard.counts[-error.number] = self.heard.counts.get(-error.number, 0) + 1

    def _take(self, data: bytes, address: Any) -> None:
        header = parse_header(data)
        self.heard.counts[header.type] = self.heard.counts.get(header.type, 0) + 1
        if header.type == registry.MSG_HELLO:
            self._welcome(data, address)
        elif header.type != registry.MSG_DISCOVER and header.session not in self._sessions:
            self._socket.sendto(handshake.nosess_frame(header.node, header.session), address)
        elif header.type != registry.MSG_DISCOVER:
            opened = self._sessions[header.session]
            header, body = opened.open(data)
            self._last = opened, address
            self._answer(opened, header, body, address)

    def _welcome(self, data: bytes, address: Any) -> None:
        header, hello = handshake.open_hello(self._mac, data)
        if hello.journal_id != self.heard.journal_id:
            self.heard.journal_id, self.heard.records, self.heard._floor = hello.journal_id, {}, 0
        self.heard.hello = hello
        number = secrets.randbelow(255) + 1
        nonce = secrets.token_bytes(8)
        up, down = session.session_keys(self._kdf, header.node, number, hello.nonce, nonce)
        self._sessions[number] = session.Session(header.node, number, down, up, True)
        ack = handshake.HelloAck(1, WALL_AT_START_S + self.ahead_s + hello.uptime_s, 1, nonce, [])
        self._socket.sendto(handshake.hello_ack_frame(self._mac, header.node, number, ack, hello.nonce), address)

    def _answer(self, opened: Any, header: Any, body: bytes, address: Any) -> None:
        heard = self.heard
        counter = None
        if header.type == registry.MSG_RECORDS:
            for record in messages.decode_records(body).records:
                heard.records[record.sequence] = (record.kind, bytes(record.data))
        elif header.type == registry.MSG_NOW:
            heard.now = messages.decode_now(body)
            counter = header.counter
        elif header.type == registry.MSG_TIME_REQ:
            uptime_ms = messages.decode_time_req(body).uptime_ms
            wall_s = WALL_AT_START_S + self.ahead_s + uptime_ms // 1000
            answer = messages.TimeResp(uptime_ms, wall_s, uptime_ms % 1000)
            self._socket.sendto(opened.seal(registry.MSG_TIME_RESP, messages.encode_time_resp(answer)), address)
            return
        elif header.type == registry.MSG_RESULT:
            heard.results.append(messages.decode_result(body))
            return
        else:
            return
        ack = messages.encode_ack(messages.Ack(heard.up_to(), 0, counter))
        self._socket.sendto(opened.seal(registry.MSG_ACK, ack), address)
