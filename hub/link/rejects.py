"""Rejected frames, counted by cause, per node and in all; counted by the link, shown on the node's page."""

import threading
from collections import Counter

MOST_NODES = 1_024  # numbers counted apart; anyone can write any number into a header


class Rejects:
    """Counters since the start. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._all: Counter[str] = Counter()
        self._nodes: dict[int, Counter[str]] = {}

    def count(self, cause: str, node: int | None = None) -> None:
        """One more frame was refused; `node` where the header names one that the fleet knows."""
        with self._guard:
            self._all[cause] += 1
            if node is not None and (node in self._nodes or len(self._nodes) < MOST_NODES):
                self._nodes.setdefault(node, Counter())[cause] += 1

    def of(self, node: int) -> dict[str, int]:
        """Of one node, by cause."""
        with self._guard:
            return dict(self._nodes.get(node, {}))

    def total(self) -> dict[str, int]:
        """Of all, unknown senders too."""
        with self._guard:
            return dict(self._all)
