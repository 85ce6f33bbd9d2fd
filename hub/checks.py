"""Checks: what a node finds when it looks at itself (CHECK); asked by inspections and while a page watches a probe.

While somebody watches, a CHECK goes out every second, and each result's probe voltages are kept for half a minute, so
that the page can say when a value stands still.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

from hub.clock import Clock
from shared_protocol import registry as g
from shared_protocol.maintenance import CHECK_PROBE, Check, decode_check_result, encode_check

EVERY_S = 1.0
WATCHED_S = 15.0  # one look at the page keeps asking so long: longer than a page without scripts takes to come again
KEPT_S = 30.0
FRESH_S = 5.0  # an older value is shown with its age and cannot be taken
STEADY = 5  # so many values in a row …
STEADY_MV = 20  # … within so much stand still
ASKED = 32  # questions whose answer still counts

Row = tuple[int, int, int, int | None]  # what (CHECK_), which channel or actuator, ok, value
Listener = Callable[[list[Row]], None]


@dataclass(frozen=True)
class Probe:
    """What a soil probe gave out last, in mV; None when the node has not told, or the probe did not answer."""

    value_mv: int | None
    steady: bool
    age_s: float | None


@dataclass(frozen=True)
class _Value:
    at_s: float
    value_mv: int


class Checks:
    """Questions under way and the probes' last values. Thread-safe; times are monotonic."""

    def __init__(self, clock: Clock, random: Callable[[int], bytes]) -> None:
        self._clock, self._random = clock, random
        self._guard = threading.Lock()
        self._until_s: dict[int, float] = {}  # node → how long somebody watches
        self._next_s: dict[int, float] = {}
        self._asked: OrderedDict[tuple[int, bytes], Listener | None] = OrderedDict()
        self._probes: dict[tuple[int, int], deque[_Value]] = {}
        self.sender: Callable[[int, int, bytes], bool] | None = None  # set by the service

    def watch(self, node: int) -> None:
        """Keep asking this node for a while."""
        with self._guard:
            self._until_s[node] = self._clock.monotonic() + WATCHED_S
        self.tick()

    def tick(self) -> None:
        """Ask the nodes that are watched; call it some times a second."""
        now_s = self._clock.monotonic()
        with self._guard:
            self._until_s = {node: until for node, until in self._until_s.items() if until > now_s}
            due = [node for node in self._until_s if self._next_s.get(node, 0.0) <= now_s]
            for node in due:
                self._next_s[node] = now_s + EVERY_S
        for node in due:
            self.ask(node)

    def ask(self, node: int, listener: Listener | None = None) -> bool:
        """Ask once; `listener` gets the rows if an answer comes. False when the node has no session now."""
        name = self._random(4)
        with self._guard:
            self._asked[node, name] = listener
            while len(self._asked) > ASKED:
                self._asked.popitem(last=False)
        return self.sender is not None and self.sender(node, g.MSG_CHECK, encode_check(Check(name)))

    def result(self, node: int, body: bytes) -> None:
        """A CHECK_RESULT. Raises ProtocolError."""
        result = decode_check_result(body)
        question = (node, bytes(result.id))
        with self._guard:
            if question not in self._asked:
                return  # an answer to nobody's question, or a second one, is not of this moment
            listener = self._asked.pop(question)
            for what, which, ok, value in result.rows:
                if what == CHECK_PROBE:
                    self._keep(node, which, value if ok else None)
        if listener is not None:
            listener(result.rows)

    def probe(self, node: int, channel: int) -> Probe:
        """A probe's last value and whether it stands still."""
        now_s = self._clock.monotonic()
        with self._guard:
            values = [one for one in self._probes.get((node, channel), ()) if one.at_s > now_s - KEPT_S]
        if not values:
            return Probe(None, False, None)
        last = [one.value_mv for one in values[-STEADY:]]
        age_s = now_s - values[-1].at_s
        steady = len(last) == STEADY and max(last) - min(last) <= STEADY_MV and age_s <= FRESH_S
        return Probe(values[-1].value_mv, steady, age_s)

    def _keep(self, node: int, channel: int, value_mv: int | None) -> None:
        """Remember a value; a probe that did not answer begins anew."""
        values = self._probes.setdefault((node, channel), deque(maxlen=STEADY))
        if value_mv is None:
            values.clear()
        else:
            values.append(_Value(self._clock.monotonic(), value_mv))
