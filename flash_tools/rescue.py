"""Runs the rescue of one board that does not work any more: saves what can be read, then the flash run, with what was
saved put back before the node may start (for hub/cli/rescue.py).

What is saved lies in a folder of the hub's data, for the owner's eyes alone since it holds the node's secrets. Nothing
is erased before it is there; a folder counts as open until its content is back on the board, so that a rescue that was
cut off anywhere is made good by the next one.
"""

import contextlib
import json
import os
import re
import struct
import time
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from boards.board import Board
from flash_tools import image, provision, salvage
from flash_tools.chip import Chip
from flash_tools.errors import CodeFailed, ImageError, NoAnswer, NotMicroPython
from flash_tools.flash import Flashing, mac_of
from flash_tools.micropython import TABLE_AT, TABLE_END, partition_table
from flash_tools.remote import Remote
from flash_tools.repl import Repl
from flash_tools.screen import Screen
from flash_tools.wishes import Desk, Options, Unit
from flash_tools.words import say

FILES_AT = 0x200000  # of the official MicroPython, when the table is gone too
READ_BYTES = 1 << 16
KNOCK_S = 5.5  # less than the silence after which a person is asked to press a button
PROGRAMS = ("/a/", "/b/", "/boot.py", "/main.py", "/update.img")
RESTORED = ("/settings.a", "/settings.b", "/recipe.a", "/recipe.b", "/ledger", "/boots")
KINDS = {"journal": "/journal/", "settings": "/settings.", "recipe": "/recipe.", "ledger": "/ledger"}
JOURNAL = "/journal/"
PLAIN = re.compile(r"(/\w[\w.-]*)+")  # a damaged file system holds names that would lead out of the folder here
KEY = struct.Struct("<H16sI")  # number, key, CRC-32
SUMMARY, FILES, COPY = "summary.json", "files", "flash.bin"


@dataclass
class Saved:
    """One rescue folder. how: "repl", "littlefs" or "search"; number: the node it was, 0 = not known."""

    folder: Path
    mac: str
    how: str
    number: int = 0
    restored: bool = False

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Write the files, then the summary, which makes the folder count."""
        for path, data in files.items():
            _write(self.folder / FILES / path.strip("/"), data)
        self.note()

    def note(self) -> None:
        """Write the summary."""
        facts = {key: value for key, value in asdict(self).items() if key != "folder"}
        _write(self.folder / SUMMARY, json.dumps(facts, indent=1).encode())

    def files(self) -> dict[str, bytes]:
        """{path on the board: content}."""
        top = self.folder / FILES
        return {"/" + p.relative_to(top).as_posix(): p.read_bytes() for p in sorted(top.rglob("*")) if p.is_file()}


def _write(path: Path, data: bytes) -> None:
    """A whole file that only its owner can read, or the old one."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(path.name + ".tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


class Store:
    """The rescue folders of a hub's data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, mac: str, how: str) -> Saved:
        """A new folder, 0700."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stem = f"{mac.replace(':', '') or 'no-mac'}-{time.strftime('%Y%m%d-%H%M%S')}"
        for count in range(100):
            folder = self.folder / (f"{stem}-{count}" if count else stem)
            if not folder.exists():
                break
        folder.mkdir(mode=0o700)
        return Saved(folder, mac, how)

    def open_ones(self, mac: str) -> list[Saved]:
        """What was saved of a board and is not back on it, oldest first."""
        found = []
        for path in sorted(self.folder.glob(f"*/{SUMMARY}"), key=lambda path: path.stat().st_mtime_ns):
            facts = json.loads(path.read_text("utf-8"))
            if facts["mac"] == mac and not facts["restored"]:
                found.append(Saved(path.parent, **facts))
        return found


