"""Owns the paper of a card: fonts, QR code and the wiring drawing, on an fpdf2 page. Used by card.

Lengths are millimetres, sizes of letters points.
"""

from pathlib import Path

import segno
from fpdf import FPDF

from boards.drawing.board import PART_WIDTH
from boards.drawing.pen import INK, NORMAL, PAPER, PART, SIGNAL, Pen, Point

FONTS = Path(__file__).resolve().parent / "fonts"
FONT = "DejaVu"
POINT_MM = 25.4 / 72
QUIET_MODULES = 4  # of white around a QR code (ISO/IEC 18004)


def paper(width: float, height: float, title: str) -> FPDF:
    """A document whose text may be Vietnamese."""
    pdf = FPDF(orientation="landscape", unit="mm", format=(min(width, height), max(width, height)))
    pdf.add_font(FONT, "", FONTS / "DejaVuSans.ttf")
    pdf.add_font(FONT, "B", FONTS / "DejaVuSans-Bold.ttf")
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.set_title(title)
    return pdf


def rgb(colour: str) -> tuple[int, int, int]:
    """#rrggbb as three numbers."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def write(
    pdf: FPDF,
    x: float,
    y: float,
    words: str,
    size: float,
    *,
    bold: bool = False,
    colour: str = INK,
    width: float | None = None,
    anchor: str = "start",
) -> None:
    """One line whose base line is at y. Words wider than `width` are made smaller, to half, and then cut."""
    pdf.set_text_color(*rgb(colour))
    pdf.set_font(FONT, "B" if bold else "", size)
    wide = pdf.get_string_width(words)
    if width is not None and wide > width:
        pdf.set_font(FONT, "B" if bold else "", max(size / 2, 0.99 * size * width / wide))
        while len(words) > 1 and pdf.get_string_width(words) > width:
            words = words[:-2] + "…"
        wide = pdf.get_string_width(words)
    pdf.text(x - {"start": 0.0, "middle": wide / 2, "end": wide}[anchor], y, words)


def qr(pdf: FPDF, x: float, y: float, side: float, text: str) -> None:
    """A QR code with its quiet zone, in a square of this side."""
    code = segno.make_qr(text, error="m")
    rows = list(code.matrix_iter(border=QUIET_MODULES))
    module = side / len(rows)
    pdf.set_fill_color(0, 0, 0)
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                pdf.rect(x + across * module, y + down * module, module, module, style="F")


class PdfPen(Pen):
    """The pen of boards.drawing, on a rectangle of a page: what fits best of it is used."""

    def __init__(
        self,
        pdf: FPDF,
        box: tuple[float, float, float, float],
        width: int,
        height: int,
        language: str,
        vi: str,
        en: str,
    ) -> None:
        self._pdf = pdf
        x, y, most_wide, most_high = box
        self._scale = min(most_wide / width, most_high / height)
        self._x = x + (most_wide - width * self._scale) / 2
        self._y = y
        super().__init__(width, height, language, vi, en)

    def _at(self, x: float, y: float) -> Point:
        return self._x + x * self._scale, self._y + y * self._scale

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
        points = size * self._scale / POINT_MM
        # These letters are wider than those that the drawing was made with: the name of a part stays in its box.
        width = (PART_WIDTH - 20) * self._scale if bold and size == NORMAL and anchor == "start" else None
        at = self._at(x, y)
        write(self._pdf, *at, words, points, bold=bold, colour=colour, anchor=anchor, width=width)

    def box(self, x: float, y: float, width: float, height: float, fill: str = PART, title: str = "") -> None:
        self._pdf.set_draw_color(*rgb(INK))
        self._pdf.set_fill_color(*rgb(fill))
        self._pdf.set_line_width(1.5 * self._scale)
        self._pdf.rect(*self._at(x, y), width * self._scale, height * self._scale, style="DF")
        if title:
            self.text(x + width / 2, y + 24, title, anchor="middle", bold=True)

    def wire(self, *points: Point, colour: str = SIGNAL, dashed: bool = False) -> None:
        self._pdf.set_draw_color(*rgb(colour))
        self._pdf.set_line_width(2.5 * self._scale)
        for begin, end in zip(points, points[1:], strict=False):
            self._pdf.line(*self._at(*begin), *self._at(*end))

    def svg(self) -> str:
        """Nothing: the shapes are on the page already."""
        return ""


__all__ = ["PAPER", "PdfPen", "paper", "qr", "rgb", "write"]
