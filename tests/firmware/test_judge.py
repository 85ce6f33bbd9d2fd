"""The judge: known lies, ranges, jumps, frozen values; a good signal passes untouched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from node import judge
from node.judge import Judge

from shared_protocol import registry as g

HOUR = 3600


def feed(one: Judge, values: list[int], step_s: int = 10, start: int = 0) -> list[int]:
    """The fault of each value in turn."""
    return [one.judge(start + i * step_s, value, 0, None)[1] for i, value in enumerate(values)]


@pytest.mark.parametrize(
    ("pair", "lie"), [((0, 0), True), ((10, 10), True), ((0, 10), False), ((274, 812), False), ((0, 800), False)]
)
def test_known_pairs(pair: tuple[int, int], lie: bool) -> None:
    assert judge.known_lie(*pair) == lie


def test_more_than_a_hundred_percent() -> None:
    assert feed(Judge(g.KIND_AIR_HUMIDITY), [1000, 1001, 3300]) == [0, g.FAULT_OUT_OF_RANGE, g.FAULT_OUT_OF_RANGE]


def test_saturated_for_hours_is_a_lie_and_ends_when_it_moves() -> None:
    one = Judge(g.KIND_AIR_HUMIDITY)
    faults = feed(one, [999] * (3 * 360 + 2))
    assert faults[:-2] == [0] * (3 * 360) and faults[-1] == g.FAULT_KNOWN_LIE
    assert one.judge(4 * HOUR, 997, 0, None) == (997, 0)


def test_frozen_by_its_raw_value() -> None:
    one = Judge(g.KIND_SOIL_MOISTURE)
    assert one.judge(0, 400, 0, 1812) == (400, 0)
    assert one.judge(11 * HOUR, 400, 0, 1812) == (400, 0)
    assert one.judge(12 * HOUR, 400, 0, 1812) == (None, g.FAULT_FROZEN)
    assert one.judge(12 * HOUR + 10, 400, 0, 1813) == (400, 0)


def test_a_lone_spike_is_rejected_a_step_is_confirmed() -> None:
    one = Judge(g.KIND_AIR_TEMPERATURE)
    assert feed(one, [270, 271, 850, 271, 272]) == [0, 0, g.FAULT_RATE, 0, 0]
    assert feed(one, [400, 401, 402, 402], start=100) == [g.FAULT_RATE, g.FAULT_RATE, 0, 0]


def test_alternating_spikes_never_pass() -> None:
    one = Judge(g.KIND_AIR_TEMPERATURE)
    assert feed(one, [270, 800, -100, 800, -100]) == [0] + [g.FAULT_RATE] * 4


def test_after_a_long_silence_any_level_is_taken() -> None:
    one = Judge(g.KIND_AIR_TEMPERATURE)
    one.judge(0, 200, 0, None)
    assert one.judge(700, 400, 0, None) == (400, 0)


def test_a_driver_fault_stays_what_it_is() -> None:
    assert Judge(g.KIND_AIR_TEMPERATURE).judge(0, None, g.FAULT_CHECKSUM, None) == (None, g.FAULT_CHECKSUM)
    assert Judge(g.KIND_AIR_TEMPERATURE).judge(0, None, 0, None) == (None, g.FAULT_NO_ANSWER)


@given(
    st.sampled_from(sorted(judge.LIMITS)),
    st.lists(st.tuples(st.integers(1, 4000), st.integers(-2000, 6000)), max_size=60),
)
def test_what_passes_is_in_range_and_unchanged(kind: int, plan: list[tuple[int, int]]) -> None:
    one = Judge(kind)
    now = 0
    low, high = judge.LIMITS[kind][:2]
    for step_s, value in plan:
        now += step_s
        got, fault = one.judge(now, value, 0, None)
        assert (got is None) == bool(fault)
        if got is not None:
            assert got == value and low <= got <= high


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=200))
def test_a_quiet_signal_passes(walk: list[int]) -> None:
    values, level = [], 274
    for i, move in enumerate(walk):
        level = min(max(level + move, 200), 400)
        values.append(level + i % 2)
    assert not any(feed(Judge(g.KIND_AIR_TEMPERATURE), values))


def test_a_kind_without_limits_takes_what_a_block_can_hold() -> None:
    one = Judge(g.KIND_LIGHT)
    assert feed(one, [0, 100_000, 0, g.MAX_VALUE, g.MAX_VALUE + 1]) == [0, 0, 0, 0, g.FAULT_OUT_OF_RANGE]
