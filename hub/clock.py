"""The clock: wall time, monotonic time and waiting, as one object that every part gets and a test can set."""

import time


class Clock:
    """The PC's own clocks."""

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never go back; for deadlines and rates."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
