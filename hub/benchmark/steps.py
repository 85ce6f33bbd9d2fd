"""How long a node's control takes to decide: eight rules with everything in them, in a real MicroPython; for control.

The figures are of this PC; a board is some fifty times slower. Memory is in bytes of the board, whose words are half as
large.
"""

import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RULES = 8
STEPS, QUICK_STEPS = 5_000, 1_000
HEAP = "140wK"

SCRIPT = """
import gc, json, sys, time
from array import array
from node import rule
from node.actuators import Actuators
from node.ledger import Ledger
with open(sys.argv[1]) as file:
    case = json.load(file)
class Board: pass
class Output:
    def drive(self, on): pass
class Reading:
    value, at, fault = 250, 0, 0
class Clock:
    ms = 0
    def now(self): return self.ms
    def wall_ms(self, now): return now
class Flash:
    body = None
    def read_guarded(self, path): return self.body
    def write_guarded(self, path, body): self.body = body
board = Board()
board.channels, board.actuators = case["channels"], case["actuators"]
text = json.dumps(case["recipe"]).encode()
rule.load(b"{}", board)
gc.collect()
before = gc.mem_alloc()
recipe = rule.load(text, board)
gc.collect()
rules = gc.mem_alloc() - before
readings = {c["id"]: Reading() for c in board.channels}
clock, told = Clock(), [0]
def tell(code, fields): told[0] += 1
ids = [a["id"] for a in board.actuators]
outputs = [Output() for _ in ids]
before = gc.mem_alloc()
actuators = Actuators(board.actuators, outputs, recipe, readings, clock, Ledger(ids, Flash()), tell, lambda id: None)
gc.collect()
parts = gc.mem_alloc() - before
times = array("I", bytes(4 * int(sys.argv[2])))
for i in range(int(sys.argv[2])):
    clock.ms += 10000
    for id in readings:
        readings[id].value = 250 + (i * 7 + id * 11) % 60
        readings[id].at = clock.ms // 1000
    gc.collect()
    begin = time.ticks_us()
    actuators.step(clock.ms)
    times[i] = time.ticks_diff(time.ticks_us(), begin)
times = sorted(times)
count = len(times)
print(json.dumps([sum(times) // count, times[count * 99 // 100], times[-1], told[0], actuators.changed, rules, parts]))
"""


def rich_rule(actuator: int) -> dict[str, Any]:
    """A rule that uses nearly every key."""
    return {
        "actuator": actuator,
        "sensors": [1, 2, 3],
        "pick": "median",
        "agree": 200,
        "confirm": 2,
        "on_above": 285,
        "off_above": 275,
        "on_below": 255,
        "off_below": 262,
        "night_from": 1080,
        "night_to": 360,
        "night_on_above": 290,
        "night_off_above": 270,
        "night_on_below": 252,
        "night_off_below": 258,
        "windows": [[300, 600, 127], [900, 1200, 31]],
        "gate": 1,
        "period_s": 120,
        "width": 20,
        "min_on_s": 10,
        "min_off_s": 10,
        "max_on_s": 600,
        "rest_s": 60,
        "cap_s": 20_000,
        "apart": [actuator % RULES + 1],
        "settle_s": 5,
        "serves": [(actuator + 2) % RULES + 1],
        "lead_s": 5,
        "lag_s": 5,
        "needs": 4,
        "needs_min": 1,
        "pause_channel": 5,
        "pause_above": 308,
        "pause_s": 60,
        "fault": "duty",
        "fault_on_s": 60,
        "fault_off_s": 60,
        "check_channel": 1,
        "check_by": -5,
        "check_s": 300,
        "stuck_by": 30,
    }


def case() -> dict[str, Any]:
    """Board and recipe of the measurement."""
    return {
        "channels": [{"id": id} for id in range(1, 6)],
        "actuators": [{"id": id, "kind": 3, "name": "", "pin": id} for id in range(1, RULES + 1)],
        "recipe": {"name": "rich", "rules": [rich_rule(id) for id in range(1, RULES + 1)]},
    }


def run(quick: bool = False) -> dict[str, Any]:
    """{control_step_ms (mean), control_step_p99_ms, control_step_max_ms, …}; a reason where there is no MicroPython."""
    program = shutil.which("micropython", path=sysconfig.get_path("scripts"))
    if program is None:
        return {"control_step_ms": "no MicroPython here"}
    with tempfile.TemporaryDirectory() as place:
        script, data = Path(place) / "steps.py", Path(place) / "case.json"
        script.write_text(SCRIPT, encoding="utf-8")
        data.write_text(json.dumps(case()), encoding="utf-8")
        env = dict(os.environ, MICROPYPATH=f".frozen:{ROOT / 'firmware'}:{ROOT}")
        count = QUICK_STEPS if quick else STEPS
        command = [program, "-X", f"heapsize={HEAP}", str(script), str(data), str(count)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=300, check=True)
    mean_us, p99_us, max_us, told, changed, rules, parts = json.loads(done.stdout)
    return {
        "control_step_ms": mean_us / 1000,
        "control_step_p99_ms": p99_us / 1000,
        "control_step_max_ms": max_us / 1000,
        "control_steps": count,
        "control_step_switchings": changed,
        "control_step_events": told,
        "rules_heap_bytes": rules // 2,
        "actuators_heap_bytes": parts // 2,
    }
