"""Owns the node software on the board: boot.py, main.py, board.json and the application in slot a. Used by the flash
run and rescue.

Only files whose hash on the board differs are sent. The slot's seal goes first and comes last, so that a slot is never
taken for whole while it is not; whatever the cable does, the next run compares again and repairs.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from boards.board import Board
from flash_tools import image
from flash_tools.errors import HalfWritten, OldMicroPython, OtherBytecode
from flash_tools.image import Application
from flash_tools.micropython import FLOOR, PREFERRED
from flash_tools.remote import Remote

MPY_FORM = 6 | 3 << 8  # version 6, sub-version 3: what mpy-cross 1.23 makes (sys.implementation._mpy, low 10 bits)
MPY_MASK = 0x3FF
SLOT = "/a"
SEAL = SLOT + "/seal"

Progress = Callable[[int, int], None]


def check_micropython(remote: Remote) -> str:
    """The release on the board; OldMicroPython, OtherBytecode, NotMicroPython when it cannot run the node software."""
    about = remote.about()
    if about.version < FLOOR:
        raise OldMicroPython(found=about.release, wanted=".".join(map(str, FLOOR)))
    form = about.mpy & MPY_MASK
    if form != MPY_FORM:
        raise OtherBytecode(version=about.release, found=_form(form), wanted=_form(MPY_FORM), known=PREFERRED)
    return about.release


def _form(mpy: int) -> str:
    return f"{mpy & 0xFF}.{mpy >> 8 & 3}"


@dataclass(frozen=True)
class Work:
    """What is to be done on one board: files to send {path: content} in order, files to delete."""

    send: Mapping[str, bytes]
    remove: tuple[str, ...]


def fixed_files(board: Board, application: Application) -> dict[str, bytes]:
    """{path: content} of all that is the same for every node with this board, except the seal."""
    boot = image.boot_text((image.PROJECT / "firmware/boot.py").read_text("utf-8"), board)
    files = {f"{SLOT}/{path}": data for path, data in application.files.items()}
    files["/board.json"] = json.dumps(board.device(), ensure_ascii=False, separators=(",", ":")).encode()
    files["/boot.py"] = boot.encode()
    files["/main.py"] = image.MAIN_PY.encode()
    return files


def plan(remote: Remote, wanted: Mapping[str, bytes]) -> Work:
    """Compare what should be there with what is: by hash, and nothing else may lie in the slot or half written."""
    there = dict(remote.tree())
    same_size = [path for path, data in wanted.items() if there.get(path) == len(data)]
    hashes = remote.sha256(same_size)
    send = {path: data for path, data in wanted.items() if hashes.get(path) != hashlib.sha256(data).hexdigest()}
    extra = [path for path in there if path.startswith(SLOT + "/") and path not in wanted and path != SEAL]
    extra += [path for path in there if path.endswith(".tmp") or path == "/update.img"]
    return Work(send, tuple(dict.fromkeys(extra)))


def install(remote: Remote, wanted: Mapping[str, bytes], progress: Progress | None = None) -> int:
    """Bring these files onto the board; returns how many were sent. The seal is not among them: see seal()."""
    work = plan(remote, wanted)
    if any(path.startswith(SLOT + "/") for path in (*work.send, *work.remove)):
        remote.remove(SEAL)
    for path in work.remove:
        remote.remove(path)
    _send(remote, work.send, progress)
    return len(work.send)


def bring(remote: Remote, files: Mapping[str, bytes]) -> None:
    """Send those of these files that differ; nothing else is touched."""
    _send(remote, plan(remote, files).send, None)


def _send(remote: Remote, files: Mapping[str, bytes], progress: Progress | None) -> None:
    done, total = 0, sum(len(data) for data in files.values())
    for path, data in files.items():
        remote.put(path, data, _onward(progress, done, total) if progress else None)
        done += len(data)


def _onward(progress: Progress, start: int, total: int) -> Progress:
    """The progress of one file as that of all."""
    return lambda now, _: progress(start + now, total)


def seal(remote: Remote, application: Application, key: bytes) -> None:
    """Declare slot a whole and the one that runs. Slot b keeps what it has: sealed with another key it cannot run."""
    remote.put(SEAL, application.seal(key))
    remote.remove("/slot")


def prove(remote: Remote, wanted: Mapping[str, bytes]) -> int:
    """Read everything back by hash; HalfWritten names the first file that differs. Returns how many were compared."""
    found = remote.sha256(wanted)
    for path, data in wanted.items():
        if found[path] != hashlib.sha256(data).hexdigest():
            raise HalfWritten(file=path)
    return len(wanted)
