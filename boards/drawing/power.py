"""Owns the drawings of supplies, relay, mains side and heater in docs/wiring.md. For boards.drawing.circuits.

The values and where they come from are in docs/wiring.md, "Numbers and their sources".
"""

from boards.drawing.pen import CHIP, EARTH, GROUND, MAINS, NEUTRAL, PAPER, PLUS, QUIET, SMALL, Pen

WIDTH = 860


def supplies(language: str) -> str:
    """Two 5 V supplies: one for the board, one for the relays; grounds joined at one point."""
    pen = Pen(WIDTH, 410, language, "Nguồn điện: bo và rơ-le dùng nguồn riêng", "Supplies: board and relays apart")
    pen.box(20, 60, 150, 240, PAPER, "220 V")
    pen.lines(36, 110, [pen.say("từ áptômát", "from the"), pen.say("của tủ điện", "circuit breaker")])
    _supply(pen, 60, pen.say("Nguồn A: 5 V", "Supply A: 5 V"), pen.say("cho bo", "for the board"))
    _supply(pen, 200, pen.say("Nguồn B: 5 V", "Supply B: 5 V"), pen.say("cho rơ-le", "for relays"))
    pen.capacitor(470, 240, 280, "470 µF")
    pen.dot(470, 240, PLUS)
    pen.box(590, 60, 250, 100, CHIP, pen.say("Bo ESP32", "ESP32 board"))
    pen.box(590, 200, 250, 100, title=pen.say("Mô-đun rơ-le", "Relay module"))
    for y, name in ((100, "5V / VIN"), (140, "GND"), (240, "JD-VCC"), (280, "GND")):
        pen.text(602, y + 5, name, bold=True)
    pen.wire((780, 100), (810, 100), (810, 240), (780, 240), colour=PLUS)
    pen.text(776, 105, "5V", anchor="end", bold=True)
    pen.text(776, 245, "VCC", anchor="end", bold=True)
    pen.wire((540, 140), (540, 280), colour=GROUND)
    pen.dots(GROUND, (470, 280), (540, 140), (540, 280))
    pen.text(532, 186, pen.say("GND nối chung", "GND joined"), size=SMALL, anchor="end")
    pen.warn(
        330,
        ("Rút cầu nối JD-VCC – VCC trên mô-đun rơ-le.", "Take off the jumper JD-VCC – VCC of the relay module."),
        (
            "Chỉ có một nguồn thì chọn loại dư dòng và giữ tụ 470 µF sát mô-đun rơ-le.",
            "With a single supply take a generous one, and keep the 470 µF close to the relay module.",
        ),
    )
    return pen.svg()


def _supply(pen: Pen, y: int, title: str, what: str) -> None:
    pen.box(250, y, 160, 100, title=title)
    pen.text(330, y + 48, what, size=SMALL, anchor="middle", colour=QUIET)
    pen.text(210, y + 32, "L", size=SMALL, anchor="middle", colour=MAINS)
    pen.text(210, y + 78, "N", size=SMALL, anchor="middle", colour=NEUTRAL)
    for start, end, height, colour in ((170, 250, 40, MAINS), (170, 250, 60, NEUTRAL)):
        pen.wire((start, y + height), (end, y + height), colour=colour)
    pen.wire((410, y + 40), (590, y + 40), colour=PLUS)
    pen.wire((410, y + 80), (590, y + 80), colour=GROUND)


