"""Row 10: no time after an outage, or a wrong one. Uptime is the key, the hub dates it later, schedules hold."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from hub.clock import Clock
from hub.service import Hub
from hub.store.events import node_events
from shared_protocol import registry as g
from tests.support import scene
from tests.support.farm import Farm, LocalHub
from tests.support.scene import FAN, MISTER, Wired, fan, mister, recipe
from tests.support.table import Row

pytestmark = pytest.mark.slow

BOARD = "worm_house_air"
ALWAYS = [[0, 1440, 127]]
OFFLINE_S = 7200
BOUND_S = 2.0
IN_2019_S = 1_560_000_000.0


class Battery(Clock):
    """A PC's clock that is `behind_s` late."""

    def __init__(self, behind_s: float) -> None:
        self.behind_s = behind_s

    def wall(self) -> float:
        return time.time() - self.behind_s


class OldPc(LocalHub):
    """A hub on a PC whose battery is empty."""

    def start(self) -> None:
        clock = Battery(time.time() - IN_2019_S)
        self.inner = Hub(self.data, listen=self.address[0], udp=self.address[1], clock=clock)
        self.inner.start()


def true_s(board: Path, t_ms: int) -> float:
    """Unix time of a moment of the board's own time: both go together since the anchor."""
    anchor: dict[str, Any] = json.loads((board / "anchor").read_text("utf-8"))
    return float(anchor["unix_s"] + (t_ms - anchor["t_ms"]) / 1000)


def switched_on(farm: Farm) -> list[float]:
    """When the fan went on, as the hub dated it, oldest first."""
    rows = node_events(farm.inner.store, 1, 5000)
    return sorted(
        row.at_s
        for row in rows
        if row.code == "actuator"
        and row.fields["actuator"] == FAN
        and row.fields["on"]
        and row.at_s
        and not row.estimated
    )


def test_two_hours_without_a_hub_are_dated_within_two_seconds(tmp_path: Path, table: Row) -> None:
    rules = recipe(fan(max_on_s=240, rest_s=120), mister())
    with Farm(tmp_path, (BOARD,), local=True, prefill_s=OFFLINE_S, recipe=rules) as farm:
        farm.start()
        farm.until(lambda: farm.boards[1].prefilled() == 1.0, "two hours pass")
        folder = farm.boards[1].folder
        pins = scene.look(folder, BOARD, rules, OFFLINE_S * 1000 - 2000)
        truth = [true_s(folder, run.from_ms) for run in pins.runs[FAN]]
        farm.until(lambda: len(switched_on(farm)) >= len(truth), "all of it arrives")
        dated = switched_on(farm)
    assert len(truth) >= 15
    for at_s, known_s in zip(truth, dated, strict=False):
        table.late("a date", abs(at_s - known_s), BOUND_S)
    table.injected(1)
    table.judged(pins.judge())
    table.tell("2 h without a hub: dated afterwards")
    table.check()


def test_a_pc_in_2019_gives_no_time(tmp_path: Path, table: Row) -> None:
    """Everything works but what needs the time: schedules hold and say so."""
    rules = recipe({"actuator": FAN, "windows": ALWAYS, "max_on_s": 600, "rest_s": 60}, mister())
    with Farm(tmp_path, (BOARD,), local=True, speed=10.0, recipe=rules) as farm:
        farm.hub = OldPc(farm.hub.data, farm.hub.address)
        farm.start()
        farm.greeted()
        farm.until(lambda: farm.now().uptime_s > 120, "two minutes pass")
        rows = node_events(farm.inner.store, 1)
        shown = {one.actuator: one.cause for one in farm.now().actuators}
        pins = scene.look(farm.boards[1].folder, BOARD, rules)
        assert not [row for row in rows if row.code in ("time", "time_refused")], rows
        assert pins.runs[FAN] == [] and shown[FAN] == "no_time"
        farm.hub.stop()
        farm.hub = LocalHub(farm.hub.data, farm.hub.address)
        farm.hub.start()
        farm.until(lambda: any(one.on for one in farm.now().actuators if one.actuator == FAN), "the clock is right")
        pins = scene.look(farm.boards[1].folder, BOARD, rules)
    table.injected()
    table.judged(pins.judge())
    table.tell("PC in 2019: no time given, the schedule holds until the clock is right")
    table.check()


def test_a_schedule_holds_while_the_time_is_unknown(tmp_path: Path, table: Row) -> None:
    """Hours without a hub: what only a schedule asks for never runs, what a threshold asks for does."""
    rules = recipe({"actuator": FAN, "windows": ALWAYS, "max_on_s": 600}, mister(windows=[[0, 1, 127]]))
    pins = scene.live(tmp_path / "node", 6 * 3600, recipe=rules).oracle
    assert pins.runs[FAN] == [] and len(pins.runs[MISTER]) > 15
    table.injected()
    table.judged(pins.judge())
    table.check()


def test_a_jump_is_heard_twice_before_it_counts(tmp_path: Path, table: Row) -> None:
    """A hub that suddenly says another day is not believed at once."""
    with Wired(tmp_path / "node", recipe=recipe()) as wired:
        wired.until(lambda: wired.events(g.EVENT_TIME), "the node has the time")
        wired.lives(300)
        wired.peer.ahead_s = 86_400
        wired.peer.forget()
        wired.until(lambda: len(wired.events(g.EVENT_TIME)) > 1, "the second telling is believed")
        refused = len(wired.events(g.EVENT_TIME_REFUSED))
        pins = wired.look()
    assert refused == 1
    table.injected()
    table.judged(pins.judge())
    table.check()
