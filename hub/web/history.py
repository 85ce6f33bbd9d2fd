"""History: a zone's channel over a span, drawn with its machines' runs, and as a table; used by the zone page."""

from dataclasses import dataclass, replace

from hub.live import ActuatorNow
from hub.store.runs import runs
from hub.store.series import ChannelInfo, Series, series
from hub.web import chart, machines, table
from hub.web.chart import Chart
from hub.web.frame import SPANS
from hub.web.here import Site
from hub.web.strips import Strip
from hub.web.table import Row
from hub.web.verdict import Value, Verdict
from hub.web.words import Words

__all__ = ["SPANS", "History", "draw"]

MOST_STRIPS = {"day": 4, "week": 4, "month": 2, "year": 2}  # more would push the curve off a phone's screen


@dataclass(frozen=True)
class History:
    """A chart and its table."""

    title: str
    chart: Chart
    rows: list[Row]
    estimated: bool


def draw(site: Site, words: Words, judged: Verdict, value: Value, span: str, now_s: float) -> History:
    """The last day, week, month or year of one channel."""
    from_s = now_s - SPANS[span]
    found = _series(site, value, from_s, now_s)
    strips = [
        Strip(machines.name(words, one), runs(site.hub.store, node, one.actuator, from_s, now_s))
        for node, one in machines_shown(judged, value, MOST_STRIPS[span])
    ]
    title = words.say(f"chart.title.{span}", kind=value.name)
    drawn = chart.draw(words, found, value.band, strips, from_s, now_s, title)
    return History(title, drawn, table.rows(words, found, strips, from_s, now_s), found.estimated)


def _series(site: Site, value: Value, from_s: float, to_s: float) -> Series:
    """What the store has; named as the node names it now, for the store may not have its table yet."""
    now = value.now
    found = series(site.hub.store, value.node, now.channel, from_s, to_s, chart.POINTS)
    named = ChannelInfo(now.channel, now.kind, now.unit, now.scale, now.place)
    return found if found.channel == named else replace(found, channel=named)


def machines_shown(judged: Verdict, value: Value, most: int) -> list[tuple[int, ActuatorNow]]:
    """Whose strips stand under a curve: the machines of the channel's own node, then of the zone, at most `most`."""
    own_first = sorted(judged.standings, key=lambda one: one.node.number != value.node)
    found = [(one.node.number, actuator) for one in own_first if one.now for actuator in one.now.actuators]
    return found[:most]
