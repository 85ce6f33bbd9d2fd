"""Chart: a channel over a day, week, month or year as SVG text, with gaps as gaps and the machines' strips beneath.

The outer `<svg>` has no viewBox, so its words keep 18 px at any width (x in percent); the curve sits in an inner one
that stretches. Every point keeps its lowest and highest reading, so no peak is lost; nothing is drawn across a gap.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup, escape

from hub.store.series import Gap, Point, Series
from hub.web import strips as strip_drawing
from hub.web.frame import PLOT_HIGH, PLOT_TOP, PLOT_WIDE, SPANS, Frame
from hub.web.strips import STRIP_STEP, STRIP_TOP, Strip
from hub.web.words import FARM_TIME, NBSP, Words, local

POINTS = 480  # more than a phone has columns, fewer than the 600 a page may carry
MARKED_GAPS = 3  # the longest ones get a number and a note
MARK_APART = 9.0  # percent between two numbers
MARKS = {"celsius": "°", "percent": f"{NBSP}%"}


@dataclass(frozen=True)
class GapNote:
    """A numbered gap in words."""

    number: int
    text: str


@dataclass(frozen=True)
class Chart:
    """The drawing and what stands below it."""

    svg: Markup
    notes: list[GapNote]
    more_gaps: int
    by_hand: bool
    envelope: bool
    empty: bool


def draw(
    words: Words,
    series: Series,
    band: tuple[int, int] | None,
    strips: list[Strip],
    from_s: float,
    to_s: float,
    title: str,
) -> Chart:
    """The whole chart of one channel from `from_s` to `to_s` (unix seconds)."""
    frame = Frame(series, band, from_s, to_s)
    points = [point for segment in series.points for point in segment]
    gaps = [gap for gap in series.gaps if gap.to_s > from_s and gap.from_s < to_s]
    marked = _marked(frame, gaps)
    envelope = any(point.low != point.high for point in points)
    high = STRIP_TOP + STRIP_STEP * len(strips) - 18
    svg = "".join(
        (
            f'<svg class="chart" height="{high}" role="img" aria-labelledby="ct cd">',
            f'<title id="ct">{escape(title)}</title>',
            f'<desc id="cd">{escape(describe(words, series, to_s))}</desc>',
            _plot(frame, series, band, envelope),
            _hours(words, frame),
            *(strip_drawing.hatch(frame, gap, PLOT_TOP, PLOT_HIGH) for gap in gaps),
            _edges(words, frame, series, band),
            *(_mark(frame, gap, number) for number, gap in enumerate(marked, 1)),
            _newest(words, frame, series),
            *(strip_drawing.draw(words, frame, one, gaps, row) for row, one in enumerate(strips)),
            "</svg>",
        )
    )
    notes = [GapNote(number, gap_words(words, gap, to_s)) for number, gap in enumerate(marked, 1)]
    by_hand = any(run.by_hand for strip in strips for run in strip.runs)
    return Chart(Markup(svg), notes, len(gaps) - len(marked), by_hand, envelope, not points)


# --- the curve ---


def _plot(frame: Frame, series: Series, band: tuple[int, int] | None, envelope: bool) -> str:
    drawn = [f'<svg x="0" y="{PLOT_TOP}" width="95%" height="{PLOT_HIGH}" viewBox="0 0 1000 {PLOT_HIGH}"'
             ' preserveAspectRatio="none">']  # fmt: skip
    if band:
        top, bottom = frame.y(band[1]), frame.y(band[0])
        drawn.append(f'<path class="band" d="M0 {top:.1f}h1000V{bottom:.1f}H0z"/>')
        edge = f"M0 {top:.1f}h1000M0 {bottom:.1f}h1000"
        drawn.append(f'<path class="edge" fill="none" vector-effect="non-scaling-stroke" d="{edge}"/>')
    if envelope:
        drawn.append(f'<path class="env" d="{"".join(_envelope(frame, part) for part in series.points if part)}"/>')
    curve = "".join(_line(frame, part) for part in series.points if part)
    drawn.append(f'<path class="curve" vector-effect="non-scaling-stroke" d="{curve}"/></svg>')
    return "".join(drawn)


def _path(frame: Frame, places: Iterable[tuple[float, float]]) -> str:
    """SVG path through (time, value) places, relative and in tenths: half the bytes of absolute ones."""
    steps: list[str] = []
    last_x = last_y = 0
    scale_x = 10000.0 / (frame.to_s - frame.from_s)
    scale_y = 10.0 * PLOT_HIGH / (frame.high - frame.low)
    for at_s, value in places:
        x = round(min(10000.0, max(0.0, (at_s - frame.from_s) * scale_x)))
        y = round((frame.high - value) * scale_y)
        if steps:
            steps.append(f"l{_tenths(x - last_x)} {_tenths(y - last_y)}")
        else:
            steps.append(f"M{_tenths(x)} {_tenths(y)}")
        last_x, last_y = x, y
    return "".join(steps)


def _tenths(number: int) -> str:
    whole, tenth = divmod(abs(number), 10)
    sign = "-" if number < 0 else ""
    return f"{sign}{whole}.{tenth}" if tenth else f"{sign}{whole}"


def _line(frame: Frame, part: list[Point]) -> str:
    path = _path(frame, ((point.t_s, point.mean) for point in part))
    return path if len(part) > 1 else path + "h.1"  # a single reading is still a dot


def _envelope(frame: Frame, part: list[Point]) -> str:
    there = [(point.t_s, float(point.high)) for point in part]
    back = [(point.t_s, float(point.low)) for point in reversed(part)]
    if len(part) == 1:  # a column of its own, one minute-mark wide
        side = (frame.to_s - frame.from_s) / 1000
        there.append((part[0].t_s + side, float(part[0].high)))
        back.insert(0, (part[0].t_s + side, float(part[0].low)))
    return _path(frame, [*there, *back]) + "z"


# --- words and marks ---


def short(words: Words, value: float, scale: int, unit: str) -> str:
    """A number for the chart itself: "31,2°", "78 %"; whole ones without a decimal."""
    whole = value * 10.0**scale % 1 == 0
    return (words.number(value, scale, 0) if whole else words.figure(value, scale, unit)) + MARKS.get(unit, "")


def _edges(words: Words, frame: Frame, series: Series, band: tuple[int, int] | None) -> str:
    channel = series.channel
    points = [point for segment in series.points for point in segment]
    if band:
        low, high, note = band[0], band[1], f" · {words.say('chart.good')}"
    elif points:
        low, high, note = min(point.low for point in points), max(point.high for point in points), ""
    else:
        return ""
    top = max(18.0, PLOT_TOP + frame.y(high) - 8)
    bottom = min(PLOT_TOP + PLOT_HIGH - 6.0, PLOT_TOP + frame.y(low) - 8)
    high_words = escape(short(words, high, channel.scale, channel.unit) + note)
    low_words = escape(short(words, low, channel.scale, channel.unit))
    lower = f'<text class="halo" x="0" y="{bottom:.0f}">{low_words}</text>' if bottom - top >= 20 else ""
    return f'<text class="halo" x="0" y="{top:.0f}">{high_words}</text>{lower}'


def _newest(words: Words, frame: Frame, series: Series) -> str:
    if not series.points or not series.points[-1]:
        return ""
    last = series.points[-1][-1]
    if frame.to_s - last.t_s > (frame.to_s - frame.from_s) / 50:
        return ""
    x, y = frame.x(last.t_s), PLOT_TOP + frame.y(last.mean)
    text = escape(short(words, last.mean, series.channel.scale, series.channel.unit))
    label = y - 18 if y > 40 else y + 30
    return (
        f'<circle class="dot" cx="{x:.1f}%" cy="{y:.0f}" r="7"/>'
        f'<text class="strong halo" x="{x:.1f}%" dx="8" y="{label:.0f}" text-anchor="end">{text}</text>'
    )


def _hours(words: Words, frame: Frame) -> str:
    bottom = PLOT_TOP + PLOT_HIGH
    drawn = [f'<line class="grid" x1="0" x2="95%" y1="{bottom}" y2="{bottom}"/>']
    for at_s, text in ticks(words, frame.from_s, frame.to_s):
        x = frame.x(at_s)
        drawn.append(f'<line class="grid" x1="{x:.1f}%" x2="{x:.1f}%" y1="{bottom}" y2="{bottom + 8}"/>')
        if 6 <= x <= 91:
            drawn.append(f'<text x="{x:.1f}%" y="{bottom + 26}" text-anchor="middle">{escape(text)}</text>')
    return "".join(drawn)


def ticks(words: Words, from_s: float, to_s: float) -> list[tuple[float, str]]:
    """Where the time axis gets a word: every 6 hours, 2 days, week or quarter, on the farm's own clock."""
    length = to_s - from_s
    start = local(from_s).replace(hour=0, minute=0, second=0, microsecond=0)
    if length <= 2 * SPANS["day"]:
        return _every(start, timedelta(hours=6), from_s, to_s, lambda at: words.say("chart.hour", n=at.hour))
    if length <= 2 * SPANS["week"]:
        return _every(start, timedelta(days=2), from_s, to_s, lambda at: at.strftime("%d/%m"))
    if length <= 2 * SPANS["month"]:
        return _every(start, timedelta(days=7), from_s, to_s, lambda at: at.strftime("%d/%m"))
    months = [(year, month) for year in range(start.year, start.year + 3) for month in (1, 4, 7, 10)]
    firsts = [datetime(year, month, 1, tzinfo=FARM_TIME) for year, month in months]
    return [(at.timestamp(), at.strftime("%m/%Y")) for at in firsts if from_s <= at.timestamp() <= to_s]


