"""Clock times as people type them into the form of a rule."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.web.rule_reading import minute


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("5:30", 330), ("5h30", 330), ("17.05", 1025), ("6", 360), ("6h", 360), ("0:00", 0), ("24:00", 1440), ("", None)],
)
def test_clock_times_are_understood_as_people_type_them(typed: str, meant: int | None) -> None:
    assert minute(typed) == meant


@given(st.text(max_size=8))
def test_typing_anything_is_a_minute_of_the_day_or_refused(typed: str) -> None:
    with contextlib.suppress(ValueError):
        found = minute(typed)
        assert found is None or 0 <= found <= 1440
