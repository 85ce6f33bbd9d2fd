"""The simulated board's clock: virtual and real, the switch between them, the watchdog's deadline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boards.simulated.clock import LOOK_US, STALL_US, Clock


class Host:
    """A PC whose time only passes by sleeping."""

    def __init__(self) -> None:
        self.us = 1000

    def ticks(self) -> int:
        return self.us

    def sleep(self, us: int) -> None:
        self.us += us


class Bitten(Exception):
    """The watchdog's alarm."""


def clock_of(host: Host, switch_ms: int | None, speed: float = 1.0, start_ms: int = 0) -> Clock:
    clock = Clock(start_ms, switch_ms, speed, host.ticks, host.sleep)

    def bite() -> None:
        raise Bitten

    clock.on_alarm = bite
    return clock


@given(st.lists(st.integers(0, 10_000_000), max_size=20))
def test_virtual_sleep_costs_nothing(sleeps: list[int]) -> None:
    host = Host()
    clock = clock_of(host, None)
    for us in sleeps:
        before = clock.now_us()
        clock.sleep_us(us)
        assert clock.now_us() >= before + us
    assert host.us == 1000


def test_looking_at_the_clock_lets_it_go_on() -> None:
    clock = clock_of(Host(), None)
    assert clock.now_us() + LOOK_US == clock.now_us()


@given(st.floats(0.5, 50.0), st.integers(1, 5_000_000))
def test_real_time_runs_at_its_speed(speed: float, us: int) -> None:
    host = Host()
    clock = clock_of(host, 0, speed)
    start = clock.now_us()
    clock.sleep_us(us)
    passed = clock.now_us() - start
    assert us <= passed <= us + 2 * speed + 2
    assert host.us - 1000 == pytest.approx(us / speed, abs=2.5)


def test_the_past_is_free_and_then_time_is_real() -> None:
    host = Host()
    clock = clock_of(host, 3_600_000)
    told: list[int] = []
    clock.on_real = lambda: told.append(1)
    while clock.virtual:
        clock.sleep_us(7_000_000)
    assert told == [1]
    assert 3_600_000 <= clock.now_ms() <= 3_607_000
    assert host.us <= 7_001_001


@given(st.booleans(), st.integers(1, 3_000_000))
def test_the_watchdog_bites_at_its_deadline(virtual: bool, sleep_us: int) -> None:
    host = Host()
    clock = clock_of(host, None if virtual else 0)
    clock.alarm_us = clock.now_us() + 1_000_000
    deadline = clock.alarm_us
    if sleep_us < 999_000:
        clock.sleep_us(sleep_us)
        assert clock.alarm_us == deadline
    elif sleep_us > 1_001_000:
        with pytest.raises(Bitten):
            clock.sleep_us(sleep_us)
        assert clock.alarm_us is None
        assert clock.now_us() <= deadline + (1000 if virtual else 201_000)


@pytest.mark.parametrize("speed", [1.0, 25.0])
def test_a_pc_that_stalls_is_not_a_board_that_hangs(speed: float) -> None:
    """The watchdog's ten seconds are 0.4 s of the PC at speed 25. A board that hangs looks at its clock meanwhile."""
    host = Host()
    clock = clock_of(host, 0, speed)
    clock.now_us()
    clock.alarm_us = clock.now_us() + 10_000_000
    host.us += 60_000_000
    clock.now_us()
    bites_us = host.us + 10_000_000 / speed
    with pytest.raises(Bitten):
        while True:
            clock.now_us()
            host.us += 10_000
    assert bites_us - STALL_US <= host.us <= bites_us + 10_000
