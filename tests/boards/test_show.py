"""The drawing in the terminal: every wire of every board, in 80 columns and both languages."""

import unicodedata

import pytest

from boards.board import load, names
from boards.drawing.board import parts
from boards.show import COLUMNS, shown


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("name", sorted(names()))
def test_every_wire_is_drawn_and_fits(name: str, language: str) -> None:
    board = load(name)
    lines = shown(board, language).splitlines()
    assert max(map(len, lines)) <= COLUMNS
    assert all(unicodedata.is_normalized("NFC", line) for line in lines)
    left, right = parts(board, language)
    for wire in (wire for part in left for wire in part.wires):
        assert any(f"{wire.terminal} ───┤ {wire.pin} " in line and wire.note in line for line in lines), wire
    for wire in (wire for part in right for wire in part.wires):
        assert any(f" {wire.pin} ├─── {wire.terminal}" in line and wire.note in line for line in lines), wire


def test_the_pins_of_the_board_file_are_all_there() -> None:
    board = load("esp32_devkitc")
    text = shown(board, "vi")
    pins = [sensor["pin"] for sensor in board.sensors] + [a.pin for a in board.actuators]
    assert all(f"┤ {pin} " in text or f" {pin} ├" in text for pin in pins)
    assert "Rơ-le 2: Phun sương" in text and "Quạt" in text
