"""The card for the lid of a node's box: `write(path, Card(…))` makes an A5 PDF of two sides. Used by flash and check.

Front: name, zone, number, QR code to the node's page, result and date of the check, MAC, versions. Back: the wiring
with its pins. Nothing secret is on it.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fpdf import FPDF

from boards.board import Board
from boards.drawing.board import drawn
from flash_tools.card.pdf_pen import PdfPen, paper, qr
from flash_tools.card.pdf_pen import write as put
from flash_tools.check import FAIL, NOT_ASKED, PASS, Report, Row, words
from flash_tools.check.said import Said
from flash_tools.check.table import summary
from flash_tools.errors import CardNotWritten

WIDTH, HEIGHT, EDGE = 210.0, 148.0, 10.0  # A5, lying
QR_MM = 62.0
COLOURS = {PASS: "#1b6e2d", FAIL: "#b3261e", NOT_ASKED: "#8a5a00"}
QUIET = "#4d4d4d"
LEFT = WIDTH - 2 * EDGE - QR_MM - 6
ROWS_TOP, ROW_MM, LEAST_ROW_MM = 62.0, 4.6, 3.2

NUMBER = Said("Thiết bị số {}", "Node {}")
ZONE = Said("Khu: {}", "Zone: {}")
SCAN = Said(
    "Quét để mở trang của thiết bị (điện thoại ở cùng Wi-Fi)", "Scan for the node's page (phone in the same Wi-Fi)"
)
DATE = Said("%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M")
UNCHECKED = Said("Chưa kiểm tra", "Not checked")
CHECKED = Said("Kiểm tra {}", "Checked {}")
BOARD = Said("Bo", "Board")
SOFTWARE = Said("Phần mềm", "Software")
DANGER = Said(
    "Bên trong có thể có điện 220 V: ngắt aptomat trước khi mở nắp.",
    "There may be mains inside: switch off the breaker before you open the lid.",
)


@dataclass(frozen=True)
class Card:
    """What is printed. hub: "ADDRESS:PORT" of the page, as a phone in the farm's Wi-Fi opens it; report None = not
    checked; board None = without the drawing; at_s: Unix time.
    """

    name: str
    zone: str
    number: int
    hub: str
    board: Board | None
    report: Report | None
    at_s: float
    language: str = "vi"
    mac: str = ""

    @property
    def address(self) -> str:
        """Where the QR code leads."""
        return f"http://{self.hub}/nodes/{self.number}"


def write(path: Path, card: Card) -> None:
    """Write the PDF. CardNotWritten."""
    pdf = paper(WIDTH, HEIGHT, f"{NUMBER.of(card.language).format(card.number)} – {card.name}")
    pdf.set_creation_date(datetime.fromtimestamp(card.at_s).astimezone())
    pdf.add_page()
    _head(pdf, card)
    _right(pdf, card)
    if card.report is not None:
        _rows(pdf, card, card.report)
    if card.board is not None:
        pdf.add_page()
        box = (EDGE, EDGE - 4, WIDTH - 2 * EDGE, HEIGHT - 2 * EDGE + 8)
        drawn(card.board, card.language, lambda *given: PdfPen(pdf, box, *given))
    data = pdf.output()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise CardNotWritten(error.strerror or str(error), file=str(path)) from None


def _head(pdf: FPDF, card: Card) -> None:
    """Name, number, zone, and in one word how the check ended."""
    say = card.language
    put(pdf, EDGE, 20, card.name, 26, bold=True, width=LEFT)
    put(pdf, EDGE, 30, NUMBER.of(say).format(card.number), 14, width=LEFT / 2)
    put(pdf, EDGE, 37, ZONE.of(say).format(card.zone or "–"), 11, colour=QUIET, width=LEFT)
    date = datetime.fromtimestamp(card.at_s).strftime(DATE.of(say))
    if card.report is None:
        put(pdf, EDGE, 49, f"{UNCHECKED.of(say)} · {date}", 12, bold=True, colour=COLOURS[NOT_ASKED], width=LEFT)
        return
    result = card.report.result
    put(pdf, EDGE, 50, words.result(result).of(say), 18, bold=True, colour=COLOURS[result])
    put(pdf, EDGE, 56, f"{CHECKED.of(say).format(date)}: {summary(card.report).of(say)}", 8.5, width=LEFT)


def _right(pdf: FPDF, card: Card) -> None:
    """The QR code, and what somebody needs who holds another board in the hand."""
    say, x = card.language, WIDTH - EDGE - QR_MM
    facts = dict(card.report.facts) if card.report is not None else {}
    qr(pdf, x, EDGE - 4, QR_MM, card.address)
    middle = x + QR_MM / 2
    put(pdf, middle, EDGE + QR_MM, card.address, 8, anchor="middle", width=QR_MM)
    put(pdf, middle, EDGE + QR_MM + 4.5, SCAN.of(say), 7, colour=QUIET, anchor="middle", width=QR_MM + 4)
    board = card.board.name if card.board is not None else facts.get("board", "")
    versions = ", ".join(
        f"{what} {facts[key]}"
        for what, key in ((SOFTWARE.of(say), "version"), ("MicroPython", "micropython"))
        if facts.get(key)
    )
    lines = [f"MAC {_mac(card.mac or facts.get('mac', ''))}", f"{BOARD.of(say)} {board}", versions]
    for count, line in enumerate(lines):
        put(pdf, x, EDGE + QR_MM + 14 + 5 * count, line, 8.5, width=QR_MM)
    put(pdf, EDGE, HEIGHT - 7, DANGER.of(say), 8.5, bold=True, colour=COLOURS[FAIL], width=WIDTH - 2 * EDGE)


def _mac(mac: str) -> str:
    """aabbcc… with colons, however it was given."""
    plain = mac.replace(":", "").lower()
    return ":".join(plain[i : i + 2] for i in range(0, len(plain), 2)) or "–"


def _rows(pdf: FPDF, card: Card, report: Report) -> None:
    """Every row in two columns, what failed first."""
    ordered = [*report.failed, *report.not_asked, *(row for row in report if row.result == PASS)]
    half = (len(ordered) + 1) // 2
    step = max(LEAST_ROW_MM, min(ROW_MM, (HEIGHT - 14 - ROWS_TOP) / max(1, half)))
    for count, row in enumerate(ordered):
        x = EDGE + (count // half) * (LEFT / 2 + 1)
        _row(pdf, card.language, row, x, ROWS_TOP + 3 + step * (count % half), min(7.5, step * 2))


def _row(pdf: FPDF, language: str, row: Row, x: float, y: float, size: float) -> None:
    mark = {PASS: "✓", FAIL: "✗", NOT_ASKED: "–"}[row.result]
    put(pdf, x, y, mark, size, bold=True, colour=COLOURS[row.result])
    text = row.name.of(language)
    value = row.value.of(language)
    put(pdf, x + 4, y, f"{text}: {value}" if value else text, size, width=LEFT / 2 - 5)
