"""Owns the drawings of each kind of sensor and of the safety contacts in docs/wiring.md. For boards.drawing.circuits.

The values and where they come from are in docs/wiring.md, "Numbers and their sources".
"""

from boards.drawing.pen import CHIP, GROUND, PAPER, PLUS, QUIET, SIGNAL, SMALL, Pen

WIDTH, TOP, STEP = 860, 110, 50

Row = tuple[str, str, str]  # terminal of the board, of the part, colour


def _rows(pen: Pen, part: str, rows: list[Row], y: int = TOP) -> None:
    """The board on the left, the part on the right, a wire for each row; a row without a part's terminal is short."""
    height = STEP * (len(rows) - 1) + 80
    pen.box(20, y - 50, 160, height, CHIP, pen.say("Bo ESP32", "ESP32 board"))
    pen.box(600, y - 50, 240, height, title=part)
    for index, (left, right, colour) in enumerate(rows):
        at = y + STEP * index
        pen.text(170, at + 5, left, anchor="end", bold=True)
        pen.text(612, at + 5, right, bold=True)
        pen.wire((180, at), (600 if right else 280, at), colour=colour)


def dht22(language: str) -> str:
    """DHT22 fed by a pin, so that a stuck sensor can be switched off and on."""
    pen = Pen(WIDTH, 370, language, "DHT22: nóng và ẩm không khí", "DHT22: air temperature and humidity")
    data, feed = pen.say("chân số đo", "data pin"), pen.say("chân cấp điện", "power pin")
    _rows(pen, "DHT22", [(data, "DATA", SIGNAL), (feed, "VCC", PLUS), ("GND", "GND", GROUND)])
    pen.resistor(330, 110, 160, pen.number("4.7 kΩ"))
    pen.capacitor(520, 160, 210, "100 nF", left=True)
    pen.dot(330, 110)
    pen.dots(PLUS, (330, 160), (520, 160))
    pen.dot(520, 210, GROUND)
    pen.warn(
        256,
        (
            "Điện trở nối lên VCC của đầu đo (không phải 3V3), để khi bo cắt điện thì đầu đo tắt hẳn.",
            "The resistor goes to the sensor's VCC, not to 3V3, so that it is really off when it is cut.",
        ),
        (
            "Loại gắn sẵn trên mạch 3 chân thường đã có điện trở. Bo không có chân cấp điện: VCC nối 3V3.",
            "Types on a small 3-pin board often have it already. A board without power pin: VCC to 3V3.",
        ),
        (
            "Không cấp 5 V: chân số đo sẽ bị kéo lên 5 V. Dây ngắn, xa vòi phun, tránh nắng.",
            "Never feed it 5 V: the data pin would be pulled to 5 V. Short wires, away from nozzles and sun.",
        ),
    )
    return pen.svg()


def ds18b20(language: str) -> str:
    """Several DS18B20 along one line."""
    pen = Pen(WIDTH, 390, language, "DS18B20: nhiều đầu trên một đường dây", "DS18B20: several on one line")
    pen.box(20, 60, 160, 190, CHIP, pen.say("Bo ESP32", "ESP32 board"))
    rails = ((110, "3V3", PLUS), (160, pen.say("chân số đo", "data pin"), SIGNAL), (210, "GND", GROUND))
    for y, name, colour in rails:
        pen.text(170, y + 5, name, anchor="end", bold=True)
        pen.wire((180, y), (800, y), colour=colour)
    pen.resistor(240, 110, 160, pen.number("4.7 kΩ"))
    pen.dot(240, 110, PLUS)
    pen.dot(240, 160)
    for index, x in enumerate((390, 560, 730)):
        pen.box(x - 10, 226, 100, 34)
        pen.text(x + 40, 248, f"DS18B20 {index + 1}", size=SMALL, anchor="middle", bold=True)
        for offset, (y, _, colour) in zip((10, 40, 70), rails, strict=True):
            pen.wire((x + offset, y), (x + offset, 226), colour=colour)
            pen.dot(x + offset, y, colour)
    pen.warn(
        280,
        (
            "Một đường dây chạy dài, rẽ nhánh thật ngắn; không tỏa ra nhiều nhánh dài như hình sao.",
            "One long line with very short branches; not a star of long ones.",
        ),
        (
            "Luôn đấu đủ ba dây. Một điện trở cho cả đường dây, đặt sát bo.",
            "Always all three wires. One resistor for the whole line, close to the board.",
        ),
        (
            "Nhiều đầu: ghi số (rom) của từng đầu vào tệp của bo trước khi chôn vào luống.",
            "With several: write each one's number (rom) into the board file before it goes into a bed.",
        ),
    )
    return pen.svg()


