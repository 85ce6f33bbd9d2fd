"""Row 6: relays pulse at boot or reset. Levels come before directions, and everything starts off."""

import json
from pathlib import Path

import pytest

from tests.support import scene
from tests.support.scene import FAN, HARD, MISTER, POWER, SOFT, WATCHDOG, fan, mister, recipe
from tests.support.table import Row

pytestmark = pytest.mark.slow

CAUSES = (POWER, HARD, WATCHDOG, SOFT)


@pytest.mark.parametrize(("on_level", "drive"), [(0, "open_drain"), (0, "push_pull"), (1, "push_pull")])
def test_no_edge_through_any_start(tmp_path: Path, table: Row, on_level: int, drive: str) -> None:
    """Every kind of reset, in mid-run and within the start itself: no output goes on before the rules decide."""
    document = scene.board_file("worm_house_air")
    document["actuators"] = [{**item, "on_level": on_level, "drive": drive} for item in document["actuators"]]
    path = tmp_path / "board.json"
    path.write_text(json.dumps(document), "utf-8")
    script = []
    for n in range(24):
        begin = 400.0 * (n + 1)
        script += [(begin, {"reset": [CAUSES[n % 4], 0]}), (begin + 1 + n / 8, {"reset": [CAUSES[n // 4 % 4], 0]})]
    rules = recipe(fan(), mister())
    seen = scene.live(tmp_path / "node", 10_000, board=str(path), recipe=rules, script=script)
    pins = seen.oracle
    in_mid_run = [(at, cause) for at, cause in pins.ends if pins.is_on(FAN, at) or pins.is_on(FAN, at - 1)]
    assert len(pins.boots) == 1 + 2 * 24 and {cause for _, cause in in_mid_run} >= {POWER, SOFT}
    for at_ms, _ in pins.ends:
        table.late("off after a reset", max(pins.off_after_s(number, at_ms) for number in (FAN, MISTER)), 0.5)
    table.injected(len(script))
    table.judged(pins.judge())
    table.tell("48 resets of 4 kinds, active high and low: no pulse")
    table.check()


def test_the_program_is_interrupted(tmp_path: Path, table: Row) -> None:
    """Ctrl-C in mid-run leads to the prompt: everything is off at once, not only when the watchdog bites."""
    seen = scene.live(tmp_path / "node", 1500, recipe=recipe(fan(), mister()), script=[(500, {"interrupt": True})])
    pins = seen.oracle
    assert pins.is_on(FAN, 499_000) and "REPL" in seen.log
    table.late("off after Ctrl-C", max(pins.off_after_s(number, 500_000) for number in (FAN, MISTER)), 0.5)
    assert [cause for _, cause in pins.boots] == [POWER, WATCHDOG] and pins.boots[1][0] < 520_000
    table.injected()
    table.judged(pins.judge())
    table.tell("Ctrl-C: all off at once")
    table.check()