def relay(language: str) -> str:
    """An active-low relay input with open drain and pull-up; the load on COM and NO with a snubber."""
    pen = Pen(WIDTH, 510, language, "Rơ-le: điện trở kéo và bộ dập tia lửa", "Relay: pull resistor and snubber")
    pen.box(20, 60, 140, 270, CHIP, pen.say("Bo ESP32", "ESP32 board"))
    pen.box(330, 60, 190, 270, title=pen.say("Mô-đun rơ-le", "Relay module"))
    for y, left, right in ((110, "3V3", ""), (170, pen.say("chân ra", "output pin"), "IN"), (230, "5V", "VCC")):
        pen.text(150, y + 5, left, anchor="end", bold=True)
        pen.text(342, y + 5, right, bold=True)
    pen.text(150, 295, "GND", anchor="end", bold=True)
    pen.text(342, 295, "GND", bold=True)
    pen.wire((160, 110), (210, 110), colour=PLUS)
    pen.wire((160, 170), (330, 170))
    pen.wire((160, 230), (330, 230), colour=PLUS)
    pen.wire((160, 290), (330, 290), colour=GROUND)
    pen.resistor(210, 110, 170, "10 kΩ")
    pen.dot(210, 170)
    for y, name in ((110, "NC"), (170, "COM"), (230, "NO")):
        pen.text(508, y + 5, name, anchor="end", bold=True)
    pen.text(532, 115, pen.say("NC: bỏ trống", "NC: leave free"), size=SMALL, colour=QUIET)
    _load(pen)
    pen.warn(
        350,
        (
            "Điện trở kéo lên 3,3 V, không kéo lên 5 V. Mô-đun kích mức cao: 10 kΩ từ chân ra xuống GND.",
            "The resistor goes to 3.3 V, never to 5 V. Active-high module: 10 kΩ from the output pin to GND.",
        ),
        (
            "Trước khi nối chân ra: đo IN so với GND, phải dưới 3,6 V. Cao hơn thì đổi mô-đun khác.",
            "Before the pin is connected: IN to GND must be below 3.6 V. If it is higher, take another module.",
        ),
        (
            "Động cơ lớn hơn mức tiếp điểm chịu được: phải qua khởi động từ (xem hình tủ điện).",
            "A motor beyond the rating of the contact goes over a contactor (see the mains drawing).",
        ),
        (
            "Tải một chiều (van 12 V, 24 V): mắc đi-ốt ngược ở hai đầu tải, thay cho bộ R-C.",
            "DC load (12 V or 24 V valve): a reversed diode across the load instead of the R-C.",
        ),
        (
            "Bộ R-C mắc song song với tải. Mắc song song tiếp điểm thì lúc tắt vẫn rò khoảng 7 mA ra tải.",
            "The R-C goes across the load. Across the contact it would leak about 7 mA into the load when off.",
        ),
    )
    return pen.svg()


def _load(pen: Pen) -> None:
    pen.wire((520, 170), (600, 170), colour=MAINS)
    pen.fuse(600, 170, pen.say("cầu chì", "fuse"))
    pen.wire((650, 170), (800, 170), colour=MAINS)
    pen.text(808, 175, "L", bold=True, colour=MAINS)
    pen.wire((520, 230), (670, 230), colour=MAINS)
    pen.wire((600, 230), (600, 330 - 54), colour=MAINS)
    pen.ring(600, 276, "M")
    pen.snubber(670, 230, 322, pen.number("100 Ω + 0.1 µF X2"))
    pen.wire((600, 300), (600, 322), (800, 322), colour=NEUTRAL)
    pen.text(808, 327, "N", bold=True, colour=NEUTRAL)
    pen.dot(600, 230, MAINS)
    pen.dot(670, 322, NEUTRAL)


def mains(language: str) -> str:
    """Main switch, RCD, breakers; the motor over a contactor whose coil the relay and the stop button feed."""
    pen = Pen(WIDTH, 560, language, "Tủ điện 220 V: do thợ điện đấu", "Mains side, 220 V: by an electrician")
    for y, name, colour in ((90, "L", MAINS), (150, "N", NEUTRAL)):
        pen.text(20, y + 5, name, bold=True, colour=colour)
        pen.wire((40, y), (70, y), colour=colour)
        pen.contact(70, y, closed=False, colour=colour)
        pen.wire((120, y), (180, y), colour=colour)
        pen.wire((260, y), (830, y), colour=colour)
    pen.text(95, 184, pen.say("cầu dao 2 cực", "2-pole main switch"), size=SMALL, anchor="middle")
    pen.box(180, 66, 80, 108, PAPER, "RCD")
    pen.text(220, 120, "30 mA", size=SMALL, anchor="middle")
    pen.text(220, 208, pen.say("chống giật", "residual current"), size=SMALL, anchor="middle")
    pen.text(20, 227, "PE", bold=True, colour=EARTH)
    pen.wire((48, 222), (740, 222), (740, 246), colour=EARTH, dashed=True)
    _motor(pen)
    _coil(pen)
    pen.warn(
        440,
        (
            "Cầu dao ngắt cả L và N của mọi máy. Nút DỪNG trên trang không thay cầu dao.",
            "The main switch cuts L and N of every machine. STOP on the page does not replace it.",
        ),
        (
            "Nút DỪNG có hai tiếp điểm thường đóng: một về bo, một cắt thẳng mạch cuộn hút.",
            "The STOP button has two closed contacts: one to the board, one straight in the coil circuit.",
        ),
        (
            "Vỏ máy, vỏ tủ sắt, khung động cơ nối dây tiếp đất (PE). Dây 220 V và dây đầu đo đi riêng.",
            "Metal cases and motor frames go to earth (PE). Mains wires and sensor wires run apart.",
        ),
        (
            "Cuộn hút mắc bộ R-C song song, ngay tại khởi động từ.",
            "The coil has its R-C across it, right at the contactor.",
        ),
    )
    return pen.svg()


