"""Row 8: an order is held up, comes late, twice, or to another life of its node. It acts once, in time, or never."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.commands import Ticket
from shared_protocol import registry as g
from tests.support import scene
from tests.support.farm import Farm
from tests.support.lossy import DOWN, UP, Frame, Weather
from tests.support.oracle import Run
from tests.support.scene import FAN
from tests.support.table import Row

pytestmark = pytest.mark.slow

QUIET: dict[str, Any] = {"rules": []}
BOARD = "worm_house_air"
SPEED = 10.0
MINUTE_S = 60


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    with Farm(tmp_path, (BOARD,), local=True, speed=SPEED, recipe=QUIET) as farm:
        farm.start()
        farm.greeted()
        yield farm


class Courier:
    """Stands on the path: keeps the node's orders back until somebody delivers them."""

    def __init__(self, farm: Farm) -> None:
        self.farm = farm
        self.kept: list[Frame] = []
        farm.path.tamper = self._keep

    def _keep(self, frame: Frame) -> Iterable[bytes]:
        if frame.direction == DOWN and frame.type == g.MSG_COMMAND:
            self.kept.append(frame)
            return ()
        return (frame.data,)

    def deliver(self, times: int = 1) -> None:
        """All that was kept, to where the node is now."""
        where = self.farm.path.seen(UP, node=1)[-1].node_at
        for frame in self.kept * times:
            self.farm.path.to_node(frame.data, where)
            time.sleep(0.02)


def order(farm: Farm, seconds: int) -> Ticket:
    return farm.inner.commands.send(1, FAN, True, seconds, "test")


def state(farm: Farm, ticket: Ticket) -> str:
    return farm.inner.commands.ticket(ticket.id).state


def node_lives(farm: Farm, seconds: float) -> None:
    """Wait for so much of the node's time."""
    end_s = farm.now().uptime_s + seconds
    farm.until(lambda: farm.now().uptime_s >= end_s, f"{seconds} s pass on the node")


def runs(farm: Farm) -> list[Run]:
    return scene.look(farm.boards[1].folder, BOARD, QUIET).runs[FAN]


def safe(farm: Farm, table: Row, injections: int, note: str) -> None:
    table.injected(injections)
    table.judged(scene.look(farm.boards[1].folder, BOARD, QUIET).judge())
    table.tell(note)
    table.check()


def test_held_for_a_minute_and_delivered_late(farm: Farm, table: Row) -> None:
    courier = Courier(farm)
    ticket = order(farm, 300)
    node_lives(farm, MINUTE_S)
    kept = len(courier.kept)
    farm.path.tamper = None
    courier.deliver()
    farm.until(lambda: state(farm, ticket) != "sending", "the order ends")
    node_lives(farm, 30)
    assert kept >= 5 and state(farm, ticket) == "refused" and runs(farm) == []
    safe(farm, table, kept, "held for a minute: refused as too late")


def test_every_frame_comes_twice(farm: Farm, table: Row) -> None:
    farm.path.weather = Weather(duplicate=1.0, reorder=0.5, reorder_s=0.3)
    for _ in range(3):
        ticket = order(farm, 20)
        farm.until(lambda: state(farm, ticket) == "done", "it is done")  # noqa: B023
        node_lives(farm, 30)
    assert farm.path.counts["doubled"] > 10
    assert len(runs(farm)) == 3 and all(18 < run.seconds < 22 for run in runs(farm))
    safe(farm, table, 3, "doubled and out of order: each acts once")


def test_the_answer_is_lost(farm: Farm, table: Row) -> None:
    """The hub repeats what was obeyed long ago, with the same id: a lease that is over does not begin again."""
    dropped = []

    def drop(frame: Frame) -> Iterable[bytes]:
        if frame.direction == UP and frame.type == g.MSG_RESULT:
            dropped.append(frame)
            return ()
        return (frame.data,)

    farm.path.tamper = drop
    ticket = order(farm, 3)
    farm.until(lambda: len(dropped) >= 8, "it is repeated")
    farm.path.tamper = None
    farm.until(lambda: state(farm, ticket) == "done", "the answer arrives at last")
    node_lives(farm, 30)
    assert len(runs(farm)) == 1 and 1.9 < runs(farm)[0].seconds < 4.5
    safe(farm, table, len(dropped), "the answer lost, the order repeated: acts once")


def test_the_node_restarted_meanwhile(farm: Farm, table: Row) -> None:
    """Orders to its last life do nothing in this one, however young its uptime is."""
    courier = Courier(farm)
    ticket = order(farm, 300)
    farm.until(lambda: len(courier.kept) >= 3, "the order is under way")
    boot = farm.now().boot_no
    farm.boards[1].kill()
    farm.boards[1].start()
    farm.until(lambda: farm.now().boot_no > boot, "the node is back")
    farm.path.tamper = None
    courier.deliver(times=2)
    node_lives(farm, 40)
    assert state(farm, ticket) == "failed" and farm.inner.commands.ticket(ticket.id).code == "restarted"
    assert runs(farm) == []
    safe(farm, table, 2 * len(courier.kept), "for the node's last life: dead with its session")
