"""Owns the wiring drawing of a board file: which wire goes to which pin. Used by docs/img/wiring and printed cards.

Everything in it comes from the Board; resistor values are those of docs/wiring.md.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from boards.board import Actuator, Board, Channel
from boards.check import NEEDS_THERMOSTAT
from boards.drawing.pen import CHIP, GROUND, INK, PLUS, QUIET, SIGNAL, SMALL, Pen

WIDTH, TOP = 1160, 60
LEFT, CHIP_X, CHIP_WIDTH, RIGHT, PART_WIDTH = 20, 500, 160, 820, 320
ROW, LINE, GAP = 30, 20, 16
FOOT = 76  # the supply lines at the bottom of the chip, below all pins

# kind of channel: (name, what 0 is, what 1 is), each in Vietnamese and English
CONTACTS = {
    "water_level": (("Phao nước", "Float switch"), ("hết nước", "no water"), ("còn nước", "water")),
    "rain": (("Công tắc mưa", "Rain switch"), ("không mưa", "no rain"), ("đang mưa", "rain")),
}
ANY_CONTACT = (("Tiếp điểm", "Contact"), ("số 0", "reads 0"), ("số 1", "reads 1"))
# driver: (Vietnamese, English, terminal of `pin`, resistor of it or "")
SENSORS = {
    "dht22": ("DHT22: nóng và ẩm không khí", "DHT22: air temperature and humidity", "DATA", "4.7 kΩ"),
    "dht11": ("DHT11: nóng và ẩm không khí", "DHT11: air temperature and humidity", "DATA", "4.7 kΩ"),
    "ds18x20": ("DS18B20: nhiệt độ, loại chống nước", "DS18B20: temperature, waterproof", "DATA", "4.7 kΩ"),
    "soil": ("Que đo ẩm đất kiểu điện dung", "Capacitive soil probe", "AOUT", "1 MΩ"),
    "sht3x": ("SHT3x: nóng và ẩm không khí", "SHT3x: air temperature and humidity", "", ""),
    "sht4x": ("SHT4x: nóng và ẩm không khí", "SHT4x: air temperature and humidity", "", ""),
    "contact": (*ANY_CONTACT[0], "1", "10 kΩ"),
    "flow": ("Đồng hồ nước có xung", "Water meter with pulses", "OUT", "4.7 kΩ"),
}
BUS = (("scl", "SCL"), ("sda", "SDA"))

WARNING = (
    "Chỉ đấu điện yếu (5 V trở xuống) vào bo, không bao giờ 220 V. Chân tín hiệu chịu nhiều nhất 3,3 V.",
    "Only low voltage (5 V or less) goes to the board, never 220 V. A signal pin takes 3.3 V at most.",
)

AnyPen = TypeVar("AnyPen", bound=Pen)


@dataclass(frozen=True)
class Wire:
    """From a terminal of a part to a pin of the chip; `note` is the resistor that belongs to it."""

    terminal: str
    pin: int
    note: str = ""
    colour: str = SIGNAL


@dataclass(frozen=True)
class Part:
    """A box beside the chip: a sensor, a relay, the stop button."""

    title: str
    lines: tuple[str, ...]
    wires: tuple[Wire, ...]

    @property
    def height(self) -> int:
        return 38 + LINE * len(self.lines) + ROW * len(self.wires)


def wiring(board: Board, language: str) -> str:
    """SVG of the board, its sensors on the left and its relays on the right; language is "vi" or "en"."""
    return drawn(board, language, Pen).svg()


def drawn(board: Board, language: str, make: Callable[[int, int, str, str, str], AnyPen]) -> AnyPen:
    """The same with any kind of pen."""
    left, right = parts(board, language)
    bottom = max(_height(left), _height(right)) + TOP + FOOT
    pen = make(WIDTH, bottom + 80, language, board.title["vi"], board.title["en"])
    _chip(pen, board, bottom - TOP - GAP)
    for side, is_left in ((left, True), (right, False)):
        y = TOP
        for part in side:
            _draw(pen, part, y, is_left)
            y += part.height + GAP
    pen.warn(bottom, WARNING)
    return pen


def parts(board: Board, language: str) -> tuple[list[Part], list[Part]]:
    """What is beside the chip: sensors and stop button on the left, relays and what is on the board on the right."""
    words = Pen(WIDTH, TOP, language, "", "")
    left = [*_sensors(board, words), *_stop(board, words)]
    right = [*(_relay(actuator, words) for actuator in board.actuators), *_on_board(board, words)]
    return left, right


def _height(parts: list[Part]) -> int:
    return sum(part.height + GAP for part in parts)


def _sensors(board: Board, pen: Pen) -> Iterator[Part]:
    """One part for each place on the wires; sensors that share a bus are one part with several lines."""
    buses: dict[tuple[Wire, ...], list[int]] = {}
    for index in range(len(board.sensors)):
        buses.setdefault(tuple(_sensor_wires(board, index, pen)), []).append(index)
    for wires, members in buses.items():
        driver = str(board.sensors[members[0]]["driver"])
        vi, en, _, _ = SENSORS[driver]
        if driver == "contact":
            vi, en = _contact(board, members[0])[0]
        lines = [_channel_line(board, index, pen) for index in members]
        yield Part(pen.say(vi, en), (*lines, _other_wires(board, members[0], pen)), wires)


def _sensor_wires(board: Board, index: int, pen: Pen) -> Iterator[Wire]:
    sensor = board.sensors[index]
    _, _, terminal, pull = SENSORS[str(sensor["driver"])]
    to = "GND" if sensor.get("pull") == "down" or sensor["driver"] == "soil" else "3.3 V"
    if sensor.get("power_pin") is not None:
        to = "VCC"
        yield Wire("VCC", sensor["power_pin"], colour=PLUS)
    if sensor.get("pin") is not None:
        yield Wire(terminal, sensor["pin"], pen.number(f"{pull} → {to}") if pull else "")
    for key, name in BUS:
        if sensor.get(key) is not None:
            yield Wire(name, sensor[key], pen.number("10 kΩ → 3.3 V"))


def _channels(board: Board, index: int) -> list[Channel]:
    return [channel for channel in board.channels if channel.sensor == index]


def _channel_line(board: Board, index: int, pen: Pen) -> str:
    """Numbers, places, and by what a sensor on a bus is told from the others."""
    numbers = ", ".join(str(channel.id) for channel in _channels(board, index))
    places = " / ".join(dict.fromkeys(channel.place for channel in _channels(board, index) if channel.place))
    sensor = board.sensors[index]
    address = f"0x{sensor['address']:02X}" if sensor.get("address") is not None else ""
    found = (pen.say(f"đầu đo số {numbers}", f"channel {numbers}"), places, address, str(sensor.get("rom") or ""))
    return " · ".join(part for part in found if part)


def _contact(board: Board, index: int) -> tuple[tuple[str, str], ...]:
    return CONTACTS.get(_channels(board, index)[0].kind, ANY_CONTACT)


def _other_wires(board: Board, index: int, pen: Pen) -> str:
    """Where the wires go that lead to no pin."""
    sensor = board.sensors[index]
    if sensor["driver"] == "contact":
        to = pen.number("3.3 V") if sensor.get("pull") == "down" else "GND"
        vi, en = _contact(board, index)[1 + sensor.get("closed_is", 1)]
        return pen.say(f"dây 2 nối {to}; đóng: {vi}", f"wire 2 to {to}; closed: {en}")
    if sensor["driver"] == "flow":
        return pen.say("VCC nối 5 V, GND chung", "VCC to 5 V, common GND")
    if sensor.get("power_pin") is not None:
        return pen.say("VCC lấy từ chân bo, GND chung", "VCC from a pin of the board, common GND")
    return pen.say("VCC nối 3,3 V, GND chung", "VCC to 3.3 V, common GND")


def _stop(board: Board, pen: Pen) -> Iterator[Part]:
    if board.stop_pin is not None:
        yield Part(
            pen.say("Nút DỪNG, tiếp điểm thường đóng", "STOP button, normally closed"),
            (pen.say("dây kia nối GND; đứt dây là dừng", "other wire to GND; a broken wire stops"),),
            (Wire("NC", board.stop_pin, pen.number("2.2 kΩ → 3.3 V")),),
        )


def _relay(actuator: Actuator, pen: Pen) -> Part:
    low = actuator.on_level == 0
    kind = actuator.kind.replace("_", " ").capitalize()
    level = pen.say("kéo xuống 0 V là chạy", "pulled down to 0 V is on")
    if not low:
        level = pen.say("lên 3,3 V là chạy", "3.3 V is on")
    if actuator.drive == "open_drain":
        level += pen.say(" (cực máng hở)", " (open drain)")
    return Part(
        pen.say(f"Rơ-le {actuator.id}: {actuator.name}", f"Relay {actuator.id}: {kind} ({actuator.name})"),
        (level, pen.say("mắc nối tiếp bộ khống chế nhiệt", "in series with a thermostat"))
        if actuator.kind in NEEDS_THERMOSTAT
        else (level,),
        (Wire("IN", actuator.pin, pen.number("10 kΩ → 3.3 V") if low else "10 kΩ → GND"),),
    )


def _on_board(board: Board, pen: Pen) -> Iterator[Part]:
    if board.led:
        line = pen.say("sáng: có trạm; nháy chậm: mất trạm", "lit: hub heard; slow blinking: no hub")
        yield Part(pen.say("Đèn báo trên bo", "LED on the board"), (line,), (Wire("LED", board.led["pin"]),))
    if board.button is not None:
        line = pen.say("giữ ngay sau khi có điện: để sửa", "held right after power-on: rescue")
        yield Part(pen.say("Nút BOOT trên bo", "BOOT button on the board"), (line,), (Wire("BOOT", board.button),))


def _chip(pen: Pen, board: Board, height: int) -> None:
    pen.box(CHIP_X, TOP, CHIP_WIDTH, height, CHIP)
    middle = CHIP_X + CHIP_WIDTH / 2
    family, variant = board.chip.name[:5].upper(), board.chip.name[5:].upper()
    pen.text(middle, TOP + 24, "-".join(filter(None, (family, variant))), anchor="middle", bold=True)
    foot = TOP + height - FOOT + LINE
    pen.text(middle, foot, pen.say("5V / VIN ← nguồn 5 V", "5V / VIN ← 5 V supply"), size=SMALL, anchor="middle")
    pen.text(middle, foot + LINE, pen.say("3V3 → đầu đo", "3V3 → sensors"), size=SMALL, anchor="middle")
    pen.text(middle, foot + 2 * LINE, pen.say("GND chung", "common GND"), size=SMALL, anchor="middle", colour=GROUND)


def _draw(pen: Pen, part: Part, y: int, is_left: bool) -> None:
    x = LEFT if is_left else RIGHT
    pen.box(x, y, PART_WIDTH, part.height)
    pen.text(x + 12, y + 24, part.title, bold=True)
    pen.lines(x + 12, y + 46, part.lines)
    row = y + 38 + LINE * len(part.lines) + 14
    for wire in part.wires:
        _draw_wire(pen, wire, row, is_left)
        row += ROW


def _draw_wire(pen: Pen, wire: Wire, y: int, is_left: bool) -> None:
    ends = (LEFT + PART_WIDTH, CHIP_X) if is_left else (CHIP_X + CHIP_WIDTH, RIGHT)
    pen.wire((ends[0], y), (ends[1], y), colour=wire.colour)
    terminal_x, pin_x = (ends[0] - 10, ends[1] + 10) if is_left else (ends[1] + 10, ends[0] - 10)
    near, far = ("end", "start") if is_left else ("start", "end")
    pen.text(terminal_x, y + 5, wire.terminal, anchor=near, bold=True, colour=wire.colour)
    pen.text(pin_x, y + 5, f"GPIO {wire.pin}", anchor=far, bold=True, colour=INK)
    if wire.note:
        pen.text(sum(ends) / 2, y - 7, wire.note, size=SMALL, anchor="middle", colour=QUIET)
