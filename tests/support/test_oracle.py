"""The oracle objects to traces that are unsafe, and only to those."""

import ast
import math
from pathlib import Path
from typing import Any

import pytest

from tests.support import oracle
from tests.support.oracle import Line, Oracle

BOARD: dict[str, Any] = {
    "actuators": [
        {"id": 1, "kind": "fan", "pin": 25, "on_level": 0, "max_on_s": 1800, "rest_s": 60},
        {"id": 2, "kind": "mister", "pin": 26, "on_level": 1, "max_on_s": 1800, "rest_s": 300},
    ],
}
RECIPE: dict[str, Any] = {
    "rules": [
        {"actuator": 1, "max_on_s": 1200, "rest_s": 30},
        {"actuator": 2, "max_on_s": 2400, "cap_s": 3600, "apart": [1], "settle_s": 20},
    ],
}
FAN, MISTER = 1, 2
HOUR_S = 3600


def boot(t_s: float, number: int = 1, start: int = 1) -> Line:
    return {"t_ms": int(t_s * 1000), "boot": number, "start": start}


def end(t_s: float, cause: int = 1) -> Line:
    return {"t_ms": int(t_s * 1000), "boot": 1, "end": cause}


def fan(t_s: float, on: bool, number: int = 1) -> Line:
    return {"t_ms": int(t_s * 1000), "boot": number, "pin": 25, "level": 0 if on else 1}


def mister(t_s: float, on: bool, number: int = 1) -> Line:
    return {"t_ms": int(t_s * 1000), "boot": number, "pin": 26, "level": int(on)}


def seen(*lines: Line, until_s: float | None = None) -> Oracle:
    return Oracle(oracle.machines(BOARD, RECIPE), lines, None if until_s is None else int(until_s * 1000))


def test_the_stricter_limit_counts_and_apart_is_symmetric() -> None:
    found = oracle.machines(BOARD, RECIPE)
    assert (found[FAN].max_on_s, found[FAN].rest_s) == (1200, 60)
    assert (found[MISTER].max_on_s, found[MISTER].cap_s) == (1800, 3600)
    assert (found[FAN].apart, found[MISTER].apart) == ({MISTER}, {FAN})
    assert oracle.machines(BOARD)[FAN].max_on_s == 1800


def test_a_run_within_its_limits_is_safe() -> None:
    verdict = seen(boot(0), fan(10, True), fan(1209, False), mister(1300, True), mister(1400, False)).judge()
    assert verdict.safe and verdict.worst_s == 0.0


def test_on_beyond_max_on() -> None:
    trace = seen(boot(0), fan(10, True), fan(1230, False))
    assert trace.longest_on_s(FAN) == 1220
    verdict = trace.judge()
    assert not verdict.safe and verdict.worst_s == 20
    assert trace.judge(slack_s=30).safe


def test_on_for_ever() -> None:
    trace = seen(boot(0), fan(10, True), until_s=5000)
    assert trace.longest_on_s(FAN) == 4990 and not trace.judge().safe
    assert trace.off_after_s(FAN, 20_000) == math.inf


def test_a_reset_ends_a_run_only_when_the_pin_went_off() -> None:
    hard = seen(boot(0), fan(10, True), boot(910, 2, 3), until_s=1500)
    assert hard.longest_on_s(FAN) == 900 and hard.judge().safe
    soft = seen(boot(0), fan(10, True), boot(910, 2, 5), until_s=1500)
    assert soft.longest_on_s(FAN) == 1490 and not soft.judge().safe


def test_a_noted_end_is_when_the_power_went() -> None:
    trace = seen(boot(0), fan(10, True), end(60), boot(5000, 2), until_s=6000)
    assert trace.longest_on_s(FAN) == 50 and trace.off_after_s(FAN, 50_000) == 10
    assert not seen(boot(0), fan(10, True), end(60, 5), boot(5000, 2, 5), until_s=6000).judge().safe


def test_runs_around_resets_count_together_unless_there_was_rest() -> None:
    lines = [boot(0), fan(10, True), boot(910, 2), fan(930, True, 2), boot(1830, 3), fan(1850, True, 3)]
    trace = seen(*lines, fan(1950, False, 3))
    assert trace.longest_on_s(FAN) == 1900 and not trace.judge().safe
    rested = seen(boot(0), fan(10, True), boot(910, 2), fan(971, True, 2), fan(1871, False, 2))
    assert rested.longest_on_s(FAN) == 900 and rested.judge().safe


