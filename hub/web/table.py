"""Table: a chart's numbers in rows – hours of a day, days of a week or month, months of a year; also for paper."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.store.series import Point, Series
from hub.web.frame import SPANS
from hub.web.strips import Strip
from hub.web.words import FARM_TIME, Words, local


@dataclass(frozen=True)
class Row:
    """One stretch: when, lowest, mean, highest (empty words where nothing was read) and which machines ran."""

    when: str
    low: str
    mean: str
    high: str
    machines: str


def rows(words: Words, series: Series, strips: list[Strip], from_s: float, to_s: float) -> list[Row]:
    """Newest first, every stretch of the chart, also those without readings."""
    starts = _starts(from_s, to_s)
    points: list[list[Point]] = [[] for _ in starts]
    for point in (point for segment in series.points for point in segment):
        points[max(0, bisect_right(starts, point.t_s) - 1)].append(point)
    ran = [_ran(words, strip, starts, to_s) for strip in strips]
    found = [
        _row(words, series, inside, _when(words, start, to_s - from_s), ", ".join(one[at] for one in ran if at in one))
        for at, (start, inside) in enumerate(zip(starts, points, strict=True))
    ]
    return found[::-1]


def _row(words: Words, series: Series, inside: list[Point], when: str, machines: str) -> Row:
    channel = series.channel

    def say(value: float) -> str:
        return words.figure(value, channel.scale, channel.unit)

    if not inside:
        return Row(when, "", "", "", machines)
    low, high = min(point.low for point in inside), max(point.high for point in inside)
    return Row(when, say(low), say(sum(point.mean for point in inside) / len(inside)), say(high), machines)


def _ran(words: Words, strip: Strip, starts: list[float], to_s: float) -> dict[int, str]:
    """Stretches in which a machine ran, with its name, and whether somebody switched it."""
    found: dict[int, str] = {}
    by_hand = words.say("table.by_hand", name=strip.name)
    for run in strip.runs:
        first = max(0, bisect_right(starts, run.from_s) - 1)
        last = bisect_right(starts, to_s if run.to_s is None else run.to_s) - 1
        for at in range(first, last + 1):
            if run.by_hand or at not in found:
                found[at] = by_hand if run.by_hand else strip.name
    return found


def _when(words: Words, start: float, length: float) -> str:
    at = local(start)
    if length <= 2 * SPANS["day"]:
        return at.strftime("%H:00 %d/%m")
    if length <= 2 * SPANS["month"]:
        return words.day(start)
    return words.say("table.month", month=at.month, year=at.year)


def _starts(from_s: float, to_s: float) -> list[float]:
    """Unix seconds at which the whole hours, days or months of the farm's clock begin that the chart touches."""
    length = to_s - from_s
    at = local(from_s).replace(minute=0, second=0, microsecond=0)
    if length > 2 * SPANS["day"]:
        at = at.replace(hour=0)
    if length > 2 * SPANS["month"]:
        at = at.replace(day=1)
    found = []
    while at.timestamp() < to_s:
        found.append(at.timestamp())
        at = _after(at, length)
    return found


def _after(at: datetime, length: float) -> datetime:
    if length <= 2 * SPANS["day"]:
        return at + timedelta(hours=1)
    if length <= 2 * SPANS["month"]:
        return at + timedelta(days=1)
    return datetime(at.year + at.month // 12, at.month % 12 + 1, 1, tzinfo=FARM_TIME)
