"""A node loses its power at random moments, while it starts or writes too: nothing it measured is lost or doubled."""

import dataclasses
import random
import time
from pathlib import Path

import pytest

from boards.simulated.process import NodeProcess
from tests.support.farm import RESTLESS, Farm
from tests.support.lossy import CLEAR, DOWN, STORM, UP, Weather

pytestmark = pytest.mark.slow

LONGEST_LIFE_S = 0.9  # of real time: some 200 sets of virtual time, or a death during the start
LATEST_WRITE = 600  # flash operations of a life that ends in the middle of one
RECORDS, HELLO_ACK = 0x10, 0x02


def one_life(farm: Farm, luck: random.Random) -> None:
    """Power on, and off again after a while, or in the middle of some write to the flash."""
    board = farm.boards[1]
    if luck.random() < 0.5:
        cut = dataclasses.replace(board.spec, cut_at=luck.randrange(1, LATEST_WRITE))
        dying = NodeProcess(cut)
        dying.start()
        farm.until(lambda: not dying.alive(), f"the board dies at flash operation {cut.cut_at}")
        dying.kill()
    else:
        board.start()
        time.sleep(luck.uniform(0.05, LONGEST_LIFE_S))
        board.kill()


def campaign(folder: Path, kills: int, seed: int, weather: Weather = CLEAR) -> None:
    """Kill the board `kills` times, let everything arrive, and account for every set."""
    luck = random.Random(seed)
    with Farm(folder, seed=seed, weather=weather, virtual=True, recipe=RESTLESS) as farm:
        farm.hub.start()
        for _ in range(kills):
            one_life(farm, luck)
        farm.boards[1].start()
        farm.lives(1, 20 * kills)  # how much the short lives measured is the PC's speed
        report = farm.settle()[1]
    assert report.complete, report
    assert len(report.cut) <= kills, report
    assert report.once > 20 * kills, report


def test_a_node_killed_at_random(tmp_path: Path) -> None:
    campaign(tmp_path, 8, seed=21)


def test_a_node_killed_at_random_in_a_storm(tmp_path: Path) -> None:
    campaign(tmp_path, 6, seed=22, weather=STORM)


def test_a_node_killed_when_a_block_has_just_closed(tmp_path: Path) -> None:
    """The block is in the journal, and its sets are still in the open block's file: they must not come twice."""
    with Farm(tmp_path, speed=20) as farm:
        farm.start()
        farm.lives(1, 6)
        farm.hub.stop()
        farm.hub.start()  # Its first welcome asks to close the open block.
        greeted = len(farm.path.seen(DOWN, HELLO_ACK))
        sent = len(farm.path.seen(UP, RECORDS))
        farm.until(lambda: len(farm.path.seen(DOWN, HELLO_ACK)) > greeted, "a welcome")
        farm.until(lambda: len(farm.path.seen(UP, RECORDS)) > sent, "the block is sent")
        farm.boards[1].kill()
        farm.boards[1].start()
        farm.lives(1, 2)
        farm.boards[1].kill()
        farm.boards[1].start()
        report = farm.settle_earlier(1)
    assert report.complete, report
    assert report.once >= 8, report


@pytest.mark.deep
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_node_killed_100_times(tmp_path: Path, seed: int) -> None:
    campaign(tmp_path, 100, seed)
