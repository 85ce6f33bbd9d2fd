"""Row 14: buffers lost, stuck or doubled at reconnect. Acknowledge after commit, unique keys, a ring that counts."""

from pathlib import Path

import pytest

from tests.support.checker import Report
from tests.support.farm import RESTLESS, Farm
from tests.support.lossy import STORM
from tests.support.scene import finish
from tests.support.table import Row

pytestmark = pytest.mark.slow

DAY_S = 86_400
WEEK_S = 7 * DAY_S
SETS_A_DAY = 285  # of EVERY_5_MIN, but for some at its ends
EVERY_5_MIN = {"sample_s": 300, "set_s": 300}
SMALL_FLASH = 114  # blocks of 4096 bytes: room for the program and the least number of journal segments


def arrived(farm: Farm, sets: int) -> Report | None:
    """The report once so many sets are stored, without a gap."""
    report = farm.report()
    return report if report.once >= sets and not report.holes and not report.missing else None


@pytest.mark.parametrize("days", [2, pytest.param(7, marks=[pytest.mark.deep, pytest.mark.timeout(900)])])
def test_days_offline_then_a_storm(tmp_path: Path, table: Row, days: int) -> None:
    """They are in the journal before the net comes: every set arrives once through 30 % loss, doubling, disorder."""
    with Farm(tmp_path, weather=STORM, prefill_s=days * DAY_S, speed=10, settings=EVERY_5_MIN) as farm:
        farm.start()
        farm.until(lambda: farm.boards[1].prefilled() == 1.0, "the days pass")
        report = farm.until(lambda: arrived(farm, days * SETS_A_DAY), "they arrive")
        counts = farm.path.counts
    assert counts["lost"] and counts["held"], counts
    assert report.complete and not report.cut, report
    assert report.newest_boot == 1, "nothing restarted because nobody was there"
    finish(table, farm, counts["lost"], f"the sets of {days} days through 30 % loss: each once")


@pytest.mark.deep
@pytest.mark.timeout(1800)
def test_a_week_offline_at_a_set_every_ten_seconds(tmp_path: Path, table: Row) -> None:
    with Farm(tmp_path, weather=STORM, prefill_s=WEEK_S, speed=25) as farm:
        farm.start()
        farm.until(lambda: farm.boards[1].prefilled() == 1.0, "the week passes", 900)
        report = farm.until(lambda: arrived(farm, 60_000), "the week arrives", 600)
    assert report.complete and not report.cut, report
    finish(table, farm, 1, "60,000 sets of a week: each once")


def test_a_full_journal_drops_the_oldest_and_names_them(tmp_path: Path, table: Row) -> None:
    """Offline for longer than the flash holds: what is gone is booked, what is left arrives, and then all goes on."""
    with Farm(tmp_path, seed=2, virtual=True, recipe=RESTLESS, flash_blocks=SMALL_FLASH) as farm:
        farm.start()
        farm.lives(1, 30)
        farm.path.cut()
        farm.lives(1, 4600)
        farm.path.mend()
        farm.settle_newest(1)
        farm.lives(1, 50)
        report = farm.settle_newest(1)
        booked = farm.lost(1)
    assert report.newest_boot == 1, report
    assert not report.twice and not report.wrong and not report.holes, report
    assert sum(last - first + 1 for first, last in booked) > 400, booked
    gone_ms = [int(text.split(" at ")[1].split(" ")[0]) for text in report.missing]
    assert 500 < len(gone_ms) < 4000, report
    assert max(gone_ms) - min(gone_ms) < 10_000 * len(gone_ms), "what is gone is one stretch"
    finish(table, farm, len(gone_ms), "what the flash could not hold is named")
