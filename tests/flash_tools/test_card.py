"""The card: its Vietnamese text comes out of the PDF again, and its QR code leads to the node's page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import segno
from fontTools.ttLib import TTFont
from pypdf import PdfReader

from boards.board import FOLDER, load
from flash_tools import card
from flash_tools.card.pdf_pen import FONTS, QUIET_MODULES
from flash_tools.check import Report, judge
from flash_tools.check import words as check_words
from flash_tools.errors import CardNotWritten
from flash_tools.words import LANGUAGES, table

AT_S = 1_795_420_800
FACTS = {"board": "esp32_relay4", "node": 7, "mac": "240ac4000001", "version": "0.1.0", "micropython": "1.23.0"}
ROWS = (
    judge.row("wifi", [("wifi_weak", {"rssi": -84, "limit": -75})], check_words.Said("-84 dBm", "-84 dBm")),
    judge.not_asked("led"),
    judge.row("heap", []),
)


def made(folder: Path, **changes: object) -> PdfReader:
    given: dict[str, object] = {
        "name": "Nhà giun số 3 – dãy giữa",
        "zone": "Xóm Đồng Tâm",
        "number": 7,
        "hub": "192.168.1.10:8080",
        "board": load("esp32_relay4"),
        "report": Report(ROWS, FACTS, "usb", AT_S),
        "at_s": AT_S,
    }
    card.write(folder / "card.pdf", card.Card(**(given | changes)))  # type: ignore[arg-type]
    return PdfReader(folder / "card.pdf")


def test_what_a_technician_reads(tmp_path: Path) -> None:
    front, back = made(tmp_path).pages
    text = front.extract_text()
    for words in ("Nhà giun số 3 – dãy giữa", "Thiết bị số 7", "Khu: Xóm Đồng Tâm", "HỎNG", "1 mục hỏng."):
        assert words in text
    for words in ("http://192.168.1.10:8080/nodes/7", "MAC 24:0a:c4:00:00:01", "Bo esp32_relay4", "MicroPython 1.23.0"):
        assert words in text
    assert re.search(r"Kiểm tra \d\d/\d\d/2026 \d\d:\d\d", text)
    drawing = back.extract_text()
    assert "Rơ-le 2: Phun sương" in drawing and "GPIO 33" in drawing and "Nút DỪNG" in drawing


def test_in_english_and_not_checked(tmp_path: Path) -> None:
    (front,) = made(tmp_path, language="en", board=None, report=None, mac="24:0A:C4:00:00:01").pages
    text = front.extract_text()
    assert "Node 7" in text and "Not checked" in text and "MAC 24:0a:c4:00:00:01" in text


def test_a_card_that_cannot_be_written_says_where_and_what_to_do(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    with pytest.raises(CardNotWritten) as failed:
        made(in_the_way)
    assert str(in_the_way / "card.pdf") in failed.value.cause("vi") and "--card" in failed.value.action("en")


def test_the_qr_code_is_that_of_the_address(tmp_path: Path) -> None:
    stream = made(tmp_path).pages[0].get_contents()
    assert stream is not None
    squares = re.findall(rb"([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) re f", stream.get_data())
    found = [tuple(map(float, square)) for square in squares]
    code = segno.make_qr("http://192.168.1.10:8080/nodes/7", error="m")
    size = code.symbol_size(border=QUIET_MODULES)[0]
    left, top, module = (card.WIDTH - card.EDGE - card.QR_MM), card.EDGE - 4, card.QR_MM / size
    point = 72 / 25.4
    dark = {
        (round((card.HEIGHT - y / point - top) / module), round((x / point - left) / module)) for x, y, _, _ in found
    }
    matrix = list(code.matrix_iter(border=QUIET_MODULES))
    assert dark == {(y, x) for y, row in enumerate(matrix) for x, bit in enumerate(row) if bit}


def test_a_name_of_any_length_stays_on_the_card(tmp_path: Path) -> None:
    text = made(tmp_path, name="Nhà giun " * 30).pages[0].extract_text()
    assert "Nhà giun Nhà giun" in text and "…" in text


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_each_board_is_drawn(tmp_path: Path, path: Path) -> None:
    if path.name != "schema.json":
        board = load(path)
        text = made(tmp_path, board=board).pages[1].extract_text()
        assert all(f"GPIO {actuator.pin}" in text for actuator in board.actuators)


@pytest.mark.parametrize("font", sorted(FONTS.glob("*.ttf")), ids=lambda path: path.stem)
def test_the_fonts_have_every_letter(font: Path) -> None:
    letters = TTFont(font).getBestCmap()
    lower = "aăâeêioôơuưy"
    vowels = [chr(c) for c in range(0x1EA0, 0x1EFA)] + list("áàãéèêíìóòõúùýăđĩũơưâô" + lower)
    said = "".join("".join(table(language).values()) for language in LANGUAGES)
    wanted = set("".join(vowels) + "".join(vowels).upper() + "".join(c for c in said if c.isprintable()) + "✓✗–…→Ωµ")
    assert {c for c in wanted if ord(c) not in letters} == set()
    assert (FONTS / "LICENSE.txt").read_text("utf-8").count("Bitstream") > 3
