"""Row 9: node or hub restart while a machine runs. The node reports what is, and the page shows what was reported."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.web import create_app
from shared_protocol import registry as g
from tests.support import scene
from tests.support.farm import Farm
from tests.support.scene import FAN, MISTER
from tests.support.table import Row

pytestmark = pytest.mark.slow

QUIET: dict[str, Any] = {"rules": []}
BOARD = "worm_house_air"
SPEED = 10.0
REPORT_S = 15.0  # real: hello, session and the first NOW after either side is back


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """A node in a zone; its fan runs for 10 minutes by hand."""
    with Farm(tmp_path, (BOARD,), local=True, speed=SPEED, recipe=QUIET) as farm:
        farm.start()
        farm.greeted()
        farm.inner.fleet.move(1, farm.inner.fleet.add_zone("Nhà giun", "worm_house").id)
        ticket = farm.inner.commands.send(1, FAN, True, 600, "test")
        farm.until(lambda: farm.inner.commands.ticket(ticket.id).state == "done", "the fan runs")
        yield farm


def shown(farm: Farm) -> dict[int, dict[str, Any]]:
    """The machines as the page's own source shows them."""
    body = create_app(farm.inner).test_client().get("/api/v1/state").get_json()
    return {machine["actuator"]: machine for zone in body["zones"] for machine in zone["machines"]}


def is_on(farm: Farm, actuator: int) -> bool:
    pins = scene.look(farm.boards[1].folder, BOARD, QUIET)
    return pins.is_on(actuator, pins.end_ms)


def agrees(farm: Farm) -> bool:
    """True when what is shown as known is what the pins are, for both machines."""
    known = shown(farm)
    return len(known) == 2 and all(one["known"] and one["on"] == is_on(farm, number) for number, one in known.items())


def test_the_hub_restarts(farm: Farm, table: Row) -> None:
    farm.hub.stop()
    farm.hub.start()
    began = time.monotonic()
    assert not any(machine["known"] for machine in shown(farm).values()), "nothing is claimed before it is heard"
    farm.until(lambda: agrees(farm), "the page shows what is")
    table.late("the page agrees", time.monotonic() - began, REPORT_S)
    fan, mister = shown(farm)[FAN], shown(farm)[MISTER]
    assert (fan["on"], fan["cause"], mister["on"]) == (True, "manual_on", False) and fan["until_s"] is not None
    _end(farm, table, "hub restarted: shows the running fan and its end as reported")


@pytest.mark.parametrize("how", ["power", "watchdog"])
def test_the_node_restarts(farm: Farm, table: Row, how: str) -> None:
    """The lease is gone with the life: the relay is off, and the page says so without being told by anybody."""
    boot = farm.now().boot_no
    board = farm.boards[1]
    if how == "power":
        board.kill()
        board.start()
    else:
        board.set_faults(**{"dht22@4": "hang"})
        farm.until(lambda: len(scene.look(board.folder, BOARD, QUIET).boots) > 1, "the watchdog bites")
        board.set_faults(**{"dht22@4": None})
    farm.until(lambda: farm.now().boot_no > boot, "the node is back")
    began = time.monotonic()
    farm.until(lambda: agrees(farm) and not shown(farm)[FAN]["on"], "the page shows what is")
    table.late("the page agrees", time.monotonic() - began, REPORT_S)
    assert farm.now().health["resets_" + how] == {"power": 2, "watchdog": 1}[how]
    _end(farm, table, f"node restarted ({how}): relay off, page shows off")


def test_an_off_that_never_arrived_is_not_shown(farm: Farm, table: Row) -> None:
    """The hub was told to switch off and could not: the page goes on showing the fan as it was reported."""
    farm.path.tamper = lambda frame: () if frame.type == g.MSG_COMMAND else (frame.data,)
    ticket = farm.inner.commands.send(1, FAN, False, 60, "test")
    heard = farm.now().uptime_s
    farm.until(lambda: farm.now().uptime_s > heard + 30, "the node goes on reporting")
    assert farm.inner.commands.ticket(ticket.id).state == "sending"
    assert shown(farm)[FAN]["on"] and is_on(farm, FAN)
    _end(farm, table, "an OFF that got lost: the page shows the fan running")


def _end(farm: Farm, table: Row, note: str) -> None:
    table.injected()
    table.judged(scene.look(farm.boards[1].folder, BOARD, QUIET).judge())
    table.tell(note)
    table.check()
