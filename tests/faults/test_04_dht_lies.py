"""Row 4: a DHT locks up, or sends 0/0, 1/1, 99.9 %, 123 %. The known lies are refused, its supply is cycled."""

import json
from pathlib import Path
from typing import Any

import pytest

from shared_protocol import registry as g
from tests.support import scene
from tests.support.scene import FAN, MISTER, Wired, fan, mister, recipe
from tests.support.table import Row

pytestmark = pytest.mark.slow

DHT = "dht22@4"
POWER_PIN = 13
MAX_AGE_S = 60
HOUR_S = 3600
LIES = {
    "zero": g.FAULT_KNOWN_LIE,
    "one": g.FAULT_KNOWN_LIE,
    "high": g.FAULT_OUT_OF_RANGE,
    "checksum": g.FAULT_CHECKSUM,
    "timeout": g.FAULT_NO_ANSWER,
}


def powered(folder: Path) -> str:
    """The worm house's air board with the sensor's supply on a pin, as a board file."""
    document: dict[str, Any] = scene.board_file("worm_house_air")
    document["sensors"][0]["power_pin"] = POWER_PIN
    path = folder / "powered.json"
    path.write_text(json.dumps(document), "utf-8")
    return str(path)


def test_each_lie_is_named_and_nothing_acts_on_it(tmp_path: Path, table: Row) -> None:
    """A mister that 0 % would start, a fan that 123 % would: neither moves, and the journal names the lie."""
    begins = {lie: 1000 * (n + 1) for n, lie in enumerate(LIES)}
    script = [entry for lie, at_s in begins.items() for entry in ((at_s, {DHT: lie}), (at_s + 600, {DHT: None}))]
    rules = recipe(
        fan(sensors=[2], on_above=1010, off_above=1005, fault="off"), mister(on_below=30, off_below=31, rest_s=0)
    )
    with Wired(tmp_path / "node", recipe=rules, script=script) as wired:
        wired.until(lambda: wired.now_ms > 1000 * (begins["timeout"] + 900), "each lie begins and ends")
        told = [event.fields[1] for event in wired.events(g.EVENT_FAULT_START) if event.fields[0] == 2]
        pins = wired.look()
    assert told == list(LIES.values())
    assert pins.runs == {FAN: [], MISTER: []}
    table.injected(len(LIES))
    table.judged(pins.judge())
    table.tell("0/0, 1/1, 123 %, bad checksum, silence: named, nothing acts on them")
    table.check()


def test_99_9_percent_for_hours(tmp_path: Path, table: Row) -> None:
    """At 99.9 % a mister would never run again: after 3 hours it counts as dead, and the fan's fault state comes."""
    begin_s, found_s = 5000, 3 * HOUR_S
    rules = recipe(fan(sensors=[2], on_above=1005, off_above=1004, rest_s=0), mister(on_below=990, off_below=995))
    script = [(begin_s, {DHT: "full"}), (begin_s + 6 * HOUR_S, {DHT: None})]
    pins = scene.live(tmp_path / "node", begin_s + 8 * HOUR_S, recipe=rules, script=script).oracle
    late_s = pins.on_after_s(FAN, begin_s * 1000) - found_s
    table.late("fan to its fault state", late_s, MAX_AGE_S + 60)
    assert late_s > -60, "not before: fog is no fault"
    table.injected()
    table.judged(pins.judge())
    table.tell("99.9 %: dead after 3 h")
    table.check()


def test_a_locked_sensor_is_freed_by_its_supply(tmp_path: Path, table: Row) -> None:
    """It answers only after its power pin was low: the machines are back within two minutes."""
    at = [2000 + 3000 * n for n in range(8)]
    script = [(at_s, {DHT: "locked"}) for at_s in at]
    rules = recipe(fan(), mister(on_below=1001, off_below=1001, max_on_s=60, rest_s=30))
    board = powered(tmp_path)
    seen = scene.live(tmp_path / "node", at[-1] + 2000, board=board, recipe=rules, script=script)
    good = [line["t_ms"] for line in seen.truth if line["channel"] == 2 and line["value"] is not None]
    for at_s in at:
        table.late("the sensor is back", min(t for t in good if t > at_s * 1000) / 1000 - at_s, 120)
    assert len(seen.oracle.boots) == 1
    table.injected(len(at))
    table.judged(seen.oracle.judge())
    table.tell("locked up: power cycled, back within 2 min")
    table.check()
