"""The journal and the recorder on a real littlefs, in MicroPython: power cuts, a full flash, damage."""

import pytest

from tests.firmware import mp

CASES = (
    "oldest_goes_first",
    "every_segment_starts_with_the_table",
    "damage_in_the_middle",
    "damage_at_the_end",
    "half_written_files_go",
    "renewed",
    "full_flash_makes_room",
    "random_access",
)


def cuts(script: str, first: int, step: int) -> int:
    """How many power cuts the script made, one at every `step`-th flash operation."""
    return int(mp.run(script, str(first), str(step), "5000", heap="4M", timeout_s=250).splitlines()[-1])


@pytest.mark.parametrize("case", CASES)
def test_case(case: str) -> None:
    assert mp.run("journal_cases.py", case, heap="4M").splitlines()[-1] == "ok"


def test_power_cut_at_a_sample_of_operations() -> None:
    assert cuts("journal_cuts.py", 0, 23) > 8


def test_power_cut_while_recording_at_a_sample_of_operations() -> None:
    assert cuts("recorder_cuts.py", 1, 29) > 8


@pytest.mark.slow
@pytest.mark.parametrize("script", ["journal_cuts.py", "recorder_cuts.py"])
def test_power_cut_at_every_fifth_operation(script: str) -> None:
    assert cuts(script, 2, 5) > 40


@pytest.mark.deep
@pytest.mark.parametrize("script", ["journal_cuts.py", "recorder_cuts.py"])
def test_power_cut_at_every_operation(script: str) -> None:
    assert cuts(script, 0, 1) > 200
