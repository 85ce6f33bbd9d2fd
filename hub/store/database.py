"""The database file: opening it, a connection per thread, its pragmas, and SQLite's errors as ours; used by the store.

WAL lets readers go on while the one writer commits. `synchronous=FULL`, because a commit is a promise: after it the
node may forget.
"""

import contextlib
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import peewee

from hub.errors import DataDamaged, DataLocked, DataUnreadable, DiskFull, HubError
from hub.store.migrate import known, migrate

FILE = "nhavuon.sqlite3"
PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",
    "cache_size": -16_000,  # KiB
    "temp_store": "memory",
    "journal_size_limit": 16_000_000,
}
BUSY_S = 5.0  # how long a second process (the command line) may hold the writer

# At DEBUG peewee logs every query with its values: the nodes' keys, Wi-Fi passwords.
logging.getLogger("peewee").setLevel(logging.INFO)

_CAUSES: tuple[tuple[tuple[str, ...], type[HubError]], ...] = (
    (("is full",), DiskFull),
    (("is locked", "busy"), DataLocked),
    (("malformed", "not a database", "corrupt"), DataDamaged),
)


class Database(peewee.SqliteDatabase):
    """One SQLite file: peewee's database, which remembers its connections so that all can be closed.

    `damage`: set once anybody, reader or writer, meets a broken page; no later success takes it back.
    """

    def __init__(self, path: Path, busy_s: float) -> None:
        self.path = path
        self.damage: DataDamaged | None = None
        self._opened: list[sqlite3.Connection] = []
        self._guard = threading.Lock()
        super().__init__(str(path), pragmas=PRAGMAS, timeout=busy_s, check_same_thread=False)

    def _connect(self) -> sqlite3.Connection:
        connection: sqlite3.Connection = super()._connect()  # type: ignore[misc]
        with self._guard:
            self._opened.append(connection)
        return connection

    def raw(self) -> sqlite3.Connection:
        """The calling thread's own connection, in autocommit."""
        connection: sqlite3.Connection = self.connection()  # type: ignore[no-untyped-call]
        return connection

    @contextlib.contextmanager
    def explained(self) -> Iterator[None]:
        """Turn SQLite's errors into ours."""
        try:
            yield
        except (sqlite3.Error, peewee.DatabaseError) as error:
            raise self.cause(error) from error

    def cause(self, error: Exception) -> HubError:
        """What an error of SQLite means to a person: its message names the cause on every platform."""
        detail = str(error)
        leaf = next((leaf for words, leaf in _CAUSES if any(word in detail for word in words)), DataUnreadable)
        found = leaf(path=str(self.path), detail=detail)
        if isinstance(found, DataDamaged):
            self.damage = found
        return found

    def close_all(self) -> None:
        """Close every thread's connection; nobody may use the database any more."""
        with self._guard:
            for connection in self._opened:
                connection.close()
            self._opened.clear()


def open_database(folder: Path, busy_s: float = BUSY_S) -> Database:
    """Open or make the database in `folder`, at the newest schema. Raises HubError's leaves."""
    path = folder / FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _create_private(path)
    except OSError as error:
        raise DataUnreadable(path=str(path), detail=error.strerror or str(error)) from error
    database = Database(path, busy_s)
    try:
        with database.explained():
            migrate(database.raw(), path, known())
    except BaseException:
        database.close_all()
        raise
    return database


def _create_private(path: Path) -> None:
    """Make the file readable by its owner alone before anything is in it: it will hold the nodes' keys."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def concerns_file(error: Exception) -> bool:
    """Whether an error is about the disk or the file, so that nothing else can be written either."""
    return isinstance(error, sqlite3.Error | peewee.DatabaseError) and any(
        word in str(error) for words in (*(words for words, _ in _CAUSES), ("disk I/O", "readonly")) for word in words
    )
