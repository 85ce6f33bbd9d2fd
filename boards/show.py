"""Owns the drawing of a board in a terminal: which wire goes to which pin, in 80 columns. For `nhavuon boards show`.

The same parts and wires as the SVG of boards/drawing, from the board file, so that the two never disagree.
"""

import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from boards.board import Board
from boards.drawing.board import WARNING, Part, Wire, parts

COLUMNS = 80
SIDE, CHIP = 33, 12  # columns of the parts on each side, and inside the chip
TERMINAL = 5

Row = tuple[str, Wire | None]


def shown(board: Board, language: str) -> str:
    """The drawing, lines of at most 80 columns; language is "vi" or "en"."""
    left, right = parts(board, language)
    rows = zip_longest(_rows(left), _rows(right), fillvalue=("", None))
    chip = f"{board.chip.name.upper()}  {board.flash_mb} MB"
    lines = [*_wrapped(board.title[language], COLUMNS), f"{board.name}: {chip}", "", _edge("┌", "┐")]
    lines += [_line(*pair) for pair in rows]
    return "\n".join(line.rstrip() for line in [*lines, *_foot(language)])


def _rows(side: Sequence[Part]) -> Iterator[Row]:
    """What stands on one side, line by line; a wire is the last thing of its line."""
    for part in side:
        yield from ((words, None) for words in _wrapped(part.title, SIDE - 1))
        for line in part.lines:
            yield from ((f" {words}", None) for words in _wrapped(line, SIDE - 2))
        yield from ((wire.note, wire) for wire in part.wires)
        yield "", None


def _wrapped(words: str, width: int) -> list[str]:
    return textwrap.wrap(words, width) or [""]


def _line(left: Row, right: Row) -> str:
    """One line: left part, chip, right part."""
    pins = [str(wire.pin) if wire else "" for _, wire in (left, right)]
    inside = f" {pins[0]}".ljust(CHIP - len(pins[1]) - 1) + f"{pins[1]} "
    return f"{_left(*left)}{'┤' if left[1] else '│'}{inside}{'├' if right[1] else '│'}{_right(*right)}"


def _left(words: str, wire: Wire | None) -> str:
    if wire is None:
        return words.ljust(SIDE)
    return f"  {words}".ljust(SIDE - TERMINAL - 4) + wire.terminal.rjust(TERMINAL) + " ───"


def _right(words: str, wire: Wire | None) -> str:
    return f"─── {wire.terminal.ljust(TERMINAL)}{words}" if wire else f" {words}"


def _edge(begin: str, end: str) -> str:
    return " " * SIDE + begin + "─" * CHIP + end


def _foot(language: str) -> Iterator[str]:
    """The supply lines, which are the same on every board, and the warning."""
    vi = language == "vi"
    supply = (
        ("5V / VIN ← nguồn 5 V", "3V3 → đầu đo", "GND chung")
        if vi
        else ("5V / VIN ← 5 V supply", "3V3 → sensors", "common GND")
    )
    yield _edge("└", "┘")
    yield " · ".join(supply).center(COLUMNS)
    yield ""
    yield from _wrapped(f"{'Chú ý' if vi else 'Note'}: {WARNING[0 if vi else 1]}", COLUMNS)
