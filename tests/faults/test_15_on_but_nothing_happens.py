"""Row 15: on but nothing happens; machines fight each other; a pump that starts again at every reset.

Response check, water float, interlock, dead band, daily cap.
"""

from pathlib import Path
from typing import Any

import pytest

from shared_protocol import registry as g
from tests.support import scene
from tests.support.scene import FAN, MISTER, POWER, PUMP, Wired, fan, mister, recipe
from tests.support.table import Row

pytestmark = pytest.mark.slow

BOARD = "worm_house"
FLOAT, FLOW = 5, 6
MISTER_PIN = 26
CHECK_S = 60
HOUR_S = 3600
CAP_S = 900
SAMPLE = 6  # of the flash operations, in the standard run


def pump(**changes: Any) -> dict[str, Any]:
    """A pump that always wants to run, by the bed's moisture."""
    dry = {"sensors": [4], "on_below": 1001, "off_below": 1001, "max_on_s": 300, "rest_s": 600, "cap_s": CAP_S}
    return {"actuator": PUMP, **dry, **changes}


def checked(**changes: Any) -> dict[str, Any]:
    """The mister with water that must flow while it is on, and must not while it is off."""
    flows = {"check_channel": FLOW, "check_by": 5, "check_s": CHECK_S, "check_level": 1, "stuck_by": 5}
    return mister(rest_s=300, max_on_s=300, **flows, **changes)


def test_the_tank_is_empty(tmp_path: Path, table: Row) -> None:
    """Mister and pump stop within a sample, refuse people too, and go on when there is water."""
    needs = {"needs": FLOAT, "needs_min": 1}
    rules = recipe(mister(max_on_s=1500, **needs), pump(max_on_s=900, rest_s=60, cap_s=0, **needs))
    script = [(2000, {"tank": "empty"}), (9000, {"tank": None})]
    with Wired(tmp_path / "node", board=BOARD, recipe=rules, script=script) as wired:
        wired.until(lambda: wired.now_ms > 2_100_000, "the tank is empty")
        assert [wired.order(number, g.STATE_ON, 60).code for number in (MISTER, PUMP)] == [g.RESULT_NO_SUPPLY] * 2
        assert wired.now_ms < 9_000_000
        wired.until(lambda: wired.now_ms > 12_000_000, "there is water again")
        pins = wired.look()
    for number in (MISTER, PUMP):
        assert pins.on_s(number, 0, 2_000_000) > 300 and pins.on_s(number, 9_000_000, 12_000_000) > 300
        table.late("off without water", pins.off_after_s(number, 2_000_000), 20)
        table.late("on without water", pins.on_s(number, 2_020_000, 9_000_000), 0)
    table.injected()
    table.judged(pins.judge())
    table.tell("empty tank: off within two samples, by hand too")
    table.check()


def test_no_water_comes_and_then_it_does(tmp_path: Path, table: Row) -> None:
    """The float says water, but none flows: told once, within the time of the check; and once when it is mended."""
    script = [(2000, {"machine:mister": "blocked"}), (8000, {"machine:mister": None})]
    with Wired(tmp_path / "node", board=BOARD, recipe=recipe(checked()), script=script) as wired:
        wired.until(lambda: wired.events(g.EVENT_RESPONSE_OK), "it is mended")
        wired.lives(1000)
        told, over = wired.events(g.EVENT_NO_EFFECT), wired.events(g.EVENT_RESPONSE_OK)
        pins = wired.look()
    first = next(run for run in pins.runs[MISTER] if run.from_ms > 2_000_000 - 1000 * (300 - CHECK_S))
    table.late("no effect is told", told[0].uptime_s - max(2000, first.from_ms / 1000), 600 + CHECK_S + 20)
    assert len(told) == 1 and told[0].fields[:2] == (MISTER, FLOW)
    assert len(over) == 1 and over[0].fields == (MISTER, g.TROUBLE_NO_EFFECT) and over[0].uptime_s > 7990
    assert not wired.events(g.EVENT_STUCK)
    table.injected()
    table.judged(pins.judge())
    table.tell("no flow: told once within the check's time, and once when mended")
    table.check()


