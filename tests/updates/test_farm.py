"""Four boards with the real firmware, and the real hub: one goes first, and a bad program reaches nobody else."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from boards.simulated.process import NodeProcess
from flash_tools.image import Application, application
from hub.fleet import Fleet
from hub.updates import plan
from tests.support import scene
from tests.support.farm import Farm
from tests.updates import images

pytestmark = pytest.mark.slow

WHO = "Anh Tuấn"
BOARDS = ("worm_house_air", "worm_house_bed", "tea_field", "worm_house_air")
SETTINGS = {"sample_s": 10, "set_s": 60, "now_s": 15}
PATIENCE_S = 120.0


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    with Farm(tmp_path, BOARDS, local=True, virtual=True, truth=False, settings=SETTINGS) as farm:
        farm.start()
        for node in farm.boards:
            farm.greeted(node)
        farm.inner.rollouts.sender.gap_s = 0.0
        yield farm
        for board in farm.boards.values():
            board.kill()
            board.log().unlink()


def start(farm: Farm, image: Application, canary: int) -> None:
    hub = farm.inner
    hub.releases.current = hub.releases.keep(image.data, image.version)
    hub.rollouts.start(WHO, canary=canary)


def running(farm: Farm) -> dict[int, str]:
    return {node: found.image for node, found in farm.inner.inventory.all().items()}


def boots(farm: Farm, node: int) -> list[tuple[int, int]]:
    board = farm.boards[node]
    return scene.look(board.folder, board.spec.board, board.spec.recipe).boots


def test_all_are_updated_the_first_one_alone(farm: Farm) -> None:
    image = images.newer(1)
    start(farm, image, canary=3)
    farm.until(lambda: farm.inner.rollouts.open is None, "the rollout ends", PATIENCE_S)
    rollout = farm.inner.rollouts.newest
    assert rollout is not None and rollout.state == plan.DONE
    assert {target.state for target in rollout.targets} == {plan.PROVEN}
    assert set(running(farm).values()) == {image.sha256[:8].hex()}
    proved_s = min(target.since_s for target in rollout.targets)
    first = rollout.target(3)
    assert first is not None and first.since_s == proved_s
    for node, board in farm.boards.items():
        board.kill()
        assert len(boots(farm, node)) == 2, "one restart each"


def test_a_bad_program_reaches_one_node_only(farm: Farm) -> None:
    before = running(farm)
    start(farm, images.BROKEN["raises"](1), canary=2)
    farm.until(lambda: farm.inner.rollouts.newest.state == plan.STOPPED, "the rollout stops", PATIENCE_S)
    rollout = farm.inner.rollouts.open
    assert rollout is not None and (rollout.reason, rollout.reason_node) == (plan.ROLLED_BACK, 2)
    others = (1, 3, 4)
    later_s = {node: farm.now(node).uptime_s + 3600 for node in others}
    farm.until(lambda: all(farm.now(node).uptime_s > later_s[node] for node in others), "an hour passes", PATIENCE_S)
    assert {t.node: t.state for t in rollout.targets} == {2: plan.ROLLED_BACK, **dict.fromkeys(others, plan.QUEUED)}
    assert running(farm) == before
    for node in others:
        assert len(boots(farm, node)) == 1


def test_a_new_board_takes_the_number_of_a_dead_one_in_the_middle(farm: Farm, tmp_path: Path) -> None:
    """Its new key is what the next image is sealed with: it is updated like the others."""
    farm.boards[4].kill()
    fleet = Fleet.open(farm.hub.data)  # as the flash command does, beside the hub
    try:
        fleet.replace(4)
        key = fleet.key(4)
    finally:
        fleet.close()
    old = farm.boards[4]
    spec = dataclasses.replace(old.spec, folder=tmp_path / "new", key=key, mac=b"\x02NV\x00\x77\x77", seed=99)
    farm.extra.append(old)
    farm.boards[4] = NodeProcess(spec)
    farm.boards[4].start()
    farm.until(lambda: farm.inner.fleet.node(4).mac == "02:4e:56:00:77:77", "the new board is bound", PATIENCE_S)
    assert running(farm)[4] == application().sha256[:8].hex()
    image = images.newer(2)
    start(farm, image, canary=4)
    farm.until(lambda: farm.inner.rollouts.open is None, "the rollout ends", PATIENCE_S)
    assert set(running(farm).values()) == {image.sha256[:8].hex()}
