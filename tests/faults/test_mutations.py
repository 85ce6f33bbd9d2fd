"""Every guard earns its place: with one of them removed from the firmware, the test that is named beside it must fail.

Deep only. The firmware is copied and patched; the named test runs against the copy (NHAVUON_SOURCES for simulated
boards, PYTHONPATH for the pure parts).
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from flash_tools import image
from tests.faults.conftest import SOURCES
from tests.support.table import FILE

ROOT = Path(__file__).resolve().parents[2]
TESTS_FAILED = 1  # pytest's exit code; 2 to 5 say that it could not run them
CONTROL, ACTUATORS, JUDGE = "firmware/node/control.py", "firmware/node/actuators.py", "firmware/node/judge.py"


class Guard(NamedTuple):
    """`old` is there exactly once in `file`; with `new` in its place `test` fails."""

    name: str
    file: str
    old: str
    new: str
    test: str


GUARDS = (
    Guard(
        "stop",
        CONTROL,
        "    if history.stopped:\n        return 0, g.CAUSE_STOP\n",
        "",
        "faults/test_20_stop.py::test_pressed_since_before_the_start",
    ),
    Guard(
        "stop latch on flash",
        "firmware/node/stop.py",
        '            files.write(_LATCH, b"1")\n',
        "            pass\n",
        "faults/test_20_stop.py::test_latched_over_every_kind_of_reset",
    ),
    Guard(
        "stop input",
        "firmware/node/stop.py",
        "            self.latch(g.STOP_INPUT)\n",
        "            pass\n",
        "faults/test_20_stop.py::test_the_input_on_the_board[305.6]",
    ),
    Guard(
        "lock-out",
        CONTROL,
        "    if history.locked:\n        return 0, g.CAUSE_LOCKOUT\n",
        "",
        "faults/test_07_reset_at_switch.py::test_the_watchdog_counts_too",
    ),
    Guard(
        "interlock",
        CONTROL,
        "        if fellows[id].on:\n            return g.CAUSE_INTERLOCK\n",
        "",
        "faults/test_15_on_but_nothing_happens.py::test_mister_against_fan",
    ),
    Guard(
        "settle",
        CONTROL,
        "    if settling:\n        return g.CAUSE_SETTLE\n",
        "",
        "faults/test_15_on_but_nothing_happens.py::test_mister_against_fan",
    ),
    Guard(
        "water",
        CONTROL,
        "    if not history.supplied:\n        return g.CAUSE_NO_SUPPLY\n",
        "",
        "faults/test_15_on_but_nothing_happens.py::test_the_tank_is_empty",
    ),
    Guard(
        "max on",
        CONTROL,
        "        if rule.max_on_s and state_s >= rule.max_on_s:\n            return g.CAUSE_MAX_ON\n",
        "",
        "faults/test_02_sensor_dead.py::test_it_flaps",
    ),
    Guard(
        "rest",
        CONTROL,
        "    if resting(now, rule, history, by_hand):\n        return g.CAUSE_REST\n",
        "",
        "firmware/test_control.py::test_rest_after_max_on_binds_a_person_too",
    ),
    Guard(
        "rest after a reset in mid-run",
        ACTUATORS,
        "            actuator.history.overran = account.cut\n",
        "",
        "firmware/test_actuators.py::test_a_reset_in_mid_run_is_rested_from_by_everybody",
    ),
    Guard(
        "cap, in mid-run",
        CONTROL,
        "        return g.CAUSE_DAILY_CAP if history.left_s is not None and state_s >= history.left_s else 0\n",
        "        return 0\n",
        "firmware/test_control.py::test_the_cap_ends_a_run_and_forbids_the_next",
    ),
    Guard(
        "cap, before a run",
        CONTROL,
        "    if history.left_s is not None and history.left_s < max(1, rule.min_on_s):\n"
        "        return g.CAUSE_DAILY_CAP\n",
        "",
        "faults/test_15_on_but_nothing_happens.py::test_a_pump_and_thirty_resets",
    ),
    Guard(
        "charge before closing",
        ACTUATORS,
        "        kept = self._ledger.charge(actuator.id, seconds, now_s)\n",
        "        kept = True\n",
        "faults/test_15_on_but_nothing_happens.py::test_a_pump_and_thirty_resets",
    ),
    Guard(
        "min off",
        CONTROL,
        "    return g.CAUSE_MIN_OFF if state_s < rule.min_off_s else 0\n",
        "    return 0\n",
        "firmware/test_control.py::test_min_off_binds_everybody",
    ),
    Guard(
        "lease deadline",
        ACTUATORS,
        "            history.lease_until = now_s + min(max_on_s, rule.lease_s)\n",
        "            history.lease_until = now_s + _HOLD_S\n",
        "faults/test_01_link_lost.py::test_leases_of_any_length_with_a_deaf_hub",
    ),
    Guard(
        "command deadline",
        "firmware/node/orders.py",
        "return self._clock.now() // 1000 > order.not_after_uptime_s or order.not_after_uptime_s <= self._void_s\n",
        "return order.not_after_uptime_s <= self._void_s\n",
        "faults/test_08_late_commands.py::test_held_for_a_minute_and_delivered_late",
    ),
    Guard(
        "orders from before a stop",
        "firmware/node/orders.py",
        " or order.not_after_uptime_s <= self._void_s\n",
        "\n",
        "firmware/test_orders.py::test_an_order_that_was_held_up_while_a_stop_came_and_went",
    ),
    Guard(
        "memory of ids",
        "firmware/node/orders.py",
        "        code = self._known(order.id)\n",
        "        code = None\n",
        "faults/test_08_late_commands.py::test_the_answer_is_lost",
    ),
    Guard(
        "max age",
        CONTROL,
        "        if reading is None or now - reading.at >= rule.max_age_s:\n            continue\n",
        "        if reading is None:\n            continue\n",
        "faults/test_02_sensor_dead.py::test_it_dies_again_and_again_while_the_mister_runs[timeout]",
    ),
    Guard(
        "fault state",
        CONTROL,
        "    if history.safe_mode or (history.dead and not (by_hand and rule.by_hand)):\n",
        "    if history.safe_mode:\n",
        "faults/test_02_sensor_dead.py::test_dead_since_the_start",
    ),
    Guard(
        "heat fails off",
        "firmware/node/parse.py",
        "    if kind in (u.ACTUATOR_HEATER, u.ACTUATOR_DRYER):\n",
        "    if kind in ():\n",
        "firmware/test_control.py::test_heat_fails_off_only",
    ),
    Guard(
        "frozen",
        JUDGE,
        "        return g.FAULT_FROZEN if self.frozen_s and still_s >= self.frozen_s else 0\n",
        "        return 0\n",
        "faults/test_02_sensor_dead.py::test_it_freezes",
    ),
    Guard(
        "rate",
        JUDGE,
        "        if self._jumps < CONFIRM:\n            return g.FAULT_RATE\n",
        "",
        "faults/test_02_sensor_dead.py::test_a_spike_switches_nothing",
    ),
    Guard(
        "range",
        JUDGE,
        "        return 0 if self.low <= value <= self.high else g.FAULT_OUT_OF_RANGE\n",
        "        return 0\n",
        "faults/test_04_dht_lies.py::test_each_lie_is_named_and_nothing_acts_on_it",
    ),
    Guard(
        "known lies",
        JUDGE,
        "    return temperature == humidity and temperature in (0, 10)\n",
        "    return False\n",
        "faults/test_04_dht_lies.py::test_each_lie_is_named_and_nothing_acts_on_it",
    ),
    Guard(
        "saturated for hours",
        JUDGE,
        "        if self.humid and value == SATURATED and still_s >= SATURATED_S:\n"
        "            return g.FAULT_KNOWN_LIE\n",
        "",
        "faults/test_04_dht_lies.py::test_99_9_percent_for_hours",
    ),
    Guard(
        "power cycle of a locked sensor",
        "firmware/node/sense.py",
        "                driver.revive()\n",
        "                pass\n",
        "faults/test_04_dht_lies.py::test_a_locked_sensor_is_freed_by_its_supply",
    ),
    Guard(
        "stagger",
        ACTUATORS,
        "        if state and not history.on and self._now - self._last_on < STAGGER_MS:\n",
        "        if False:\n",
        "faults/test_12_mains_flicker.py::test_twenty_starts_in_a_minute",
    ),
    Guard(
        "boot levels before direction",
        "firmware/boot.py",
        "from machine import Pin  # noqa: F401, I001\n",
        "from machine import Pin as _Pin\n\n\nclass Pin:\n    OUT = _Pin.OUT\n    OPEN_DRAIN = _Pin.OPEN_DRAIN\n\n"
        "    def __init__(self, number, mode, value):\n        _Pin(number, mode)\n"
        "        _Pin(number).value(value)\n\n\n",
        "faults/test_06_pulses_at_start.py::test_no_edge_through_any_start[0-open_drain]",
    ),
    Guard(
        "off in finally",
        "firmware/main.py",
        "            node.actuators.off()\n",
        "            pass\n",
        "faults/test_06_pulses_at_start.py::test_the_program_is_interrupted",
    ),
    Guard(
        "watchdog",
        "firmware/node/watchdog.py",
        "TIMEOUT_MS = 10000",
        "TIMEOUT_MS = 60000",
        "faults/test_01_link_lost.py::test_a_driver_that_never_returns",
    ),
    Guard(
        "watchdog fed only on time",
        "firmware/node/watchdog.py",
        "        return now - self._actuators.decided_ms <= _LATE_MS\n",
        "        return True\n",
        "firmware/test_watchdog.py::test_case[not_when_control_is_late]",
    ),
    Guard(
        "flicker is no bad boot",
        "firmware/node/reset.py",
        " if self.cause in (g.RESET_WATCHDOG, g.RESET_PANIC) else 0",
        "",
        "faults/test_12_mains_flicker.py::test_twenty_starts_in_a_minute",
    ),
    Guard(
        "safe mode",
        "firmware/node/reset.py",
        "        return self.bad >= BAD_BOOTS\n",
        "        return False\n",
        "faults/test_07_reset_at_switch.py::test_three_bad_starts_lead_to_safe_mode",
    ),
    Guard(
        "schedules need the time",
        CONTROL,
        "        if moment.minute < 0:\n"
        "            return (0, g.CAUSE_NO_TIME) if rule.gate or not cause else (cause, 0)\n",
        "        if moment.minute < 0:\n            return g.CAUSE_SCHEDULE, 0\n",
        "faults/test_10_clock_wrong.py::test_a_schedule_holds_while_the_time_is_unknown",
    ),
    Guard(
        "a jump of the clock is heard twice",
        "firmware/node/clock.py",
        "        if not known:\n            self._doubt = offset\n"
        "            self._doubt_at = now\n            return False\n",
        "",
        "faults/test_10_clock_wrong.py::test_a_jump_is_heard_twice_before_it_counts",
    ),
    Guard(
        "response: no effect",
        "firmware/node/response.py",
        "        return g.EVENT_NO_EFFECT, self._base, value\n",
        "        return None\n",
        "faults/test_15_on_but_nothing_happens.py::test_no_water_comes_and_then_it_does",
    ),
    Guard(
        "response: stuck",
        "firmware/node/response.py",
        "            return g.EVENT_STUCK, before, value\n",
        "            return None\n",
        "faults/test_15_on_but_nothing_happens.py::test_the_relay_is_welded",
    ),
    Guard(
        "update: who made the image",
        "firmware/node/update.py",
        " or not self._authentic(begin)",
        "",
        "faults/test_16_update_fails.py::test_forged_images_are_refused",
    ),
    Guard(
        "update: the hash of the whole",
        "firmware/node/unpack.py",
        "    if total.digest() != begin.sha256:\n        raise Refused(g.RESULT_BAD_HASH)\n",
        "",
        "faults/test_16_update_fails.py::test_forged_images_are_refused",
    ),
    Guard(
        "update: only when idle",
        "firmware/node/update.py",
        "        while not self._idle(began):\n",
        "        while False:\n",
        "faults/test_16_update_fails.py::test_a_machine_that_a_person_started_runs_to_its_end",
    ),
    Guard(
        "update: three bad ends",
        "firmware/boot.py",
        "BAD_ENDS = 3\n",
        "BAD_ENDS = 99\n",
        "faults/test_16_update_fails.py::test_a_broken_image_is_taken_back[raises]",
    ),
    Guard(
        "update: half an hour to prove itself",
        "firmware/boot.py",
        "TRIAL_MS = 1800000\n",
        "TRIAL_MS = 1000000000\n",
        "faults/test_16_update_fails.py::test_a_broken_image_is_taken_back[mute]",
    ),
)


def without(guard: Guard, folder: Path) -> Path:
    """The firmware with this guard removed."""
    for tree in ("firmware", "shared_protocol"):
        shutil.copytree(ROOT / tree, folder / tree, ignore=shutil.ignore_patterns("__pycache__"))
    path = folder / guard.file
    source = path.read_text("utf-8")
    assert source.count(guard.old) == 1, f"{guard.name}: {guard.file} has changed"
    path.write_text(source.replace(guard.old, guard.new), "utf-8")
    return folder


def run(test: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """One test against the firmware in a folder."""
    environment = {name: value for name, value in os.environ.items() if name != FILE and not name.startswith("PYTEST_")}
    environment |= {SOURCES: str(folder), "PYTHONPATH": str(folder / "firmware"), "NHAVUON_TEST": "standard"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:xdist", f"tests/{test}"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_each_guard_is_still_where_the_table_says(guard: Guard, tmp_path: Path) -> None:
    """Cheap, so that a change of the firmware shows at once that a guard moved."""
    image.build_slot(sources=without(guard, tmp_path / "without"), mpy=False)
    file, _, name = guard.test.partition("::")
    assert f"def {name.partition('[')[0]}(" in (ROOT / "tests" / file).read_text("utf-8")


@pytest.mark.deep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.name)
def test_without_it_its_test_fails(guard: Guard, tmp_path: Path) -> None:
    done = run(guard.test, without(guard, tmp_path / "without"))
    assert done.returncode == TESTS_FAILED, f"{guard.test} does not notice\n{done.stdout[-3000:]}{done.stderr[-2000:]}"
