"""Strips: when each machine ran, as bars beneath a chart's curve; also the hatch that marks a gap."""

from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import escape

from hub.store.runs import Run
from hub.store.series import Gap
from hub.web.frame import PLOT_WIDE, Frame
from hub.web.words import Words

STRIP_TOP, STRIP_STEP, STRIP_HIGH = 314, 84, 20  # px: a name above each bar, the words below it
LEAST_WIDE = 3.0  # thousandths of the width: thinner would not be seen on a phone
MOST_BARS = 700  # beyond these, runs are gathered into columns
COLUMNS = 400


@dataclass(frozen=True)
class Strip:
    """A machine's runs under the curve."""

    name: str
    runs: list[Run]


def draw(words: Words, frame: Frame, strip: Strip, gaps: list[Gap], row: int) -> str:
    """The name, how often and how long, and one bar per run: by rule, or by hand."""
    top = STRIP_TOP + STRIP_STEP * row
    bar = top + 8
    bars = gathered(frame, strip.runs)
    unseen = [gap for gap in gaps if gap.reason in ("no_data", "lost")]
    unseen_s = sum(min(gap.to_s, frame.to_s) - max(gap.from_s, frame.from_s) for gap in unseen)
    paths = "".join(
        f'<path class="{kind}" vector-effect="non-scaling-stroke" d="{_bars(frame, chosen)}"/>'
        for kind, chosen in (("auto", [r for r in bars if not r.by_hand]), ("hand", [r for r in bars if r.by_hand]))
        if chosen
    )
    return "".join(
        (
            f'<text class="strong" x="0" y="{top}">{escape(strip.name)}</text>',
            f'<text x="0" y="{bar + STRIP_HIGH + 20}">{escape(run_words(words, strip.runs, frame, unseen_s))}</text>',
            f'<rect class="track" x="0" y="{bar}" width="95%" height="{STRIP_HIGH}" rx="4"/>',
            f'<svg x="0" y="{bar}" width="95%" height="{STRIP_HIGH}" viewBox="0 0 1000 {STRIP_HIGH}"',
            f' preserveAspectRatio="none">{paths}</svg>',
            *(hatch(frame, gap, bar, STRIP_HIGH) for gap in unseen),
        )
    )


def _bars(frame: Frame, runs: Iterable[Run]) -> str:
    """One path of all bars; a run that stands for a share of its time is that much lower."""
    from_s, to_s, steps = frame.from_s, frame.to_s, []
    scale = 1000 / (to_s - from_s)
    for run in runs:
        start, end = run.from_s, to_s if run.to_s is None else run.to_s
        left = (start - from_s) * scale if start > from_s else 0.0
        wide = ((end if end < to_s else to_s) - from_s) * scale - left
        high = 4 if run.share <= 0.2 else round(STRIP_HIGH * run.share)
        steps.append(f"M{left:.1f} {STRIP_HIGH}v-{high}h{wide if wide > LEAST_WIDE else LEAST_WIDE:.1f}v{high}z")
    return "".join(steps)


def hatch(frame: Frame, gap: Gap, top: int, high: int) -> str:
    """The hatched box of a gap."""
    x = frame.x(gap.from_s)
    wide = min(PLOT_WIDE, max(0.4, frame.x(gap.to_s) - x))
    return f'<rect class="gapbox" x="{x:.1f}%" y="{top}" width="{wide:.1f}%" height="{high}" fill="url(#hatch)"/>'


def run_length(run: Run, frame: Frame) -> float:
    """Seconds of a run inside the frame."""
    end = frame.to_s if run.to_s is None else min(run.to_s, frame.to_s)
    return max(0.0, end - max(run.from_s, frame.from_s)) * run.share


def run_words(words: Words, runs: list[Run], frame: Frame, unknown_s: float = 0.0) -> str:
    """How often and how long: "5 lần, 3 giờ 38 phút"; only how long where runs stand for shares.

    Nothing seen in a stretch that is mostly unknown is "not known", never "rested".
    """
    if not runs:
        return words.say("chart.runs_unknown" if unknown_s > (frame.to_s - frame.from_s) / 2 else "chart.runs_none")
    span = words.span(sum(run_length(run, frame) for run in runs))
    if any(run.share < 1.0 for run in runs):
        return words.say("chart.runs_span", span=span)
    return words.say("chart.runs", n=len(runs), span=span)


def gathered(frame: Frame, runs: list[Run]) -> list[Run]:
    """The runs themselves, or, where they are too many to see, one per column with the share that it was on."""
    if len(runs) <= MOST_BARS:
        return runs
    width = (frame.to_s - frame.from_s) / COLUMNS
    columns: dict[tuple[int, bool], float] = {}
    for run in runs:
        start = max(run.from_s, frame.from_s)
        end = frame.to_s if run.to_s is None else min(frame.to_s, run.to_s)
        for column in range(
            int((start - frame.from_s) / width), min(COLUMNS - 1, int((end - frame.from_s) / width)) + 1
        ):
            left = frame.from_s + column * width
            inside = max(0.0, min(end, left + width) - max(start, left)) * run.share
            columns[column, run.by_hand] = columns.get((column, run.by_hand), 0.0) + inside
    actuator, left = runs[0].actuator, frame.from_s
    return [
        Run(actuator, left + column * width, left + (column + 1) * width, "", by_hand, on_s / width)
        for (column, by_hand), on_s in sorted(columns.items())
        if on_s > 0
    ]
