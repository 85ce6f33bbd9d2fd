"""Row 21: the hub restarts or goes back to an old copy of its data under live nodes: it asks for what it lacks."""

from pathlib import Path

import pytest

from tests.support.farm import RESTLESS, Farm
from tests.support.lossy import STORM
from tests.support.scene import finish
from tests.support.table import Row

pytestmark = pytest.mark.slow

BOARDS = ("worm_house_air", "worm_house_bed")


def test_an_old_copy_is_restored_under_live_nodes(tmp_path: Path, table: Row) -> None:
    with Farm(tmp_path, BOARDS, virtual=True, recipe=RESTLESS) as farm:
        farm.start()
        farm.lives(1, 260)
        farm.settle()
        farm.hub.stop()
        copy = farm.copy_data("backup")
        farm.hub.start()
        farm.lives(1, 300)
        newest = [report.once for report in farm.settle().values()]
        farm.hub.kill()
        farm.restore_data(copy)
        farm.hub.start()
        assert farm.report(1).once < newest[0]
        reports = farm.settle().values()
    for report, before in zip(reports, newest, strict=True):
        assert report.complete and not report.cut and report.once >= before, report
        assert report.newest_boot == 1, "no node restarted"
    finish(table, farm, 1, "an old copy restored: the nodes give what it lacks")


def test_an_empty_hub_with_the_same_keys(tmp_path: Path, table: Row) -> None:
    """Everything is lost but the list of nodes: all that the nodes hold comes back, through bad weather."""
    with Farm(tmp_path, virtual=True, weather=STORM) as farm:
        farm.hub.start()
        farm.hub.stop()
        copy = farm.copy_data("at_first")
        farm.start()
        farm.lives(1, 500)
        farm.settle()
        farm.hub.kill()
        farm.restore_data(copy)
        farm.hub.start()
        report = farm.settle()[1]
    assert report.complete and not report.cut, report
    finish(table, farm, 1, "everything lost but the keys: all comes back")


def test_an_old_copy_again_and_again(tmp_path: Path, table: Row) -> None:
    """Copies taken while the node goes on, restored in any order: sequences never repeat and nothing is doubled."""
    with Farm(tmp_path, virtual=True, recipe=RESTLESS) as farm:
        farm.start()
        copies = []
        for n in range(3):
            farm.lives(1, 60)
            farm.hub.stop()
            copies.append(farm.copy_data(f"copy_{n}"))
            farm.hub.start()
        for copy in (copies[2], copies[0], copies[1]):
            farm.lives(1, 40)
            farm.hub.kill()
            farm.restore_data(copy)
            farm.hub.start()
        report = farm.settle()[1]
        assert farm.lost() == []
    assert report.complete and not report.cut, report
    finish(table, farm, 3, "three copies in any order: nothing twice")
