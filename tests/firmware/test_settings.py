"""Settings and their slots, in MicroPython on a littlefs."""

import pytest

from tests.firmware import mp

CASES = (
    "nothing_there_gives_defaults",
    "newer_sound_slot_counts",
    "damaged_slot_is_left_for_the_older",
    "senseless_content_is_left_for_the_older",
    "intervals_are_bounded",
    "stored_beside_the_one_that_counts",
    "cut_while_storing_leaves_one_of_both",
    "a_full_flash_refuses_and_stays_as_it_was",
    "the_kept_slot_is_never_written_over",
    "senseless_settings_are_named",
    "a_calibration_may_carry_its_day",
)


@pytest.mark.parametrize("case", CASES)
def test_case(case: str) -> None:
    assert mp.run("settings_cases.py", case, heap="2M").splitlines()[-1] == "ok"
