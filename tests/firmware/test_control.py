"""The control law, alone: every sequence of readings, commands and time keeps the limits."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from node import control
from node.control import History, Rule, decide

from shared_protocol import registry as g


@dataclass
class Reading:
    value: int | None
    at: int = 0


def fan(**limits: int) -> Rule:
    rule = Rule(1, **limits)
    rule.on_above, rule.off_above = 300, 285
    return rule


def both_sides() -> Rule:
    rule = fan()
    rule.on_below, rule.off_below = 200, 215
    return rule


def settle(history: History, now: int, state: int, cause: int) -> None:
    """What actuators do with a decision."""
    if state != history.on:
        control.switched(now, history, state, cause)
    history.cause = cause


def play(
    rule: Rule, values: list[int | None], history: History, step_s: int = 10, start: int = 0
) -> list[tuple[int, int]]:
    done = []
    for i, value in enumerate(values):
        now = start + i * step_s
        settle(history, now, *decide(now, {1: Reading(value, now)}, rule, history))
        done.append((history.on, history.cause))
    return done


def test_hysteresis_above() -> None:
    states = [on for on, _ in play(fan(), [280, 300, 301, 299, 286, 285, 290, 301], History())]
    assert states == [0, 0, 1, 1, 1, 0, 0, 1]


def test_hysteresis_below() -> None:
    rule = Rule(1)
    rule.on_below, rule.off_below = 700, 750
    assert [on for on, _ in play(rule, [710, 699, 740, 749, 750, 740], History())] == [0, 1, 1, 1, 0, 0]


def test_two_sided() -> None:
    states = play(both_sides(), [250, 301, 290, 284, 250, 199, 210, 215, 250], History())
    assert [on for on, _ in states] == [0, 1, 1, 0, 0, 1, 1, 0, 0]
    assert states[1][1] == g.CAUSE_ABOVE and states[5][1] == g.CAUSE_BELOW and states[3][1] == g.CAUSE_SATISFIED


def test_max_on_then_rest() -> None:
    states = play(fan(max_on_s=60, rest_s=30), [310] * 20, History(-100))
    assert [on for on, _ in states] == [1] * 6 + [0] * 6 + [1] * 6 + [0] * 2
    assert states[6][1] == g.CAUSE_MAX_ON and states[7][1] == g.CAUSE_REST


def test_rest_after_max_on_binds_a_person_too() -> None:
    history = History(-1000)
    play(fan(max_on_s=60, rest_s=300), [310] * 8, history)
    history.lease_until = 500
    assert decide(200, {1: Reading(250, 200)}, fan(max_on_s=60, rest_s=300), history) == (0, g.CAUSE_REST)
    assert decide(360, {1: Reading(250, 360)}, fan(max_on_s=60, rest_s=300), history) == (1, g.CAUSE_MANUAL_ON)


def test_rest_from_boot_binds_the_rule_but_not_a_person() -> None:
    states = play(fan(rest_s=30), [310] * 5, History(0))
    assert [on for on, _ in states] == [0, 0, 0, 1, 1]
    history = History(0)
    history.lease_until = 20
    assert decide(0, {1: Reading(310)}, fan(rest_s=30), history) == (1, g.CAUSE_MANUAL_ON)


@pytest.mark.parametrize("fault_on", [False, True])
def test_dead_or_old_reading_is_the_fault_state(fault_on: bool) -> None:
    rule = fan()
    rule.fault_on = fault_on
    assert decide(0, {1: Reading(None)}, rule, History()) == (int(fault_on), g.CAUSE_FAULT)
    assert decide(61, {1: Reading(250, 0)}, rule, History()) == (int(fault_on), g.CAUSE_FAULT)
    assert decide(60, {1: Reading(250, 0)}, rule, History()) == (0, g.CAUSE_IDLE)


def test_a_channel_that_does_not_exist_asks_for_nothing() -> None:
    assert decide(0, {}, fan(), History()) == (0, g.CAUSE_IDLE)


def test_lease_ends_and_does_not_leave_the_threshold_on() -> None:
    history = History()
    history.lease_until = 30
    states = play(fan(), [290] * 6, history)
    assert [on for on, _ in states] == [1, 1, 1, 0, 0, 0]
    assert states[3][1] == g.CAUSE_LEASE_OVER and states[5][1] == g.CAUSE_LEASE_OVER


def test_lease_runs_without_a_sensor_but_not_against_stop() -> None:
    history = History()
    history.lease_until = 30
    assert decide(0, {1: Reading(None)}, fan(), history) == (1, g.CAUSE_MANUAL_ON)
    history.stopped = True
    assert decide(0, {1: Reading(None)}, fan(), history) == (0, g.CAUSE_STOP)


def test_off_is_held_against_the_threshold_but_not_against_a_fault_state_of_on() -> None:
    history = History()
    history.hold_until = 30
    rule = fan()
    assert decide(0, {1: Reading(310)}, rule, history) == (0, g.CAUSE_MANUAL_OFF)
    assert decide(30, {1: Reading(310, 30)}, rule, history) == (1, g.CAUSE_ABOVE)
    rule.fault_on = True
    assert decide(0, {1: Reading(None)}, rule, history) == (1, g.CAUSE_FAULT)


def test_safe_mode_is_the_fault_state() -> None:
    history = History()
    history.safe_mode = True
    assert decide(0, {1: Reading(310)}, fan(), history) == (0, g.CAUSE_SAFE_MODE)


steps = st.lists(
    st.tuples(
        st.integers(1, 90),
        st.one_of(st.none(), st.integers(150, 350)),
        st.sampled_from(["", "on", "off", "stop", "clear"]),
        st.integers(1, 400),
    ),
    max_size=80,
)


@given(steps, st.integers(1, 300), st.integers(0, 120), st.booleans())
def test_limits_hold_whatever_happens(
    plan: list[tuple[int, int | None, str, int]], max_on: int, rest: int, fault: bool
) -> None:
    rule = both_sides()
    rule.max_on_s, rule.rest_s, rule.fault_on = max_on, rest, fault
    history = History()
    now, on_since = 0, 0
    reading = Reading(None)
    for step_s, value, act, seconds in plan:
        end = now + step_s
        while now < end:  # as actuators do: at the moments that next_change names
            moment = control.next_change(now, {1: reading}, rule, history)
            now = min(end, moment if moment is not None else end)
            was, since, overran = history.on, history.since, history.overran
            settle(history, now, *decide(now, {1: reading}, rule, history))
            if history.on and not was:
                assert not overran or now - since >= max(rest, control.REST_S)
                on_since = now
            if history.on:
                assert now - on_since < max_on
            assert control.remaining(now, rule, history) <= max_on
        if value is not None:
            reading = Reading(value, now)
        if act == "on":
            history.lease_until, history.hold_until = now + seconds, 0
        elif act == "off":
            history.lease_until, history.hold_until = 0, now + seconds
        elif act in ("stop", "clear"):
            history.stopped = act == "stop"
        settle(history, now, *decide(now, {1: reading}, rule, history))
        if history.on and history.since == now:
            on_since = now
        assert not (history.stopped and history.on)


@given(st.integers(0, 10_000), st.one_of(st.none(), st.integers(-500, 1500)), st.integers(0, 10_000), st.booleans())
def test_pure(now: int, value: int | None, at: int, on: bool) -> None:
    history = History()
    history.on = int(on)
    before = dict(vars(history))
    first = decide(now, {1: Reading(value, at)}, both_sides(), history)
    assert first == decide(now, {1: Reading(value, at)}, both_sides(), history)
    assert vars(history) == before
    assert first[0] in (0, 1) and isinstance(first[1], int)
