"""Rates: token buckets per sender, so that a flood costs little and a good node goes on; used by greeting and link."""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass

MOST_KEYS = 1_024  # senders remembered; of more, the one longest not heard is forgotten


@dataclass
class _Bucket:
    tokens: float
    at_s: float


class Rate:
    """`per_s` events a second on average, `burst` at once, for each key by itself."""

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._buckets: OrderedDict[Hashable, _Bucket] = OrderedDict()

    def allows(self, key: Hashable, now_s: float) -> bool:
        """Take one token; `now_s` is monotonic."""
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = _Bucket(self._burst, now_s)
            if len(self._buckets) > MOST_KEYS:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(key)
        bucket.tokens = min(self._burst, bucket.tokens + (now_s - bucket.at_s) * self._per_s)
        bucket.at_s = now_s
        if bucket.tokens < 1:
            return False
        bucket.tokens -= 1
        return True
