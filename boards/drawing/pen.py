"""Owns the pen: one SVG drawing with the symbols of an electrician. Used by the drawings of boards and circuits.

Coordinates are SVG user units, y downwards. A drawing has a white background of its own, so that it can be read on a
dark page and on paper, and no text smaller than 14.
"""

from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

LANGUAGES = ("vi", "en")
INK, QUIET, PAPER = "#1b1b1b", "#4d4d4d", "#ffffff"
PLUS, GROUND, SIGNAL, MAINS, NEUTRAL, EARTH = "#b3261e", "#1b1b1b", "#0b57a4", "#7a3b00", "#2f5da8", "#2e7d32"
CHIP, PART, WARN = "#e3edf7", "#f4f4f4", "#fff3cd"
SMALL, NORMAL, LARGE = 14, 15, 20

Point = tuple[float, float]


class Pen:
    """A drawing in one language. Each method adds one shape; `svg()` gives the file's text."""

    def __init__(self, width: int, height: int, language: str, vi: str, en: str) -> None:
        if language not in LANGUAGES:
            raise ValueError(f"no drawings in {language!r}; there are {', '.join(LANGUAGES)}")
        self.language = language
        self.width, self.height = width, height
        self._title = self.say(vi, en)
        self._shapes: list[str] = []
        self.text(20, 34, self._title, size=LARGE, bold=True)

    def say(self, vi: str, en: str) -> str:
        """The words of this drawing's language."""
        return vi if self.language == "vi" else en

    def number(self, words: str) -> str:
        """A figure with its unit; Vietnamese has the decimal comma."""
        return words.replace(".", ",") if self.language == "vi" else words

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = NORMAL,
        anchor: str = "start",
        bold: bool = False,
        colour: str = INK,
    ) -> None:
        """One line of text; `y` is its base line."""
        weight = ' font-weight="bold"' if bold else ""
        self._shapes.append(
            f'<text x="{x:g}" y="{y:g}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"{weight}>'
            f"{escape(words)}</text>"
        )

    def lines(self, x: float, y: float, rows: Iterable[str], size: int = SMALL) -> None:
        """Several lines, 20 apart."""
        for index, words in enumerate(rows):
            self.text(x, y + 20 * index, words, size=size, colour=QUIET)

    def box(self, x: float, y: float, width: float, height: float, fill: str = PART, title: str = "") -> None:
        """A part with its name inside, at the top."""
        self._shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" fill="{fill}" '
            f'stroke="{INK}" stroke-width="1.5"/>'
        )
        if title:
            self.text(x + width / 2, y + 24, title, anchor="middle", bold=True)

    def wire(self, *points: Point, colour: str = SIGNAL, dashed: bool = False) -> None:
        """A line through the points."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        dash = ' stroke-dasharray="6 5"' if dashed else ""
        self._shapes.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"{dash}/>')

    def dot(self, x: float, y: float, colour: str = SIGNAL) -> None:
        """Where wires join."""
        self._shapes.append(f'<circle cx="{x:g}" cy="{y:g}" r="4.5" fill="{colour}"/>')

    def dots(self, colour: str, *points: Point) -> None:
        """Several joints of one colour."""
        for x, y in points:
            self.dot(x, y, colour)

    def ring(self, x: float, y: float, words: str) -> None:
        """A motor or a lamp: a circle with a letter."""
        self._shapes.append(f'<circle cx="{x:g}" cy="{y:g}" r="24" fill="{PART}" stroke="{INK}" stroke-width="2"/>')
        self.text(x, y + 6, words, anchor="middle", bold=True)

    def resistor(self, x: float, top: float, bottom: float, label: str, *, left: bool = False) -> None:
        """An upright resistor between two heights, its value beside it."""
        middle = (top + bottom) / 2
        self.wire((x, top), (x, bottom), colour=INK)
        self._shapes.append(
            f'<rect x="{x - 8:g}" y="{middle - 18:g}" width="16" height="36" fill="{PAPER}" '
            f'stroke="{INK}" stroke-width="2"/>'
        )
        self.text(x - 14 if left else x + 14, middle + 5, label, size=SMALL, anchor="end" if left else "start")

    def capacitor(self, x: float, top: float, bottom: float, label: str, *, left: bool = False) -> None:
        """An upright capacitor between two heights."""
        middle = (top + bottom) / 2
        self.wire((x, top), (x, middle - 4), colour=INK)
        self.wire((x, middle + 4), (x, bottom), colour=INK)
        for y in (middle - 4, middle + 4):
            self.wire((x - 13, y), (x + 13, y), colour=INK)
        self.text(x - 18 if left else x + 18, middle + 5, label, size=SMALL, anchor="end" if left else "start")

    def snubber(self, x: float, top: float, bottom: float, label: str) -> None:
        """A resistor and a capacitor in series, upright."""
        middle = (top + bottom) / 2
        self.resistor(x, top, middle, "")
        self.capacitor(x, middle, bottom, label)

    def contact(self, x: float, y: float, *, closed: bool, colour: str = SIGNAL) -> None:
        """A contact of 50 in a level wire, from x on: normally closed or normally open."""
        for end in (x, x + 50):
            self.dot(end, y, colour)
        self.wire((x, y), (x + 50, y - 6 if closed else y - 22), colour=colour)
        if closed:
            self.wire((x + 47, y - 12), (x + 47, y), colour=colour)

    def fuse(self, x: float, y: float, label: str, colour: str = MAINS) -> None:
        """A fuse or breaker of 50 in a level wire, from x on."""
        self._shapes.append(
            f'<rect x="{x:g}" y="{y - 9:g}" width="50" height="18" fill="{PAPER}" stroke="{INK}" stroke-width="2"/>'
        )
        self.wire((x, y), (x + 50, y), colour=colour)
        self.text(x + 25, y - 16, label, size=SMALL, anchor="middle")

    def warn(self, y: float, *rows: tuple[str, str]) -> None:
        """A yellow strip across the drawing with what must be kept in mind; each row in Vietnamese and English."""
        self.box(20, y, self.width - 40, 18 + 20 * len(rows), WARN)
        self.lines(34, y + 24, [self.say(*row) for row in rows])

    def svg(self) -> str:
        """The file: valid XML, no script, no outside reference."""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" '
            f'lang="{self.language}" role="img" aria-label={quoteattr(self._title)} '
            f'font-family="Noto Sans, DejaVu Sans, Arial, sans-serif">\n'
            f"<title>{escape(self._title)}</title>\n"
            f'<rect width="{self.width}" height="{self.height}" fill="{PAPER}"/>\n'
            + "\n".join(self._shapes)
            + "\n</svg>\n"
        )
