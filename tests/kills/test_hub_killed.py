"""The hub is killed with -9 at random moments while nodes send: what it acknowledged is there, once."""

import random
import threading
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.support.farm import RESTLESS, Farm
from tests.support.lossy import CLEAR, STORM, Frame, Weather
from tests.support.peer import ScriptedNode

pytestmark = pytest.mark.slow

RECORDS, ACK = 0x10, 0x11
AIM_S = 3.0  # how long to wait for a frame to aim at
BACKLOG_S = 0.4  # of real time: some hundred sets and as many events
COMMIT_S = 0.012  # about what lies between a RECORDS frame and its acknowledgement


class Aim:
    """Notices frames on the path, so that a kill can fall between arrival, commit and acknowledgement of records."""

    def __init__(self, farm: Farm) -> None:
        self._seen = {RECORDS: threading.Event(), ACK: threading.Event()}
        farm.path.tamper = self._look

    def _look(self, frame: Frame) -> Iterable[bytes]:
        if frame.type in self._seen:
            self._seen[frame.type].set()
        return (frame.data,)

    def wait(self) -> None:
        """Until records come under a session that works: RECORDS, ACK and RECORDS again."""
        for kind in (RECORDS, ACK, RECORDS):
            self._seen[kind].clear()
            self._seen[kind].wait(AIM_S)


def campaign(folder: Path, kills: int, seed: int, weather: Weather = CLEAR) -> None:
    """Kill the hub `kills` times, every other time while nodes catch up; then account for each set of two nodes."""
    luck = random.Random(seed)
    with Farm(
        folder, ("worm_house_air", "worm_house_bed"), seed=seed, weather=weather, virtual=True, recipe=RESTLESS
    ) as farm:
        farm.start()
        aim = Aim(farm)
        for n in range(kills):
            if n % 2:
                farm.path.cut()
                time.sleep(BACKLOG_S)
                farm.path.mend()
                aim.wait()
                time.sleep(luck.uniform(0.0, COMMIT_S))
            else:
                time.sleep(luck.uniform(0.0, 0.6))
            farm.hub.kill()
            time.sleep(luck.uniform(0.0, 0.3))
            farm.hub.start()
        reports = farm.settle().values()
    for report in reports:
        assert report.complete, report
        assert not report.cut, report


def test_a_hub_killed_at_random(tmp_path: Path) -> None:
    campaign(tmp_path, 8, seed=31)


def test_a_hub_killed_at_random_in_a_storm(tmp_path: Path) -> None:
    campaign(tmp_path, 5, seed=32, weather=STORM)


def test_a_hole_in_a_journal_outlives_a_kill(tmp_path: Path) -> None:
    """Records 1, 2, 4 and 5 are stored when the hub dies: afterwards it asks for 3, not for 6."""
    with Farm(tmp_path) as farm:
        farm.hub.start()
        with ScriptedNode(1, farm.boards[1].spec.key, farm.hub.address) as node:
            node.join()
            records = [node.event() for _ in range(5)]
            node.ship(records[:2])
            node.ship(records[3:])
            assert (node.stored, node.bitmap) == (2, 0b11)
            farm.hub.kill()
            farm.hub.start()
            node.join()
            assert node.told == 2
            node.ship(records[2:3])
            assert node.stored == 5


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_hub_killed_100_times(tmp_path: Path, seed: int) -> None:
    campaign(tmp_path, 100, seed)
