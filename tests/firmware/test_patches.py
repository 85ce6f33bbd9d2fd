"""Patches of settings, merged on the node, in MicroPython on a littlefs."""

import pytest

from tests.firmware import mp

CASES = (
    "what_the_hub_never_saw_stays",
    "a_new_network_goes_before_the_old_one",
    "the_same_name_with_another_password_keeps_both",
    "a_known_network_comes_to_the_front_and_few_are_kept",
    "a_calibration_changes_its_own_channel_alone",
    "a_patch_that_changes_nothing_is_taken_and_stores_nothing",
    "without_the_mark_it_is_complete",
    "senseless_patches_are_refused_and_change_nothing",
    "merged_into_what_is_in_force_not_into_a_senseless_newer_slot",
    "a_node_without_any_settings_takes_a_patch",
)


@pytest.mark.parametrize("case", CASES)
def test_case(case: str) -> None:
    assert mp.run("patch_cases.py", case, heap="2M").splitlines()[-1] == "ok"
