"""A farm whose nodes take updates: the hub's Farm, its wires carried by hand, and a program to send."""

import hashlib
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from shared_protocol.errors import ProtocolError
from shared_protocol.frame import parse_header
from shared_protocol.messages import acked, decode_ack
from tests.hub.farm import Farm, g
from tests.hub.updates.node import UpdateNode
from tests.support.fakes import FakeClock

UPDATES = (g.MSG_UPDATE_BEGIN, g.MSG_UPDATE_CHUNK)


@dataclass(frozen=True)
class Program:
    """What stands for an application."""

    data: bytes
    version: tuple[int, int, int]

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.data).digest()


NEW = Program(bytes(range(256)) * 8 + b"two", (0, 2, 0))  # 2,051 bytes: six chunks
NEWER = Program(bytes(range(255, -1, -1)) * 8, (0, 3, 0))


class UpdateFarm:
    """A hub with a program, nodes 1..n, and the frames between them in `up` and `down` until somebody carries them.

    Nothing happens beside the test: the hub has no thread, and commits when the test takes what it sent.
    """

    def __init__(self, folder: Path, count: int, clock: FakeClock | None = None, program: Program = NEW) -> None:
        self.program = program
        self.farm = Farm(folder, clock, writer_thread=False)
        self.clock, self.hub = self.farm.clock, self.farm.hub
        self._open()
        self.down: deque[tuple[int, bytes]] = deque()
        self.up: deque[tuple[int, bytes]] = deque()
        self.sent: list[tuple[float, int, int, bytes]] = []  # (second, node, type, body) of all updates sent
        self.nodes: dict[int, UpdateNode] = {}
        for number in range(1, count + 1):
            key = bytes((number,)) * 16
            self.hub.fleet.add(f"Node {number}", None, number, key)
            self.nodes[number] = UpdateNode(number, key)
        self.hub.link.keyring.refresh(self.clock.monotonic())

    def _open(self) -> None:
        self.hub = self.farm.hub
        self.hub.store.database.raw().execute("PRAGMA synchronous = off")  # no power cut of the PC here
        self.hub.releases.current = self.hub.releases.keep(self.program.data, self.program.version)

    def close(self) -> None:
        self.farm.close()

    def restart(self) -> None:
        """The hub ends and starts again; what was on the wire to it is lost with it."""
        self.farm.close()
        self.farm.open()
        self._open()
        self.up.clear()
        self.down.clear()
        for node in self.nodes.values():
            node.script.session = None

    # -- carrying

    def greet(self, number: int) -> None:
        """HELLO, and the NOW that proves the session; nothing of it is lost."""
        node = self.nodes[number]
        self.collect()
        self.hub.link.receive(node.hello(), ("10.0.0.1", 4000 + number))
        reply, _ = self.farm.carrier.sent.pop()
        node.script.welcome(reply)
        self._now(number)

    def prove(self, number: int) -> None:
        """A node that has the image restarts with it and proves itself."""
        assert self.nodes[number].switch()
        self.greet(number)
        assert self.states()[number] == "trial"
        assert self.nodes[number].confirm()
        self.tell(number)
        self.run(0.1)

    def greet_all(self) -> None:
        for number in self.nodes:
            self.greet(number)

    def tell(self, number: int) -> None:
        """A NOW arrives, and the records that the hub has not acknowledged."""
        node = self.nodes[number].script
        if node.session is not None:
            self._now(number)
            if node.journal:
                self.hub.link.receive(node.records(*list(node.journal)[:8]), ("10.0.0.1", 4000 + number))
                self.collect()

    def _now(self, number: int) -> None:
        node = self.nodes[number]
        node.script.uptime_s += 1
        self.hub.link.receive(node.now(), ("10.0.0.1", 4000 + number))
        self.collect()

    def collect(self) -> None:
        """The hub commits what waits; take what it sent."""
        self.hub.store.commit()
        while self.farm.carrier.sent:
            frame, _ = self.farm.carrier.sent.popleft()
            self.down.append((parse_header(frame).node, frame))

    def pass_s(self, seconds: float, step_s: float = 0.05) -> None:
        """Time passes, the hub ticks; nothing is carried."""
        while seconds > 0:
            self.clock.advance(min(step_s, seconds))
            seconds -= step_s
            self.hub.tick()
        self.collect()

    def deliver_down(self, index: int = 0) -> None:
        """One frame of the hub reaches its node, whose answer waits in `up`."""
        number, frame = self.down[index]
        del self.down[index]
        node = self.nodes[number]
        if node.script.session is None:
            return
        try:
            kind, body = node.script.open(frame)
        except ProtocolError:
            return
        if kind == g.MSG_ACK:
            for sequence in [s for s in node.script.journal if acked(decode_ack(body), s)]:
                del node.script.journal[sequence]
        if kind in UPDATES:
            self.sent.append((self.clock.monotonic(), number, kind, body))
        self.up += [(number, answer) for answer in node.take(kind, body)]

    def deliver_up(self, index: int = 0) -> None:
        """One frame of a node reaches the hub."""
        number, frame = self.up[index]
        del self.up[index]
        self.hub.link.receive(frame, ("10.0.0.1", 4000 + number))
        self.collect()

    def carry(self) -> None:
        """Everything arrives, in order, until nothing is on the wire."""
        while self.down or self.up:
            if self.down:
                self.deliver_down()
            else:
                self.deliver_up()

    def run(self, seconds: float) -> None:
        """Time passes and everything arrives; each node tells every 15 s."""
        end_s = self.clock.monotonic() + seconds
        told_s = self.clock.monotonic()
        while self.clock.monotonic() < end_s:
            self.pass_s(0.05)
            self.carry()
            if self.clock.monotonic() - told_s >= 15:
                told_s = self.clock.monotonic()
                for number in self.nodes:
                    self.tell(number)

    # -- looking

    def states(self) -> dict[int, str]:
        rollout = self.hub.rollouts.newest
        return {} if rollout is None else {target.node: target.state for target in rollout.targets}

    def sent_to(self, since: int = 0) -> set[int]:
        """Nodes that got any message of an update."""
        return {number for _, number, _, _ in self.sent[since:]}
