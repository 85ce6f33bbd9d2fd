"""Dating: from (boot, uptime) to wall time, as a pure law; used by the timeline.

Every wall time that the hub gave is journaled by the node as an anchor. Between two anchors of a boot time is
interpolated, outside the nearest counts; a boot without any lies somewhere between its neighbours and is *estimated*.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

# A crystal strays by less than 0.01 %, the worst recorded logger by 0.4 %. Two anchors that disagree by more than this
# mean that somebody set the hub's clock between them: then each holds for its own side.
DRIFT = 0.02
SLACK_S = 5.0


@dataclass(frozen=True)
class Anchor:
    """At `uptime_s` of its boot it was `wall_s` (unix seconds)."""

    uptime_s: float
    wall_s: float


class BootClock:
    """Uptime to wall time within one boot."""

    def __init__(self, anchors: Sequence[Anchor]) -> None:
        """At least one anchor, in any order; of two at the same uptime the later in the sequence counts."""
        by_uptime = {a.uptime_s: a.wall_s for a in anchors}
        self._uptimes = sorted(by_uptime)
        self._walls = [by_uptime[u] for u in self._uptimes]
        offsets = [w - u for u, w in zip(self._uptimes, self._walls, strict=True)]
        self._least, self._most = min(offsets), max(offsets)

    def wall(self, uptime_s: float) -> float:
        """Unix seconds."""
        at = self._at(uptime_s)
        if at == 0:
            return self._walls[0] + uptime_s - self._uptimes[0]
        if at == len(self._uptimes):
            return self._walls[-1] + uptime_s - self._uptimes[-1]
        u0, u1 = self._uptimes[at - 1], self._uptimes[at]
        w0, w1 = self._walls[at - 1], self._walls[at]
        if abs((w1 - w0) - (u1 - u0)) > max(SLACK_S, DRIFT * (u1 - u0)):
            return w0 + uptime_s - u0 if uptime_s - u0 <= u1 - uptime_s else w1 - (u1 - uptime_s)
        return w0 + (w1 - w0) * (uptime_s - u0) / (u1 - u0)

    def walls(self, uptimes_s: Sequence[float]) -> list[float]:
        """`wall` of many, in order; fast when no anchor lies between them."""
        if len(uptimes_s) > 2 and self._at(uptimes_s[0]) == self._at(uptimes_s[-1]):
            first, last = self.wall(uptimes_s[0]), self.wall(uptimes_s[-1])
            span = uptimes_s[-1] - uptimes_s[0]
            if span and abs(last - first - span) <= DRIFT * span:
                rate = (last - first) / span
                base = first - rate * uptimes_s[0]
                return [base + rate * uptime_s for uptime_s in uptimes_s]
        return [self.wall(uptime_s) for uptime_s in uptimes_s]

    def _at(self, uptime_s: float) -> int:
        """How many anchors lie at or before an uptime."""
        return bisect_right(self._uptimes, uptime_s)

    def uptimes(self, from_s: float, to_s: float) -> tuple[float, float]:
        """An uptime range that holds everything dated within [from_s, to_s], maybe a little more."""
        return from_s - self._most, to_s - self._least


@dataclass(frozen=True)
class Boot:
    """One boot of a node as far as records know it."""

    journal: int
    boot_no: int
    first_s: int
    last_s: int


@dataclass(frozen=True)
class DatedBoot:
    """A boot with its clock; `estimated`: no anchor of its own."""

    boot: Boot
    clock: BootClock
    estimated: bool

    @property
    def from_s(self) -> float:
        return self.clock.wall(self.boot.first_s)

    @property
    def to_s(self) -> float:
        return self.clock.wall(self.boot.last_s)


def date(boots: Sequence[tuple[Boot, Sequence[Anchor]]]) -> list[DatedBoot]:
    """Clocks for the boots of one node, given in the order in which they happened. Without any anchor at all: none."""
    dated: list[DatedBoot] = []
    waiting: list[Boot] = []
    for boot, anchors in boots:
        if not anchors:
            waiting.append(boot)
            continue
        known = DatedBoot(boot, BootClock(anchors), False)
        dated += _between(waiting, dated[-1].to_s if dated else None, known.clock.wall(0))
        dated.append(known)
        waiting = []
    return dated + _between(waiting, dated[-1].to_s if dated else None, None)


def _between(boots: list[Boot], after: float | None, before: float | None) -> list[DatedBoot]:
    """Boots without anchors, laid between the end of the one before and the start of the one after.

    Known on both sides they share the slack evenly, so that no time is wrong by more than it; when they do not fit, the
    clock was set in between, and they are squeezed. Known on one side they lie against it.
    """
    if not boots or (after is None and before is None):
        return []
    total = sum(boot.last_s for boot in boots)
    if after is None:
        assert before is not None
        at, pause, rate = before - total, 0.0, 1.0
    elif before is None:
        at, pause, rate = after, 0.0, 1.0
    else:
        slack = max(0.0, before - after - total)
        pause = slack / (len(boots) + 1)
        rate = 1.0 if total == 0 else max(0.0, min(1.0, (before - after) / total))
        at = after + pause
    laid = []
    for boot in boots:
        end = at + boot.last_s * rate
        clock = BootClock([Anchor(0.0, at)]) if rate == 1.0 else _Squeezed(at, end, boot.last_s)
        laid.append(DatedBoot(boot, clock, True))
        at = end + pause
    return laid


class _Squeezed(BootClock):
    """A clock that runs slow, so that the boot ends where it must."""

    def __init__(self, from_s: float, to_s: float, last_s: int) -> None:
        super().__init__([Anchor(0.0, from_s)])
        self._from_s = from_s
        self._rate = (to_s - from_s) / last_s if last_s else 0.0
        self._last_s = last_s

    def wall(self, uptime_s: float) -> float:
        return self._from_s + uptime_s * self._rate

    def uptimes(self, from_s: float, to_s: float) -> tuple[float, float]:
        return 0.0, float(self._last_s)
