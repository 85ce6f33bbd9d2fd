"""Series: a channel over a stretch of time as at most some hundred points, with its gaps; drawn by the page.

Each point keeps the lowest and the highest reading, so that no peak is lost. Where nothing was measured there is a gap
with its reason, and never a point.
"""

from bisect import bisect_left
from dataclasses import dataclass

from hub.store import Store
from hub.store.faults import FaultSpan, fault_spans
from hub.store.lost import lost_spans
from hub.store.strips import ChannelInfo, Strip, StripReader, channels

__all__ = ("ChannelInfo", "Gap", "Point", "Series", "channels", "many", "series")

RECENT_LIMIT_S = 45.0  # three NOW frames missed
MIN_WIDTH_S = 1.0
ROUNDING = 1 + 1e-9  # so that a reading at the very end is in the last point and not one more


@dataclass(frozen=True)
class Point:
    """Readings around `t_s` (unix seconds): lowest, highest and mean, in the channel's scale."""

    t_s: float
    low: int
    high: int
    mean: float


@dataclass(frozen=True)
class Gap:
    """No readings from `from_s` to `to_s`; `reason` is a fault's name, or "no_data", "lost", "open_block"."""

    from_s: float
    to_s: float
    reason: str


@dataclass(frozen=True)
class Series:
    """A channel's points in unbroken segments, and the gaps between them. `estimated`: some times are bounds only."""

    channel: ChannelInfo
    points: list[list[Point]]
    gaps: list[Gap]
    estimated: bool = False


def series(store: Store, node: int, channel: int, from_s: float, to_s: float, points: int = 600) -> Series:
    """One channel. A channel that the node never declared gives one gap."""
    known = [info for info in channels(store, node) if info.channel == channel]
    wanted = known or [ChannelInfo(channel, "unknown", "none", 0, "")]
    return _read(store, node, wanted, from_s, to_s, points)[0]


def many(store: Store, node: int, from_s: float, to_s: float, points: int = 600) -> list[Series]:
    """All channels of a node, reading the store once."""
    return _read(store, node, channels(store, node), from_s, to_s, points)


def _read(store: Store, node: int, wanted: list[ChannelInfo], from_s: float, to_s: float, points: int) -> list[Series]:
    width_s = max(MIN_WIDTH_S, (to_s - from_s) / points * ROUNDING)
    end_s = min(to_s, store.clock.wall())
    reader = StripReader(store, node, wanted, from_s, width_s)
    reader.read(to_s)
    stored_s = store.stored_until(node)
    live_s = reader.read_recent(stored_s, end_s, RECENT_LIMIT_S)
    estimated = any(dated.estimated for dated in store.timeline(node).between(from_s, to_s))
    reasons = _Reasons(store, node, from_s, end_s, stored_s, live_s)
    made = []
    for info in wanted:
        strip = reader.strips[info.channel]
        breaks = _breaks(strip, width_s)
        gaps = [reasons.gap(info.channel, a, b) for a, b in _holes(strip, breaks, from_s, end_s, width_s)]
        made.append(Series(info, _points(strip, breaks, from_s, width_s), gaps, estimated))
    return made


def _breaks(strip: Strip, width_s: float) -> list[int]:
    """Where a new segment begins: the index after each gap."""
    ends, starts, limits = strip.to_s, strip.from_s[1:], strip.limit_s
    pauses = zip(ends, starts, limits, strict=False)
    return [i for i, (end, start, limit) in enumerate(pauses, 1) if start - end > limit and start - end > width_s]


def _holes(strip: Strip, breaks: list[int], from_s: float, end_s: float, width_s: float) -> list[tuple[float, float]]:
    """The gaps, also before the first entry and after the last."""
    if not strip.n:
        return [(from_s, end_s)] if end_s > from_s else []
    holes = [(strip.to_s[i - 1], strip.from_s[i]) for i in breaks]
    if strip.from_s[0] - from_s > max(width_s, strip.limit_s[0]):
        holes.insert(0, (from_s, strip.from_s[0]))
    if end_s - strip.to_s[-1] > max(width_s, strip.limit_s[-1]):
        holes.append((strip.to_s[-1], end_s))
    return holes


def _points(strip: Strip, breaks: list[int], from_s: float, width_s: float) -> list[list[Point]]:
    """Segments of points, each point from the entries that lie in one width of the chart."""
    edges = [0, *breaks, len(strip.n)]
    return [_segment(strip, a, b, from_s, width_s) for a, b in zip(edges, edges[1:], strict=False) if b > a]


def _segment(strip: Strip, first: int, last: int, from_s: float, width_s: float) -> list[Point]:
    points = []
    at = first
    while at < last:
        cell = int((strip.from_s[at] - from_s) // width_s)
        end = max(at + 1, bisect_left(strip.from_s, from_s + (cell + 1) * width_s, at, last))
        middle = (strip.from_s[at] + strip.to_s[end - 1]) / 2
        mean = sum(strip.total[at:end]) / sum(strip.n[at:end])
        points.append(Point(middle, min(strip.low[at:end]), max(strip.high[at:end]), mean))
        at = end
    return points


class _Reasons:
    """Why nothing was measured; faults and lost records are read when the first gap asks."""

    def __init__(
        self, store: Store, node: int, from_s: float, to_s: float, stored_s: float, live_s: float | None
    ) -> None:
        self._asked = (store, node, from_s, to_s)
        self._stored_s, self._live_s = stored_s, live_s
        self._faults: list[FaultSpan] | None = None
        self._lost: list[tuple[float, float]] = []

    def gap(self, channel: int, from_s: float, to_s: float) -> Gap:
        """The gap with the reason that covers most of it."""
        if self._faults is None:
            self._faults = fault_spans(*self._asked)
            self._lost = lost_spans(self._asked[0], self._asked[1])
        covered: dict[str, float] = {}
        for span in self._faults:
            if span.channel == channel:
                overlap = min(to_s, span.to_s) - max(from_s, span.from_s)
                covered[span.fault] = covered.get(span.fault, 0.0) + max(0.0, overlap)
        best = max(covered, key=covered.__getitem__, default="")
        if best and covered[best] * 2 >= to_s - from_s:
            return Gap(from_s, to_s, best)
        if any(a < to_s and b > from_s for a, b in self._lost):
            return Gap(from_s, to_s, "lost")
        if self._live_s is not None and from_s >= self._stored_s - 1 and to_s <= self._live_s + 1:
            return Gap(from_s, to_s, "open_block")
        return Gap(from_s, to_s, best if best and covered[best] > 0 else "no_data")