class Rescue(Flashing):
    """One board on its way back."""

    def __init__(self, options: Options, desk: Desk, screen: Screen, store: Store) -> None:
        super().__init__(options, desk, screen)
        self.store = store
        self.saved: Saved | None = None
        self.back: dict[str, bytes] = {}  # what was put back
        screen.more(save=40, restore=20)

    def _write_micropython(self) -> tuple[Board, Unit]:
        """Save first: over the REPL when there is one with a file system, else from the flash."""
        if not self._save_by_repl():
            self._save_by_chip()
        return super()._write_micropython()

    # --- saving ---

    def _save_by_repl(self) -> bool:
        screen = self.screen
        try:
            remote = Repl.open(
                self.port, before=self.options.before, say=screen.say, lang=screen.lang, patience_s=KNOCK_S
            )
        except (NoAnswer, NotMicroPython):
            return False
        try:
            with screen.step("save"):
                self.mac = mac_of(remote)
                screen.log.named(self.mac)
                files, number = self._read_all(remote), provision.number_on(remote)
                self._tell_saved(self.store.begin(self.mac, "repl"), files, number)
        except CodeFailed:
            return False  # a REPL without a file system, or a flash that fails to read
        finally:
            remote.close()
        return True

    def _read_all(self, remote: Remote) -> dict[str, bytes]:
        paths = [path for path, _ in remote.tree() if worth_keeping(path) and not path.endswith(".tmp")]
        found: dict[str, bytes] = {}
        for count, path in enumerate(paths):
            self.screen.progress("save", count, len(paths))
            data = remote.get(path)
            if data is not None:
                found[path] = data
        return found

    def _told(self, key: str, **values: object) -> str:
        """What is asked before something goes, with the word that it was saved."""
        assert self.saved is not None
        return f"{super()._told(key, **values)} {say(self.screen.lang, 'rescue.safe', folder=self.saved.folder)}"

    def _save_by_chip(self) -> None:
        """A copy of the file system's part of the flash first, then the files in it."""
        screen = self.screen
        chip = self._open_chip()
        try:
            with screen.step("save"):
                copy = self._read_partition(chip)
                saved = self.store.begin(self.mac, "littlefs")
                _write(saved.folder / COPY, copy)
                files = salvage.mounted(copy)
                if files is None:
                    saved.how, files = "search", salvage.carved(copy)
                wanted = {path: data for path, data in files.items() if worth_keeping(path)}
                self._tell_saved(saved, wanted, _number_in(wanted))
            self.options = replace(self.options, erase=True)
            self._press_now = not chip.leave(self.options.after)
        finally:
            chip.close()

    def _read_partition(self, chip: Chip) -> bytes:
        start, size = FILES_AT, (chip.found.flash_mb << 20) - FILES_AT
        with contextlib.suppress(ImageError):
            for part in partition_table(chip.read(TABLE_AT, TABLE_END - TABLE_AT), "flash"):
                if part.name == "vfs":
                    start, size = part.offset, part.size
        pieces = []
        for at in range(start, start + size, READ_BYTES):
            pieces.append(chip.read(at, min(READ_BYTES, start + size - at)))
            self.screen.progress("save", at - start, size)
        return b"".join(pieces)

    def _tell_saved(self, saved: Saved, files: Mapping[str, bytes], number: int) -> None:
        saved.number = number
        saved.keep(files)
        self.saved = saved
        self.screen.tell(f"rescue.how.{saved.how}")
        for kind, begin in KINDS.items():
            got = any(path.startswith(begin) for path in files)
            what = say(self.screen.lang, f"rescue.{kind}", records=salvage.records_in(files))
            self.screen.tell("rescue.kept" if got else "rescue.not_kept", what=what)
        self.screen.detail("rescue.saved", files=len(files), folder=saved.folder)

    # --- putting back ---

    def _provision(
        self, remote: Remote, board: Board, application: image.Application, who: provision.Identity
    ) -> dict[str, bytes]:
        """What was saved comes before the seal, without which the node does not run."""
        opened = self.store.open_ones(self.mac)
        fitting = [one for one in opened if one.number == who.number or (one.number == 0 and self.mac)]
        with self.screen.step("restore"):
            self._put_back(remote, _together(fitting), who)
            records = salvage.records_in(self.back)
            self.screen.detail("rescue.restored", files=len(self.back), records=records)
        if len(fitting) < len(opened):
            self.screen.tell("rescue.another", folder=self.store.folder)
        own = super()._provision(remote, board, application, who)
        for saved in fitting:
            saved.restored = True
            saved.note()
        return own

    def _put_back(self, remote: Remote, files: Mapping[str, bytes], who: provision.Identity) -> None:
        """Only what is missing on the board or shorter there; first the number, by which the rest is this node's."""
        there = dict(remote.tree())
        lacking = {path: data for path, data in files.items() if there.get(path, -1) < len(data)}
        if lacking and provision.number_on(remote) != who.number:
            remote.put("/key", image.key_bytes(who.number, bytes(16)))
        for count, (path, data) in enumerate(sorted(lacking.items())):
            self.screen.progress("restore", count, len(lacking))
            remote.put(path, data)
            self.back[path] = data


def worth_keeping(path: str) -> bool:
    """A file of the board that is kept: its data, under a name that every PC takes."""
    return PLAIN.fullmatch(path) is not None and not path.startswith(PROGRAMS)


def _together(folders: list[Saved]) -> dict[str, bytes]:
    """The union of what belongs back on the board; what was saved later counts, a journal segment when it is longer."""
    files: dict[str, bytes] = {}
    for saved in folders:
        for path, data in saved.files().items():
            if path.startswith(JOURNAL) and path[len(JOURNAL) :].isdigit():
                if len(data) > len(files.get(path, b"")):
                    files[path] = data
            elif path in RESTORED:
                files[path] = data
    return files


def _number_in(files: Mapping[str, bytes]) -> int:
    """The node's number in the copy of its key, 0 when there is none that is sound."""
    data = files.get("/key", b"")
    if len(data) != KEY.size or zlib.crc32(data[:18]) != KEY.unpack(data)[2]:
        return 0
    return int(KEY.unpack(data)[0])
