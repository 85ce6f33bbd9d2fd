"""Row 2: a sensor is dead, dies while a machine is on, returns, or flaps. Each machine goes to its own fault state."""

from pathlib import Path

import pytest

from tests.support import scene
from tests.support.oracle import Oracle
from tests.support.scene import FAN, MISTER, fan, mister, recipe
from tests.support.table import Row

pytestmark = pytest.mark.slow

DHT = "dht22@4"
MAX_AGE_S = 60
LATE_S = 2.0  # decisions are made in whole seconds
HOUR_S = 3600
REST_S = 300  # the board's own, of the mister


def dies(at_s: float, how: str = "timeout", for_s: float = 1800) -> list[tuple[float, dict[str, str | None]]]:
    """The sensor fails at a time, and comes back later."""
    return [(at_s, {DHT: how}), (at_s + for_s, {DHT: None})]


def misted_s(pins: Oracle, at_s: float, for_s: float) -> float:
    """How long after a death the mister was still (or again) on: the last moment, in seconds after it."""
    ends = [run.to_ms for run in pins.runs[MISTER] if at_s * 1000 < run.to_ms and run.from_ms < (at_s + for_s) * 1000]
    return max([0.0, *((min(end, (at_s + for_s) * 1000) / 1000 - at_s) for end in ends)])


@pytest.mark.parametrize("how", ["timeout", "checksum", "zero", "one", "high", "hang"])
def test_it_dies_again_and_again_while_the_mister_runs(tmp_path: Path, table: Row, how: str) -> None:
    """Deaths at odd moments of the mister's cycle, also in the middle of a run: off within the rule's max age."""
    for_s = 1800.0 if how != "hang" else 20.0
    at = [2500.0 + 3077 * n for n in range(8)]
    script = [entry for at_s in at for entry in dies(at_s, how, for_s)]
    rules = recipe(fan(), mister(rest_s=REST_S))
    pins = scene.live(tmp_path / "node", at[-1] + HOUR_S, recipe=rules, script=script).oracle
    for at_s in at:
        table.late(f"mister after {how} at {at_s:.0f} s", misted_s(pins, at_s, for_s), MAX_AGE_S + LATE_S)
        if how != "hang":
            table.late("fan to its fault state", pins.on_after_s(FAN, int(1000 * at_s)), MAX_AGE_S + 60 + LATE_S)
        back_ms = int(1000 * (at_s + for_s))
        assert pins.on_after_s(MISTER, back_ms) < 2 * REST_S, "it mists again when the sensor is back"
    assert sum(pins.is_on(MISTER, int(1000 * at_s)) for at_s in at) >= 3, "it died in mid-run, too"
    table.injected(len(at))
    table.judged(pins.judge())
    table.tell(f"{how}: mister off, fan on within max age")
    table.check()


def test_dead_since_the_start(tmp_path: Path, table: Row) -> None:
    """Nothing was ever measured: the mister never runs, the fan runs and rests."""
    rules = recipe(fan(fault_on_s=300, fault_off_s=900), mister())
    pins = scene.live(tmp_path / "node", 6 * HOUR_S, recipe=rules, script=[(0, {DHT: "timeout"})]).oracle
    assert pins.runs[MISTER] == []
    table.late("fan to its fault state", pins.on_after_s(FAN, 0), MAX_AGE_S + 60 + LATE_S)
    assert max(run.seconds for run in pins.runs[FAN]) < 302
    assert 0.2 < pins.on_s(FAN, 0, 6 * HOUR_S * 1000) / (6 * HOUR_S) < 0.27
    table.injected()
    table.judged(pins.judge())
    table.tell("dead since the start: mister never on, fan 5 min in 20")
    table.check()


def test_it_flaps(tmp_path: Path, table: Row) -> None:
    """Half a minute dead, half a minute well, two hundred times: no limit is broken, and nothing chatters."""
    script = [entry for n in range(200) for entry in dies(600.0 + 60 * n, for_s=30)]
    rules = recipe(fan(min_on_s=120, min_off_s=60), mister(confirm=3))
    pins = scene.live(tmp_path / "node", 4 * HOUR_S, recipe=rules, script=script, heap_kb=1000).oracle
    table.injected(200)
    table.judged(pins.judge())
    assert len(pins.runs[FAN]) + len(pins.runs[MISTER]) < 60
    table.tell("200 flaps break no limit")
    table.check()


def test_hold_and_duty(tmp_path: Path, table: Row) -> None:
    """The other fault states: hold for 5 minutes and then off; 2 minutes in 30 under a daily cap."""
    at_s, for_s, cap_s = 5000.0, 12 * HOUR_S, 1800
    held = recipe(fan(rest_s=60), mister(fault="hold", fault_hold_s=300, max_on_s=1800, rest_s=REST_S))
    duty = recipe(fan(), mister(fault="duty", fault_on_s=120, fault_off_s=1680, cap_s=cap_s))
    pins = scene.live(tmp_path / "hold", 6 * HOUR_S, recipe=held, script=dies(at_s, for_s=3 * HOUR_S)).oracle
    table.late("hold", misted_s(pins, at_s, 3 * HOUR_S) - 300, MAX_AGE_S + LATE_S)
    table.judged(pins.judge())
    at_s = 400.0  # before the cap is used up
    pins = scene.live(tmp_path / "duty", at_s + for_s, recipe=duty, script=dies(at_s, for_s=for_s)).oracle
    runs = [run for run in pins.runs[MISTER] if run.from_ms > (at_s + MAX_AGE_S + LATE_S) * 1000]
    assert len(runs) > 10 and max(run.seconds for run in runs) < 122
    table.injected(2)
    table.judged(pins.judge())
    table.tell("hold ends, duty keeps its daily cap")
    table.check()


def test_it_freezes(tmp_path: Path, table: Row) -> None:
    """The same frame for ever: believed for 12 hours, in which the mister's limits hold, and then it is dead."""
    frozen_s = 12 * HOUR_S
    rules = recipe(fan(), mister(max_on_s=120, rest_s=REST_S))
    pins = scene.live(tmp_path / "node", 14 * HOUR_S, recipe=rules, script=[(4000, {DHT: "frozen"})]).oracle
    assert pins.on_s(MISTER, 11 * HOUR_S * 1000, 12 * HOUR_S * 1000) > 600, "it is believed until then"
    table.late("mister", misted_s(pins, 4000, 14 * HOUR_S) - frozen_s, MAX_AGE_S + LATE_S)
    table.injected()
    table.judged(pins.judge())
    table.tell("frozen: found after 12 h, limits hold until then")
    table.check()


def test_a_spike_switches_nothing(tmp_path: Path, table: Row) -> None:
    """A fan that follows the humidity: two wild readings in a row are not believed."""
    wild = {at_s: value for at in range(3000, 30_000, 900) for value in [(650, 30)] for at_s in (at, at + 10)}
    log = tmp_path / "log.csv"
    lines = [f"{at},{wild.get(at, (250 + at // 10 % 3, 700 + at // 10 % 5))}" for at in range(0, 33_000, 10)]
    log.write_text("\n".join(["t_s,air_temperature,air_humidity", *lines]).translate({ord(c): None for c in "() "}))
    rules = recipe(fan(on_above=300, off_above=290, rest_s=0), mister(on_below=600, off_below=650))
    pins = scene.live(tmp_path / "node", 32_000, recipe=rules, replay=log).oracle
    table.injected(len(wild) // 2)
    table.judged(pins.judge())
    assert pins.runs == {FAN: [], MISTER: []}
    table.tell("spikes of two readings switch nothing")
    table.check()
