"""The writer: the one thread that changes the database; jobs of all threads, committed in groups; used by the store.

Jobs that wait while a commit is under way share the next one, so that the disk's flush is paid once for many. A job's
`committed` is called after the commit and never before; when the commit fails, nothing of the group is stored and every
job of it hears so.
"""

import contextlib
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol

from hub.errors import HubError
from hub.store.database import Database, concerns_file

GROUP = 512  # jobs in one commit at most: bounds what a failing commit can lose, and the wait of the first
QUEUED = 8_192  # jobs that may wait; beyond, `offer` refuses and the node sends again

log = logging.getLogger(__name__)


class Job(Protocol):
    """Something to write."""

    def apply(self, connection: sqlite3.Connection) -> None:
        """Write, inside the group's transaction. An exception undoes the whole group, unless the job guards itself."""

    def committed(self) -> None:
        """It is on the disk."""

    def failed(self, error: HubError) -> None:
        """It is not."""


class Call:
    """A function to run in the writer's transaction; its own failure undoes itself alone."""

    def __init__(self, work: Callable[[sqlite3.Connection], Any]) -> None:
        self._work = work
        self._result: Any = None
        self._error: BaseException | None = None
        self.future: Future[Any] = Future()

    def apply(self, connection: sqlite3.Connection) -> None:
        connection.execute("SAVEPOINT job")
        try:
            self._result = self._work(connection)
        except Exception as error:
            if concerns_file(error):
                raise  # the disk or the file, not the job: the group fails as one
            self._error = error
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def committed(self) -> None:
        if self._error is not None:
            self.future.set_exception(self._error)
        else:
            self.future.set_result(self._result)

    def failed(self, error: HubError) -> None:
        self.future.set_exception(error)


class Writer:
    """The thread and its queue. `before_commit` runs last in each transaction, `after` hears whether it held.

    Without a thread of its own (`writer_thread`), what is offered waits until somebody calls `commit`, on the caller's.
    """

    def __init__(
        self,
        database: Database,
        before_commit: Callable[[sqlite3.Connection], None],
        after: Callable[[bool], None],
        writer_thread: bool = True,
    ) -> None:
        self._database = database
        self._before_commit = before_commit
        self._after = after
        self._jobs: queue.Queue[Job | None] = queue.Queue(QUEUED)
        self._writing: int | None = None  # the thread that is committing, by its ident
        self._open = True
        self.trouble: HubError | None = None  # the last group's failure, None once a group was committed
        self._thread: threading.Thread | None = None
        if writer_thread:
            self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
            self._thread.start()

    def offer(self, job: Job) -> bool:
        """Queue a job; False when too many wait."""
        if not self._open:
            return False
        try:
            self._jobs.put_nowait(job)
        except queue.Full:
            return False
        return True

    def call(self, work: Callable[[sqlite3.Connection], Any]) -> Any:
        """Run a function in a transaction and wait for its commit. From inside a commit: at once."""
        if threading.get_ident() == self._writing:
            return work(self._database.raw())
        job = Call(work)
        if not self._open:
            raise self._database.cause(sqlite3.OperationalError("the store is closed"))
        self._jobs.put(job)
        self.commit()
        return job.future.result()

    def commit(self) -> None:
        """Commit what waits, here and now; a writer with a thread of its own does so by itself."""
        while self._thread is None and not self._jobs.empty():
            group, _ = self._group()
            self._commit(group)

    def close(self) -> None:
        """Commit what waits, then end."""
        if not self._open:
            return
        self._open = False
        self.commit()
        if self._thread is not None:
            self._jobs.put(None)
            self._thread.join()

    def _run(self) -> None:
        while True:
            group, more = self._group()
            if group:
                self._commit(group)
            if not more:
                return

    def _group(self) -> tuple[list[Job], bool]:
        """The next jobs to commit together, and whether to go on after them."""
        group: list[Job] = []
        job = self._jobs.get()
        with contextlib.suppress(queue.Empty):
            while job is not None:
                group.append(job)
                if len(group) == GROUP:
                    return group, True
                job = self._jobs.get_nowait()
            return group, False
        return group, True

    def _commit(self, group: list[Job]) -> None:
        self._writing = threading.get_ident()
        try:
            self._store(group)
        finally:
            self._writing = None

    def _store(self, group: list[Job]) -> None:
        """Store a group or nothing of it, and tell everybody."""
        try:
            self._transact(group)
        except Exception as error:
            trouble = error if isinstance(error, HubError) else self._database.cause(error)
            self._undo()
            if type(trouble) is not type(self.trouble):
                log.error("nothing stored, nothing acknowledged: %s", trouble)
            self.trouble = trouble
            self._tell(lambda: self._after(False))
            for job in group:
                self._tell(lambda job=job: job.failed(trouble))  # type: ignore[misc]
            return
        self.trouble = None
        self._tell(lambda: self._after(True))
        for job in group:
            self._tell(job.committed)

    def _transact(self, group: list[Job]) -> None:
        connection = self._database.raw()
        connection.execute("BEGIN IMMEDIATE")
        for job in group:
            job.apply(connection)
        self._before_commit(connection)
        connection.execute("COMMIT")

    def _undo(self) -> None:
        with contextlib.suppress(sqlite3.Error):  # SQLite may have rolled back by itself
            self._database.raw().execute("ROLLBACK")

    def _tell(self, call: Callable[[], None]) -> None:
        """Run somebody's callback; its mistake must not end the writer."""
        try:
            call()
        except Exception:
            log.exception("after a commit")
