"""The intake: records that were checked go into the store, once each, and say so after the commit; offered by the link.

(node, journal_id, sequence) names a record for ever: what is there already is left as it is, and different bytes under
the same name are a conflict, never an overwriting.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field

from hub.clock import Clock
from hub.errors import HubError
from hub.store.checking import Checked
from hub.store.progress import Progress
from hub.store.tables import Key
from hub.store.writer import Writer
from shared_protocol import registry as g

INSERT_RECORD = "INSERT OR IGNORE INTO record VALUES (?, ?, ?, ?)"
INSERT_SUMMARY = "INSERT OR REPLACE INTO summary VALUES (?, ?, ?, ?, ?, ?)"
INSERT_EVENT = "INSERT OR REPLACE INTO node_event VALUES (?, ?, ?, ?, ?, ?, ?)"
INSERT_TABLE = "INSERT OR IGNORE INTO channel_table VALUES (?, ?, ?)"
INSERT_LOST = "INSERT OR IGNORE INTO lost VALUES (?, ?, ?, ?)"
UPDATE_JOURNAL = "UPDATE journal SET up_to = ? WHERE id = ?"
UPSERT_BOOT = (
    "INSERT INTO boot VALUES (?, ?, ?, ?) ON CONFLICT (journal, boot_no) DO UPDATE SET "
    "first_s = min(first_s, excluded.first_s), last_s = max(last_s, excluded.last_s)"
)


@dataclass(frozen=True)
class Stored:
    """How a journal stands after a commit: ACK's fields."""

    up_to: int
    bitmap: int


@dataclass
class _Journal:
    """One journal as the writer's thread sees it, the open transaction included."""

    row: int
    progress: Progress
    boots: dict[int, tuple[int, int]] = field(default_factory=dict)  # changed in this transaction: first_s, last_s
    anchored: bool = False


