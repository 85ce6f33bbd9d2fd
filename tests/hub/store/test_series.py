"""Series: points that lose no peak, gaps with their reasons, summaries and opened blocks telling the same."""

import pytest

from hub.store.events import node_events
from hub.store.runs import Run, runs
from hub.store.series import Gap, Series, many, series
from tests.hub.farm import Farm, g, rows

DAY = 86_400


def shown(farm: Farm, hours: float, channel: int = 1, points: int = 600) -> Series:
    now = farm.clock.wall()
    return series(farm.hub.store, 1, channel, now - hours * 3600, now, points)


@pytest.fixture
def lived(farm: Farm) -> Farm:
    """A farm with one node that was up for a day and has shipped all of it, in blocks of an hour."""
    node = farm.add(uptime_s=DAY)
    node.put_time(farm.clock.wall(), DAY)
    for hour in range(24):
        node.put_block(rows(3600 * hour + 60))
    farm.greet(node)
    farm.ship_all(node)
    farm.node = node  # type: ignore[attr-defined]
    return farm


def test_a_day_is_unbroken_and_has_at_most_so_many_points(lived: Farm) -> None:
    told = shown(lived, 24)
    assert told.gaps == [] and len(told.points) == 1
    assert len(told.points[0]) <= 600
    times = [point.t_s for point in told.points[0]]
    assert times == sorted(times)
    assert told.channel.kind == "air_temperature" and told.channel.place == "Giữa nhà"
    assert not told.estimated


