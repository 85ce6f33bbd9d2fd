"""Benchmark `store`: bytes on disk per reading, everything included, beside a plain table of single readings.

Ten nodes, thirty days of the seeded farm signal, one set a minute: four values and two actuator states each, so six
readings. Both databases take their data through SQLite with the same page size; sizes are of the closed files.
"""

import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hub.benchmark.farm_signal import sets
from hub.benchmark.scripted import ScriptedNode
from hub.store import Store
from hub.store.checking import check
from shared_protocol import registry as g
from shared_protocol.block import encode_block

NODES, DAYS = 10, 30
READINGS_PER_SET = 6
BLOCK_SETS = 240
START_S = 1_790_000_000
FARM_NODES, FARM_YEARS = 50, 10
Set = tuple[int, int, int, int, int, int]
Row = tuple[int, tuple[int, ...], int]


def run(quick: bool = False) -> dict[str, Any]:
    """The figures; `quick` measures four days."""
    days = 4 if quick else DAYS
    signals = [list(sets(days * 1440, seed)) for seed in range(NODES)]
    readings = sum(len(signal) for signal in signals) * READINGS_PER_SET
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        ours = _ours(folder / "ours", signals, BLOCK_SETS, events=False)
        short = _ours(folder / "short", signals, 60, events=False)
        events = _ours(folder / "events", signals, BLOCK_SETS, events=True)
        plain = _plain(folder / "plain.sqlite3", signals)
    year = FARM_NODES * 365.25 * 1440 * READINGS_PER_SET
    return {
        "bytes_per_reading": ours / readings,
        "plain_table_bytes_per_reading": plain / readings,
        "bytes_per_reading_60_set_blocks": short / readings,
        "bytes_per_reading_with_switch_events": events / readings,
        "readings": readings,
        "ten_years_of_50_nodes_gb": events / readings * year * FARM_YEARS / 1e9,
        "ten_years_of_50_nodes_plain_gb": plain / readings * year * FARM_YEARS / 1e9,
    }


def _ours(folder: Path, signals: list[list[Set]], block_sets: int, events: bool) -> int:
    """Bytes of a store that took the signals as records, the nodes in turn."""
    store = Store(folder)
    journals = [_records(number, signal, block_sets, events) for number, signal in enumerate(signals, 1)]
    try:
        for records in zip(*journals, strict=False):
            for number, some in enumerate(records, 1):
                _commit(store, (number, 1), some)
    finally:
        store.close()
    return sum(file.stat().st_size for file in folder.iterdir())


def _commit(store: Store, key: tuple[int, int], records: list[Any]) -> None:
    checked = [check(record, key, store.tables) for record in records]

    def refused(cause: str) -> None:
        raise RuntimeError(cause)

    if not store.intake.offer(key, checked, refused):
        store.write(lambda _: None)  # the queue is full: wait until it is committed
        store.intake.offer(key, checked, refused)


def _records(number: int, signal: list[Set], block_sets: int, events: bool) -> Iterator[list[Any]]:
    """What a node would send: table and time first, then per block the switches in it and the block itself."""
    node = ScriptedNode(number, bytes(16))
    yield [node.put_table(), node.put_time(START_S, 0)]
    states = 0
    for at in range(0, len(signal), block_sets):
        rows = [(t, (a, h, s1, s2), states) for t, a, h, s1, s2, states in signal[at : at + block_sets]]
        made = []
        for t, _, now in rows if events else ():
            made += [
                node.put_event(g.EVENT_ACTUATOR, bit + 1, now >> bit & 1, g.CAUSE_ABOVE, 312, 300, uptime_s=t)
                for bit in range(2)
                if (now ^ states) >> bit & 1
            ]
            states = now
        made += [node.put(g.RECORD_BLOCK, data) for data in closed(rows)]
        node.journal.clear()
        yield made


def closed(rows: Sequence[Row]) -> list[bytes]:
    """Rows of one boot as blocks that fit a frame."""
    data = bytes(encode_block(1, 1, list(rows)))
    if len(data) <= g.MAX_BLOCK or len(rows) == 1:
        return [data]
    half = len(rows) // 2
    return closed(rows[:half]) + closed(rows[half:])


def _plain(path: Path, signals: list[list[Set]]) -> int:
    """Bytes of a table with one row per reading."""
    database = sqlite3.connect(path)
    database.execute(
        "CREATE TABLE reading (node INTEGER, channel INTEGER, time INTEGER, value INTEGER, "
        "PRIMARY KEY (node, channel, time)) WITHOUT ROWID"
    )
    for minute in zip(*signals, strict=True):
        for number, (t, *values, states) in enumerate(minute, 1):
            every = (*values, states & 1, states >> 1)
            rows = [(number, channel, START_S + t, value) for channel, value in enumerate(every, 1)]
            database.executemany("INSERT INTO reading VALUES (?, ?, ?, ?)", rows)
    database.commit()
    database.close()
    return path.stat().st_size
