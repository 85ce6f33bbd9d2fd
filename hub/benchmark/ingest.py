"""Benchmark `ingest`: readings a second through the whole hub, beside raw SQLite; NOW frames; time to acknowledgement.

A sender in a process of its own plays the nodes. Each block is sealed, sent to the hub's real socket, opened, decoded,
checked, committed with its summary, and only then acknowledged. The raw figure is `executemany` of the same readings,
one row each, with the same pragmas, in this process, half of it before the hub's turn and half after.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from hub.benchmark.sender import BLOCK_SETS, START_S, key_of, signal
from hub.service import Hub
from hub.store.database import PRAGMAS

NODES = 32
BLOCKS, QUICK_BLOCKS = 90, 15  # per node: 15 days at a set a minute
NOWS, QUICK_NOWS = 50_000, 10_000
NOW_RATE = 5_500
READINGS_PER_SET = 6
ROWS_PER_COMMIT = 20_000  # raw SQLite commits as rarely as it likes
TIMEOUT_S = 240


def run(quick: bool = False) -> dict[str, Any]:
    """The figures; `quick` sends less."""
    blocks, nows = (QUICK_BLOCKS, QUICK_NOWS) if quick else (BLOCKS, NOWS)
    with tempfile.TemporaryDirectory() as place:
        before = _raw(Path(place) / "before.sqlite3", blocks // 2)
        seen = _through_the_hub(Path(place) / "data", blocks, nows)
        raw = (before + _raw(Path(place) / "after.sqlite3", blocks // 2)) / 2
    readings = seen["blocks"] * BLOCK_SETS * READINGS_PER_SET / seen["seconds"]
    return {
        "readings_per_s": readings,
        "raw_sqlite_rows_per_s": raw,
        "ratio": readings / raw,
        "blocks_per_s": seen["blocks"] / seen["seconds"],
        "now_frames_per_s": seen["answered"] / seen["now_s"],
        "now_frames_lost": seen["nows"] - seen["answered"],
        "ack_p99_ms": _percentile(seen["calm_waits"], 0.99) * 1000,
        "ack_p50_ms": _percentile(seen["calm_waits"], 0.5) * 1000,
        "ack_p99_ms_at_full_load": _percentile(seen["busy_waits"], 0.99) * 1000,
    }


def _raw(path: Path, blocks: int) -> float:
    """Rows a second of SQLite alone."""
    rows = []
    for number in range(1, NODES + 1):
        for block in signal(number % 4, blocks):
            for channel in range(READINGS_PER_SET):
                rows += [
                    (number, channel, START_S + t, _reading(values, states, channel)) for t, values, states in block
                ]
    database = sqlite3.connect(path, isolation_level=None)
    for name, value in PRAGMAS.items():
        database.execute(f"PRAGMA {name} = {value}")
    database.execute(
        "CREATE TABLE reading (node, channel, time, value, PRIMARY KEY (node, channel, time)) WITHOUT ROWID"
    )
    began = time.perf_counter()
    for at in range(0, len(rows), ROWS_PER_COMMIT):
        database.execute("BEGIN")
        database.executemany("INSERT INTO reading VALUES (?, ?, ?, ?)", rows[at : at + ROWS_PER_COMMIT])
        database.execute("COMMIT")
    seconds = time.perf_counter() - began
    database.close()
    return len(rows) / seconds


def _reading(values: tuple[int, ...], states: int, channel: int) -> int:
    return values[channel] if channel < len(values) else states >> (channel - len(values)) & 1


def _through_the_hub(folder: Path, blocks: int, nows: int) -> dict[str, Any]:
    """What the sender saw."""
    hub = Hub(folder, listen="127.0.0.1", udp=0)
    for number in range(1, NODES + 1):
        hub.fleet.add(f"Node {number}", None, number, key_of(number))
    hub.start()
    try:
        words = [str(word) for word in (hub.port, NODES, blocks, nows, NOW_RATE)]
        done = subprocess.run(
            [sys.executable, "-m", "hub.benchmark.sender", *words],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    finally:
        hub.stop()
    if done.returncode:
        raise RuntimeError(done.stderr)
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")
