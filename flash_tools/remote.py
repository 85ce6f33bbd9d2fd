"""Owns the files of one board over its REPL, whatever carries the code: what Repl (mpremote) and AmpyRepl share.

Data travel as base64 in bounded pieces, since a raw 0x03 on the line is a Ctrl-C and the board's input ring is small.
A file is written beside its name, closed, hashed on the board and only then renamed, so that a pulled cable leaves the
old file or the new one. Used by install, provision, the check, rescue and console.
"""

import ast
import errno
import hashlib
from abc import ABC, abstractmethod
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from flash_tools.errors import BoardFull, CodeFailed, HalfWritten, NoAnswer, NotMicroPython

T = TypeVar("T")
Progress = Callable[[int, int], None]  # bytes done, bytes in all

GET_PIECE = 3072
HASHED = 16  # paths per statement
WATCHDOG_MS = 600000
WRITE_S = 10  # littlefs may move blocks before it writes

# The first statement of every session. A watchdog survives Ctrl-C and a soft reset, and nobody feeds it in the REPL; it
# cannot be stopped, only given longer, which counts from the next feeding. The excepts: MicroPythons that have none.
LONGER_WATCHDOG = f"""\
try:
    import machine
    machine.WDT(timeout={WATCHDOG_MS}).feed()
except (ImportError, AttributeError):
    pass
"""

ABOUT = """\
import sys
_i = sys.implementation
print(repr((_i[0], tuple(_i[1])[:3], getattr(_i, '_mpy', 0), sys.platform, getattr(_i, '_machine', ''))))
"""

HASH = """\
def _hash(p):
    import hashlib, binascii
    h = hashlib.sha256()
    b = bytearray(512)
    try:
        f = open(p, 'rb')
    except OSError:
        return None
    while 1:
        n = f.readinto(b)
        if not n:
            break
        h.update(memoryview(b)[:n])
    f.close()
    return binascii.hexlify(h.digest()).decode()
"""

OPEN = """\
import os
from binascii import a2b_base64 as _a
_p = ''
for _n in {path!r}.strip('/').split('/')[:-1]:
    _p += '/' + _n
    try:
        os.mkdir(_p)
    except OSError:
        pass
_f = open({path!r} + '.tmp', 'wb')
"""

TREE = """\
import os
def _tree(d):
    for e in os.ilistdir(d or '/'):
        p = d + '/' + e[0]
        if e[1] & 0x4000:
            yield from _tree(p)
        else:
            yield p, os.stat(p)[6]
for _e in _tree(''):
    print(repr(_e))
"""

REMOVE = """\
import os
def _remove(p):
    try:
        if os.stat(p)[0] & 0x4000:
            for e in os.listdir(p):
                _remove(p + '/' + e)
            os.rmdir(p)
        else:
            os.remove(p)
    except OSError as error:
        if error.args[0] != 2:
            raise
"""

# firmware/node/reset.py: phase 3 = left in order. With it the next start is a tool's reset and never a bad one.
RESET = """\
import machine, struct
from binascii import crc32 as _c
_m = b'NR' + bytes((3, 0, 0))
machine.RTC().memory(_m + struct.pack('<I', _c(_m)))
"""


@dataclass(frozen=True)
class About:
    """What runs on the board. `mpy`: sys.implementation._mpy, the form of compiled programs."""

    version: tuple[int, int, int]
    mpy: int
    platform: str
    machine: str

    @property
    def release(self) -> str:
        return ".".join(str(part) for part in self.version)


class Remote(ABC):
    """A board whose REPL waits for code."""

    piece = 1024  # bytes of a file per statement
    port = ""

    @abstractmethod
    def run(self, code: str, timeout_s: float = 30) -> str:
        """Run statements, return what they printed. CodeFailed carries the board's traceback. timeout_s: of silence."""

    @abstractmethod
    def restart(self) -> None:
        """Send machine.reset(), after which the board does not answer any more."""

    @abstractmethod
    def close(self) -> None:
        """Let the port go."""

    def ask(self, code: str, read: Callable[[str], T], timeout_s: float = 30) -> T:
        """What `read` makes of what these statements print; NoAnswer when that is not intelligible."""
        said = self.run(code, timeout_s).strip()
        try:
            return read(said)
        except (ValueError, SyntaxError):
            raise NoAnswer(port=self.port) from None

    def about(self) -> About:
        """What runs on the board; NotMicroPython for anything else that has a REPL."""
        name, version, mpy, platform, machine = self.ask(ABOUT, ast.literal_eval)
        if name != "micropython":
            raise NotMicroPython(f"{name} {platform}", port=self.port)
        return About((int(version[0]), int(version[1]), int(version[2])), int(mpy), str(platform), str(machine))

    def put(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Write a whole file, folders too; the old one stays until the new is proven. BoardFull, HalfWritten."""
        wanted = hashlib.sha256(data).hexdigest()
        try:
            self.run(OPEN.format(path=path), WRITE_S)
            for start in range(0, len(data), self.piece):
                self.run(f"_f.write(_a('{b64encode(data[start : start + self.piece]).decode()}'))", WRITE_S)
                if progress:
                    progress(min(start + self.piece, len(data)), len(data))
            self.run("_f.close()", WRITE_S)
        except CodeFailed as error:
            raise self._full(error) from None
        if self.sha256([path + ".tmp"])[path + ".tmp"] != wanted:
            raise HalfWritten(file=path)
        self.run(f"import os\nos.rename({path + '.tmp'!r}, {path!r})")

    def _full(self, error: CodeFailed) -> CodeFailed | BoardFull:
        words = error.traceback.rpartition("\n")[2]
        return BoardFull() if "ENOSPC" in words or f"OSError: {errno.ENOSPC}" in words else error

    def get(self, path: str, progress: Progress | None = None) -> bytes | None:
        """A whole file, or None when there is none."""
        size = self.ask(f"import os\ntry:\n    print(os.stat({path!r})[6])\nexcept OSError:\n    print(-1)", int)
        if size < 0:
            return None
        self.run(f"import binascii\n_f = open({path!r}, 'rb')")
        found = bytearray()
        while len(found) < size:
            piece = self.ask(f"print(binascii.b2a_base64(_f.read({GET_PIECE})).decode())", b64decode)
            if not piece:
                break
            found += piece
            if progress:
                progress(len(found), size)
        self.run("_f.close()")
        return bytes(found)

    def sha256(self, paths: Iterable[str]) -> dict[str, str | None]:
        """{path: SHA-256 in hex as the board computes it, None where there is no file}."""
        wanted = list(paths)
        found: list[str | None] = []
        self.run(HASH)
        for start in range(0, len(wanted), HASHED):
            code = f"for _p in {wanted[start : start + HASHED]!r}:\n    print(repr(_hash(_p)))"
            found += self.ask(code, lambda said: [ast.literal_eval(line) for line in said.split()], 60)
        if len(found) != len(wanted):
            raise NoAnswer(port=self.port)
        return dict(zip(wanted, found, strict=True))

    def tree(self) -> list[tuple[str, int]]:
        """(path from the root, size in bytes) of every file."""
        return self.ask(TREE, lambda said: sorted(ast.literal_eval(line) for line in said.splitlines()), 60)

    def remove(self, path: str) -> None:
        """Delete a file or a whole folder; it is no error when there is none."""
        self.run(f"{REMOVE}_remove({path!r})", 60)

    def reset(self) -> None:
        """Restart the board, which then runs what is on it; counted as a tool's reset."""
        self.run(RESET)
        self.restart()