def _every(
    start: datetime, step: timedelta, from_s: float, to_s: float, text: Callable[[datetime], str]
) -> list[tuple[float, str]]:
    found = []
    while start.timestamp() <= to_s:
        if start.timestamp() >= from_s:
            found.append((start.timestamp(), text(start)))
        start += step
    return found


def describe(words: Words, series: Series, now_s: float) -> str:
    """The chart in a sentence, for who cannot see it."""
    points = [point for segment in series.points for point in segment]
    if not points:
        return words.say("chart.desc_empty")
    channel = series.channel

    def say(value: float) -> str:
        return words.quantity(value, channel.scale, channel.unit)

    lowest, highest = min(points, key=lambda point: point.low), max(points, key=lambda point: point.high)
    text = words.say(
        "chart.desc",
        low=say(lowest.low),
        low_at=words.clock(lowest.t_s, now_s),
        high=say(highest.high),
        high_at=words.clock(highest.t_s, now_s),
        now=say(points[-1].mean),
    )
    return f"{text} {words.say('chart.desc_gaps', n=len(series.gaps))}" if series.gaps else text


# --- gaps ---


def _marked(frame: Frame, gaps: list[Gap]) -> list[Gap]:
    """The longest gaps whose numbers do not cover each other, in order of time."""
    chosen: list[Gap] = []
    for gap in sorted(gaps, key=lambda one: one.from_s - one.to_s):
        place = _middle(frame, gap)
        if len(chosen) < MARKED_GAPS and all(abs(place - _middle(frame, one)) >= MARK_APART for one in chosen):
            chosen.append(gap)
    return sorted(chosen, key=lambda one: one.from_s)


def _middle(frame: Frame, gap: Gap) -> float:
    return min(PLOT_WIDE - 1, max(4.0, (frame.x(gap.from_s) + frame.x(gap.to_s)) / 2))


def _mark(frame: Frame, gap: Gap, number: int) -> str:
    x = _middle(frame, gap)
    return (
        f'<circle class="mark" cx="{x:.1f}%" cy="{PLOT_TOP}" r="14"/>'
        f'<text class="marktext" x="{x:.1f}%" y="{PLOT_TOP + 6}" text-anchor="middle">{number}</text>'
    )


def gap_words(words: Words, gap: Gap, now_s: float) -> str:
    """A gap as a sentence: from, to, why."""
    why = words.first(f"gap.{gap.reason}", f"fault.{gap.reason}", "gap.no_data")
    return words.say("gap.note", from_=words.clock(gap.from_s, now_s), to=words.clock(gap.to_s, now_s), why=why)
