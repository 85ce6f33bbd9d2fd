"""The control law, alone: each law, limit and request by itself. Any mixture of them: test_control_properties.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from node import control, parse
from node.control import History, Moment
from node.rule import Rule

from shared_protocol import registry as g
from shared_protocol import units as u

MONDAY = 0
HOUR = 60  # minutes


@dataclass
class Reading:
    value: int | None
    at: int = 0
    fault: int = 0


def rule(kind: int = u.ACTUATOR_FAN, **keys: Any) -> Rule:
    found: Rule = parse.rule({"actuator": 1, **keys}, {"id": 1, "kind": kind})
    return found


def fan(**keys: Any) -> Rule:
    return rule(sensors=[1], on_above=300, off_above=285, **keys)


def mister(**keys: Any) -> Rule:
    return rule(u.ACTUATOR_MISTER, sensors=[1], on_below=700, off_below=750, **keys)


class Play:
    """One actuator with its fellows, stepped by hand: `at(now, value)` gives (state, cause) as on the node."""

    def __init__(self, found: Rule, fellows: dict[int, History] | None = None, booted: int = -100_000) -> None:
        self.rule = found
        self.history = History(booted)
        self.fellows = fellows or {}
        self.readings: dict[int, Any] = {}

    def at(self, now: int, value: int | None = None, minute: int = -1, day: int = MONDAY) -> tuple[int, int]:
        if value is not None:
            self.readings[1] = Reading(value, now)
        return self.look(Moment(now, minute, day))

    def look(self, moment: Moment) -> tuple[int, int]:
        control.observe(moment, self.readings, self.rule, self.history)
        state, cause = control.decide(moment, self.rule, self.history, self.fellows)
        if state != self.history.on:
            control.switched(moment.now, self.history, state, cause)
        self.history.cause = cause
        return state, cause

    def states(self, values: list[int], step_s: int = 10) -> list[int]:
        return [self.at(i * step_s, value)[0] for i, value in enumerate(values)]


# threshold


def test_hysteresis_above() -> None:
    assert Play(fan()).states([280, 300, 301, 299, 286, 285, 290, 301]) == [0, 0, 1, 1, 1, 0, 0, 1]


def test_hysteresis_below() -> None:
    assert Play(mister()).states([710, 699, 740, 749, 750, 740]) == [0, 1, 1, 1, 0, 0]


def test_two_sided() -> None:
    play = Play(fan(on_below=200, off_below=215))
    causes = [play.at(10 * i, v) for i, v in enumerate([250, 301, 290, 284, 250, 199, 210, 215, 250])]
    assert [on for on, _ in causes] == [0, 1, 1, 0, 0, 1, 1, 0, 0]
    assert [causes[i][1] for i in (1, 3, 5)] == [g.CAUSE_ABOVE, g.CAUSE_SATISFIED, g.CAUSE_BELOW]


def test_confirm_counts_new_readings_only() -> None:
    play = Play(fan(confirm=3))
    assert [play.at(0, 310)[0], play.at(1)[0], play.at(2)[0], play.at(10, 310)[0], play.at(20, 310)[0]] == [
        0,
        0,
        0,
        0,
        1,
    ]
    assert [play.at(30, 200)[0], play.at(40, 310)[0], play.at(50, 200)[0], play.at(60, 200)[0]] == [1, 1, 1, 1]
    assert play.at(70, 200)[0] == 0


def test_night_set_points_hold_at_night_and_the_days_while_the_time_is_unknown() -> None:
    play = Play(fan(night_from=22 * HOUR, night_to=6 * HOUR, night_on_above=250, night_off_above=240))
    assert play.at(0, 270, minute=12 * HOUR)[0] == 0
    assert play.at(10, 270, minute=23 * HOUR)[0] == 1
    assert play.at(20, 270, minute=6 * HOUR)[0] == 0
    assert play.at(30, 270)[0] == 0


# several sensors


@pytest.mark.parametrize(
    "pick, values, expected",
    [
        ("first", [None, 310, 100], 1),
        ("mean", [310, 300, None], 1),
        ("mean", [310, 280, None], g.CAUSE_DISAGREE),
        ("mean", [None, 310, None], 1),
        ("median", [310, 305, 0], 1),
        ("median", [310, 200, 100], g.CAUSE_DISAGREE),
        ("median", [310, None, 100], g.CAUSE_DISAGREE),
        ("median", [None, None, None], g.CAUSE_FAULT),
    ],
)
def test_several_sensors(pick: str, values: list[int | None], expected: int) -> None:
    play = Play(rule(sensors=[1, 2, 3], pick=pick, agree=15, on_above=300, off_above=285))
    play.readings = {i + 1: Reading(value, 100) for i, value in enumerate(values)}
    state, cause = play.look(Moment(100))
    assert (state or cause) == expected


# proportion, schedules, irrigation


def test_time_proportioned_output_grows_with_the_distance() -> None:
    for value, on_s in ((740, 12), (699, 61), (600, 120)):
        play = Play(mister(period_s=120, width=100))
        play.history.asks = g.CAUSE_BELOW
        assert sum(play.at(now, value)[0] for now in range(120)) == on_s


def test_a_pulse_is_not_begun_twice_in_a_period() -> None:
    play = Play(mister(period_s=100, pulse_s=30))
    assert play.at(0, 600)[0] == 1
    assert play.at(5, 800)[0] == 0
    assert [play.at(40, 600), play.at(99, 600)] == [(0, g.CAUSE_SOAK)] * 2
    assert play.at(100, 600)[0] == 1


def test_schedule_by_day_of_the_week_over_midnight() -> None:
    saturday_night = rule(windows=[[23 * HOUR, 1 * HOUR, 1 << 5]])
    play = Play(saturday_night)
    assert play.at(0, minute=23 * HOUR, day=5) == (1, g.CAUSE_SCHEDULE)
    assert play.at(10, minute=30, day=6)[0] == 1
    assert play.at(20, minute=HOUR, day=6)[0] == 0
    assert play.at(30, minute=30, day=5)[0] == 0
    assert play.at(40, minute=23 * HOUR, day=6)[0] == 0


def test_schedule_holds_and_says_so_while_the_time_is_unknown() -> None:
    assert Play(rule(windows=[[0, 1439, 127]])).at(0) == (0, g.CAUSE_NO_TIME)
    assert Play(mister(windows=[[0, 1439, 127]], gate=1)).at(0, 600) == (0, g.CAUSE_NO_TIME)
    assert Play(fan(windows=[[0, 1439, 127]])).at(0, 310) == (1, g.CAUSE_ABOVE)


def test_irrigation_is_schedule_and_soil_and_pulses_and_a_cap() -> None:
    pump = rule(
        u.ACTUATOR_PUMP, sensors=[1], on_below=240, off_below=265, windows=[[6 * HOUR, 8 * HOUR, 127]], gate=1,
        period_s=300, pulse_s=60, cap_s=600,
    )  # fmt: skip
    play = Play(pump)
    assert play.at(0, 200, minute=5 * HOUR)[0] == 0
    assert play.at(60, 200, minute=6 * HOUR) == (1, g.CAUSE_BELOW)
    assert play.at(120, 200, minute=6 * HOUR + 1) == (0, g.CAUSE_SOAK)
    assert play.at(360, 200, minute=6 * HOUR + 5)[0] == 1
    assert play.at(370, 265, minute=6 * HOUR + 5)[0] == 0
    assert play.at(700, 200, minute=8 * HOUR)[0] == 0
    play.history.left_s = 0
    assert play.at(1100, 200, minute=7 * HOUR) == (0, g.CAUSE_DAILY_CAP)


def test_rain_pauses_the_rule_but_not_a_person() -> None:
    play = Play(mister(pause_channel=2, pause_above=1, pause_s=3600))
    play.readings[2] = Reading(1, 0)
    assert play.at(0, 600) == (0, g.CAUSE_PAUSE)
    play.history.lease_until = 20
    assert play.at(10, 600) == (1, g.CAUSE_MANUAL_ON)
    assert play.at(3598, 600) == (0, g.CAUSE_LEASE_OVER)
    assert play.at(3609, 600) == (0, g.CAUSE_PAUSE)
    assert play.at(3610, 600) == (1, g.CAUSE_BELOW)


# limits


def test_min_on_delays_the_rule_only() -> None:
    play = Play(fan(min_on_s=100))
    play.at(0, 310)
    assert play.at(50, 200) == (1, g.CAUSE_MIN_ON)
    assert play.at(100, 200) == (0, g.CAUSE_SATISFIED)
    for ending in ("stopped", "locked"):
        play = Play(fan(min_on_s=100))
        play.at(0, 310)
        setattr(play.history, ending, True)
        assert play.at(10, 310)[0] == 0
    play = Play(fan(min_on_s=100))
    play.at(0, 310)
    play.history.hold_until = 60
    assert play.at(10, 310) == (0, g.CAUSE_MANUAL_OFF)


def test_min_off_binds_everybody() -> None:
    play = Play(fan(min_off_s=100))
    assert [play.at(0, 310)[0], play.at(10, 200)[0]] == [1, 0]
    play.history.lease_until = 1000
    assert play.at(20, 310) == (0, g.CAUSE_MIN_OFF)
    assert play.at(110, 310)[0] == 1


def test_max_on_then_rest() -> None:
    play = Play(fan(max_on_s=60, rest_s=30))
    states = [play.at(10 * i, 310) for i in range(20)]
    assert [on for on, _ in states] == [1] * 6 + [0] * 6 + [1] * 6 + [0] * 2
    assert states[6][1] == g.CAUSE_MAX_ON and states[7][1] == g.CAUSE_REST


def test_rest_after_max_on_binds_a_person_too() -> None:
    play = Play(fan(max_on_s=60, rest_s=300))
    for i in range(7):
        play.at(10 * i, 310)
    play.history.lease_until = 500
    assert play.at(200, 250) == (0, g.CAUSE_REST)
    assert play.at(360, 250) == (1, g.CAUSE_MANUAL_ON)


def test_rest_from_boot_binds_the_rule_but_not_a_person() -> None:
    play = Play(fan(rest_s=30), booted=0)
    assert play.states([310] * 5) == [0, 0, 0, 1, 1]
    play = Play(fan(rest_s=30), booted=0)
    play.history.lease_until = 20
    assert play.at(0, 310) == (1, g.CAUSE_MANUAL_ON)


def test_the_cap_ends_a_run_and_forbids_the_next() -> None:
    play = Play(fan(cap_s=100))
    play.history.left_s = 40
    assert [play.at(0, 310)[0], play.at(39, 310)[0]] == [1, 1]
    assert play.at(40, 310) == (0, g.CAUSE_DAILY_CAP)
    play.history.left_s = 0
    play.history.lease_until = 1000
    assert play.at(50, 310) == (0, g.CAUSE_DAILY_CAP)


def test_apart_and_settle() -> None:
    other = History(-1000)
    play = Play(mister(apart=[2], settle_s=30), {2: other})
    other.on = 1
    assert play.at(0, 600) == (0, g.CAUSE_INTERLOCK)
    control.switched(10, other, 0, g.CAUSE_SATISFIED)
    assert play.at(39, 600) == (0, g.CAUSE_SETTLE)
    assert play.at(40, 600)[0] == 1


def test_a_master_leads_and_lags() -> None:
    valve = History(-1000)
    play = Play(rule(u.ACTUATOR_PUMP, serves=[2], lead_s=5, lag_s=3), {2: valve})
    assert play.at(0)[0] == 0
    control.switched(10, valve, 1, g.CAUSE_SCHEDULE)
    assert play.at(14)[0] == 0
    assert play.at(15) == (1, g.CAUSE_MASTER)
    control.switched(20, valve, 0, g.CAUSE_SATISFIED)
    assert play.at(22)[0] == 1
    assert play.at(23)[0] == 0


def test_no_water_no_run_not_even_by_hand() -> None:
    play = Play(mister(needs=2, needs_min=1))
    play.history.lease_until = 1000
    for reading in (None, Reading(0, 0), Reading(1, -100), Reading(None, 0, g.FAULT_OPEN)):
        play.readings = {1: Reading(600)} | ({2: reading} if reading else {})
        assert play.at(0, 600) == (0, g.CAUSE_NO_SUPPLY)
    play.readings[2] = Reading(1, 0)
    assert play.at(0, 600)[0] == 1


# fault states


def test_an_old_reading_is_a_fault_within_max_age() -> None:
    play = Play(fan(max_age_s=60))
    play.at(0, 310)
    assert play.at(59)[0] == 1
    assert control.next_change(59, play.rule, play.history, {}) == 60
    assert play.at(60) == (0, g.CAUSE_FAULT)


def test_a_sensor_that_warms_up_is_not_a_fault_yet() -> None:
    play = Play(fan(fault="on"))
    play.readings[1] = Reading(None, 0, g.FAULT_WARMING_UP)
    assert play.at(3) == (0, g.CAUSE_IDLE)
    play.readings[1].fault = g.FAULT_NO_ANSWER
    assert play.at(6) == (1, g.CAUSE_FAULT)


def test_fault_on_has_its_own_run_and_rest() -> None:
    play = Play(fan(fault="on", fault_on_s=300, fault_off_s=60))
    states = [play.at(now)[0] for now in range(0, 720, 30)]
    assert states == ([1] * 10 + [0] * 2) * 2


def test_fault_hold_keeps_what_is_on_for_a_time() -> None:
    play = Play(fan(fault="hold", fault_hold_s=600))
    play.at(0, 310)
    assert [play.at(now)[0] for now in (60, 659, 660)] == [1, 1, 0]
    assert Play(fan(fault="hold", fault_hold_s=600)).at(60) == (0, g.CAUSE_FAULT)


def test_duty_cycle_five_minutes_in_thirty() -> None:
    play = Play(mister(fault="duty", fault_on_s=300, fault_off_s=1500, cap_s=7200))
    assert sum(play.at(now)[0] for now in range(0, 3600, 60)) * 60 == 600


def test_a_fault_state_forgets_the_threshold() -> None:
    play = Play(fan())
    play.at(0, 310)
    play.at(60)
    assert play.at(70, 290) == (0, g.CAUSE_IDLE)


@pytest.mark.parametrize("kind", [u.ACTUATOR_HEATER, u.ACTUATOR_DRYER])
@pytest.mark.parametrize(
    "keys",
    [
        {"fault": "on"},
        {"fault": "hold"},
        {"by_hand": 1},
        {"fault": "duty", "fault_on_s": 1, "fault_off_s": 9, "cap_s": 9},
    ],
)
def test_heat_fails_off_only(kind: int, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        rule(kind, **keys)


@pytest.mark.parametrize("kind", [u.ACTUATOR_MISTER, u.ACTUATOR_PUMP, u.ACTUATOR_VALVE, u.ACTUATOR_LIGHT])
def test_water_never_fails_on_and_cycles_only_under_a_cap(kind: int) -> None:
    for keys in ({"fault": "on"}, {"fault": "duty", "fault_on_s": 300, "fault_off_s": 1500}):
        with pytest.raises(ValueError):
            rule(kind, **keys)


# people


def test_the_fault_state_goes_before_a_person_unless_the_rule_says_otherwise() -> None:
    for by_hand, expected in ((0, (0, g.CAUSE_FAULT)), (1, (1, g.CAUSE_MANUAL_ON))):
        play = Play(mister(by_hand=by_hand))
        play.history.lease_until = 1000
        assert play.at(100) == expected
    play = Play(fan(fault="on"))
    play.history.hold_until = 1000
    assert play.at(100) == (1, g.CAUSE_FAULT)


def test_safe_mode_obeys_nobody() -> None:
    play = Play(mister(by_hand=1))
    play.history.safe_mode = True
    play.history.lease_until = 1000
    assert play.at(0, 600) == (0, g.CAUSE_SAFE_MODE)


def test_a_lease_ends_and_leaves_the_threshold_off() -> None:
    play = Play(fan())
    play.history.lease_until = 30
    states = [play.at(10 * i, 290) for i in range(6)]
    assert [on for on, _ in states] == [1, 1, 1, 0, 0, 0]
    assert states[3][1] == states[5][1] == g.CAUSE_LEASE_OVER


def test_off_is_held_against_the_threshold() -> None:
    play = Play(fan())
    play.history.hold_until = 30
    assert play.at(0, 310) == (0, g.CAUSE_MANUAL_OFF)
    assert play.at(30, 310) == (1, g.CAUSE_ABOVE)


def test_stop_and_lock_out_go_before_everything() -> None:
    play = Play(fan(fault="on"))
    play.history.lease_until = 1000
    play.history.locked = True
    assert play.at(100) == (0, g.CAUSE_LOCKOUT)
    play.history.stopped = True
    assert play.at(100) == (0, g.CAUSE_STOP)


# what is told


def test_remaining_is_the_nearest_end() -> None:
    play = Play(fan(max_on_s=600))
    play.history.left_s = 500
    play.history.lease_until = 400
    play.at(0, 200)
    assert control.remaining(100, play.rule, play.history) == 300
    play.history.cause = g.CAUSE_ABOVE
    assert control.remaining(100, play.rule, play.history) == 400


def test_remaining_of_an_off_is_when_it_is_free_again() -> None:
    play = Play(mister(pause_channel=2, pause_above=1, pause_s=3600))
    assert control.remaining(0, play.rule, play.history) == 0
    play.history.hold_until = 500
    play.at(0, 600)
    assert control.remaining(100, play.rule, play.history) == 400
    play.readings[2] = Reading(1, 500)
    assert play.at(500, 600) == (0, g.CAUSE_PAUSE)
    assert control.remaining(600, play.rule, play.history) == 3500


def test_grounds_are_value_and_limit() -> None:
    play = Play(fan())
    play.at(0, 310)
    assert control.grounds(Moment(0), play.rule, play.history, g.CAUSE_ABOVE) == (310, 300)
    play.at(10, 280)
    play.history.cause = g.CAUSE_ABOVE
    assert control.grounds(Moment(10), play.rule, play.history, g.CAUSE_SATISFIED) == (280, 285)
