"""Row 5: nobody is there. The node never restarts for that, and the control goes on."""

from pathlib import Path

import pytest

from tests.support import scene
from tests.support.scene import FAN, MISTER, fan, mister, recipe
from tests.support.table import Row

pytestmark = pytest.mark.slow

DAY_S = 86_400
LATE_S = 20.0  # two samples: what a decision may be late by


@pytest.mark.parametrize("wifi", [None, "down", "wrong_password"], ids=["no_hub", "no_wifi", "wrong_password"])
def test_a_day_with_nobody(tmp_path: Path, table: Row, wifi: str | None) -> None:
    """Both machines always want to run: each run and each rest of the whole day is as long as it should be."""
    rules = recipe(fan(max_on_s=540, rest_s=120), mister(max_on_s=300, rest_s=600))
    script = [(0, {"wifi": wifi})] if wifi else []
    seen = scene.live(tmp_path / "node", DAY_S, recipe=rules, script=script, alone=False, patience_ms=1)
    pins = seen.oracle
    assert len(pins.boots) == 1, "it was never reset"
    for number, on_s, off_s in ((FAN, 540, 120), (MISTER, 300, 600)):
        runs = pins.runs[number][:-1]
        assert len(runs) >= DAY_S // (on_s + off_s) - 2
        pauses = [(after.from_ms - before.to_ms) / 1000 for before, after in zip(runs, runs[1:], strict=False)]
        table.late("a run", max(abs(run.seconds - on_s) for run in runs), LATE_S)
        table.late("a rest", max(abs(pause - off_s) for pause in pauses), LATE_S)
    table.injected()
    table.judged(pins.judge())
    table.tell("24 h alone: no reset, every run and rest as long as it should be")
    table.check()


def test_it_still_follows_the_weather(tmp_path: Path, table: Row) -> None:
    """A threshold within the day's swing: the fan is on when it was hot, and follows within two samples."""
    rules = recipe(fan(on_above=275, off_above=270, max_on_s=0), mister(on_below=-1, off_below=-1))
    seen = scene.live(tmp_path / "node", 1.3 * DAY_S, recipe=rules)
    values = [(line["t_ms"], line["value"]) for line in seen.truth if line["channel"] == 1]
    hot = [at for (_, before), (at, now) in zip(values, values[1:], strict=False) if before <= 275 < now]
    table.late("fan when it got hot", max(seen.oracle.on_after_s(FAN, at) for at in hot), 60 + LATE_S)
    table.injected()
    table.judged(seen.oracle.judge())
    assert len(hot) >= 1 and len(seen.oracle.boots) == 1
    table.check()
