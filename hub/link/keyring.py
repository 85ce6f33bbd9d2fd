"""The keyring: each node's keys and the board behind its number, in memory, read again when the fleet changed.

Asked for each HELLO. A command line beside the hub adds and retires nodes in the same file, so it is read again every
two seconds, and at once when an unknown number speaks.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hub.link.rates import Rate
from hub.store import Store
from hub.store.models import NodeRow
from shared_protocol.session import kdf_key, mac_key

EVERY_S = 2.0


@dataclass(frozen=True)
class Known:
    """A node that the fleet knows."""

    number: int
    mac_key: bytes = field(repr=False)
    kdf_key: bytes = field(repr=False)
    mac: str | None
    retired: bool
    key: bytes = field(repr=False)


class Keyring:
    """Nodes by number. Thread-safe for readers; `refresh` replaces all at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._guard = threading.Lock()
        self._known: dict[int, Known] = {}
        self._looks = Rate(1, 2)
        self._read_s = 0.0
        self.on_new_key: Callable[[int], None] = lambda node: None  # set by the link
        self.refresh(0.0)

    def get(self, number: int, now_s: float) -> Known | None:
        """The node, or None when the fleet has no such number."""
        found = self._known.get(number)
        if found is None and self._looks.allows("unknown", now_s):
            self.refresh(now_s)
            found = self._known.get(number)
        return found

    def numbers(self) -> list[int]:
        """All nodes in use."""
        return [known.number for known in self._known.values() if not known.retired]

    def known(self, number: int) -> bool:
        """Whether the number is one of the fleet's, as far as was read."""
        return number in self._known

    def bind(self, number: int, mac: str) -> None:
        """The first board behind a number keeps it; written without waiting for the commit."""
        self._known = {**self._known, number: replace(self._known[number], mac=mac)}
        query = NodeRow.update(mac=mac).where((NodeRow.number == number) & NodeRow.mac.is_null())
        self._store.write_later(lambda _: query.execute(self._store.database))

    def tick(self, now_s: float) -> None:
        """Read again when it is time."""
        if now_s - self._read_s >= EVERY_S:
            self.refresh(now_s)

    def refresh(self, now_s: float) -> None:
        """Read the nodes; keys are derived only for those that are new."""
        with self._guard:
            self._read_s = now_s
            rows = self._store.fetch(NodeRow.select())
            before, self._known = self._known, {int(row["number"]): self._entry(row) for row in rows}
        for number, known in before.items():
            if number in self._known and self._known[number].key != known.key:
                self.on_new_key(number)

    def _entry(self, row: dict[str, object]) -> Known:
        number, key = int(str(row["number"])), bytes(row["key"])  # type: ignore[call-overload]
        mac = None if row["mac"] is None else str(row["mac"])
        old = self._known.get(number)
        derived = (mac_key(key), kdf_key(key)) if old is None or old.key != key else (old.mac_key, old.kdf_key)
        return Known(number, derived[0], derived[1], mac, row["retired_s"] is not None, key)
