"""Row 20: the emergency stop. On every page and by the node's own input; latched; confirmed by the reported state."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.web import create_app
from shared_protocol import registry as g
from tests.support import scene
from tests.support.farm import Farm
from tests.support.lossy import Weather
from tests.support.scene import FAN, MISTER, POWER, Wired, fan, mister, recipe
from tests.support.table import Row

pytestmark = pytest.mark.slow

BOARD = "worm_house_air"
STOP_PIN = "pin:27"
BAD = Weather(loss=0.3, duplicate=0.1, reorder=0.15)
RULES = recipe(fan(max_on_s=0, rest_s=0), mister(max_on_s=0, rest_s=0))
INPUT_S = 1.1  # docs/safety.md: looked at each second, seen twice
AIR_S = 2.0
AGREES_S = 4.0
PRESSES = 5
RUNS_S = 0.2  # so long everything runs before it is stopped, or a press dated back would come before the switching on
TWO_CLOCKS_S = 0.01  # a board that is off a millisecond after the press must not seem to have been off before it
SAMPLE = 2


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """Two nodes whose machines all run soon after the start, in real time."""
    document = scene.board_file(BOARD)
    document["actuators"] = [{**item, "rest_s": 0} for item in document["actuators"]]
    path = tmp_path / "board.json"
    path.write_text(json.dumps(document), "utf-8")
    with Farm(tmp_path, (str(path),) * 2, local=True, recipe=RULES, settings={"sample_s": 3}) as farm:
        farm.start()
        zone = farm.inner.fleet.add_zone("Nhà giun", "worm_house")
        for node in farm.boards:
            farm.greeted(node)
            farm.inner.fleet.move(node, zone.id)
        farm.path.weather = BAD
        yield farm


def running(farm: Farm) -> bool:
    """Everything is on and known to be."""
    return all(
        len(farm.now(node).actuators) == 2 and all(a.on for a in farm.now(node).actuators) for node in farm.boards
    )


def board_ms(folder: Path, unix_s: float) -> int:
    """A moment of this PC's clock on the board's own time."""
    anchor: dict[str, Any] = json.loads((folder / "anchor").read_text("utf-8"))
    return int(anchor["t_ms"] + 1000 * (unix_s - anchor["unix_s"]))


def test_pressed_on_the_page_under_30_percent_loss(farm: Farm, table: Row) -> None:
    """All machines of all nodes off within 2 s, and the page says so because the nodes did."""
    client = create_app(farm.inner).test_client()
    late, agreed = [], []
    for _ in range(PRESSES):
        farm.until(lambda: running(farm), "everything runs")
        time.sleep(RUNS_S)
        pressed_s = time.time() - TWO_CLOCKS_S
        farm.inner.commands.stop(by="test")
        farm.until(lambda: client.get("/api/v1/stop").get_json()["stopped_machines"] == 4, "the page agrees")
        agreed.append(time.time() - pressed_s)
        for board in farm.boards.values():
            pins = scene.look(board.folder, BOARD, RULES)
            late += [pins.off_after_s(number, board_ms(board.folder, pressed_s)) for number in (FAN, MISTER)]
            assert not any(pins.is_on(number, pins.end_ms) for number in (FAN, MISTER))
        farm.inner.commands.clear_stop(by="test")
    table.injected(PRESSES)
    assert max(agreed) < AGREES_S, agreed
    assert min(late) > 0, "all of it ran when the button was pressed"
    table.late("off over the air", max(late), AIR_S)
    table.tell(f"{PRESSES} presses under 30 % loss: 4 machines off, the page agrees within {max(agreed):.1f} s")
    table.check()


@pytest.mark.parametrize("at_s", [305.6, 402.05, 411.3, 517.95, 603.0])
def test_the_input_on_the_board(tmp_path: Path, table: Row, at_s: float) -> None:
    """The normally closed input opens (pressed, or the wire breaks), also in the middle of a sample: off, for good."""
    pins = scene.live(tmp_path / "node", 4000, recipe=RULES, script=[(at_s, {STOP_PIN: 1})]).oracle
    at_ms = int(at_s * 1000)
    assert pins.is_on(FAN, at_ms) and pins.is_on(MISTER, at_ms)
    for number in (FAN, MISTER):
        table.late("off by the input", pins.off_after_s(number, at_ms), INPUT_S)
        table.late("on again", pins.on_s(number, at_ms + 1100, 4_000_000), 0)
    table.injected()
    table.judged(pins.judge())
    table.tell("by the input within 1.1 s")
    table.check()


def test_pressed_since_before_the_start(tmp_path: Path, table: Row) -> None:
    """A board that starts with the button pressed never switches anything on, whatever people or rules want."""
    with Wired(tmp_path / "node", recipe=RULES, script=[(0, {STOP_PIN: 1}), (1000, {STOP_PIN: None})]) as wired:
        assert wired.order(FAN, g.STATE_ON, 60).code == g.RESULT_STOPPED
        wired.until(lambda: wired.now_ms > 3_000_000, "it lives on, the button let go")
        held = wired.look()
        assert wired.order(MISTER, g.STATE_ON, 60).code == g.RESULT_STOPPED
        assert wired.clear().code == g.RESULT_OK
        wired.lives(300)
        freed = wired.look()
    assert held.runs == {FAN: [], MISTER: []} and len(freed.runs[FAN]) == 1
    table.injected()
    table.judged(freed.judge())
    table.tell("latched: letting go frees nothing, clearing does")
    table.check()


def test_latched_over_every_kind_of_reset(tmp_path: Path, table: Row) -> None:
    script = [(300 + 200 * n, {"reset": [cause, 0]}) for n, cause in enumerate((POWER, 2, 3, scene.SOFT) * 2)]
    with Wired(tmp_path / "node", recipe=RULES, script=script) as wired:
        wired.until(lambda: wired.look().runs[FAN], "it runs")
        wired.stop()
        stopped_ms = wired.now_ms + 15_000
        wired.until(lambda: len(wired.look().boots) == 9, "8 resets")
        wired.lives(2000)
        pins = wired.look()
    table.late(
        "on after the stop", pins.on_s(FAN, stopped_ms, pins.end_ms) + pins.on_s(MISTER, stopped_ms, pins.end_ms), 0
    )
    table.injected(8)
    table.judged(pins.judge())
    table.tell("latched over 8 resets")
    table.check()


def pressed(folder: Path, until_s: float = 500, **fields: Any) -> scene.Scene:
    """A press at 400 s, while everything runs."""
    return scene.live(folder, until_s, recipe=RULES, script=[(400, {STOP_PIN: 1})], **fields)


def operations(folder: Path, until_s: float) -> int:
    """How many flash operations the life takes up to a moment."""
    script = [(400, {STOP_PIN: 1}), (until_s, {"reset": [POWER, 0]})]
    ended = scene.live(folder, until_s + 30, recipe=RULES, script=script).oracle
    return int(next(line["flash"] for line in ended.lines if "end" in line))


@pytest.mark.parametrize("step", [SAMPLE, pytest.param(None, marks=[pytest.mark.deep, pytest.mark.timeout(1800)])])
def test_the_flash_fails_or_the_power_goes_while_it_latches(tmp_path: Path, table: Row, step: int | None) -> None:
    """At each flash operation: the machines are off before anything is written, and stay off while it is pressed."""
    first, last = operations(tmp_path / "before", 399), operations(tmp_path / "after", 404)
    assert last - first > 5
    for at in range(first + 1, last + 1, 1 if step is None else max(1, (last - first) // step)):
        failing = pressed(tmp_path / f"failing_{at}", cut_at=at, cut_kills=False).oracle
        table.late("off though the flash fails", max(failing.off_after_s(n, 400_000) for n in (FAN, MISTER)), INPUT_S)
        table.late("on again", sum(failing.on_s(n, 401_100, 500_000) for n in (FAN, MISTER)), 0)
        dead = pressed(tmp_path / f"cut_{at}", cut_at=at)
        died_ms = dead.oracle.end_ms
        after = pressed(tmp_path / f"cut_{at}", 2000).oracle
        table.late("on again after the cut", sum(after.on_s(n, died_ms + 1, 2_000_000) for n in (FAN, MISTER)), 0)
        table.injected(2)
    table.tell(f"flash failing and power cut at {table.injections // 2} of the {last - first} operations of latching")
    table.check()


def test_an_order_from_before_the_stop_is_dead(tmp_path: Path, table: Row) -> None:
    """ON was asked for and got lost; then everybody stopped, and freed again: the ON must not arrive after that."""
    with Farm(tmp_path, (BOARD,), local=True, speed=10.0, recipe={"rules": []}) as farm:
        farm.start()
        farm.greeted()
        farm.path.tamper = lambda frame: () if frame.type == g.MSG_COMMAND else (frame.data,)
        ticket = farm.inner.commands.send(1, FAN, True, 300, "test")
        farm.inner.commands.stop(by="test")
        farm.until(lambda: farm.now().stop, "it is stopped")
        farm.inner.commands.clear_stop(by="test")
        farm.until(lambda: not farm.now().stop, "it is freed")
        farm.path.tamper = None
        heard_s = farm.now().uptime_s
        farm.until(lambda: farm.now().uptime_s > heard_s + 60, "a minute passes")
        assert farm.inner.commands.ticket(ticket.id).state in ("refused", "failed")
        assert scene.look(farm.boards[1].folder, BOARD, {"rules": []}).runs[FAN] == []
    scene.finish(table, farm, 1, "an ON from before the stop does not arrive after it")
