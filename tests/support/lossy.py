"""The lossy path: a UDP proxy between simulated nodes and the hub, put there by the faults, kills and hostile tests.

To the hub every node keeps an address of its own (one socket each, like a router does), so that replies find their way.
What happens to a datagram is drawn from a seeded generator per direction; everything held or recorded is bounded.
"""

import heapq
import itertools
import random
import selectors
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType

Address = tuple[str, int]

UP, DOWN = "up", "down"  # node → hub, hub → node
MAX_DATAGRAM = 2048
MAX_NODES = 256  # Addresses on the nodes' side; more are dropped and counted, as a router's full table would.
MAX_HELD = 4096  # Delayed datagrams waiting for their time.
MAX_RECORDED = 20_000
RECEIVE_BUFFER = 1 << 20
TICK_S = 0.05  # Longest wait of the thread, so that stop() and cut() are prompt.


@dataclass(frozen=True)
class Weather:
    """What the path does to datagrams: probabilities 0..1 per datagram and direction, delays in seconds."""

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay_s: float = 0.0
    reorder_s: float = 0.08


CLEAR = Weather()
STORM = Weather(loss=0.3, duplicate=0.1, reorder=0.15)


@dataclass(frozen=True)
class Frame:
    """One datagram as it arrived at the path. `node_at` is the address on the nodes' side, its source or its goal."""

    direction: str
    node_at: Address
    data: bytes

    @property
    def type(self) -> int:
        """Message type from the header (byte 1), -1 when too short."""
        return self.data[1] if len(self.data) > 1 else -1

    @property
    def node(self) -> int:
        """Node number from the header (bytes 2 and 3), -1 when too short."""
        return int.from_bytes(self.data[2:4], "little") if len(self.data) > 3 else -1

    @property
    def sealed(self) -> bool:
        return bool(self.data and self.data[0] & 1)


Tamper = Callable[[Frame], Iterable[bytes]]


class LossyPath:
    """A thread that forwards datagrams between `address` (for nodes) and `hub`, as well or badly as `weather` says.

    Assign `weather`, `hub` or `tamper` at any time. `tamper(frame)` returns the datagrams that go on in its place.
    """

    def __init__(
        self, hub: Address, *, seed: int = 0, weather: Weather = CLEAR, listen: Address = ("127.0.0.1", 0)
    ) -> None:
        self.hub = hub
        self.weather = weather
        self.tamper: Tamper | None = None
        self.frames: deque[Frame] = deque(maxlen=MAX_RECORDED)
        self.counts: Counter[str] = Counter()
        self._luck = {UP: random.Random(f"{seed} up"), DOWN: random.Random(f"{seed} down")}
        self._front = _udp_socket(listen)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._front, selectors.EVENT_READ)
        self._to_hub: dict[Address, socket.socket] = {}
        self._node_of: dict[socket.socket, Address] = {}
        self._held: list[tuple[float, int, Frame, bytes]] = []
        self._order = itertools.count()
        self._cut = False
        self._lock = threading.RLock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lossy-path", daemon=True)
        self.address: Address = self._front.getsockname()

    def start(self) -> "LossyPath":
        self._thread.start()
        return self

    def stop(self) -> None:
        """End the thread and close every socket. Safe to call twice."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(5)
        with self._lock:
            self._selector.close()
            for each in (self._front, *self._to_hub.values()):
                each.close()

    def __enter__(self) -> "LossyPath":
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def cut(self) -> None:
        """Drop everything in both directions, also what is held, until mend()."""
        with self._lock:
            self._cut = True
            self.counts["cut"] += len(self._held)
            self._held.clear()

    def mend(self) -> None:
        self._cut = False

    def seen(self, direction: str, kind: int | None = None, node: int | None = None) -> list[Frame]:
        """The recorded frames of a direction, oldest first, of one type and one node if given."""
        with self._lock:
            frames = list(self.frames)
        return [f for f in frames if f.direction == direction and kind in (None, f.type) and node in (None, f.node)]

    def nodes(self) -> list[Address]:
        """The addresses on the nodes' side, in order of appearance."""
        with self._lock:
            return list(self._to_hub)

    def to_hub(self, data: bytes, node_at: Address) -> None:
        """Send any bytes to the hub so that they seem to come from the node at this address. Not subject to weather."""
        with self._lock:
            self._deliver(Frame(UP, node_at, data), data)

    def to_node(self, data: bytes, node_at: Address) -> None:
        """Send any bytes to a node as if the hub had. Not subject to weather."""
        with self._lock:
            self._deliver(Frame(DOWN, node_at, data), data)

    def _run(self) -> None:
        while not self._ending.is_set():
            for key, _ in self._selector.select(self._wait_s()):
                with self._lock:
                    self._take(key.fileobj)  # type: ignore[arg-type]
            with self._lock:
                self._release()

    def _wait_s(self) -> float:
        with self._lock:
            return min(TICK_S, max(0.0, self._held[0][0] - time.monotonic())) if self._held else TICK_S

    def _take(self, source: socket.socket) -> None:
        """Read one datagram and decide what becomes of it."""
        try:
            data, sender = source.recvfrom(MAX_DATAGRAM)
        except OSError:  # An ICMP "port unreachable" of an earlier datagram (a dead hub or node) arrives here.
            return
        frame = Frame(UP, sender, data) if source is self._front else Frame(DOWN, self._node_of[source], data)
        self.frames.append(frame)
        self.counts[frame.direction] += 1
        for each in self.tamper(frame) if self.tamper else (data,):
            self._expose(frame, each)

    def _expose(self, frame: Frame, data: bytes) -> None:
        """Lose, double, hold or pass on one datagram."""
        luck, weather = self._luck[frame.direction], self.weather
        lost, doubled, late, lateness = (luck.random() for _ in range(4))
        if self._cut:
            self.counts["cut"] += 1
        elif lost < weather.loss:
            self.counts["lost"] += 1
        else:
            wait = weather.delay_s + (lateness * weather.reorder_s if late < weather.reorder else 0.0)
            self._hold(wait, frame, data)
            if doubled < weather.duplicate:
                self.counts["doubled"] += 1
                self._hold(wait + lateness * weather.reorder_s, frame, data)

    def _hold(self, wait_s: float, frame: Frame, data: bytes) -> None:
        if wait_s <= 0:
            self._deliver(frame, data)
        elif len(self._held) < MAX_HELD:
            self.counts["held"] += 1
            heapq.heappush(self._held, (time.monotonic() + wait_s, next(self._order), frame, data))
        else:
            self.counts["overflow"] += 1

    def _release(self) -> None:
        while self._held and self._held[0][0] <= time.monotonic():
            _, _, frame, data = heapq.heappop(self._held)
            self._deliver(frame, data)

    def _deliver(self, frame: Frame, data: bytes) -> None:
        try:
            if frame.direction == DOWN:
                self._front.sendto(data, frame.node_at)
            else:
                out = self._socket_of(frame.node_at)
                if out:
                    out.sendto(data, self.hub)
        except OSError:
            self.counts["unsendable"] += 1

    def _socket_of(self, node_at: Address) -> socket.socket | None:
        if node_at not in self._to_hub:
            if len(self._to_hub) >= MAX_NODES:
                self.counts["overflow"] += 1
                return None
            out = _udp_socket(("127.0.0.1", 0))
            self._to_hub[node_at] = out
            self._node_of[out] = node_at
            self._selector.register(out, selectors.EVENT_READ)
        return self._to_hub[node_at]


def _udp_socket(address: Address) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    made.bind(address)
    made.setblocking(False)
    return made
