"""Recipes over the air, in MicroPython on a littlefs: the new one or the one before, whatever happens in between."""

import pytest

from tests.firmware import mp

CASES = (
    "taken_at_once_and_at_the_next_start",
    "lost_answers_and_wrong_order",
    "refused",
    "failing_to_be_taken",
    "failing_to_load",
    "nothing_there",
    "cut_at_every_flash_operation",
)


@pytest.mark.parametrize("case", CASES)
def test_case(case: str) -> None:
    assert mp.run("upkeep_cases.py", case, heap="2M").splitlines()[-1] == "ok"
