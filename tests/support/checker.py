"""The checker: compares what a simulated node's sensors gave out with what the hub's database holds; used by campaigns.

It imports nothing of the project. The database is read as SQLite, records as docs/protocol.md describes them, the
truth from the two logs that a simulated board writes outside its flash:
  truth.jsonl  {"t_ms", "boot", "channel", "kind", "value"} per reading: ms since the first power-on, tenths or null
  trace.jsonl  {"t_ms", "boot", "start"} per boot (other lines are pin edges)

A *round* is one reading of all sensors. The node must be set up so that each round is a set (sample_s = set_s).
"""

import json
import sqlite3
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Container
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import blocks

BLOCK, TABLE = 1, 3  # kinds of records

ROUND_GAP_MS = 3000  # readings further apart belong to two rounds: a slow sensor starts 750 ms before the others
SET_EARLY_MS, SET_LATE_MS = 1500, 1500  # a set carries the second in which its round was read
# An analogue probe is the median of 15 noisy samples of the logged value; a digital one is exact.
TOLERANCE = {"soil_moisture": 10, "bed_moisture": 10}

Values = dict[int, int | None]


@dataclass(frozen=True, eq=False)
class Round:
    """What the sensors gave out at once: ms since the boot began, and a value per channel id (None: it failed)."""

    boot: int
    from_ms: int
    to_ms: int
    values: Values
    slack: dict[int, int] = field(default_factory=dict)  # by channel id: how far off a stored value may be

    def __str__(self) -> str:
        return f"boot {self.boot} at {self.from_ms} ms"


@dataclass(frozen=True)
class Stored:
    """One set of the hub's database."""

    journal_id: int
    sequence: int
    boot_no: int
    uptime_s: int
    values: Values


@dataclass
class Store:
    """A node's share of the database."""

    sets: list[Stored] = field(default_factory=list)
    journals: dict[int, list[int]] = field(default_factory=dict)  # journal_id: sequences in order, as often as stored
    lost: dict[int, list[tuple[int, int]]] = field(default_factory=dict)  # journal_id: booked (first, last)
    unreadable: list[str] = field(default_factory=list)


@dataclass
class Report:
    """What became of every round of a node. `wrong` holds sentences."""

    rounds: int = 0
    once: int = 0
    twice: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # in the middle of a boot: never allowed
    cut: list[str] = field(default_factory=list)  # the last round of a boot that was ended: the one being written
    open: int = 0  # of the newest (or an erased) boot, behind its newest stored set: still in the open block
    holes: list[str] = field(default_factory=list)  # sequences that are neither stored nor booked as lost
    newest_boot: int = 0
    newest_ms: int = -1  # when the newest stored set was read, ms since its boot began; -1: none of the newest boot

    @property
    def complete(self) -> bool:
        """Everything is there once and true, but for what was being written at a cut."""
        return self.rounds > 0 and not (self.twice or self.wrong or self.missing or self.holes)

    def __str__(self) -> str:
        parts = [f"{self.rounds} rounds, {self.once} stored once, {len(self.cut)} cut, {self.open} in the open block"]
        for name in ("missing", "twice", "wrong", "holes", "cut"):
            found: list[str] = getattr(self, name)
            if found:
                parts.append(f"{len(found)} {name}: " + "; ".join(found[:6]))
        return "\n".join(parts)


def check(database: Path, node: int, board: Path, erased: Container[int] = ()) -> Report:
    """Compare the hub's file with the logs in a simulated board's folder.

    erased: boots at whose end somebody erased the flash; what only it held is counted as open.
    """
    store = read_store(database, node)  # first: what is measured while we read is then not taken for invented
    return compare(read_truth(board), store, erased)