def test_the_relay_is_welded(tmp_path: Path, table: Row) -> None:
    """Water flows although the mister is off: told; the node cannot do more, which docs/safety.md says."""
    script = [(2000, {f"welded@{MISTER_PIN}": True}), (8000, {f"welded@{MISTER_PIN}": None})]
    with Wired(tmp_path / "node", board=BOARD, recipe=recipe(checked()), script=script) as wired:
        wired.until(lambda: wired.events(g.EVENT_RESPONSE_OK), "it is mended")
        told = wired.events(g.EVENT_STUCK)
        pins = wired.look()
    off_s = next(run.to_ms / 1000 for run in pins.runs[MISTER] if run.to_ms > 2_000_000)
    table.late("stuck is told", told[0].uptime_s - off_s, 2 * CHECK_S + 20)
    assert len(told) == 1 and told[0].fields[:2] == (MISTER, FLOW)
    table.injected()
    table.judged(pins.judge())
    table.tell("welded relay: told within two check times; needs a hand")
    table.check()


def test_mister_against_fan(tmp_path: Path, table: Row) -> None:
    """Both want to run all day, through resets too: never together, never sooner than the settle time."""
    rules = recipe(
        fan(max_on_s=200, rest_s=300, settle_s=60), mister(max_on_s=200, rest_s=300, apart=[FAN], settle_s=60)
    )
    script = [(900.0 * n, {"reset": [POWER, 1000]}) for n in range(1, 12)]
    pins = scene.live(tmp_path / "node", 8 * HOUR_S, board=BOARD, recipe=rules, script=script).oracle
    assert pins.machines[FAN].apart == {MISTER} and len(pins.runs[FAN]) > 20 and len(pins.runs[MISTER]) > 20
    table.injected(len(script))
    table.judged(pins.judge())
    table.tell("interlock and settle time hold through resets")
    table.check()


def test_a_dead_band_does_not_chatter(tmp_path: Path, table: Row) -> None:
    """The temperature wobbles around its threshold for 25 minutes, six times: the fan comes on six times."""
    wobble, cold = 1500, 2400
    values = [
        (at, 250 if at % (wobble + cold) < cold else 268 + at // 10 % 5) for at in range(0, 6 * (wobble + cold), 10)
    ]
    log = tmp_path / "log.csv"
    log.write_text(
        "\n".join(["t_s,air_temperature,air_humidity", *(f"{at},{value},{700 + at % 3}" for at, value in values)])
    )
    rules = recipe(fan(on_above=270, off_above=262, rest_s=0, max_on_s=0), mister(on_below=1, off_below=2))
    pins = scene.live(tmp_path / "node", values[-1][0] - 10, recipe=rules, replay=log).oracle
    crossings = sum((a > 270) != (b > 270) for (_, a), (_, b) in zip(values, values[1:], strict=False))
    assert crossings > 300 and len(pins.runs[FAN]) == 6, pins.runs[FAN]
    table.injected(crossings)
    table.judged(pins.judge())
    table.tell(f"{crossings} crossings of a threshold: 6 runs")
    table.check()


def test_a_pump_and_thirty_resets(tmp_path: Path, table: Row) -> None:
    """Power cuts in mid-run: the daily cap is one for all lives, and max-on too."""
    script = [(700.0 * n, {"reset": [POWER, 500]}) for n in range(1, 31)]
    pins = scene.live(tmp_path / "node", 8 * HOUR_S, board=BOARD, recipe=recipe(pump()), script=script).oracle
    assert len(pins.boots) == 31 and len(pins.runs[PUMP]) >= 3
    table.injected(len(script))
    table.judged(pins.judge(slack_s=2))
    table.tell("30 power cuts: the daily cap holds over all of them")
    table.check()


CHARGED = recipe(pump(rest_s=60, max_on_s=100, cap_s=250))


def pumping(folder: Path, **fields: Any) -> scene.Scene:
    return scene.live(folder, 1300, board=BOARD, recipe=CHARGED, **fields)


def cut(folder: Path, at: int, table: Row) -> None:
    """The power goes at one flash operation of a life with two charged runs: the cap holds over both lives."""
    assert pumping(folder, cut_at=at).died
    pins = scene.live(folder, 4000, board=BOARD, recipe=CHARGED).oracle
    table.judged(pins.judge(slack_s=2))
    table.injected()


@pytest.mark.parametrize("step", [SAMPLE, pytest.param(None, marks=[pytest.mark.deep, pytest.mark.timeout(1800)])])
def test_cut_at_flash_operations(tmp_path: Path, table: Row, step: int | None) -> None:
    whole = pumping(tmp_path / "whole", script=[(1290, {"reset": [POWER, 0]})])
    count = next(line["flash"] for line in whole.oracle.lines if "end" in line)
    for at in range(1, count + 1, 1 if step is None else count // step):
        cut(tmp_path / f"cut_{at}", at, table)
    table.tell(f"power cut at {table.injections} of {count} flash operations: the cap holds")
    table.check()
