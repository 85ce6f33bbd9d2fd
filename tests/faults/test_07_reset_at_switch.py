"""Row 7: a motor's spike resets the board. The event names the machine; the second time it is locked out."""

from pathlib import Path

import pytest

from shared_protocol import registry as g
from tests.support import scene
from tests.support.scene import FAN, MISTER, WATCHDOG, Wired, fan, mister, recipe
from tests.support.table import Row

pytestmark = pytest.mark.slow

FAN_PIN = 25
RULES = recipe(fan(max_on_s=120, rest_s=60), mister(max_on_s=200, rest_s=100))


def test_the_board_browns_out_when_the_fan_switches(tmp_path: Path, table: Row) -> None:
    """Endless spikes: two resets, then the fan stays off for good and everything else goes on."""
    script = [(0, {f"reset_at_switch@{FAN_PIN}": 1000})]
    with Wired(tmp_path / "node", recipe=RULES, script=script) as wired:
        wired.until(lambda: wired.events(g.EVENT_LOCKOUT), "the fan is locked out")
        wired.lives(4 * 3600)
        named = [event.fields for event in wired.events(g.EVENT_RESET_AT_SWITCH)]
        pins = wired.look()
        assert wired.order(FAN, g.STATE_ON, 60).code == g.RESULT_LOCKOUT
        wired.board.set_faults(**{f"reset_at_switch@{FAN_PIN}": None})
        wired.lives(1000)
        assert wired.order(FAN, g.STATE_UNLOCK).code == g.RESULT_OK
        wired.lives(3000)
        after = wired.look()
    assert named == [(FAN, 1), (FAN, 2)]
    locked_ms = pins.boots[2][0]
    table.late("fan on after its lock-out", pins.on_s(FAN, locked_ms, pins.end_ms), 0.0)
    assert len(pins.boots) == 3 and len(pins.runs[MISTER]) > 20
    assert len(after.runs[FAN]) > 3, "unlocked, it runs again"
    table.injected(2)
    table.judged(after.judge())
    table.tell("two resets at the same switching: locked out and named, the mister goes on")
    table.check()


def test_one_reset_is_forgiven(tmp_path: Path, table: Row) -> None:
    """One spike each half hour, with good switchings between: counted, never locked out."""
    script = [(1800.0 * n, {f"reset_at_switch@{FAN_PIN}": n}) for n in range(1, 6)]  # n: so often in all
    seen = scene.live(tmp_path / "node", 6 * 1800, recipe=RULES, script=script)
    pins = seen.oracle
    assert len(pins.boots) == 6 and pins.runs[FAN][-1].boot == 6
    table.injected(5)
    table.judged(pins.judge())
    table.check()


def test_the_watchdog_counts_too(tmp_path: Path, table: Row) -> None:
    """The program hangs 3 s after the fan switched, twice: locked out, also in the next life and without power."""
    first = scene.live(tmp_path / "node", 70, recipe=RULES).oracle.runs[FAN][0].from_ms / 1000
    script = [(first + 3, {"reset": [WATCHDOG, 0]}), (2 * first + 6, {"reset": [WATCHDOG, 0]})]
    script.append((5000.0, {"reset": [scene.POWER, 60_000]}))
    pins = scene.live(tmp_path / "again", 9000, recipe=RULES, script=script).oracle
    assert [cause for _, cause in pins.boots] == [1, WATCHDOG, WATCHDOG, 1]
    assert len(pins.runs[FAN]) == 2, "once before each reset"
    table.injected(3)
    table.judged(pins.judge())
    table.check()


def test_three_bad_starts_lead_to_safe_mode(tmp_path: Path, table: Row) -> None:
    """Three watchdog resets in a row: only fault states in this life; the power button ends it."""
    script = [(100.0 * n, {"reset": [WATCHDOG, 0]}) for n in (1, 2, 3)]
    script.append((7200.0, {"reset": [scene.POWER, 1000]}))
    pins = scene.live(tmp_path / "node", 10_000, recipe=RULES, script=script).oracle
    safe_ms, free_ms = pins.boots[3][0], pins.boots[4][0]
    assert pins.on_s(FAN, safe_ms, free_ms) > 3600, "it fails on"
    table.late("mister on in safe mode", pins.on_s(MISTER, safe_ms, free_ms), 0)
    assert pins.on_s(MISTER, free_ms, pins.end_ms) > 600
    table.injected(3)
    table.judged(pins.judge())
    table.tell("three bad starts: fault states only")
    table.check()
