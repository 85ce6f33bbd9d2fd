"""How long the firmware's steps take on this PC: from one wait to the next (for harness.py, read by the benchmark)."""

from array import array

BUCKET_US = 50
BUCKETS = 400


class LoopMeter:
    """A histogram of the time between the end of a wait and the start of the next one, in BUCKET_US steps."""

    def __init__(self, ticks_us):
        self._ticks_us = ticks_us
        self._counts = array("I", [0] * BUCKETS)
        self._since = None

    def waiting(self):
        """The firmware starts to wait: its step ends."""
        if self._since is not None:
            slot = (self._ticks_us() - self._since) // BUCKET_US
            self._counts[slot if slot < BUCKETS else BUCKETS - 1] += 1

    def woken(self):
        self._since = self._ticks_us()

    def take(self):
        """{"steps", "p50_us", "p99_us", "max_us"} since the last take, upper edges of the buckets."""
        total = sum(self._counts)
        found = {"steps": total, "p50_us": self._at(total * 0.5), "p99_us": self._at(total * 0.99)}
        found["max_us"] = self._at(total)
        for slot in range(BUCKETS):
            self._counts[slot] = 0
        return found

    def _at(self, wanted):
        seen = 0
        for slot in range(BUCKETS):
            seen += self._counts[slot]
            if seen >= wanted:
                return (slot + 1) * BUCKET_US
        return BUCKETS * BUCKET_US
