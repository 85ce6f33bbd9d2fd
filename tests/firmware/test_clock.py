"""The node's clock: uptime over wraps, wall time heard, jumps believed the second time."""

from hypothesis import given
from hypothesis import strategies as st
from node.clock import Clock

PERIOD = 1 << 30


def diff(end: int, start: int) -> int:
    """ticks_diff as on the ESP32."""
    return (end - start + PERIOD // 2) % PERIOD - PERIOD // 2


class Ticks:
    def __init__(self, start: int) -> None:
        self.at = start

    def __call__(self) -> int:
        return self.at % PERIOD


@given(st.integers(0, PERIOD - 1), st.lists(st.integers(0, PERIOD // 2 - 1), max_size=40))
def test_uptime_never_wraps(start: int, steps: list[int]) -> None:
    ticks = Ticks(start)
    clock = Clock(ticks, diff)
    first = clock.now()
    assert first == (start if start < 600_000 else 0)
    for step in steps:
        ticks.at += step
        assert clock.now() - first == ticks.at - start


def test_time_is_unknown_until_heard() -> None:
    clock = Clock(Ticks(0), diff)
    assert clock.wall_ms(5_000) is None
    assert clock.hear(5_000, 200_000_000, 250)
    assert clock.wall_ms(6_000) == 200_000_001_250


def test_a_small_correction_is_taken_at_once() -> None:
    clock = Clock(Ticks(0), diff)
    clock.hear(0, 1000, 0)
    assert clock.hear(1_000, 1001 + 299, 0)
    assert clock.wall_ms(1_000) == 1_300_000


def test_a_jump_must_be_heard_twice() -> None:
    clock = Clock(Ticks(0), diff)
    clock.hear(0, 10_000, 0)
    assert not clock.hear(1_000, 20_000, 0)
    assert clock.in_doubt
    assert clock.wall_ms(1_000) == 10_001_000
    assert not clock.hear(1_500, 20_000, 500)  # a copy of the same telling is not a second one
    assert clock.hear(3_000, 20_002, 0)
    assert clock.wall_ms(3_000) == 20_002_000
    assert not clock.in_doubt


def test_two_different_jumps_are_not_one() -> None:
    clock = Clock(Ticks(0), diff)
    clock.hear(0, 10_000, 0)
    assert not clock.hear(1_000, 20_000, 0)
    assert not clock.hear(9_000, 30_000, 0)
    assert clock.wall_ms(9_000) == 10_009_000
