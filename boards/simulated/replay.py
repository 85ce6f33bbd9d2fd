"""A recorded sensor log that is fed to the simulated sensors: its header and its rows (for world.py and process.py).

CSV: header `t_s`, then channels `kind` or `kind.place`; seconds from the first sample, rising; values are integers in
tenths (°C, %). An empty cell is a failed reading, a hole in time is an outage. Any bytes end in rows or in one
ReplayError that says where, what and what is accepted. Runs on both interpreters.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

KINDS = ("air_temperature", "air_humidity", "bed_temperature", "bed_moisture", "soil_moisture")
HOLE_FACTOR = 5  # a step this many times the usual one is an outage, not a slow reading
LIMIT = 1_000_000
ACCEPTED = "accepted: t_s, then " + ", ".join(KINDS) + ", each with an optional .place"


class ReplayError(Exception):
    """The file is not a recorded sensor log; the message names line, column and what is accepted."""


def columns(line: str) -> "list[tuple[str, str]]":
    """The header's channels as a list of (kind, place); place is "" when the header names none."""
    names = [name.strip() for name in line.strip().split(",")]
    if names[0] != "t_s":
        raise ReplayError("line 1: the first column is %r; %s" % (names[0][:40], ACCEPTED))
    if len(names) < 2:
        raise ReplayError("line 1: no channel after t_s; %s" % ACCEPTED)
    found = []
    for name in names[1:]:
        kind, _, place = name.partition(".")
        if kind not in KINDS:
            raise ReplayError("line 1: column %r is unknown; %s" % (name[:40], ACCEPTED))
        if (kind, place) in found:
            raise ReplayError("line 1: column %r is there twice; name the places, as in %s.a" % (name[:40], kind))
        found.append((kind, place))
    return found


def row(line: str, number: int, width: int) -> "tuple[int, list[int | None]]":
    """(t_s, values) of one line with width channels; a value is an int in tenths or None for a failed reading."""
    cells = line.strip().split(",")
    if len(cells) != width + 1:
        raise ReplayError("line %d: %d cells, the header has %d" % (number, len(cells), width + 1))
    t_s = _whole(cells[0], number, "t_s")
    if t_s is None or t_s < 0:
        raise ReplayError("line %d: t_s must be whole seconds from 0" % number)
    return t_s, [_whole(cell, number, "a value") for cell in cells[1:]]


def _whole(cell: str, number: int, what: str) -> "int | None":
    cell = cell.strip()
    if not cell:
        return None
    digits = cell[1:] if cell[0] in "+-" else cell
    if not digits or len(digits) > 12 or any(c not in "0123456789" for c in digits):
        raise ReplayError("line %d: %s is %r; whole numbers in tenths, or empty" % (number, what, cell[:40]))
    value = int(cell)
    if what != "t_s" and abs(value) > LIMIT:
        raise ReplayError("line %d: the value %d is out of range" % (number, value))
    return value


def rows(file: "TextIO") -> "Iterator[tuple[int, list[int | None]]]":
    """Walk an open text file after its header was read: yields (t_s, values), t_s rising."""
    width = len(columns(next_line(file, 1)))
    number, last = 1, -1
    while True:
        number += 1
        line = next_line(file, number)
        if not line:
            return
        if not line.strip():
            continue
        t_s, values = row(line, number, width)
        if t_s <= last:
            raise ReplayError("line %d: t_s %d does not rise" % (number, t_s))
        last = t_s
        yield t_s, values


def next_line(file: "TextIO", number: int) -> str:
    """The next line of a log, "" at its end; text that is not UTF-8 is a ReplayError too."""
    try:
        return file.readline()
    except (UnicodeError, ValueError) as error:
        raise ReplayError("line %d: not UTF-8 text" % number) from error


def check(file: "TextIO") -> "tuple[list[tuple[str, str]], int, int, int]":
    """Read a whole log: (columns, number of rows, seconds it spans, usual step in seconds); raises ReplayError."""
    found = columns(next_line(file, 1))
    file.seek(0)
    times = [t_s for t_s, _ in rows(file)]
    if not times:
        raise ReplayError("line 2: no row after the header")
    steps = sorted(b - a for a, b in zip(times, times[1:]))
    return found, len(times), times[-1] - times[0], steps[len(steps) // 2] if steps else 60


class Replay:
    """A cursor over an open log: `at(t_s)` walks on to the row that was the latest at second t_s (never back)."""

    def __init__(self, file: "TextIO", step_s: int) -> None:
        self.columns = columns(next_line(file, 1))
        file.seek(0)
        self._hole_s = HOLE_FACTOR * step_s
        self._rows = rows(file)
        self._now: "tuple[int, list[int | None]] | None" = None
        self._next = self._take()
        self._zero = self._next[0] if self._next else 0

    def _take(self) -> "tuple[int, list[int | None]] | None":
        try:
            return next(self._rows)
        except StopIteration:
            return None

    def at(self, t_s: int) -> "list[int | None] | None":
        """The values at second t_s since the log's first row; None in a hole and after the end."""
        while self._next and self._next[0] - self._zero <= t_s:
            self._now = self._next
            self._next = self._take()
        if self._now is None or t_s - (self._now[0] - self._zero) > self._hole_s:
            return None
        return self._now[1]
