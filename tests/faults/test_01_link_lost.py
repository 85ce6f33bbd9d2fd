"""Row 1: hub or link are lost while a relay is on. Every ON is a lease on the node's own clock."""

from pathlib import Path
from typing import Any

import pytest

from hub.commands import Ticket
from shared_protocol import registry as g
from tests.support import scene
from tests.support.farm import Farm
from tests.support.oracle import SLACK_S
from tests.support.scene import FAN, MISTER, WATCHDOG, Wired
from tests.support.table import Row

pytestmark = pytest.mark.slow

QUIET: dict[str, Any] = {"rules": []}  # nothing but people switches
BOARD = "worm_house_air"
SPEED = 10.0
LEASE_S = 120


def ordered(farm: Farm, node: int, actuator: int, seconds: int) -> Ticket:
    """Switch a machine on through the hub, and wait for the node's word."""
    ticket = farm.inner.commands.send(node, actuator, True, seconds, "test")
    farm.until(lambda: farm.inner.commands.ticket(ticket.id).state != "sending", "the order is answered")
    return farm.inner.commands.ticket(ticket.id)


def overshoot_s(pins: scene.Oracle, actuator: int, lease_s: float) -> float:
    """How much longer than its lease the last run of an actuator took."""
    run = pins.runs[actuator][-1]
    assert run.ended, "it never went off"
    return max(0.0, run.seconds - lease_s)


def test_the_hub_dies_and_the_link_breaks(tmp_path: Path, table: Row) -> None:
    """Two relays of three boards are on; one board loses its Wi-Fi, one its path, and then the hub dies for all."""
    with Farm(tmp_path, (BOARD,) * 3, local=True, speed=SPEED, recipe=QUIET) as farm:
        farm.start()
        for node in farm.boards:
            farm.greeted(node)
        for node in farm.boards:
            for actuator, lease_s in ((FAN, LEASE_S), (MISTER, LEASE_S // 2)):
                assert ordered(farm, node, actuator, lease_s).state == "done"
        farm.boards[1].set_faults(wifi="down")
        farm.path.cut()
        farm.hub.kill()
        pins = {}
        for node, board in farm.boards.items():

            def off(folder: Path = board.folder, node: int = node) -> bool:
                pins[node] = scene.look(folder, BOARD, QUIET)
                return all(runs and runs[-1].ended for runs in pins[node].runs.values())

            farm.until(off, f"all of node {node} is off")
    for seen in pins.values():
        table.injected(2)
        table.judged(seen.judge())
        table.late("fan after its lease", overshoot_s(seen, FAN, LEASE_S), SLACK_S)
        table.late("mister after its lease", overshoot_s(seen, MISTER, LEASE_S // 2), SLACK_S)
    table.tell("hub dead, path cut, Wi-Fi gone in mid-ON: off at the end of the lease")
    table.check()


def test_leases_of_any_length_with_a_deaf_hub(tmp_path: Path, table: Row) -> None:
    with Wired(tmp_path / "node", recipe=QUIET) as wired:
        for lease_s in (1, 2, 7, 31, 60, 299, 600, 1500):
            assert wired.order(FAN, g.STATE_ON, lease_s).code == g.RESULT_OK
            wired.peer.mute = True
            wired.lives(lease_s + 120)
            wired.peer.mute = False
            pins = wired.look()
            table.injected()
            table.late(f"a lease of {lease_s} s", overshoot_s(pins, FAN, lease_s), SLACK_S)
        table.judged(wired.look().judge())
    assert [len(pins.boots), len(pins.runs[FAN])] == [1, 8]
    table.tell("8 leases from 1 s to 25 min outlived a deaf hub, each ended in time")
    table.check()


def test_a_driver_that_never_returns(tmp_path: Path, table: Row) -> None:
    """The program hangs in mid-ON: the watchdog ends it, and the lease is gone with the run."""
    with Wired(tmp_path / "node", recipe=QUIET, virtual=False, speed=SPEED) as wired:
        assert wired.order(FAN, g.STATE_ON, 60).code == g.RESULT_OK
        wired.lives(40)
        wired.board.set_faults(**{"dht22@4": "hang"})
        wired.until(lambda: len(wired.look().boots) > 1, "the watchdog bites")
        wired.board.set_faults(**{"dht22@4": None})
        wired.lives(60)
        pins = wired.look()
    assert pins.boots[1][1] == WATCHDOG and len(pins.runs[FAN]) == 1
    table.injected()
    table.judged(pins.judge())
    table.late("off after its lease", overshoot_s(pins, FAN, 60), SLACK_S)
    table.tell("a driver that hangs: off by the watchdog, and not on again after it")
    table.check()


@pytest.mark.deep
def test_a_driver_that_hangs_for_hours(tmp_path: Path, table: Row) -> None:
    """Some 300 watchdog resets in a row, and the node is still there when the sensor is."""
    script = [(600, {"dht22@4": "hang"}), (600 + 3 * 3600, {"dht22@4": None})]
    seen = scene.live(tmp_path / "node", 4.5 * 3600, script=script)
    assert len(seen.oracle.boots) > 256 and "Traceback" not in seen.log
    last_ms = seen.oracle.boots[-1][0]
    assert last_ms < 3.3 * 3600e3, "it runs on after the last bite"
    table.injected(len(seen.oracle.boots) - 1)
    table.judged(seen.oracle.judge())
    table.check()


@pytest.mark.parametrize("cause", [scene.POWER, WATCHDOG, scene.SOFT], ids=["power", "watchdog", "soft"])
def test_a_reset_ends_a_lease(tmp_path: Path, table: Row, cause: int) -> None:
    with Wired(tmp_path / "node", recipe=QUIET, script=[(300, {"reset": [cause, 0]})]) as wired:
        assert wired.order(FAN, g.STATE_ON, 1500).code == g.RESULT_OK
        wired.lives(1800)
        pins = wired.look()
    assert len(pins.boots) == 2 and len(pins.runs[FAN]) == 1
    table.injected()
    table.judged(pins.judge())
    table.late("off after the reset", pins.off_after_s(FAN, pins.ends[0][0]), 1.0)
    table.check()
