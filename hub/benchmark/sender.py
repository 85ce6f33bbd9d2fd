"""The sender of the `ingest` benchmark: a process of its own that is some tens of nodes at once; started by ingest.

`python -m hub.benchmark.sender PORT NODES BLOCKS NOWS RATE`: sends each node's blocks through windows as the firmware
does, then the same at an easy pace, then NOW frames at RATE a second; prints what it saw as JSON. Frames are sealed
before the clock starts, so that the hub and not the sender is measured.
"""

import json
import select
import socket
import sys
import time
from collections import deque
from dataclasses import dataclass, field

from hub.benchmark.farm_signal import sets
from hub.benchmark.scripted import ScriptedNode
from shared_protocol import registry as g
from shared_protocol.block import encode_block
from shared_protocol.errors import ProtocolError
from shared_protocol.frame import parse_header
from shared_protocol.messages import acked, decode_ack

BLOCK_SETS = 240
SETS_S = 60
CALM_FRAMES = 300
CALM_EVERY_S = 0.01
RETRY_S = 1.0
PATIENCE_S = 3.0  # without any answer the run is over
START_S = 1_790_000_000
Row = tuple[int, tuple[int, ...], int]


def key_of(number: int) -> bytes:
    """The key of a node, known to both processes."""
    return bytes([number & 0xFF]) * 16


def signal(seed: int, blocks: int) -> list[list[Row]]:
    """Rows of the blocks of one node."""
    rows: list[Row] = [(t, (a, h, s1, s2), states) for t, a, h, s1, s2, states in sets(blocks * BLOCK_SETS, seed)]
    return [rows[i : i + BLOCK_SETS] for i in range(0, len(rows), BLOCK_SETS)]


@dataclass
class _Sending:
    """A node and what it has in flight: sequence → when it was sent first, and last."""

    node: ScriptedNode
    waiting: deque[int] = field(default_factory=deque)
    flying: dict[int, list[float]] = field(default_factory=dict)


class Sender:
    """All nodes on one socket."""

    def __init__(self, port: int, nodes: int) -> None:
        self._hub = ("127.0.0.1", port)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.setblocking(False)
        made = [ScriptedNode(n, key_of(n), mac=n.to_bytes(6, "big")) for n in range(1, nodes + 1)]
        self._nodes = {node.number: _Sending(node) for node in made}
        self.waits: list[float] = []

    def greet(self) -> None:
        """Open a session for each node."""
        for sending in self._nodes.values():
            self._socket.sendto(sending.node.hello(), self._hub)
            select.select([self._socket], [], [], PATIENCE_S)
            sending.node.welcome(self._socket.recv(2048))

    def load(self, blocks: int) -> int:
        """Journal table, time and blocks of every node; returns how many blocks."""
        packed = [[bytes(encode_block(1, 1, rows)) for rows in signal(seed, blocks)] for seed in range(4)]
        for number, sending in self._nodes.items():
            node = sending.node
            node.put_table()
            node.put_time(START_S, 0)
            for data in packed[number % len(packed)]:
                node.put(g.RECORD_BLOCK, data)
            sending.waiting.extend(sorted(node.journal))
        return blocks * len(self._nodes)

    def send_all(self, every_s: float = 0.0, most: int | None = None) -> float:
        """Send what waits, each node with a few frames in flight; returns the seconds it took."""
        self.waits = []
        began = heard = time.perf_counter()
        next_s, left = began, most
        while any(s.waiting or s.flying for s in self._nodes.values()):
            now = time.perf_counter()
            if now - heard > PATIENCE_S or (left == 0 and not any(s.flying for s in self._nodes.values())):
                break
            if every_s == 0.0:
                for sending in self._nodes.values():
                    self._fill(sending, now)
            elif now >= next_s and left:
                next_s, left = now + every_s, left - 1
                self._fill(max(self._nodes.values(), key=lambda s: len(s.waiting)), now, 1)
            heard = self._hear(0.001) or heard
        return heard - began

    def _fill(self, sending: _Sending, now: float, most: int = g.RECORDS_IN_FLIGHT) -> None:
        """Send new records while the window has room, and again what was not answered."""
        for sequence, times in sending.flying.items():
            if now - times[1] > RETRY_S:
                times[1] = now
                self._socket.sendto(sending.node.records(sequence), self._hub)
        while sending.waiting and len(sending.flying) < most:
            sequence = sending.waiting.popleft()
            sending.flying[sequence] = [now, now]
            self._socket.sendto(sending.node.records(sequence), self._hub)

    def _hear(self, wait_s: float) -> float | None:
        """Take all answers that are there; when the last came, or None."""
        if not select.select([self._socket], [], [], wait_s)[0]:
            return None
        while True:
            try:
                data = self._socket.recv(2048)
            except BlockingIOError:
                return time.perf_counter()
            sending = self._nodes[parse_header(data).node]
            try:
                kind, body = sending.node.open(data)
            except ProtocolError:
                continue
            if kind == g.MSG_ACK:
                self._acked(sending, decode_ack(body), time.perf_counter())

    def _acked(self, sending: _Sending, ack: object, now: float) -> None:
        for sequence in [s for s in sending.flying if acked(ack, s)]:
            self.waits.append(now - sending.flying.pop(sequence)[0])

    def nows(self, count: int, rate: float) -> tuple[int, float]:
        """Send `count` NOW frames at `rate` a second; returns how many were answered, and the seconds it took."""
        numbers = list(self._nodes)
        frames = [self._nodes[numbers[i % len(numbers)]].node.now() for i in range(count)]
        answered = sent = 0
        began = heard = time.perf_counter()
        while answered < count and time.perf_counter() - heard < PATIENCE_S:
            due = min(count, int((time.perf_counter() - began) * rate) + 1)
            while sent < due:
                self._socket.sendto(frames[sent], self._hub)
                sent += 1
            select.select([self._socket], [], [], 0.001)
            try:
                while True:
                    self._socket.recv(2048)
                    answered += 1
                    heard = time.perf_counter()
            except BlockingIOError:
                continue
        return answered, heard - began


def main() -> None:
    """Run all phases and print the figures."""
    port, nodes, blocks, nows, rate = (int(word) for word in sys.argv[1:6])
    sender = Sender(port, nodes)
    sender.greet()
    made = sender.load(blocks)
    calm_s = sender.send_all(CALM_EVERY_S, CALM_FRAMES)
    calm = sorted(sender.waits)
    rest = made - max(0, len(calm) - 2 * nodes)
    seconds = sender.send_all()
    busy = sorted(sender.waits)
    answered, now_s = sender.nows(nows, rate)
    print(
        json.dumps(
            {
                "calm_s": calm_s,
                "calm_waits": calm,
                "busy_waits": busy,
                "seconds": seconds,
                "blocks": rest,
                "nows": nows,
                "answered": answered,
                "now_s": now_s,
            }
        )
    )


if __name__ == "__main__":
    main()
