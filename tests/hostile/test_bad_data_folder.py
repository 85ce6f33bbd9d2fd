"""Trouble with the hub's data and ports: one sentence says what and what to do, exit code 2, and nothing is lost."""

import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hub.errors import DataDamaged, DataLocked, DiskFull
from hub.service import Hub
from tests.support.farm import DATABASE, Farm, free_port
from tests.support.peer import ScriptedNode

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
START_S = 60


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with a node and some records, closed in order."""
    with Farm(tmp_path, local=True) as farm:
        farm.hub.start()
        with ScriptedNode(1, farm.boards[1].spec.key, farm.hub.address) as node:
            node.join()
            node.ship([node.event() for _ in range(10)])
        farm.hub.stop()
    return farm.hub.data


def command_line(data: Path, udp: int | None = None, http: int = 0) -> tuple[int, str]:
    """(exit code, all output) of `nhavuon hub`, which is expected to give up."""
    command = [sys.executable, "-m", "hub.cli", "hub", "--data", str(data), "--listen", "127.0.0.1"]
    command += ["--http", str(http), "--udp", str(udp or free_port())]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=START_S)
    return done.returncode, done.stdout + done.stderr


def gives_up(data: Path, *words: str, udp: int | None = None, http: int = 0) -> None:
    """It ends with one sentence that has all these words."""
    code, text = command_line(data, udp, http)
    assert code == 2, text
    assert "Traceback" not in text, text
    for word in words:
        assert word in text, text
    assert len(text.strip().splitlines()) <= 4, text


def leaves_alone(data: Path, *words: str) -> None:
    """It gives up, and no file in the folder changed."""
    before = contents(data)
    gives_up(data, *words)
    assert contents(data) == before


def contents(folder: Path) -> dict[str, bytes]:
    if folder.is_file():
        return {"": folder.read_bytes()}
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def starts(data: Path) -> None:
    """A hub starts on this folder and has its ten records."""
    hub = Hub(data, listen="127.0.0.1", udp=free_port())
    try:
        hub.start()
        assert hub.store.rows("SELECT count(*) FROM record") == [(10,)]
    finally:
        hub.stop()


def test_data_of_a_newer_version(data: Path) -> None:
    with closing(sqlite3.connect(data / DATABASE)) as connection:
        connection.execute("PRAGMA user_version = 999")
    leaves_alone(data, "newer version", "999", "Install the newer version")


def test_a_file_that_is_no_database(data: Path) -> None:
    (data / DATABASE).write_bytes(b"SQLite format 4\0" + bytes(5000))
    leaves_alone(data, "damaged", "backup")


def test_a_database_cut_short(data: Path) -> None:
    whole = (data / DATABASE).read_bytes()
    (data / DATABASE).write_bytes(whole[: len(whole) // 2])
    leaves_alone(data, "damaged", "backup")


def test_a_database_whose_schema_is_overwritten(data: Path) -> None:
    whole = bytearray((data / DATABASE).read_bytes())
    whole[100:3000] = os.urandom(2900)
    (data / DATABASE).write_bytes(whole)
    leaves_alone(data, "damaged", "backup")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "hub").write_text("my notes")
    leaves_alone(tmp_path / "hub", "is a file")


def test_the_nodes_port_is_in_use(data: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        gives_up(data, str(port), "in use", "another port", udp=port)
    starts(data)


def test_the_pages_port_is_in_use(data: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        gives_up(data, str(port), "in use", "another port", http=port)
    starts(data)


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """A live node under a local hub."""
    with Farm(tmp_path, virtual=True, local=True) as farm:
        farm.start()
        farm.lives(1, 30)
        farm.settle()
        yield farm


def nothing_is_lost(farm: Farm) -> None:
    farm.lives(1, 250)
    report = farm.settle()[1]
    assert report.complete and not report.cut, report
    assert report.newest_boot == 1 and farm.lost() == [], report
    assert farm.inner.store.trouble is None


def test_the_disk_gets_full_and_has_room_again(farm: Farm) -> None:
    def allow(pages: str) -> None:
        """Retried: on a full disk it may be committed together with a record that has no room, and fail with it."""

        def taken() -> bool:
            try:
                farm.inner.store.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())
            except DiskFull:
                return False
            return True

        farm.until(taken, "the limit is set")

    def full() -> bool:
        trouble = farm.inner.store.trouble
        return isinstance(trouble, DiskFull) and "Free some space" in str(trouble)

    used = farm.inner.store.rows("PRAGMA page_count")[0][0]
    allow(str(used))
    farm.until(full, "the disk is full")
    stored = farm.report().once
    farm.lives(1, 500)
    assert farm.report().once <= stored + 240, "at most what still found room in the last pages"
    farm.until(full, "the disk is still full")  # What fits in the last pages goes well in between.
    assert farm.now().channels, "the live view goes on"
    allow("1073741823")
    nothing_is_lost(farm)


def test_another_program_holds_the_database(farm: Farm) -> None:
    with closing(sqlite3.connect(farm.database, timeout=10, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        farm.until(lambda: isinstance(farm.inner.store.trouble, DataLocked), "the database is locked")
        assert "Close the other" in str(farm.inner.store.trouble)
        other.execute("ROLLBACK")
    nothing_is_lost(farm)


def test_the_database_is_damaged_under_a_running_hub(farm: Farm) -> None:
    """What the node holds is not lost: a copy of the folder is put in its place, and everything comes again."""
    farm.hub.stop()
    copy = farm.copy_data("backup")
    farm.hub.start()
    farm.lives(1, 260)
    with (farm.hub.data / f"{DATABASE}-wal").open("r+b") as wal:
        wal.truncate(0)
    pages = (farm.hub.data / DATABASE).stat().st_size // 4096
    with (farm.hub.data / DATABASE).open("r+b") as file:
        for page in range(1, pages):
            file.seek(page * 4096)
            file.write(os.urandom(4096))
    time.sleep(0.5)
    farm.until(lambda: isinstance(farm.inner.store.trouble, DataDamaged), "the damage is noticed")
    assert "backup" in str(farm.inner.store.trouble)
    farm.hub.stop()
    farm.restore_data(copy)
    farm.hub.start()
    nothing_is_lost(farm)
