"""Opened blocks: reading blocks of the store, decoded, the last used ones kept; asked by strips for short stretches."""

import threading
from collections import OrderedDict
from typing import Any

from hub.store.database import Database
from shared_protocol.unblock import decode_block

KEPT = 256  # blocks: the day that everybody looks at; 25 KB each


class Opened:
    """Decoded blocks. Thread-safe; records never change, so neither do these."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._guard = threading.Lock()
        self._blocks: OrderedDict[tuple[int, int], Any] = OrderedDict()

    def get(self, journal: int, sequence: int) -> Any:
        """The block (shared_protocol.unblock.Block) of a record that is in the store."""
        name = (journal, sequence)
        with self._guard:
            block = self._blocks.get(name)
            if block is not None:
                self._blocks.move_to_end(name)
                return block
        block = self._read(name)
        with self._guard:
            self._blocks[name] = block
            if len(self._blocks) > KEPT:
                self._blocks.popitem(last=False)
        return block

    def _read(self, name: tuple[int, int]) -> Any:
        with self._database.explained():
            found = self._database.raw().execute("SELECT bytes FROM record WHERE journal = ? AND sequence = ?", name)
            return decode_block(found.fetchone()[0])
