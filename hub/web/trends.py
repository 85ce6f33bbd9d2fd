"""Trends: what each number did in the last hour, kept once a minute; asked by verdict, fed by the server's thread.

In memory only. After a start it is filled from the store, so that an arrow stands beside a number at once.
"""

import threading
from collections import deque

from hub.errors import HubError
from hub.service import Hub
from hub.store.series import many

STEP_S = 60.0
KEEP_S = 3600.0
LOOK_BACK_S = 15 * 60.0  # a trend compares with a quarter of an hour ago
LEAST_BACK_S = 5 * 60.0  # with less than this nothing is said
MOVED = {"celsius": 0.3, "percent": 1.5}  # in the unit: less is noise of the sensor, "steady"
MOVED_SHARE = 0.02  # for other units: 2 % of the value

Past = deque[tuple[float, int]]


class Trends:
    """Values of every channel, a minute apart, for an hour."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._lock = threading.Lock()
        self._past: dict[tuple[int, int], Past] = {}

    def fill(self) -> None:
        """Take the last hour from the store; what cannot be read is left out."""
        now = self._hub.clock.wall()
        for node in self._hub.fleet.nodes():
            try:
                found = many(self._hub.store, node.number, now - KEEP_S, now, points=int(KEEP_S / STEP_S))
            except HubError:
                continue
            for one in found:
                for point in (point for segment in one.points for point in segment):
                    self.add(node.number, one.channel.channel, point.t_s, round(point.mean))

    def step(self) -> None:
        """Remember what the live state says now."""
        for node in self._hub.live.nodes():
            for channel in node.channels:
                if channel.value is not None and channel.at_s is not None:
                    self.add(node.node, channel.channel, channel.at_s, channel.value)

    def add(self, node: int, channel: int, at_s: float, value: int) -> None:
        """Remember a value; ignored when it is not newer than the last one."""
        with self._lock:
            past = self._past.setdefault((node, channel), deque())
            if past and at_s <= past[-1][0]:
                return
            past.append((at_s, value))
            while past[0][0] < at_s - KEEP_S:
                past.popleft()

    def trend(self, node: int, channel: int, at_s: float, value: int, scale: int, unit: str) -> str:
        """Now against a quarter of an hour before: "up", "down" or "flat"; "" with nothing to compare with."""
        before = self._before(node, channel, at_s)
        if before is None:
            return ""
        moved = (value - before) * 10.0**scale
        enough = MOVED.get(unit, abs(before) * 10.0**scale * MOVED_SHARE)
        return "flat" if abs(moved) < max(enough, 1e-9) else "up" if moved > 0 else "down"

    def _before(self, node: int, channel: int, at_s: float) -> int | None:
        for then, value in self._copy(node, channel):
            if at_s - LOOK_BACK_S <= then <= at_s - LEAST_BACK_S:
                return value
        return None

    def out_since(self, node: int, channel: int, low: int, high: int) -> float | None:
        """Since when (unix seconds, as far as remembered) the values have been outside [low, high]; None = inside."""
        since = None
        for then, value in reversed(self._copy(node, channel)):
            if low <= value <= high:
                break
            since = then
        return since

    def _copy(self, node: int, channel: int) -> list[tuple[float, int]]:
        with self._lock:
            return list(self._past.get((node, channel), ()))