def read_truth(board: Path) -> dict[int, list[Round]]:
    """{boot: its rounds in order}, boots without a reading included. A last line that a kill cut short is left out."""
    starts = {line["boot"]: line["t_ms"] for line in _lines(board / "trace.jsonl") if "start" in line}
    readings: dict[int, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for line in _lines(board / "truth.jsonl"):
        readings[line["boot"]].append((line["t_ms"] - starts[line["boot"]], line))
    return {boot: _rounds(boot, readings.get(boot, [])) for boot in starts}


def last_measured(board: Path) -> tuple[int, int]:
    """(boot, ms since it began) of the newest round; (0, 0) before the first."""
    rounds = [each for boot in read_truth(board).values() for each in boot]
    return (rounds[-1].boot, rounds[-1].from_ms) if rounds else (0, 0)


def _lines(path: Path) -> list[dict[str, Any]]:
    found = []
    for text in path.read_text("utf-8").splitlines() if path.exists() else ():
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
    return found


def _rounds(boot: int, readings: list[tuple[int, dict[str, Any]]]) -> list[Round]:
    groups: list[list[tuple[int, dict[str, Any]]]] = []
    for reading in readings:
        if not groups or reading[0] - groups[-1][-1][0] > ROUND_GAP_MS:
            groups.append([])
        groups[-1].append(reading)
    return [_round(boot, group) for group in groups]


def _round(boot: int, group: list[tuple[int, dict[str, Any]]]) -> Round:
    values = {line["channel"]: line["value"] for _, line in group}
    slack = {line["channel"]: TOLERANCE.get(line["kind"], 0) for _, line in group}
    return Round(boot, group[0][0], group[-1][0], values, slack)


def read_store(database: Path, node: int) -> Store:
    """Everything that the database holds of a node. Opened read-only."""
    store = Store()
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True, timeout=20)) as connection:
        journals = connection.execute(
            "SELECT id, journal_id FROM journal WHERE node = ? ORDER BY id", (node,)
        ).fetchall()
        for row, journal_id in journals:
            if journal_id in store.journals:
                store.unreadable.append(f"journal {journal_id:08x} has two rows")
            records = connection.execute(
                "SELECT sequence, kind, bytes FROM record WHERE journal = ? ORDER BY sequence", (row,)
            ).fetchall()
            booked = connection.execute("SELECT first, last FROM lost WHERE journal = ?", (row,)).fetchall()
            store.journals[journal_id] = [sequence for sequence, _, _ in records]
            store.lost[journal_id] = booked
            _read_sets(store, journal_id, records)
    return store


def _read_sets(store: Store, journal_id: int, records: list[tuple[int, int, bytes]]) -> None:
    tables = {data[0]: channel_ids(data) for _, kind, data in records if kind == TABLE}
    for sequence, kind, data in records:
        if kind != BLOCK:
            continue
        try:
            block = blocks.decode(data)
            ids = tables[block.table]
            for each in block.sets:
                values = dict(zip(ids, each.values, strict=True))
                store.sets.append(Stored(journal_id, sequence, block.boot_no, each.uptime_s, values))
        except (blocks.BadBlock, KeyError, ValueError) as error:
            store.unreadable.append(f"block {sequence} of journal {journal_id:08x}: {error!r}")


def channel_ids(table: bytes) -> list[int]:
    """The channels' ids in the order of a TABLE record: number, count, then id, kind, unit, scale, length, place."""
    ids, at = [], 2
    for _ in range(table[1]):
        ids.append(table[at])
        at += 5 + table[at + 4]
    return ids


def compare(truth: dict[int, list[Round]], store: Store, erased: Container[int] = ()) -> Report:
    """What became of every round."""
    report = Report(rounds=sum(len(rounds) for rounds in truth.values()), newest_boot=max(truth, default=0))
    report.wrong += store.unreadable
    found: Counter[Round] = Counter()
    lives = list(_by_boot(store).values())
    for sets, boot in zip(lives, _boots_of(lives, truth), strict=True):
        for each in sets:
            _place(each, truth.get(boot, []), found, report)
    for boot, rounds in truth.items():
        _account(rounds, boot == max(truth), boot in erased, found, report)
    for journal_id, sequences in store.journals.items():
        report.holes += _holes(journal_id, sequences, store.lost.get(journal_id, []))
    return report


def _by_boot(store: Store) -> dict[tuple[int, int], list[Stored]]:
    """Sets by (journal, boot number): after a reformatting boot numbers begin again."""
    found: dict[tuple[int, int], list[Stored]] = defaultdict(list)
    for each in store.sets:
        found[each.journal_id, each.boot_no].append(each)
    return found


