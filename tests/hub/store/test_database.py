"""A database that is damaged, held, full or unreadable: one of our errors, with what and what to do."""

import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from hub.errors import DataDamaged, DataLocked, DataUnreadable, DiskFull
from hub.store import Store
from hub.store.database import FILE
from tests.hub.farm import Farm, g, rows
from tests.support import needs


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is not a database, it is a sentence" * 100)
    with pytest.raises(DataDamaged, match="last backup"):
        Store(tmp_path)


def test_a_database_with_pages_overwritten(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    for i in range(40):
        node.put_block(rows(3600 * i))
    farm.ship_all(node)
    farm.close()
    path = farm.folder / FILE
    data = bytearray(path.read_bytes())
    data[4096 * 4 :] = b"\xa5" * (len(data) - 4096 * 4)
    path.write_bytes(data)
    with pytest.raises(DataDamaged, match="is damaged"):
        farm.open()
    path.unlink()  # and nothing of the failed start holds the folder
    farm.open()


def test_damage_that_a_reader_meets_is_trouble_and_stays(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.audit("Lan", "before")
    ((page,),) = store.rows("SELECT rootpage FROM sqlite_schema WHERE name = 'audit'")
    store.close()
    store = Store(tmp_path)
    with store.path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    with pytest.raises(DataDamaged, match="last backup"):
        store.audit_trail()
    store.write(lambda db: db.execute("INSERT INTO lost (journal, first, last) SELECT 1, 1, 1 WHERE 0"))
    assert isinstance(store.trouble, DataDamaged), "a commit elsewhere heals nothing"
    store.close()


def test_a_database_that_another_program_holds(tmp_path: Path) -> None:
    store = Store(tmp_path, busy_s=0.05)
    other = sqlite3.connect(store.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DataLocked, match="held by another program"):
        store.audit("Lan", "try")
    assert isinstance(store.trouble, DataLocked)
    other.execute("ROLLBACK")
    other.close()
    store.audit("Lan", "again")
    assert store.trouble is None
    store.close()


def test_a_full_disk_acknowledges_nothing_and_recovers(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.ship(node)
    hub = farm.hub
    hub.store.write(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())  # = what it has
    for i in range(150):
        node.put_block(rows(3600 * i, 60, base=i * 100))
    stored: set[int] = set(farm.stored())
    refused: set[int] = set()
    for sequence in sorted(node.journal):
        farm.carrier.sent.clear()
        hub.link.receive(node.records(sequence), ("10.0.0.1", 4000))
        with contextlib.suppress(DiskFull):
            hub.store.write(lambda _: None)
        kinds = [node.open(frame)[0] for frame, _ in farm.carrier.sent]
        (refused if kinds == [g.MSG_NAK] else stored).add(sequence)
    assert refused and isinstance(hub.store.trouble, DiskFull)
    assert set(farm.stored()) == stored
    hub.store.write(_more_room)
    farm.ship_all(node)


def _more_room(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA max_page_count = 1000000")


@needs.file_modes
def test_the_file_with_the_keys_is_its_owners_alone(store: Store) -> None:
    assert store.path.stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(DataUnreadable, match="cannot be opened"):
        Store(tmp_path / "file" / "data")


def test_a_store_without_a_thread_commits_when_it_is_told_to(tmp_path: Path) -> None:
    threads = threading.active_count()
    store = Store(tmp_path, writer_thread=False)
    store.audit_later("Cô Mai", "first")
    store.audit_later("Cô Mai", "second")
    assert store.audit_trail() == [] and threading.active_count() == threads
    store.commit()
    assert [row.act for row in store.audit_trail()] == ["second", "first"]
    store.audit_later("Cô Mai", "third")
    assert store.write(lambda _: store.write(lambda _: 7)) == 7, "inside a commit: at once"
    assert [row.act for row in store.audit_trail()][0] == "third", "what waits goes first"
    store.audit_later("Cô Mai", "last")
    store.close()
    kept = Store(tmp_path)
    assert kept.audit_trail()[0].act == "last"
    kept.close()
