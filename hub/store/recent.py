"""Recent readings: what NOW frames told since the last stored block; the live tail of a chart, in memory only."""

import threading
from collections import deque
from dataclasses import dataclass
from typing import Any

MOST = 2_048  # per node: eight hours at 15 s, the time of one 240-set block and more


@dataclass(frozen=True)
class Sample:
    """One NOW frame: unix seconds, its channel table, a value or None with its fault per channel, state bits."""

    at_s: float
    table: Any
    values: tuple[int | None, ...]
    faults: tuple[int, ...]
    states: int


class Recent:
    """The newest samples of every node. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._samples: dict[int, deque[Sample]] = {}

    def add(self, node: int, sample: Sample) -> None:
        with self._guard:
            self._samples.setdefault(node, deque(maxlen=MOST)).append(sample)

    def since(self, node: int, after_s: float) -> list[Sample]:
        """Samples later than `after_s`, in order; older ones are in the store and are forgotten here."""
        with self._guard:
            samples = self._samples.get(node)
            if samples is None:
                return []
            while samples and samples[0].at_s <= after_s:
                samples.popleft()
            return list(samples)
