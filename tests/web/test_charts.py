"""Charts: a gap is drawn as a gap with its reason, no peak is lost, strips say who switched, the table says it too."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from hub.store.runs import Run
from hub.store.series import ChannelInfo, Gap, Point, Series
from hub.web import chart, table
from hub.web.chart import Chart
from hub.web.frame import PLOT_HIGH, SPANS, Frame
from hub.web.strips import Strip
from hub.web.words import Words
from tests.web.conftest import text
from tests.web.farm import PEAK, Farm, a_day

NOW = 1764054300.0
VI = Words("vi")
AIR = ChannelInfo(1, "air_temperature", "celsius", -1, "giữa nhà")


def made_of(points: list[list[Point]], gaps: list[Gap]) -> Series:
    return Series(AIR, points, gaps)


def drawn(series: Series, strips: list[Strip] | None = None, span: str = "day") -> Chart:
    return chart.draw(VI, series, (200, 320), strips or [], NOW - SPANS[span], NOW, "Nhiệt độ 24 giờ qua")


def tree(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def paths(svg: str, kind: str) -> str:
    return "".join(str(one.get("d")) for one in tree(svg).iter("path") if one.get("class") == kind)


def places(path: str) -> Iterator[tuple[float, float]]:
    """Absolute places of a path made of M, l, h and z."""
    x = y = 0.0
    for command, numbers in re.findall(r"([Mlhz])([-\d. ]*)", path):
        found = [float(number) for number in numbers.split()]
        if command == "M":
            x, y = found
        elif command == "l":
            x, y = x + found[0], y + found[1]
        elif command == "h":
            x += found[0]
        if command != "z":
            yield x, y


HOUR = [[Point(NOW - 7200 + 60 * n, 280 + n, 284 + n, 282.0 + n) for n in range(30)],
        [Point(NOW - 1800 + 60 * n, 300, 305, 302.0) for n in range(30)]]  # fmt: skip
HOLE = [Gap(NOW - 5400, NOW - 1800, "lost")]


def test_a_gap_is_a_hole_with_a_hatch_a_number_and_a_reason() -> None:
    found = drawn(made_of(HOUR, HOLE))
    curve = paths(found.svg, "curve")
    assert curve.count("M") == 2
    left, right = (1000 * (1 - s / 86400) for s in (5400 + 60, 1800))
    inside = [x for x, _ in places(curve) if left + 1 < x < right - 1]
    assert inside == []
    boxes = [one for one in tree(found.svg).iter("rect") if one.get("class") == "gapbox"]
    assert len(boxes) == 1 and boxes[0].get("fill") == "url(#hatch)"
    assert [note.number for note in found.notes] == [1] and "thiết bị mất tin" in found.notes[0].text
    assert "12:35 – 13:35" in found.notes[0].text


@pytest.mark.parametrize("reason", ["no_data", "lost", "open_block", "checksum", "known_lie", "something_new"])
def test_every_reason_is_said(reason: str) -> None:
    note = drawn(made_of(HOUR, [Gap(NOW - 5400, NOW - 1800, reason)])).notes[0].text
    assert "  " not in note and "_" not in note


def test_a_gap_hatches_the_strips_when_nobody_knows_what_the_machine_did() -> None:
    strip = Strip("Quạt hút", [])
    lost, fault = (
        drawn(made_of(HOUR, [Gap(NOW - 5400, NOW - 1800, why)]), [strip]).svg for why in ("lost", "checksum")
    )
    assert lost.count("gapbox") == 2 and fault.count("gapbox") == 1


def test_only_the_longest_gaps_get_numbers_and_the_rest_is_counted() -> None:
    gaps = [Gap(NOW - 80000 + 7000 * n, NOW - 80000 + 7000 * n + 600 + n, "no_data") for n in range(10)]
    found = drawn(made_of([], gaps))
    assert len(found.notes) == 3 and found.more_gaps == 7 and found.svg.count("gapbox") == 10


@given(st.integers(0, 479), st.integers(-400, 900))
def test_no_peak_is_lost(at: int, peak: int) -> None:
    points = [Point(NOW - 86400 + 180 * n, 280, 284, 282.0) for n in range(480)]
    points[at] = Point(points[at].t_s, min(280, peak), max(284, peak), 282.0)
    series = made_of([points], [])
    frame = Frame(series, (200, 320), NOW - 86400, NOW)
    reached = [y for _, y in places(paths(drawn(series).svg, "env"))]
    assert min(abs(y - frame.y(peak)) for y in reached) < 0.2 or 280 <= peak <= 284
    assert all(-0.2 <= y <= PLOT_HIGH + 0.2 for y in reached)


POINTS = st.builds(
    lambda at, low, wide: Point(at, low, low + wide, low + wide / 2),
    st.floats(NOW - 86400, NOW),
    st.integers(-4_000_000, 4_000_000),
    st.integers(0, 1000),
)


@given(st.lists(st.lists(POINTS, max_size=20), max_size=5), st.sampled_from(list(SPANS)))
def test_any_series_is_a_well_formed_drawing(points: list[list[Point]], span: str) -> None:
    ordered = [sorted(part, key=lambda one: one.t_s) for part in points]
    found = drawn(made_of(ordered, HOLE), [Strip("A & <b>", [])], span)
    assert tree(found.svg).tag == "svg" and "nan" not in found.svg and " style=" not in found.svg
    for x, y in places(paths(found.svg, "curve")):
        assert -0.2 <= x <= 1000.3 and -0.2 <= y <= PLOT_HIGH + 0.2


def test_strips_say_who_switched_how_often_and_how_long() -> None:
    runs = [Run(1, NOW - 9000, NOW - 7200, "above", False), Run(1, NOW - 900, None, "manual_on", True)]
    found = drawn(made_of(HOUR, []), [Strip("Quạt hút", runs), Strip("Bơm", [])])
    auto, hand = paths(found.svg, "auto"), paths(found.svg, "hand")
    assert auto.count("M") == hand.count("M") == 1 and found.by_hand
    assert auto.startswith(f"M{1000 * (1 - 9000 / 86400):.1f} 20v-20h{1000 * 1800 / 86400:.1f}v20z")
    assert "2 lần, 45 phút" in found.svg and "nghỉ suốt" in found.svg


def test_a_machine_of_which_nothing_is_known_did_not_rest() -> None:
    unknown = drawn(made_of([], [Gap(NOW - 86400, NOW, "no_data")]), [Strip("Quạt hút", [])]).svg
    assert "nghỉ suốt" not in unknown and "không rõ" in unknown


def test_a_channel_that_the_store_does_not_know_yet_keeps_its_unit(made: Farm, client: FlaskClient) -> None:
    html = client.get("/zones/2").get_data(as_text=True)
    assert "60\u00a0% · khoảng tốt" in html and "Ẩm đất 24 giờ qua" in html


def test_thousands_of_runs_become_columns_with_their_share() -> None:
    runs = [
        Run(1, NOW - 365 * 86400 + 3600 * n, NOW - 365 * 86400 + 3600 * n + 900, "above", False) for n in range(8700)
    ]
    found = drawn(made_of([], []), [Strip("Quạt hút", runs)], "year")
    bars = paths(found.svg, "auto")
    assert 300 <= bars.count("M") <= 400 and set(re.findall(r"v-(\d+)h", bars)) <= {"4", "5", "6"}


def test_an_empty_chart_says_so() -> None:
    found = drawn(made_of([], []))
    assert found.empty and "Chưa có số đo" in found.svg


def test_the_sentence_for_who_cannot_see_it() -> None:
    assert chart.describe(VI, made_of(HOUR, HOLE), NOW).replace("\u00a0", " ") == (
        "Thấp nhất 28,0 °C lúc 12:05, cao nhất 31,3 °C lúc 12:34, bây giờ 30,2 °C. Không có số đo 1 lần."
    )


@pytest.mark.parametrize(("span", "least"), [("day", 3), ("week", 3), ("month", 4), ("year", 3)])
def test_the_time_axis_has_words(span: str, least: int) -> None:
    found = chart.ticks(VI, NOW - SPANS[span], NOW)
    assert least <= len(found) <= 6 and all(NOW - SPANS[span] <= at <= NOW for at, _ in found)


def test_the_table_says_the_same_and_leaves_holes_empty() -> None:
    rows = table.rows(
        VI, made_of(HOUR, HOLE), [Strip("Quạt hút", [Run(1, NOW - 600, None, "above", False)])], NOW - 86400, NOW
    )
    assert len(rows) == 25 and rows[0].when.startswith("14:00") and rows[0].machines == "Quạt hút"
    by_hour = {row.when[:5]: row for row in rows}
    assert by_hour["12:00"].high == "31,3" and by_hour["10:00"].mean == "" and by_hour["10:00"].machines == ""


@pytest.mark.parametrize(("span", "count"), [("week", 8), ("month", 31), ("year", 13)])
def test_longer_tables_have_days_and_months(span: str, count: int) -> None:
    rows = table.rows(VI, made_of([], []), [], NOW - SPANS[span], NOW)
    assert len(rows) == count and len({row.when for row in rows}) >= count - 1


@pytest.mark.parametrize("span", list(SPANS))
def test_the_zone_page_draws_what_the_store_has(made: Farm, client: FlaskClient, span: str) -> None:
    a_day(made)
    html = client.get(f"/zones/1?show=1-1&span={span}").get_data(as_text=True)
    svg = html[html.index('<svg class="chart"') : html.index("</svg>\n<ul")] + "</svg>"
    assert tree(svg.replace("&nbsp;", " ")) is not None
    assert f"cao nhất {PEAK / 10:.1f}".replace(".", ",") in text(html).replace("\u00a0", " ")
    assert "gapbox" in svg and ('class="hand"' in svg or span in ("month", "year"))
    assert html.count('<path class="curve"') == 1 and "Xem bảng số" in text(html)


def test_an_unknown_span_or_channel_is_the_usual_one(made: Farm, client: FlaskClient) -> None:
    a_day(made)
    assert "Nhiệt độ 24 giờ qua" in text(client.get("/zones/1?span=century&show=9-9").get_data(as_text=True))


def test_the_live_part_leaves_the_chart_alone(made: Farm, client: FlaskClient) -> None:
    a_day(made)
    live = client.get("/zones/1", headers={"X-Live": "now"}).get_data(as_text=True)
    assert '<svg class="chart"' not in live and 'data-live="values"' in live
