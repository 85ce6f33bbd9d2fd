"""Row 17: a flash was cloned, two boards have one number and one key. The hub serves the first and names both."""

import dataclasses
import shutil
from pathlib import Path

import pytest

from boards.simulated.process import NodeProcess
from tests.support.checker import compare, read_store, read_truth
from tests.support.farm import Farm
from tests.support.scene import finish
from tests.support.table import Row

pytestmark = pytest.mark.slow

CLONE_MAC = b"\x02\x4e\x56\x00\x99\x99"
FIRST_MAC = "02:4e:56:00:00:01"
LOGS = ("truth.jsonl", "trace.jsonl", "log.txt", "anchor", "boots", "reset", "world", "image", "spec.json")


def clone(farm: Farm, node: int = 1) -> NodeProcess:
    """A second board with all that is on the first one's flash: number, key and journal. The first must be off."""
    spec = dataclasses.replace(farm.boards[node].spec, folder=farm.folder / "clone", mac=CLONE_MAC, seed=777)
    shutil.copytree(farm.boards[node].folder, spec.folder, ignore=shutil.ignore_patterns(*LOGS))
    farm.extra.append(NodeProcess(spec))
    return farm.extra[-1]


def measured(board: NodeProcess) -> int:
    return sum(len(rounds) for rounds in read_truth(board.folder).values())


def test_two_boards_with_one_key(tmp_path: Path, table: Row) -> None:
    with Farm(tmp_path, local=True, virtual=True) as farm:
        farm.start()
        farm.lives(1, 60)
        farm.boards[1].kill()
        second = clone(farm)
        farm.boards[1].start()
        farm.greeted()
        second.start()
        farm.until(lambda: farm.now().health.get("other_mac") == CLONE_MAC.hex(":"), "the clone is named")
        farm.until(lambda: measured(second) > 100, "the clone lives for a while")
        report, now, journals = farm.settle()[1], farm.now(), farm.journals()
        mac = farm.inner.fleet.node(1).mac
    assert report.complete, f"nothing of the clone was stored and nothing of the first board lost: {report}"
    assert len(journals) == 1, journals
    assert (mac, now.health["mac"]) == (FIRST_MAC, FIRST_MAC)
    assert now.rejected["other_board"] > 0, now.rejected
    finish(table, farm, 1, "the clone is refused and named")


def test_the_clone_is_refused_while_the_first_is_away_too(tmp_path: Path, table: Row) -> None:
    with Farm(tmp_path, local=True, virtual=True) as farm:
        farm.start()
        farm.lives(1, 60)
        farm.boards[1].kill()
        before = farm.journals()
        second = clone(farm)
        second.start()
        farm.until(lambda: farm.now().rejected.get("other_board", 0) > 2, "the clone is refused")
        farm.until(lambda: measured(second) > 300, "the clone lives for a while")
        assert farm.journals() == before
    finish(table, farm, 1, "also while the first is away")


def test_a_replacement_is_welcome_once_it_was_announced(tmp_path: Path, table: Row) -> None:
    """The same number on another board, on purpose: a new journal beside the old one, nothing mixed up."""
    with Farm(tmp_path, local=True, virtual=True) as farm:
        farm.start()
        farm.lives(1, 60)
        farm.boards[1].kill()
        (old,) = farm.journals()
        spec = dataclasses.replace(farm.boards[1].spec, folder=tmp_path / "replacement", mac=CLONE_MAC, seed=778)
        farm.boards[1] = NodeProcess(spec)
        farm.boards[1].start()
        farm.until(lambda: farm.now().rejected.get("other_board", 0) > 0, "it is refused at first")
        farm.inner.fleet.release_mac(1)
        farm.until(lambda: farm.inner.fleet.node(1).mac == CLONE_MAC.hex(":"), "it is welcome")
        farm.settle_newest(1)
        store = read_store(farm.database, 1)
        assert len(store.journals) == 2
        del store.journals[old]
        store.sets = [each for each in store.sets if each.journal_id != old]
        report = compare(read_truth(farm.boards[1].folder), store)
    assert report.complete and report.once >= 240, report
    finish(table, farm, 1, "an announced replacement is welcome")
