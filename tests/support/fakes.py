"""Fakes at the seams of the hub: a clock that a test sets."""

import threading

from hub.clock import Clock


class FakeClock(Clock):
    """Wall and monotonic time that stand still until `advance`; `sleep` passes at once and is counted."""

    def __init__(self, wall_s: float = 1_790_000_000.0) -> None:
        self._lock = threading.Lock()
        self._wall_s = wall_s
        self._monotonic_s = 1000.0
        self.slept_s = 0.0

    def wall(self) -> float:
        return self._wall_s

    def monotonic(self) -> float:
        return self._monotonic_s

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.slept_s += seconds
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let both clocks pass."""
        with self._lock:
            self._wall_s += seconds
            self._monotonic_s += seconds

    def set_wall(self, wall_s: float) -> None:
        """Somebody sets the PC's clock; monotonic time does not care."""
        self._wall_s = wall_s
