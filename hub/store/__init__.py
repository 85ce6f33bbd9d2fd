"""The store: everything the hub keeps, in one SQLite file; used by every part of the hub.

what comes in    checking     a record decoded and judged
                 intake       records into the store, once each; progress: how far a journal is complete
                 summary      n, lowest, highest, sum per channel and block
                 tables       channel tables in memory
what is asked    series       a channel over time, with its gaps; strips: its readings as columns
                 faults       why a channel was silent; lost: what was overwritten before it came
                 runs         when an actuator was on, and why
                 events       what happened on a node
                 timeline     a node's boots, dated; dating: the law
                 recent       what NOW frames told since the last block; opened: blocks decoded
the file         database     connections, pragmas, SQLite's errors as ours
                 migrate      numbered schema steps in migrations/
                 models       the tables for peewee
                 writer       the one thread that writes, in groups
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from hub.clock import Clock
from hub.errors import HubError
from hub.store.database import BUSY_S, open_database
from hub.store.intake import Intake
from hub.store.models import Audit
from hub.store.opened import Opened
from hub.store.recent import Recent
from hub.store.tables import Tables
from hub.store.timeline import Timeline, Timelines
from hub.store.writer import Call, Writer

T = TypeVar("T")


@dataclass(frozen=True)
class AuditRow:
    """One line of the audit trail."""

    at_s: float
    who: str
    act: str
    detail: str


class Store:
    """The database: read from any thread, written by one. Opened by making it, with HubError's leaves."""

    def __init__(
        self, folder: Path, clock: Clock | None = None, busy_s: float = BUSY_S, writer_thread: bool = True
    ) -> None:
        """`busy_s`: how long another process may hold the database before that is an error.

        `writer_thread`: a thread commits what nobody waits for, as it comes; else `commit` does, in a known order.
        """
        self.clock = clock or Clock()
        self.database = open_database(folder, busy_s)
        self.path = self.database.path
        try:
            self._load()
        except BaseException:
            self.database.close_all()
            raise
        self._writer = Writer(self.database, self.intake.before_commit, self.intake.after, writer_thread)
        self.intake.writer = self._writer

    def _load(self) -> None:
        """Read what is kept in memory."""
        with self.database.explained():
            self.tables = Tables(self.database)
            self.timelines = Timelines(self.database)
            self.recent = Recent()
            self.opened = Opened(self.database)
            self.intake = Intake(self.clock, self.timelines.changed)
            self.intake.load(self.database.raw())

    def close(self) -> None:
        """Commit what waits and close the file."""
        self._writer.close()
        self.database.close_all()

    @property
    def trouble(self) -> HubError | None:
        """Why nothing can be stored at the moment, or that what is stored is damaged; None while all is well."""
        return self.database.damage or self._writer.trouble

    def rows(self, sql: str, params: tuple[Any, ...] = ()) -> list[Any]:
        """Read on the calling thread's own connection."""
        with self.database.explained():
            return self.database.raw().execute(sql, params).fetchall()

    def fetch(self, query: Any) -> list[dict[str, Any]]:
        """Run a peewee query; rows as dicts."""
        with self.database.explained():
            return list(query.dicts().execute(self.database))

    def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run `job` in the writer thread's transaction; returns what it returned, after the commit.

        What the job raises undoes the job alone and comes out here. peewee queries in it: `.execute(store.database)`.
        """
        return cast(T, self._writer.call(job))

    def write_later(self, job: Callable[[sqlite3.Connection], Any]) -> None:
        """Like `write`, but nobody waits: for the link's thread, which the writer may be waiting for."""
        self._writer.offer(Call(job))

    def commit(self) -> None:
        """Commit what waits, in a store without a thread of its own."""
        self._writer.commit()

    def timeline(self, node: int) -> Timeline:
        """A node's boots, dated."""
        return self.timelines.of(node)

    def newest_s(self) -> float | None:
        """When the newest record of all nodes was made, None without any that can be dated."""
        nodes = [number for (number,) in self.rows("SELECT DISTINCT node FROM journal")]
        return max((end for end in (self.timeline(node).end_s for node in nodes) if end is not None), default=None)

    def stored_until(self, node: int) -> float:
        """When the last reading of a node lies that is in a stored block; 0 without any."""
        for dated in reversed(self.timeline(node).boots):
            rows = self.rows(
                "SELECT start_s + span_s FROM summary WHERE journal = ? AND boot_no = ? ORDER BY start_s DESC LIMIT 1",
                (dated.boot.journal, dated.boot.boot_no),
            )
            if rows:
                return dated.clock.wall(rows[0][0])
        return 0.0

    def audit(self, who: str, act: str, detail: str = "") -> None:
        """Write one line of the audit trail."""
        line = Audit.insert(at_s=self.clock.wall(), who=who, act=act, detail=detail)
        self.write(lambda _: line.execute(self.database))

    def audit_later(self, who: str, act: str, detail: str = "") -> None:
        """Like `audit`, but nobody waits."""
        line = Audit.insert(at_s=self.clock.wall(), who=who, act=act, detail=detail)
        self.write_later(lambda _: line.execute(self.database))

    def audit_trail(self, limit: int = 100) -> list[AuditRow]:
        """The newest lines first."""
        query = Audit.select(Audit.at_s, Audit.who, Audit.act, Audit.detail).order_by(Audit.id.desc()).limit(limit)
        return [AuditRow(**row) for row in self.fetch(query)]
