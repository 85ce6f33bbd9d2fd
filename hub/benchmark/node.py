"""The node's benchmark: days of the firmware in a real MicroPython under virtual time, with a hub that answers.

Figures: how long the days take on this PC, the free heap after each day and its growth, and how long a step of the
node's loop takes here (an ESP32 is some 50 times slower; the figure is for comparing commits).
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

from boards.simulated.peer import Peer
from boards.simulated.process import NodeProcess, SimulatedNode, interpreter
from flash_tools.image import build_slot

DAYS, QUICK_DAYS = 7, 2
TIMEOUT_S = 600.0
KEY = bytes(range(16))
WORD_SHARE = 2  # bytes of this PC's heap for one of the board's: its words are twice as large


def run(quick: bool = False, heap_kb: int = 100) -> dict[str, Any]:
    """{days, <days>_days_s, heap_free_bytes, heap_growth_bytes (day 1 to the last), step_p99_ms, …}, board's bytes.

    heap_kb: the heap that the firmware is given. A node that ends early gives {"error": its last words}.
    """
    if interpreter() != "micropython":
        return {"error": "no MicroPython on this platform"}
    days = QUICK_DAYS if quick else DAYS
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(1, KEY)
        spec = SimulatedNode(
            Path(folder), 1, KEY, peer.address, "worm_house_air", virtual=True, heap_kb=heap_kb, truth=False, stats=True
        )
        process = NodeProcess(spec)
        began = time.perf_counter()
        try:
            process.start()
            lines = _wait_for_days(process, days)
            took_s = time.perf_counter() - began
        finally:
            process.stop()
            peer.close()
        if len(lines) <= days:
            return {"error": process.log().read_text("utf-8", "replace")[-2000:], "days": len(lines) - 1}
        return _figures(lines, days, took_s) | _exchange(peer)


def _wait_for_days(process: NodeProcess, days: int) -> list[dict[str, int]]:
    """The lines of statistics: one at power-on, one per day; fewer when the node ended."""
    end = time.monotonic() + TIMEOUT_S
    while True:
        lines = _lines(process.stats())
        if len(lines) > days or not process.alive() or time.monotonic() > end:
            return lines[: days + 1]
        time.sleep(0.05)


def _lines(path: Path) -> list[dict[str, int]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").split("\n")[:-1]]


def _figures(lines: list[dict[str, int]], days: int, took_s: float) -> dict[str, Any]:
    first, last = lines[1], lines[days]
    return {
        "days": days,
        f"{'seven' if days == DAYS else days}_days_s": round(took_s, 1),
        "heap_before_boot_bytes": lines[0]["free"] // WORD_SHARE,
        "heap_free_bytes": last["free"] // WORD_SHARE,
        "heap_growth_bytes": (first["free"] - last["free"]) // WORD_SHARE,
        "firmware_bytes": (lines[0]["free"] - last["free"]) // WORD_SHARE,
        "slot_bytes": build_slot().size,
        "steps": sum(line["steps"] for line in lines[1:]),
        "step_p50_ms": last["p50_us"] / 1000,
        "step_p99_ms": last["p99_us"] / 1000,
        "step_max_ms": max(line["max_us"] for line in lines[1:]) / 1000,
    }


def _exchange(peer: Peer) -> dict[str, int]:
    """That the node really talked: what the hub in small received."""
    heard = peer.heard
    names = {0x01: "hellos", 0x10: "records_frames", 0x80: "nows"}
    counts = {name: heard.counts.get(number, 0) for number, name in names.items()}
    return counts | {"records": len(heard.records), "records_missing": (max(heard.records, default=0) - heard.up_to())}