def _motor(pen: Pen) -> None:
    pen.wire((310, 90), (310, 270), (330, 270), colour=MAINS)
    pen.dots(MAINS, (310, 90), (310, 270))
    pen.fuse(330, 270, pen.say("áptômát", "breaker"))
    pen.wire((380, 270), (430, 270), colour=MAINS)
    pen.contact(430, 270, closed=False, colour=MAINS)
    pen.text(455, 300, pen.say("khởi động từ K1", "contactor K1"), size=SMALL, anchor="middle")
    pen.wire((480, 270), (540, 270), colour=MAINS)
    pen.box(540, 250, 110, 40, PAPER)
    pen.text(595, 275, pen.say("rơ-le nhiệt", "overload relay"), size=SMALL, anchor="middle")
    pen.wire((650, 270), (716, 270), colour=MAINS)
    pen.ring(740, 270, "M")
    pen.text(740, 316, pen.say("bơm, quạt lớn", "pump, big fan"), size=SMALL, anchor="middle")
    pen.wire((764, 270), (810, 270), (810, 150), colour=NEUTRAL)
    pen.dot(810, 150, NEUTRAL)


def _coil(pen: Pen) -> None:
    pen.wire((310, 270), (310, 370), (330, 370), colour=MAINS)
    pen.fuse(330, 370, pen.say("cầu chì", "fuse"))
    pen.wire((380, 370), (420, 370), colour=MAINS)
    pen.contact(420, 370, closed=True, colour=MAINS)
    pen.text(445, 400, pen.say("nút DỪNG", "STOP button"), size=SMALL, anchor="middle")
    pen.wire((470, 370), (530, 370), colour=MAINS)
    pen.contact(530, 370, closed=False, colour=MAINS)
    pen.text(555, 400, pen.say("rơ-le của bo", "board's relay"), size=SMALL, anchor="middle")
    pen.wire((580, 370), (660, 370), colour=MAINS)
    pen.box(660, 352, 70, 36, PAPER)
    pen.text(695, 375, "K1", anchor="middle", bold=True)
    pen.text(695, 407, pen.say("cuộn hút + R-C", "coil + R-C"), size=SMALL, anchor="middle")
    pen.wire((730, 370), (830, 370), (830, 150), colour=NEUTRAL)


def heater(language: str) -> str:
    """The thermostat in series with the heater's contactor, independent of the board."""
    title = ("Máy sưởi, máy sấy: bộ khống chế nhiệt mắc nối tiếp", "Heater, dryer: a thermostat in series")
    pen = Pen(WIDTH, 320, language, *title)
    pen.text(20, 145, "L", bold=True, colour=MAINS)
    pen.wire((40, 140), (80, 140), colour=MAINS)
    pen.fuse(80, 140, pen.say("áptômát", "breaker"))
    pen.box(200, 76, 190, 96, PAPER, pen.say("Bộ khống chế nhiệt", "Thermostat"))
    pen.wire((130, 140), (270, 140), colour=MAINS)
    pen.contact(270, 140, closed=True, colour=MAINS)
    pen.text(295, 164, pen.say("nóng quá là ngắt", "opens when too hot"), size=SMALL, anchor="middle")
    pen.wire((320, 140), (460, 140), colour=MAINS)
    pen.contact(460, 140, closed=False, colour=MAINS)
    pen.text(485, 170, pen.say("khởi động từ", "contactor"), size=SMALL, anchor="middle")
    pen.text(485, 190, pen.say("(rơ-le của bo)", "(board's relay)"), size=SMALL, anchor="middle")
    pen.wire((510, 140), (600, 140), colour=MAINS)
    pen.box(600, 110, 140, 60, PAPER)
    pen.text(670, 145, pen.say("dây nung", "heating element"), anchor="middle", bold=True)
    pen.wire((740, 140), (810, 140), colour=NEUTRAL)
    pen.text(818, 145, "N", bold=True, colour=NEUTRAL)
    pen.warn(
        220,
        (
            "Bộ khống chế nhiệt cắt thẳng dòng của dây nung, không qua bo: rơ-le dính, bo treo vẫn ngắt được.",
            "The thermostat cuts the element's own current, not over the board: it works with a welded relay.",
        ),
        (
            "Đặt cao hơn mức cao nhất của quy trình một chút; loại phải bấm tay mới đóng lại là tốt nhất.",
            "Set it a little above the recipe's highest value; a type with manual reset is best.",
        ),
        (
            "Thử: hơ nóng đầu dò của nó, máy sưởi phải tắt dù rơ-le của bo đang đóng.",
            "Test: warm its probe; the heater must go off although the board's relay is closed.",
        ),
    )
    return pen.svg()