class Intake:
    """The way in for records. `on_change(node, anchored)` is called after each commit that touched a node."""

    def __init__(self, clock: Clock, on_change: Callable[[int, bool], None]) -> None:
        self._clock = clock
        self._on_change = on_change
        self._journals: dict[Key, _Journal] = {}  # the writer's alone, like the next
        self._changed: dict[Key, _Journal] = {}  # by the transaction under way
        self._committed: dict[Key, Stored] = {}
        self.writer: Writer | None = None  # set by the store, which needs the hooks below to make it
        # Called in the writer's thread, once per journal and commit that touched it: the time to acknowledge.
        self.on_stored: Callable[[Key, Stored], None] = lambda key, stored: None

    # -- for the link

    def standing(self, key: Key) -> Stored:
        """How a journal stands in the store now; (0, 0) for one that is not known."""
        return self._committed.get(key, Stored(0, 0))

    def offer(self, key: Key, records: list[Checked], refused: Callable[[str], None]) -> bool:
        """Store records of a journal. False: too busy.

        `on_stored` tells of the commit; `refused` is called with "not_stored" when it failed, or "conflict" when the
        store has other bytes under one of these names. Both in the writer's thread.
        """
        assert self.writer is not None
        return self.writer.offer(_Arrival(self, key, records, refused))

    def open_journal(self, key: Key, first_held: int) -> bool:
        """A node stands at `first_held`: what is missing below it is lost for ever and gets booked."""
        assert self.writer is not None
        return self.writer.offer(_Opening(self, key, first_held))

    # -- for the writer

    def load(self, connection: sqlite3.Connection) -> None:
        """Where every journal stands, when the store is opened."""
        for node, journal_id in connection.execute("SELECT node, journal_id FROM journal").fetchall():
            journal = self._journals[node, journal_id] = self._read(connection, (node, journal_id))
            self._committed[node, journal_id] = Stored(journal.progress.up_to, journal.progress.bitmap())

    def journal(self, connection: sqlite3.Connection, key: Key) -> _Journal:
        """A journal's state, to be changed in this transaction; a new one gets its row."""
        known = self._journals.get(key)
        if known is None:
            known = self._journals[key] = self._read(connection, key)
        self._changed[key] = known
        return known

    def _read(self, connection: sqlite3.Connection, key: Key) -> _Journal:
        found = connection.execute("SELECT id, up_to FROM journal WHERE node = ? AND journal_id = ?", key).fetchone()
        if found is None:
            made = connection.execute(
                "INSERT INTO journal (node, journal_id, first_seen_s, up_to) VALUES (?, ?, ?, 0)",
                (*key, self._clock.wall()),
            )
            return _Journal(int(made.lastrowid or 0), Progress())
        row, up_to = found
        above = connection.execute("SELECT sequence FROM record WHERE journal = ? AND sequence > ?", (row, up_to))
        return _Journal(row, Progress(up_to, {s for (s,) in above}))

    def put(self, connection: sqlite3.Connection, journal: _Journal, record: Checked) -> bool:
        """Write one record; False when the store has other bytes under its name."""
        row, sequence = journal.row, record.sequence
        done = connection.execute(INSERT_RECORD, (row, sequence, record.kind, record.data))
        if not done.rowcount:
            return self._compare(connection, row, record)
        journal.progress.add(sequence)
        if record.boot_no >= 0:
            self._put_dated(connection, journal, record)
        elif record.table >= 0:
            connection.execute(INSERT_TABLE, (row, record.table, sequence))
        return True

    def _put_dated(self, connection: sqlite3.Connection, journal: _Journal, record: Checked) -> None:
        row, boot_no, first, last = journal.row, record.boot_no, record.first_s, record.last_s
        known = journal.boots.get(boot_no)
        journal.boots[boot_no] = (min(known[0], first), max(known[1], last)) if known else (first, last)
        if record.kind == g.RECORD_BLOCK:
            connection.execute(INSERT_SUMMARY, (row, boot_no, first, record.sequence, last - first, record.packed))
            return
        connection.execute(
            INSERT_EVENT, (row, record.code, boot_no, first, record.sequence, record.subject, record.value)
        )
        journal.anchored |= record.code == g.EVENT_TIME
        if record.span == (record.sequence, record.sequence):  # only itself: what is below may still come
            connection.execute(INSERT_LOST, (row, *record.span, self._clock.wall()))
        elif record.span is not None:
            self.book(connection, journal, record.span[1])

    def book(self, connection: sqlite3.Connection, journal: _Journal, last: int) -> None:
        """Book what is missing up to `last` as lost."""
        for hole in journal.progress.skip_to(last):
            connection.execute(INSERT_LOST, (journal.row, *hole, self._clock.wall()))

    def _compare(self, connection: sqlite3.Connection, row: int, record: Checked) -> bool:
        there = connection.execute(
            "SELECT kind, bytes FROM record WHERE journal = ? AND sequence = ?", (row, record.sequence)
        ).fetchone()
        return bool(there == (record.kind, record.data))

    def before_commit(self, connection: sqlite3.Connection) -> None:
        """Write how far the journals and boots of this transaction came."""
        for journal in self._changed.values():
            connection.execute(UPDATE_JOURNAL, (journal.progress.up_to, journal.row))
            for boot_no, (first, last) in journal.boots.items():
                connection.execute(UPSERT_BOOT, (journal.row, boot_no, first, last))

    def after(self, held: bool) -> None:
        """The transaction held, or not: then everything is read again from what is on the disk."""
        changed, self._changed = self._changed, {}
        for key, journal in changed.items():
            if not held:
                del self._journals[key]
                continue
            anchored, journal.anchored = journal.anchored, False
            if journal.boots:
                journal.boots.clear()
                self._on_change(key[0], anchored)
            stored = self._committed[key] = Stored(journal.progress.up_to, journal.progress.bitmap())
            self.on_stored(key, stored)


class _Arrival:
    """The records of one frame."""

    def __init__(self, intake: Intake, key: Key, records: list[Checked], refused: Callable[[str], None]) -> None:
        self._intake, self._key, self._records, self._refused = intake, key, records, refused
        self._agrees = True

    def apply(self, connection: sqlite3.Connection) -> None:
        journal = self._intake.journal(connection, self._key)
        self._agrees = all([self._intake.put(connection, journal, record) for record in self._records])

    def committed(self) -> None:
        if not self._agrees:
            self._refused("conflict")

    def failed(self, error: HubError) -> None:
        self._refused("not_stored")


class _Opening:
    """A node's word on what it still holds."""

    def __init__(self, intake: Intake, key: Key, first_held: int) -> None:
        self._intake, self._key, self._first_held = intake, key, first_held

    def apply(self, connection: sqlite3.Connection) -> None:
        self._intake.book(connection, self._intake.journal(connection, self._key), self._first_held - 1)

    def committed(self) -> None:
        """`Intake.after` told everybody."""

    def failed(self, error: HubError) -> None:
        """The next HELLO says it again."""
