"""The checker finds every kind of damage that is put into a small database beside a small truth log."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from shared_protocol.block import encode_block
from shared_protocol.record import Actuator, Channel, Table, encode_table
from tests.support.checker import Report, check

NODE, JOURNAL = 7, 0xC0FFEE
FILE = Path(__file__).resolve().parents[2] / "hub/store/migrations/001_store.sql"
START_MS = {1: 300, 2: 300_000}
SETS = {1: 20, 2: 12}
Row = tuple[int, tuple[Any, ...], int]


def rows(boot: int) -> list[Row]:
    """A set every 10 s; what is measured is different in each."""
    return [(2 + 10 * n, (250 + 3 * n + boot, 500 - n), 0) for n in range(SETS[boot])]


class Farm:
    """A truth log and a database that agree, until a test breaks one of them."""

    def __init__(self, folder: Path) -> None:
        self.board, self.database = folder, folder / "nhavuon.sqlite3"
        self.starts = dict(START_MS)
        self.truth: list[dict[str, object]] = []
        for boot in SETS:
            for uptime_s, values, _ in rows(boot):
                self.measure(boot, START_MS[boot] + uptime_s * 1000 + 270, values)
        table = Table(1, [Channel(4, 1, 1, -1, ""), Channel(5, 2, 2, -1, "")], [Actuator(1, 1, "Quạt")])
        self.records = {1: (3, encode_table(table)), 2: block(1, rows(1)[:8]), 3: block(1, rows(1)[8:])}
        self.records[4] = block(2, rows(2)[:9])
        self.lost: list[tuple[int, int]] = []

    def measure(self, boot: int, at_ms: int, values: tuple[Any, ...]) -> None:
        for channel, kind, value in zip((4, 5), ("air_temperature", "soil_moisture"), values, strict=True):
            self.truth.append({"t_ms": at_ms, "boot": boot, "channel": channel, "kind": kind, "value": value})

    def write(self) -> None:
        marks = [json.dumps({"t_ms": at, "boot": boot, "start": 1}) for boot, at in self.starts.items()]
        edge = json.dumps({"t_ms": 900, "boot": 1, "pin": 26, "level": 1})
        (self.board / "trace.jsonl").write_text("\n".join([*marks, edge]) + "\n")
        lines = [json.dumps(line) for line in self.truth]
        (self.board / "truth.jsonl").write_text("\n".join(lines) + '\n{"t_ms": 30')
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(FILE.read_text("utf-8"))
            connection.execute("INSERT INTO journal VALUES (1, ?, ?, 0, 0)", (NODE, JOURNAL))
            for sequence, (kind, data) in self.records.items():
                connection.execute("INSERT INTO record VALUES (1, ?, ?, ?)", (sequence, kind, data))
            for first, last in self.lost:
                connection.execute("INSERT INTO lost VALUES (1, ?, ?, 0)", (first, last))
            connection.commit()

    def report(self) -> Report:
        self.write()
        return check(self.database, NODE, self.board)


def block(boot: int, sets: list[Row]) -> tuple[int, bytes]:
    return 1, encode_block(boot, 1, sets)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    yield Farm(tmp_path)


def test_agreement(farm: Farm) -> None:
    report = farm.report()
    assert report.complete, report
    assert (report.rounds, report.once, report.open, report.cut) == (32, 29, 3, [])
    assert report.newest_ms == 82_270


def test_a_lost_set_is_found(farm: Farm) -> None:
    farm.records[3] = block(1, [*rows(1)[8:11], *rows(1)[12:]])
    report = farm.report()
    assert not report.complete
    assert report.missing == ["boot 1 at 112270 ms"]


def test_a_lost_record_is_found_twice_over(farm: Farm) -> None:
    del farm.records[2]
    report = farm.report()
    assert len(report.missing) == 8
    assert report.holes == ["2 of journal 00c0ffee is nowhere"]


def test_a_booked_loss_is_no_hole_but_its_sets_are_missing(farm: Farm) -> None:
    del farm.records[2]
    farm.lost = [(2, 2)]
    report = farm.report()
    assert len(report.missing) == 8
    assert report.holes == []


def test_a_record_that_is_stored_and_booked_as_lost_is_found(farm: Farm) -> None:
    farm.lost = [(2, 2)]
    assert farm.report().holes == ["2 of journal 00c0ffee is there 2 times"]


def test_a_doubled_set_is_found(farm: Farm) -> None:
    farm.records[3] = block(1, rows(1)[7:])
    report = farm.report()
    assert not report.complete
    assert [text.split(" (")[0] for text in report.twice] == ["boot_no 1 uptime 72 s"]


def test_a_changed_value_is_found(farm: Farm) -> None:
    sets = rows(1)[8:]
    sets[2] = (sets[2][0], (sets[2][1][0] + 1, sets[2][1][1]), 0)
    farm.records[3] = block(1, sets)
    report = farm.report()
    assert not report.complete
    assert "channel 4 is 282, the sensor gave 281" in report.wrong[0]


def test_an_analogue_probe_may_differ_a_little_only(farm: Farm) -> None:
    sets = rows(1)[8:]
    sets[2] = (sets[2][0], (sets[2][1][0], sets[2][1][1] + 10), 0)
    sets[3] = (sets[3][0], (sets[3][1][0], sets[3][1][1] + 11), 0)
    farm.records[3] = block(1, sets)
    assert [text.split(" (")[0] for text in farm.report().wrong] == ["boot_no 1 uptime 112 s"]


def test_a_gap_that_no_sensor_gave_and_a_value_that_none_gave_are_found(farm: Farm) -> None:
    sets = rows(1)[8:]
    sets[2] = (sets[2][0], (None, sets[2][1][1]), 0)
    farm.records[3] = block(1, sets)
    farm.truth[2 * 12]["value"] = None
    texts = farm.report().wrong
    assert [text.split("channel")[1] for text in texts] == [
        " 4 is None, the sensor gave 281",
        " 4 is 287, the sensor gave None",
    ]


def test_an_invented_set_is_found(farm: Farm) -> None:
    farm.records[4] = block(2, [*rows(2)[:9], (86, (1, 1), 0)])
    assert "nothing was measured then" in farm.report().wrong[0]


def test_the_last_round_before_a_power_cut_is_told_apart(farm: Farm) -> None:
    farm.records[3] = block(1, rows(1)[8:-1])
    report = farm.report()
    assert report.complete
    assert report.cut == ["boot 1 at 192270 ms"]


def test_two_rounds_before_a_power_cut_are_one_too_many(farm: Farm) -> None:
    farm.records[3] = block(1, rows(1)[8:-2])
    report = farm.report()
    assert (len(report.missing), len(report.cut)) == (1, 1)


def test_a_boot_without_any_set_in_the_store_is_missing(farm: Farm) -> None:
    del farm.records[2], farm.records[3]
    report = farm.report()
    assert (len(report.missing), len(report.cut), report.once) == (19, 1, 9)


def test_boot_numbers_need_not_agree(farm: Farm) -> None:
    """A board that died before it counted its boot, and a reformatted one that begins again."""
    farm.records[4] = block(1_000, rows(2)[:9])
    assert farm.report().complete


def test_two_short_lives_with_the_same_readings(farm: Farm) -> None:
    """Two boots that each measured once, the same: their sets are not taken for one that came twice."""
    for boot in (3, 4):
        farm.starts[boot] = 300_000 + 100_000 * boot
        farm.measure(boot, farm.starts[boot] + 2270, (250, 500))
        farm.records[boot + 2] = block(boot, [(2, (250, 500), 0)])
    report = farm.report()
    assert not report.twice and not report.wrong, report


def test_a_block_that_nobody_can_read_is_found(farm: Farm) -> None:
    farm.records[5] = (1, b"\x01\x01\xff")
    assert "block 5 of journal 00c0ffee" in farm.report().wrong[0]


def test_nothing_at_all_is_not_complete(farm: Farm) -> None:
    farm.truth.clear()
    farm.records.clear()
    assert not farm.report().complete
