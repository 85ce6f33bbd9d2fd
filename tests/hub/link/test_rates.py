"""Token buckets per sender."""

from hypothesis import given
from hypothesis import strategies as st

from hub.link.rates import MOST_KEYS, Rate


@given(st.lists(st.floats(0, 0.5), max_size=200))
def test_never_more_than_the_burst_and_the_rate(pauses: list[float]) -> None:
    rate, now, passed = Rate(2, 5), 0.0, 0
    for pause in pauses:
        now += pause
        passed += rate.allows("a", now)
    assert passed <= 5 + 2 * now


def test_keys_do_not_share() -> None:
    rate = Rate(1, 1)
    assert rate.allows("a", 0) and not rate.allows("a", 0) and rate.allows("b", 0)


def test_many_keys_take_bounded_room() -> None:
    rate = Rate(1, 1)
    for key in range(3 * MOST_KEYS):
        rate.allows(key, 0)
    assert len(rate._buckets) == MOST_KEYS