def _boots_of(lives: list[list[Stored]], truth: dict[int, list[Round]]) -> list[int]:
    """For each life in the store the boot of the board that it tells of, 0 when none is left.

    A node that dies before it could count its boot gives the same number to the next, so numbers alone do not tell.
    Lives and boots come in the same order; the pairing in which most readings agree is taken (longest common
    subsequence, weighted).
    """
    boots = sorted(truth)
    best = [[0] * (len(boots) + 1) for _ in range(len(lives) + 1)]
    agree = [[_agreement(life, truth[boot]) for boot in boots] for life in lives]
    for i in range(len(lives)):
        for j in range(len(boots)):
            best[i + 1][j + 1] = max(best[i][j] + agree[i][j], best[i + 1][j], best[i][j + 1])
    found, i, j = [0] * len(lives), len(lives), len(boots)
    while i and j:
        if best[i][j] == best[i][j - 1]:
            j -= 1
        elif best[i][j] == best[i - 1][j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            found[i] = boots[j]
    return found


def _agreement(life: list[Stored], rounds: list[Round]) -> int:
    """How many of some dozen sets of a life are what the sensors gave out in these rounds."""
    return sum(_agrees(each, rounds) for each in life[:: len(life) // 12 + 1])


def _agrees(each: Stored, rounds: list[Round]) -> bool:
    at = _round_at(each, rounds)
    return at is not None and not _differences(each, at)


def _round_at(each: Stored, rounds: list[Round]) -> Round | None:
    """The round that was read in the set's second."""
    at_ms = each.uptime_s * 1000
    index = bisect_left(rounds, at_ms - SET_LATE_MS, key=lambda r: r.to_ms)
    near = rounds[index : index + 1]
    return near[0] if near and near[0].from_ms - SET_EARLY_MS <= at_ms + 999 else None


def _differences(each: Stored, true: Round) -> list[str]:
    """The channels whose stored value is not what the sensor gave out."""
    found = []
    for channel in sorted(each.values.keys() | true.values.keys()):
        have, want = each.values.get(channel), true.values.get(channel)
        if have != want and (have is None or want is None or abs(have - want) > true.slack.get(channel, 0)):
            found.append(f"channel {channel} is {have}, the sensor gave {want}")
    return found


def _place(each: Stored, rounds: list[Round], found: Counter[Round], report: Report) -> None:
    """Book one stored set under its round."""
    where = f"boot_no {each.boot_no} uptime {each.uptime_s} s (record {each.sequence} of {each.journal_id:08x})"
    at = _round_at(each, rounds)
    if at is None:
        report.wrong.append(f"{where}: nothing was measured then")
        return
    found[at] += 1
    differences = _differences(each, at)
    if found[at] > 1:
        report.twice.append(where)
    elif differences:
        report.wrong.append(f"{where}: {', '.join(differences)}")
    else:
        report.once += 1


def _account(rounds: list[Round], is_newest: bool, is_erased: bool, found: Counter[Round], report: Report) -> None:
    """Book the rounds of a boot that are not stored."""
    stored = [index for index, each in enumerate(rounds) if found[each]]
    newest = max(stored, default=-1)
    if is_newest:
        report.newest_ms = rounds[newest].from_ms if stored else -1
    for index, each in enumerate(rounds):
        if found[each]:
            continue
        if (is_newest or is_erased) and index > newest:
            report.open += 1
        elif index == len(rounds) - 1:
            report.cut.append(str(each))
        else:
            report.missing.append(str(each))


def _holes(journal_id: int, sequences: list[int], booked: list[tuple[int, int]]) -> list[str]:
    """Sequences of a journal that are neither stored nor booked as lost, that are both, or that are stored twice."""
    times = Counter(sequences)
    for first, last in booked:
        times.update(range(first, last + 1))
    name = f"of journal {journal_id:08x}"
    holes = [f"{n} {name} is nowhere" for n in range(1, max(times, default=0) + 1) if not times[n]]
    return holes + [f"{n} {name} is there {count} times" for n, count in sorted(times.items()) if count > 1]
