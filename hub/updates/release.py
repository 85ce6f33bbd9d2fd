"""Releases: the nodes' program that came with this hub, and those of rollouts under way; read by the rollout.

Whoever makes the Hub hands in how the program is made (the hub imports no tools); it is made on a thread of its own at
the start. Its bytes are kept in the data folder under their SHA-256, so that a rollout goes on after a restart of the
hub, also with another program in it by then.
"""

import hashlib
import logging
import os
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from hub.store import Store
from hub.store.models import ApplicationRow

FOLDER = "programs"
NAME_BYTES = 8  # of the SHA-256, as TLV_IMAGE carries it

log = logging.getLogger(__name__)


class Built(Protocol):
    """The program as its maker gives it out (flash_tools.image.Application)."""

    @property
    def data(self) -> bytes:
        """The image, as an update carries it."""

    @property
    def version(self) -> tuple[int, int, int]:
        """Major, minor, patch."""


Make = Callable[[], Built]


@dataclass(frozen=True)
class Release:
    """A program that can be sent; size in bytes, stored_s in unix seconds."""

    sha256: bytes
    version: str
    size: int
    stored_s: float

    @property
    def name(self) -> str:
        """What a node that runs it reports (TLV_IMAGE), as hex."""
        return name_of(self.sha256)


def name_of(sha256: bytes) -> str:
    """The short name of an image: its first bytes, as hex."""
    return sha256[:NAME_BYTES].hex()


class Releases:
    """The program of this hub and its bytes. `trouble`: why there is none, "" while all is well."""

    def __init__(self, store: Store, make: Make | None) -> None:
        self._store, self._make = store, make
        self._folder = store.path.parent / FOLDER
        self._guard = threading.Lock()
        self._images: dict[bytes, bytes] = {}
        self._thread: threading.Thread | None = None
        self.current: Release | None = None
        self.trouble = "" if make else "this hub was started without the nodes' program"

    def start(self) -> None:
        """Make the program in the background."""
        if self._make is not None:
            self._thread = threading.Thread(target=self.build, name="program", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Wait for the maker; the store closes next."""
        if self._thread is not None:
            self._thread.join()

    def build(self) -> None:
        """Make the program and keep it; whatever goes wrong is told in `trouble` and the hub runs on."""
        if self._make is None:
            return
        try:
            built = self._make()
            self.current = self.keep(built.data, built.version)
        except Exception as error:  # the maker's own errors are not known here
            self.trouble = str(error)
            log.error("no program for the nodes: %s", error)

    def keep(self, data: bytes, version: tuple[int, int, int]) -> Release:
        """Store an image. Raises HubError, OSError."""
        sha256 = hashlib.sha256(data).digest()
        found = self.find(sha256)
        if found is None:
            found = Release(sha256, ".".join(map(str, version)), len(data), self._store.clock.wall())
            row = ApplicationRow.insert(
                sha256=sha256, version=found.version, size=found.size, stored_s=found.stored_s
            ).on_conflict_replace()
            self._store.write(lambda _: row.execute(self._store.database))
        if self.image(sha256) is None:
            self._write(sha256, data)
        return found

    def find(self, sha256: bytes) -> Release | None:
        """A release that was kept."""
        rows = self._store.fetch(ApplicationRow.select().where(ApplicationRow.sha256 == sha256))
        return Release(**{**rows[0], "sha256": bytes(rows[0]["sha256"])}) if rows else None

    def image(self, sha256: bytes) -> bytes | None:
        """The bytes of an image; None when the disk has lost or damaged them."""
        with self._guard:
            data = self._images.get(sha256)
            if data is None:
                data = self._read(sha256)
                if data is not None:
                    self._images[sha256] = data
            return data

    def keep_only(self, wanted: Collection[bytes]) -> None:
        """Drop the images that neither a rollout nor this hub needs."""
        needed = {*wanted, *([self.current.sha256] if self.current else [])}
        with self._guard:
            self._images = {sha256: data for sha256, data in self._images.items() if sha256 in needed}
        names = {sha256.hex() for sha256 in needed}
        for path in self._folder.glob("*"):
            if path.name not in names:
                path.unlink(missing_ok=True)

    def _read(self, sha256: bytes) -> bytes | None:
        try:
            data = (self._folder / sha256.hex()).read_bytes()
        except OSError:
            return None
        return data if hashlib.sha256(data).digest() == sha256 else None

    def _write(self, sha256: bytes, data: bytes) -> None:
        """Under its name only when it is whole."""
        self._folder.mkdir(exist_ok=True)
        path = self._folder / sha256.hex()
        temporary = path.with_suffix(".new")
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
