"""What time the hub gives to nodes, if any; asked by greeting and link.

A PC whose battery is empty starts in 1970 or in the year of its BIOS. It must not date a harvest, so no time is given
while the clock is older than this program or than the newest record that the store can date.
"""

from hub.clock import Clock
from hub.store import Store
from shared_protocol.registry import EPOCH_2020

BUILT_S = 1_767_225_600  # 2026-01-01: this program is not older than that
# A node's crystal may have dated the newest record a little ahead of the hub since it last heard the time; within the
# jump that nodes take at once it is drift, beyond it the clock was set back.
AHEAD_S = 300.0
EVERY_S = 60.0


class WallTime:
    """The hub's time for nodes."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self._newest_s = store.newest_s() or 0.0
        self._read_s = clock.monotonic()

    @property
    def trusted(self) -> bool:
        """Whether this PC's clock can be right."""
        return self._clock.wall() >= max(BUILT_S, self._newest_s - AHEAD_S)

    def give(self) -> tuple[int, int]:
        """(seconds since 2020, milliseconds) as on the wire; (0, 0) = not known."""
        if not self.trusted:
            return 0, 0
        wall_ms = round((self._clock.wall() - EPOCH_2020) * 1000)
        return wall_ms // 1000, wall_ms % 1000

    def tick(self, now_s: float) -> None:
        """Look now and then how new the newest record is."""
        if now_s - self._read_s >= EVERY_S:
            self._read_s = now_s
            self._newest_s = max(self._newest_s, self._store.newest_s() or 0.0)