def test_no_peak_is_lost_at_any_width(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    peak = [(t, (5000 if t == DAY + 90 * 60 else 270, 800, 430, 390), 0) for t, *_ in rows(DAY + 60, 120)]
    node.put_block(peak)
    lived.ship_all(node)
    lived.clock.advance(120 * 60)
    for hours in (3, 24, 24 * 7, 24 * 30, 24 * 365):
        assert max(point.high for part in shown(lived, hours).points for point in part) == 5000


def test_coarse_points_have_the_extremes_and_means_of_the_readings(lived: Farm) -> None:
    (coarse,), (fine,) = shown(lived, 24 * 365).points, shown(lived, 25).points
    assert min(p.low for p in coarse) == min(p.low for p in fine) == 270
    assert max(p.high for p in coarse) == max(p.high for p in fine) == 276
    assert sum(p.mean for p in coarse) / len(coarse) == pytest.approx(sum(p.mean for p in fine) / len(fine), abs=0.1)


def test_many_is_series_of_each(lived: Farm) -> None:
    now = lived.clock.wall()
    assert many(lived.hub.store, 1, now - DAY, now) == [shown(lived, 24, channel) for channel in (1, 2, 3, 4)]


def test_silence_is_a_gap_and_never_a_point(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    lived.clock.advance(10 * 3600)
    node.put_block(rows(DAY + 9 * 3600, 61))
    lived.ship_all(node)
    told = shown(lived, 24)
    (gap,) = told.gaps
    assert gap.reason == "no_data" and gap.to_s - gap.from_s == pytest.approx(9 * 3600, abs=120)
    assert len(told.points) == 2
    assert all(not gap.from_s + 1 < point.t_s < gap.to_s - 1 for part in told.points for point in part)


def test_a_fault_is_a_gap_with_its_name(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    lived.clock.advance(3600)
    dead = [(t, (None if 20 <= i < 40 else 270, *v[1:]), s) for i, (t, v, s) in enumerate(rows(DAY + 60))]
    node.put_event(g.EVENT_FAULT_START, 1, g.FAULT_NO_ANSWER, dead[20][0], None, uptime_s=dead[22][0])
    node.put_event(g.EVENT_FAULT_END, 1, g.FAULT_NO_ANSWER, dead[20][0], uptime_s=dead[40][0])
    node.put_block(dead)
    lived.ship_all(node)
    (gap,) = shown(lived, 2).gaps
    assert gap.reason == "no_answer" and gap.to_s - gap.from_s == 21 * 60
    assert shown(lived, 2, channel=2).gaps == []


def test_a_fault_that_lasts_is_told_to_the_end(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    lived.clock.advance(3600)
    node.put_event(g.EVENT_FAULT_START, 1, g.FAULT_FROZEN, DAY + 60, 999, uptime_s=DAY + 600)
    node.put_block([(t, (None, *v[1:]), s) for t, v, s in rows(DAY + 60)])
    lived.ship_all(node)
    (gap,) = shown(lived, 2).gaps
    assert gap.reason == "frozen" and gap.to_s == lived.clock.wall()


def test_overwritten_records_are_a_gap_that_says_lost(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    lived.clock.advance(5 * 3600)
    node.last = node.first_held = node.next + 4
    node.nonce, node.uptime_s = b"nonce--2", DAY + 5 * 3600
    lived.greet(node)
    node.put_block(rows(DAY + 4 * 3600 + 60))
    lived.ship_all(node)
    reasons = [gap.reason for gap in shown(lived, 10).gaps]
    assert reasons == ["lost"]


def test_the_live_tail_follows_the_last_block(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    for _ in range(40):
        lived.clock.advance(15)
        node.uptime_s += 15
        lived.answers(node, node.now(values=((300, 0, 0), (800, 0, 0), (430, 0, 0), (390, 0, 0))))
    told = shown(lived, 1)
    assert told.gaps == []
    assert told.points[-1][-1].high == 300
    assert told.points[-1][-1].t_s == pytest.approx(lived.clock.wall(), abs=15)


def test_what_waits_in_the_open_block_is_named_after_a_restart(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    lived.clock.advance(1800)
    node.uptime_s += 1800
    lived.answers(node, node.now())
    lived.clock.advance(15)
    lived.answers(node, node.now())
    (gap,) = shown(lived, 2).gaps
    assert gap.reason == "open_block" and gap.to_s - gap.from_s == pytest.approx(1800, abs=60)
    lived.answers(node, node.now(values=((None, g.FAULT_OPEN, 9),) * 4))
    assert len(shown(lived, 2).points) == 2


def test_a_node_without_records_is_one_gap(farm: Farm) -> None:
    farm.add()
    now = farm.clock.wall()
    told = series(farm.hub.store, 1, 1, now - 3600, now)
    assert told.points == [] and told.gaps == [Gap(now - 3600, now, "no_data")]
    assert many(farm.hub.store, 1, now - 3600, now) == []


def test_another_scale_in_a_later_table_is_one_curve(lived: Farm) -> None:
    from hub.benchmark.scripted import TABLE
    from shared_protocol.record import Channel, Table

    node = lived.node  # type: ignore[attr-defined]
    first = TABLE.channels[0]
    fine = Channel(first.id, first.kind, first.unit, -2, first.place)
    node.put_table(Table(2, [fine], TABLE.actuators))
    node.put_block([(t, (2750,), 0) for t, *_ in rows(DAY + 60)], table=2)
    lived.ship_all(node)
    lived.clock.advance(3600)
    told = shown(lived, 3)
    assert told.channel.scale == -2 and told.gaps == []
    assert {p.low // 100 for part in told.points for p in part} == {27}


# -- runs and events


def test_runs_tell_when_and_why(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    start = lived.clock.wall() - DAY
    node.put_event(g.EVENT_ACTUATOR, 1, 1, g.CAUSE_ABOVE, 312, 300, uptime_s=3600)
    node.put_event(g.EVENT_ACTUATOR, 1, 0, g.CAUSE_SATISFIED, 284, 285, uptime_s=4200)
    node.put_event(g.EVENT_ACTUATOR, 1, 1, g.CAUSE_MANUAL_ON, None, None, uptime_s=80_000)
    node.put_event(g.EVENT_ACTUATOR, 2, 1, g.CAUSE_BELOW, 600, 650, uptime_s=80_000)
    lived.ship_all(node)
    told = runs(lived.hub.store, 1, 1, start, start + DAY)
    assert told == [
        Run(1, start + 3600, start + 4200, "above", False),
        Run(1, start + 80_000, None, "manual_on", True),
    ]
    assert runs(lived.hub.store, 1, 1, start + 3900, start + 4000) == told[:1]
    assert runs(lived.hub.store, 1, 1, start + 5000, start + 6000) == []


def test_a_run_ends_with_its_boot(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    node.put_event(g.EVENT_ACTUATOR, 1, 1, g.CAUSE_ABOVE, 312, 300, uptime_s=DAY + 10)
    node.boot_no, node.uptime_s = 2, 5
    lived.clock.advance(3600)
    node.put_event(g.EVENT_BOOT, g.RESET_WATCHDOG, 0, "0.1.0")
    node.put_time(lived.clock.wall(), 5)
    lived.ship_all(node)
    now = lived.clock.wall()
    (run,) = runs(lived.hub.store, 1, 1, now - DAY, now)
    assert run.to_s == now - 3600 + 10


def test_long_runs_are_shares(lived: Farm) -> None:
    now = lived.clock.wall()
    told = runs(lived.hub.store, 1, 1, now - 30 * DAY, now)
    assert told and all(run.share == pytest.approx(0.1) and not run.cause for run in told)
    assert runs(lived.hub.store, 1, 2, now - 30 * DAY, now) == []


def test_events_are_named_and_dated_newest_first(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    node.put_event(g.EVENT_BOOT, g.RESET_BROWNOUT, 3, "0.1.0", uptime_s=0)
    node.put_event(g.EVENT_FAULT_START, 1, g.FAULT_RATE, 50, 999, uptime_s=60)
    node.put(g.RECORD_EVENT, b"\xf0\x01\x05??")
    lived.ship_all(node)
    unknown, fault, boot, time = node_events(lived.hub.store, 1)
    assert boot.fields == {"reset_cause": "brownout", "phase": 3, "version": "0.1.0"}
    assert fault.at_s == lived.clock.wall() - DAY + 60 and fault.fields["fault"] == "rate"
    assert unknown.code == "event_240" and unknown.fields == {"bytes": "3f3f"}
    assert time.code == "time" and not time.estimated
    assert len(node_events(lived.hub.store, 1, limit=2)) == 2


def test_an_undated_node_says_so(farm: Farm) -> None:
    node = farm.add()
    node.put_event(g.EVENT_STOP, g.STOP_INPUT, uptime_s=5)
    farm.greet(node)
    farm.ship_all(node)
    (event,) = node_events(farm.hub.store, 1)
    assert event.at_s is None and event.estimated


def test_boots_without_time_are_shown_as_estimated(lived: Farm) -> None:
    node = lived.node  # type: ignore[attr-defined]
    lived.clock.advance(7200)
    node.boot_no = 2
    node.put_block(rows(60, 30))
    node.boot_no = 3
    node.put_time(lived.clock.wall(), 10)
    lived.ship_all(node)
    assert shown(lived, 2).estimated and not shown(lived, 0.001).estimated