def soil(language: str) -> str:
    """A capacitive probe on a pin of ADC1."""
    pen = Pen(WIDTH, 370, language, "Que đo ẩm đất kiểu điện dung", "Capacitive soil probe")
    rows = [("3V3", "VCC", PLUS), (pen.say("chân ADC1", "ADC1 pin"), "AOUT", SIGNAL), ("GND", "GND", GROUND)]
    _rows(pen, pen.say("Que đo ẩm đất", "Soil probe"), rows)
    pen.capacitor(250, 160, 210, "100 nF")
    pen.resistor(400, 160, 210, "1 MΩ")
    pen.dots(SIGNAL, (250, 160), (400, 160))
    pen.dots(GROUND, (250, 210), (400, 210))
    pen.warn(
        256,
        (
            "Chỉ dùng chân ADC1 (ESP32: 32–39; S3: 1–10; C3: 0–4). Chân ADC2 không đo được khi bật Wi-Fi.",
            "Only pins of ADC1 (ESP32: 32–39; S3: 1–10; C3: 0–4). ADC2 cannot be read while Wi-Fi is on.",
        ),
        (
            "Cấp 3,3 V. Bịt keo kín phần mạch phía trên. Căn que tại chỗ, với đúng dây của nó.",
            "Feed it 3.3 V. Seal the electronics at its top. Calibrate it in place, with its own cable.",
        ),
        (
            "Nhờ 1 MΩ, dây tuột thì chân về 0 V và bo báo lỗi, không báo “ướt” hay “khô”.",
            "With the 1 MΩ a loose wire reads 0 V, and the board reports a fault, not “wet” or “dry”.",
        ),
    )
    return pen.svg()


def sht3x(language: str) -> str:
    """SHT3x or SHT4x on I²C with pull-ups."""
    title = ("SHT3x, SHT4x: nóng và ẩm, dây I²C", "SHT3x, SHT4x: temperature and humidity on I²C")
    pen = Pen(WIDTH, 420, language, *title)
    rows = [("SCL", "SCL", SIGNAL), ("SDA", "SDA", SIGNAL), ("3V3", "VDD", PLUS), ("GND", "GND", GROUND)]
    _rows(pen, "SHT3x / SHT4x", rows)
    pen.resistor(250, 160, 210, "10 kΩ")
    pen.wire((370, 160), (370, 210), colour=PLUS)
    pen.resistor(370, 110, 160, "10 kΩ")
    pen.capacitor(520, 210, 260, "100 nF", left=True)
    pen.dots(SIGNAL, (250, 160), (370, 110))
    pen.dots(PLUS, (250, 210), (370, 210), (520, 210))
    pen.dot(520, 260, GROUND)
    pen.warn(
        306,
        (
            "Dây tối đa khoảng 1 m với điện trở 10 kΩ. Mạch nhỏ bán sẵn thường đã có điện trở và tụ.",
            "About 1 m of cable at most with 10 kΩ. Ready-made small boards often have resistors and capacitor.",
        ),
        (
            "Hai đầu trên một đường dây: một đầu địa chỉ 0x44, đầu kia 0x45.",
            "Two on one line: one at address 0x44, the other at 0x45.",
        ),
        (
            "Gần vòi phun nên dùng loại này, có chụp lọc; đầu đo đọng nước thì ẩm báo 100 %.",
            "Near misters take this type, with a filter cap; a wet sensor reads 100 %.",
        ),
    )
    return pen.svg()


