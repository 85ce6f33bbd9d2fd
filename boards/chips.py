"""Owns the pin facts of the chips that boards use (for board.py and the simulated machine module).

Sources: Espressif's ESP-IDF programming guide, "GPIO & RTC GPIO", for esp32, esp32s3 and esp32c3 (pins, strapping,
SPI0/1, USB-JTAG, analog functions); data sheets for UART0. MicroPython reads analog pins of ADC1 only while Wi-Fi is
on, as ADC2 belongs to the radio then.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Chip:
    """GPIO numbers by what restricts them; `psram` counts only on boards that have it."""

    name: str
    pins: frozenset[int]
    input_only: frozenset[int]
    strapping: frozenset[int]
    flash: frozenset[int]
    psram: frozenset[int]
    repl: frozenset[int]
    adc1: frozenset[int]
    adc2: frozenset[int]


def _pins(*parts: int | tuple[int, int]) -> frozenset[int]:
    """Numbers and inclusive ranges as one set."""
    found: set[int] = set()
    for part in parts:
        found |= {part} if isinstance(part, int) else set(range(part[0], part[1] + 1))
    return frozenset(found)


CHIPS = {
    "esp32": Chip(
        "esp32",
        pins=_pins((0, 19), (21, 23), (25, 27), (32, 39)),
        input_only=_pins((34, 39)),
        strapping=_pins(0, 2, 5, 12, 15),
        flash=_pins((6, 11)),
        psram=_pins(16, 17),
        repl=_pins(1, 3),
        adc1=_pins((32, 39)),
        adc2=_pins(0, 2, 4, (12, 15), (25, 27)),
    ),
    "esp32s3": Chip(
        "esp32s3",
        pins=_pins((0, 21), (26, 48)),
        input_only=frozenset(),
        strapping=_pins(0, 3, 45, 46),
        flash=_pins((26, 32)),
        psram=_pins((33, 37)),
        repl=_pins(19, 20, 43, 44),
        adc1=_pins((1, 10)),
        adc2=_pins((11, 20)),
    ),
    "esp32c3": Chip(
        "esp32c3",
        pins=_pins((0, 21)),
        input_only=frozenset(),
        strapping=_pins(2, 8, 9),
        flash=_pins((11, 17)),
        psram=frozenset(),
        repl=_pins((18, 21)),
        adc1=_pins((0, 4)),
        adc2=_pins(5),
    ),
}
