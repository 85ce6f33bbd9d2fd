"""A farm for the hub's tests: a real hub with a carrier in memory and a clock that stands still, and scripted nodes."""

from collections import deque
from pathlib import Path

from hub.benchmark.scripted import ScriptedNode
from hub.carriers.base import Address, Carrier, Receive
from hub.live import NodeNow
from hub.service import Hub
from shared_protocol import registry as g
from shared_protocol.frame import parse_header
from tests.support.fakes import FakeClock

KEY = bytes(range(16))


class MemoryCarrier(Carrier):
    """Frames as lists: what the hub sent waits in `sent`."""

    port = 47470

    def __init__(self) -> None:
        self.sent: deque[tuple[bytes, Address]] = deque()

    def start(self, receive: Receive) -> None:
        self.receive = receive

    def send(self, frame: bytes, address: Address) -> bool:
        self.sent.append((frame, address))
        return True

    def stop(self) -> None:
        """Nothing runs."""


class Farm:
    """One hub and the wires to it. Time passes by `clock.advance` and `hub.tick`."""

    def __init__(self, folder: Path, clock: FakeClock | None = None, writer_thread: bool = True) -> None:
        self.folder, self.clock, self._writer_thread = folder, clock or FakeClock(), writer_thread
        self.open()

    def open(self) -> None:
        self.carrier = MemoryCarrier()
        self._draws = 0
        self.hub = Hub(
            self.folder,
            clock=self.clock,
            carrier=self.carrier,
            random=self._random,
            writer_thread=self._writer_thread,
        )
        self.carrier.start(self.hub.link.receive)

    def close(self) -> None:
        self.hub.stop()

    def _random(self, count: int) -> bytes:
        self._draws += 1
        return self._draws.to_bytes(8, "big")[-count:].rjust(count, b"\5")

    def add(self, number: int = 1, **fields: object) -> ScriptedNode:
        """A node of the fleet with its key, and a table in its journal."""
        self.hub.fleet.add(f"Node {number}", None, number, KEY)
        self.hub.link.keyring.refresh(self.clock.monotonic())
        node = ScriptedNode(number, KEY, mac=bytes((2, 0, 0, 0, 0, number)), **fields)  # type: ignore[arg-type]
        node.put_table()
        return node

    def say(self, frame: bytes, address: Address = ("10.0.0.1", 4000)) -> list[bytes]:
        """Give the hub a frame; what it sent by the time that all it queued is committed."""
        self.carrier.sent.clear()
        self.hub.link.receive(frame, address)
        self.settle()
        return [frame for frame, _ in self.carrier.sent]

    def now(self, number: int = 1) -> NodeNow:
        """What the hub shows of a node that it heard of."""
        found = self.hub.live.node(number)
        assert found is not None
        return found

    def settle(self) -> None:
        """Wait until everything queued so far is committed and answered."""
        self.hub.store.write(lambda _: None)
        self.hub.store.write(lambda _: None)

    def greet(self, node: ScriptedNode) -> object:
        """A session for the node: HELLO, and a NOW that proves it."""
        (reply,) = self.say(node.hello())
        ack = node.welcome(reply)
        self.answers(node, node.now())
        return ack

    def answers(self, node: ScriptedNode, frame: bytes) -> list[tuple[int, bytes]]:
        """(type, body) of what the hub sends to the node for a frame."""
        return [node.open(reply) for reply in self.say(frame) if parse_header(reply).node == node.number]

    def ship(self, node: ScriptedNode, *sequences: int) -> object | None:
        """Send records of the node's journal in one frame; the last ACK."""
        wanted = sequences or tuple(sorted(node.journal))
        acks = [node.take_ack(reply) for reply in self.say(node.records(*wanted))]
        return next((ack for ack in reversed(acks) if ack is not None), None)

    def ship_all(self, node: ScriptedNode) -> None:
        """Send the journal record by record until all is acknowledged."""
        for sequence in sorted(node.journal):
            if sequence in node.journal:
                self.ship(node, sequence)
        assert not node.journal

    def sent(self, node: ScriptedNode, type: int) -> list[bytes]:
        """Bodies of the messages of a type that lie in the carrier for the node, taken out."""
        opened = [node.open(frame) for frame, _ in self.carrier.sent if parse_header(frame).node == node.number]
        self.carrier.sent.clear()
        return [body for kind, body in opened if kind == type]

    def stored(self, number: int = 1) -> dict[int, bytes]:
        """Sequence → bytes of all records of a node."""
        rows = self.hub.store.rows(
            "SELECT sequence, bytes FROM record JOIN journal ON journal.id = record.journal WHERE node = ?", (number,)
        )
        return dict(rows)


def rows(first_s: int, count: int = 60, step_s: int = 60, base: int = 270) -> list[tuple[int, tuple[int, ...], int]]:
    """Sets of the scripted table: (uptime_s, values, states)."""
    return [(first_s + i * step_s, (base + i % 7, 800 - i % 5, 430, 390), i % 10 == 0) for i in range(count)]


__all__ = ("KEY", "Farm", "MemoryCarrier", "g", "rows")