def inputs(language: str) -> str:
    """The stop button and the float switch: closed is well, an open wire is the safe side."""
    title = ("Nút DỪNG và phao nước: đứt dây là an toàn", "STOP button and float: a broken wire is safe")
    pen = Pen(WIDTH, 450, language, *title)
    stop, level = pen.say("chân DỪNG", "stop pin"), pen.say("chân phao", "float pin")
    pen.box(20, 60, 160, 270, CHIP, pen.say("Bo ESP32", "ESP32 board"))
    for y, name in ((110, "GND"), (160, stop), (210, "3V3"), (260, level), (310, "GND")):
        pen.text(170, y + 5, name, anchor="end", bold=True)
    pen.wire((180, 210), (330, 210), colour=PLUS)
    pen.resistor(250, 160, 210, pen.number("2.2 kΩ"))
    pen.resistor(330, 210, 260, "10 kΩ")
    pen.capacitor(390, 110, 160, "100 nF")
    for y, ground, name in ((160, 110, "nút DỪNG (NC)"), (260, 310, "phao: còn nước")):
        pen.wire((180, y), (560, y))
        pen.contact(560, y, closed=True)
        pen.wire((610, y), (760, y), (760, ground), (180, ground), colour=GROUND)
        english = "STOP button (NC)" if ground < y else "float: water"
        pen.text(585, y + 24, pen.say(name, english), size=SMALL, anchor="middle")
    pen.dots(SIGNAL, (250, 160), (390, 160), (330, 260))
    pen.dot(250, 210, PLUS)
    pen.dot(390, 110, GROUND)
    pen.warn(
        350,
        (
            "Nhấn nút, đứt dây hay tuột đầu dây: mạch hở, mọi máy tắt. Phao hở mạch: coi như hết nước.",
            "Pressed, broken or loose: the circuit is open and everything goes off. Float open: no water.",
        ),
        (
            "Dây bị chập thì không nhận ra được: mỗi tháng nhấn thử nút và hạ thử phao một lần.",
            "A short circuit cannot be noticed: press the button and lower the float once a month.",
        ),
        ("Nút loại nấm, nhấn vào là tự giữ.", "A mushroom button that stays pressed."),
    )
    return pen.svg()


def flow(language: str) -> str:
    """A pulse meter at 5 V: open collector with pull-up, or a divider when it drives 5 V."""
    pen = Pen(WIDTH, 640, language, "Đồng hồ nước có xung", "Water meter with pulses")
    count = pen.say("chân đếm", "count pin")
    rows = [(count, "OUT", SIGNAL), ("5V", "VCC", PLUS), ("GND", "GND", GROUND)]
    _rows(pen, pen.say("A. Ngõ ra cực góp hở", "A. Open collector"), [("3V3", "", PLUS), *rows])
    pen.resistor(250, 110, 160, pen.number("4.7 kΩ"))
    pen.dot(250, 110, PLUS)
    pen.dot(250, 160)
    divided = [("GND", "", GROUND), *rows]
    _rows(pen, pen.say("B. Ngõ ra tự lên 5 V", "B. Output drives 5 V"), divided, 360)
    pen.resistor(250, 360, 410, "47 kΩ")
    pen.dot(250, 360, GROUND)
    pen.dot(250, 410)
    pen.box(400, 398, 60, 24, PAPER)
    pen.text(430, 392, "22 kΩ", size=SMALL, anchor="middle", colour=QUIET)
    pen.warn(
        556,
        (
            "Trước khi nối chân đếm: đo OUT so với GND khi quay cánh. Có lúc trên 3,6 V thì đấu kiểu B.",
            "Before the pin is connected: measure OUT to GND while it turns. Ever above 3.6 V: use B.",
        ),
        (
            "Ghi số xung mỗi lít (trên nhãn) vào tệp của bo, rồi thử bằng một xô đã biết bao nhiêu lít.",
            "Write the pulses per litre (on its label) into the board file; check with a measured bucket.",
        ),
    )
    return pen.svg()
