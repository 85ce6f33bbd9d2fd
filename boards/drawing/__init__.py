"""Drawings: the wiring of any board file and the standard circuits, as SVG in vi or en. For docs and printed cards.

`wiring(board, language)` draws from the board file, so that a drawing never disagrees with what the board does;
`circuits.ALL` has the drawings that are the same for every board. `python -m boards.drawing` writes docs/img/wiring.
"""

from boards.drawing.board import wiring

__all__ = ["wiring"]
