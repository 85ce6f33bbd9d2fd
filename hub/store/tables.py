"""Channel tables: what each journal's blocks and NOW frames mean; kept in memory, read from the store once."""

import threading
from typing import Any

from hub.store.database import Database
from shared_protocol.errors import Malformed
from shared_protocol.record import decode_table

Key = tuple[int, int]  # node, journal_id


class Tables:
    """Every channel table of every journal, by number. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._guard = threading.Lock()
        self._tables: dict[Key, dict[int, Any]] = {}
        self._newest: dict[int, Any] = {}
        self._keys: dict[int, Key] = {}
        self._database = database
        for node, journal_id, data in database.raw().execute(
            "SELECT node, journal_id, bytes FROM channel_table JOIN journal ON journal.id = channel_table.journal "
            "JOIN record ON record.journal = channel_table.journal AND record.sequence = channel_table.sequence "
            "ORDER BY channel_table.journal, channel_table.sequence"
        ):
            self.add((node, journal_id), decode_table(data))

    def add(self, key: Key, table: Any) -> None:
        """Learn a table. Raises Malformed when its number is taken by another one: numbers are never reused."""
        with self._guard:
            known = self._tables.setdefault(key, {})
            if table.number in known and known[table.number] != table:
                raise Malformed("table number reused")
            if table.number not in known:
                self._tables[key] = {**known, table.number: table}
                self._newest[key[0]] = table

    def get(self, key: Key, number: int) -> Any | None:
        """The table (shared_protocol.record.Table) or None."""
        return self._tables.get(key, {}).get(number)

    def of(self, key: Key) -> dict[int, Any]:
        """All tables of a journal, by number."""
        return self._tables.get(key, {})

    def key(self, journal: int) -> Key | None:
        """The name of a journal by its row in the store."""
        if journal not in self._keys:
            rows = self._database.raw().execute("SELECT id, node, journal_id FROM journal").fetchall()
            self._keys = {row: (node, journal_id) for row, node, journal_id in rows}
        return self._keys.get(journal)

    def newest(self, node: int) -> Any | None:
        """The table a node declared last."""
        return self._newest.get(node)