def test_short_pauses_without_a_reset_are_the_laws_own() -> None:
    trace = seen(boot(0), fan(10, True), fan(910, False), fan(920, True), fan(1800, False))
    assert trace.longest_on_s(FAN) == 900


def test_more_than_the_cap_in_any_24_hours() -> None:
    runs = [line for n in range(5) for line in (mister(HOUR_S * n, True), mister(HOUR_S * n + 800, False))]
    trace = seen(boot(0), *runs[2:])
    assert trace.most_in_a_day_s(MISTER) == 3200 and trace.judge().safe
    trace = seen(boot(0), *runs)
    assert trace.most_in_a_day_s(MISTER) == 4000 and not trace.judge().safe


def test_the_day_rolls() -> None:
    """2,000 s in an evening and 2,000 s in the morning: on no calendar day more than the cap."""
    lines = []
    for start_h in (20, 26, 50):
        for part in range(2):
            begin = start_h * HOUR_S + part * 1400
            lines += [mister(begin, True), mister(begin + 1000, False)]
    assert seen(boot(0), *lines[4:]).judge().safe
    assert not seen(boot(0), *lines[:8]).judge().safe
    assert seen(boot(0), *lines).most_in_a_day_s(MISTER) == 4000


def test_interlocked_ones_together() -> None:
    trace = seen(boot(0), fan(10, True), mister(50, True), fan(52, False), mister(60, False))
    assert trace.together_s(FAN, MISTER) == trace.together_s(MISTER, FAN) == 2
    assert not trace.judge().safe


def test_interlocked_ones_too_soon_after_each_other() -> None:
    trace = seen(boot(0), fan(10, True), fan(52, False), mister(60, True), mister(80, False))
    assert trace.shortest_pause_s(MISTER, FAN) == 8
    assert not trace.judge().safe
    assert seen(boot(0), fan(10, True), fan(52, False), mister(72, True), mister(80, False)).judge().safe


@pytest.mark.parametrize(("at_s", "safe"), [(100.0, False), (101.0, False), (102.6, True)])
def test_a_pulse_while_the_board_starts(at_s: float, safe: bool) -> None:
    trace = seen(boot(0), boot(100, 2), fan(at_s, True, 2), fan(at_s + 0.01, False, 2))
    assert trace.judge().safe is safe


def test_an_output_that_goes_off_while_the_board_starts_is_no_pulse() -> None:
    assert seen(boot(0), fan(50, True), boot(100, 2, 5), fan(100.1, False, 2)).judge().safe


def test_states_and_delays() -> None:
    trace = seen(boot(0), fan(10, True), fan(20, False), fan(40, True), until_s=50)
    assert [trace.is_on(FAN, at) for at in (9_999, 10_000, 19_999, 20_000, 50_000)] == [False, True, True, False, True]
    assert (trace.off_after_s(FAN, 5_000), trace.off_after_s(FAN, 12_000)) == (0.0, 8.0)
    assert (trace.on_after_s(FAN, 5_000), trace.on_after_s(FAN, 12_000), trace.on_after_s(FAN, 21_000)) == (
        5.0,
        0.0,
        19.0,
    )
    assert trace.on_after_s(MISTER, 0) == math.inf
    assert trace.on_s(FAN, 15_000, 45_000) == 10.0


def test_what_comes_after_the_end_is_not_looked_at() -> None:
    lines = (boot(0), fan(10, True), fan(20, False), fan(30, True), fan(3000, False))
    assert seen(*lines, until_s=25).judge().safe and not seen(*lines).judge().safe


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "trace.jsonl").write_text('{"t_ms": 0, "boot": 1, "start": 1}\n{"t_ms": 5, "bo', "utf-8")
    assert oracle.read_trace(tmp_path / "trace.jsonl") == [boot(0)]


def test_the_oracle_knows_nothing_of_what_it_judges() -> None:
    tree = ast.parse(Path(oracle.__file__).read_text("utf-8"))
    names = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    assert {str(name).split(".")[0] for name in names} <= {"json", "collections", "dataclasses", "pathlib", "typing"}
