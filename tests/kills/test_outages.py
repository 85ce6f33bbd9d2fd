"""The net is bad or away, or flashes are erased: every set is in the store once."""

from pathlib import Path

import pytest

from tests.support.checker import last_measured
from tests.support.farm import RESTLESS, Farm
from tests.support.lossy import CLEAR, STORM, Weather

pytestmark = pytest.mark.slow

HOUR_MS = 3_600_000


def test_a_storm(tmp_path: Path) -> None:
    """30 % loss both ways, a tenth doubled, a sixth out of order, with three boards."""
    boards = ("worm_house_air", "worm_house_bed", "tea_field")
    with Farm(tmp_path, boards, seed=51, weather=STORM, virtual=True, recipe=RESTLESS) as farm:
        farm.start()
        for node in farm.boards:
            farm.lives(node, 400)
        reports = farm.settle().values()
        counts = farm.path.counts
    assert counts["lost"] > 100 and counts["doubled"] > 20 and counts["held"] > 40, counts
    for report in reports:
        assert report.complete and report.once >= 400 and not report.cut, report


@pytest.mark.parametrize("weather", [CLEAR, STORM], ids=["clear", "storm"])
def test_an_hour_offline(tmp_path: Path, weather: Weather) -> None:
    with Farm(tmp_path, seed=52, weather=weather, virtual=True, recipe=RESTLESS) as farm:
        farm.start()
        farm.lives(1, 20)
        farm.path.cut()
        gone_ms = last_measured(farm.boards[1].folder)[1]
        farm.until(lambda: last_measured(farm.boards[1].folder)[1] > gone_ms + HOUR_MS, "an hour passes")
        stored = farm.report().once
        farm.path.mend()
        report = farm.settle()[1]
    assert report.complete and not report.cut, report
    assert report.once >= stored + 340, report


def test_the_hub_is_off_for_hours(tmp_path: Path) -> None:
    """Nobody answers at all: the node does not mind, and the hub has everything afterwards."""
    with Farm(tmp_path, seed=53, virtual=True) as farm:
        farm.boards[1].start()
        farm.lives(1, 700)
        farm.hub.start()
        report = farm.settle()[1]
    assert report.complete and report.newest_boot == 1, report


def test_a_reformatted_node(tmp_path: Path) -> None:
    """A new journal under the same number: its sequences and boots begin again, and nothing is mixed up."""
    with Farm(tmp_path, seed=54, virtual=True) as farm:
        farm.start()
        farm.lives(1, 300)
        farm.settle()
        farm.boards[1].kill()
        farm.boards[1].start()  # Its open block of the first life arrives.
        farm.settle_earlier(1)
        farm.boards[1].kill()
        farm.reformat(1)
        before = farm.report()
        farm.boards[1].start()
        farm.lives(1, 300)
        report = farm.settle()[1]
        journals = farm.journals(1)
    assert report.complete and len(report.cut) <= 1, report  # at most the round that the first kill cut short
    assert len(journals) == 2 and min(journals.values()) > 3, journals
    assert report.once >= before.once + 240, report


def test_a_node_reformatted_again_and_again(tmp_path: Path) -> None:
    with Farm(tmp_path, seed=55, virtual=True, weather=STORM) as farm:
        farm.start()
        for _ in range(3):
            farm.lives(1, 60)
            farm.boards[1].kill()
            farm.reformat(1)
            farm.boards[1].start()
        farm.lives(1, 60)
        report = farm.settle()[1]
    assert report.complete, report
