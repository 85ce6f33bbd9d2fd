"""A rule in words: every feature has its sentence, in both languages, and nothing of a rule is left unsaid."""

from dataclasses import fields, replace

import pytest

from hub.recipes.document import Rule
from hub.recipes.machinery import Machine, Machinery, Sensor
from hub.web.rules import rule_words
from hub.web.words import LANGUAGES, Words

AIR = Sensor(1, "air_temperature", "celsius", -1, "giữa nhà")
HOUSE = Machinery(
    (
        AIR,
        Sensor(2, "air_humidity", "percent", -1, "giữa nhà"),
        Sensor(3, "air_temperature", "celsius", -1, "góc nhà"),
        Sensor(4, "bed_moisture", "percent", -1, "luống 3"),
        Sensor(5, "water_level", "on_off", 0, "bồn"),
        Sensor(6, "rain", "millimetre", -1, "mái"),
        Sensor(7, "co2", "ppm", 0, "giữa nhà"),
    ),
    (Machine(1, "fan", "Quạt"), Machine(2, "mister", ""), Machine(3, "pump", "Bơm tưới")),
)
ONE = Machinery(tuple(one for one in HOUSE.sensors if one.id != 3), HOUSE.machines)
FAN = Rule(1, (1,), on_above=300, off_above=285, min_on_s=120, max_on_s=1200, fault="off")


def said(rule: Rule, language: str = "vi", machinery: Machinery = ONE) -> str:
    return " ".join(rule_words(Words(language), rule, machinery).all).replace("\u00a0", " ")


def test_the_sentence_of_the_house() -> None:
    assert said(FAN) == (
        "Bật quạt khi nóng hơn 30 °C, tắt khi dưới 28,5 °C; mỗi lần chạy ít nhất 2 phút, nhiều nhất 20 phút. "
        "Đầu đo hỏng: máy tắt."
    )
    assert said(FAN, "en") == (
        "Quạt on when warmer than 30 °C, off below 28.5 °C; each run at least 2 min, at most 20 min. "
        "Sensor broken: it goes off."
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"on_below": 180, "off_below": 200}, "; hoặc khi lạnh dưới 18 °C, tắt khi trên 20 °C"),
        ({"sensors": (2,), "on_above": 900, "off_above": 800}, "khi không khí ẩm trên 90 %, tắt khi dưới 80 %"),
        ({"sensors": (7,), "on_above": 1500, "off_above": 900}, "khi khí CO₂ trên 1.500 ppm, tắt khi dưới 900 ppm"),
        ({"windows": ((300, 480, 127),)}, "Bật quạt từ 5:00 đến 8:00 mỗi ngày;"),
        ({"windows": ((300, 480, 127),)}, "Ngoài giờ đó, bật khi nóng hơn 30 °C"),
        ({"windows": ((300, 480, 5), (1320, 1440, 64)), "gate": 1},
         "Chỉ trong giờ: 5:00 đến 8:00 Thứ Hai, Thứ Tư, 22:00 đến 0:00 Chủ Nhật."),
        ({"night_from": 1080, "night_to": 360, "night_on_above": 220, "night_off_above": 205},
         "Từ 18:00 đến 6:00: bật khi nóng hơn 22 °C, tắt khi dưới 20,5 °C."),
        ({"on_above": None, "off_above": None, "night_from": 1080, "night_to": 360, "night_on_above": 220,
          "night_off_above": 205}, "Từ 18:00 đến 6:00 bật quạt khi nóng hơn 22 °C, tắt khi dưới 20,5 °C;"),
        ({"period_s": 600, "pulse_s": 90}, "Chạy từng đợt: 1 phút 30 giây trong mỗi 10 phút."),
        ({"period_s": 600, "width": 20}, "càng lệch nhiều càng chạy lâu; lệch từ 2 °C thì chạy suốt."),
        ({"rest_s": 300}, "Chạy đủ một lần thì nghỉ 5 phút."),
        ({"min_off_s": 60}, "Đã tắt thì nghỉ ít nhất 1 phút."),
        ({"cap_s": 5400}, "Trong 24 giờ chạy không quá 1 giờ 30 phút."),
        ({"serves": (3,), "lead_s": 10, "lag_s": 300},
         "Chạy theo bơm tưới. Chờ máy kia chạy 10 giây rồi mới bật. Chạy thêm 5 phút sau khi máy kia tắt."),
        ({"apart": (2, 3), "settle_s": 30},
         "Không chạy cùng lúc với phun sương, bơm tưới. Máy kia tắt rồi, chờ 30 giây mới chạy."),
        ({"needs": 5, "needs_min": 1}, "Hết nước thì không chạy, người bấm cũng không."),
        ({"needs": 4, "needs_min": 300}, "Chỉ chạy khi ẩm trong luống từ 30 %, người bấm cũng vậy."),
        ({"pause_channel": 6, "pause_above": 20, "pause_s": 43_200}, "Mưa từ 2 mm thì nghỉ 12 giờ."),
        ({"confirm": 3}, "Chờ 3 số đo liền nhau cùng vượt mức rồi mới đổi."),
        ({"max_age_s": 120}, "Số đo cũ quá 2 phút thì coi như đầu đo hỏng."),
        ({"fault": "on"}, "Đầu đo hỏng: máy chạy."),
        ({"fault": "duty", "fault_on_s": 300, "fault_off_s": 1500}, "Đầu đo hỏng: chạy 5 phút, nghỉ 25 phút, cứ thế."),
        ({"fault": "hold", "fault_hold_s": 600}, "Đầu đo hỏng: giữ nguyên 10 phút rồi tắt."),
        ({"fault": None}, "Đầu đo hỏng: theo mức an toàn ghi sẵn trong thiết bị."),
        ({"lease_s": 900, "hold_s": 3600},
         "Người bấm thì chạy lâu nhất 15 phút. Người bấm tắt thì giữ tắt lâu nhất 1 giờ."),
        ({"by_hand": 1}, "Đầu đo hỏng vẫn bấm được."),
        ({"check_channel": 2, "check_by": 20, "check_s": 300},
         "Chạy 5 phút mà ẩm không khí không tăng 2 % thì báo “không có tác dụng”."),
        ({"check_channel": 2, "check_by": -20, "check_s": 300}, "không giảm 2 %"),
        ({"check_channel": 2, "check_by": 800, "check_s": 300, "check_level": 1}, "chưa đến 80 %"),
        ({"check_channel": 2, "stuck_by": 20, "check_s": 300}, "Đang tắt mà ẩm không khí vẫn đổi +2 %"),
    ],
)  # fmt: skip
def test_each_feature_says_what_it_does(changes: dict[str, object], sentence: str) -> None:
    assert sentence in said(replace(FAN, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pick", "sentence"),
    [
        ("mean", "lấy trung bình, lệch nhau quá 0,5 °C thì không tin."),
        ("median", "lấy số đứng giữa, lệch nhau quá 0,5 °C"),
        (None, "lấy đầu đo đứng trước còn tốt."),
    ],
)
def test_several_sensors_are_named_by_their_places(pick: str | None, sentence: str) -> None:
    text = said(replace(FAN, sensors=(1, 3), pick=pick, agree=5), machinery=HOUSE)
    assert "Theo đầu đo nhiệt độ · giữa nhà, nhiệt độ · góc nhà:" in text and sentence in text
    assert "Theo đầu đo nhiệt độ · góc nhà." in said(replace(FAN, sensors=(3,)), machinery=HOUSE)


def test_a_machine_without_a_rule_only_obeys_people() -> None:
    assert said(Rule(2)) == "Phun sương chỉ chạy khi có người bấm."
    assert said(Rule(9)) == "Máy 9 chỉ chạy khi có người bấm."


FULL: dict[str, object] = {
    "sensors": (3, 1), "pick": "mean", "agree": 7, "max_age_s": 90, "confirm": 4, "on_above": 311, "off_above": 291,
    "on_below": 111, "off_below": 131, "night_from": 1140, "night_to": 361, "night_on_above": 251,
    "night_off_above": 231, "night_on_below": 91, "night_off_below": 101, "windows": ((301, 481, 3),), "gate": 1,
    "period_s": 660, "pulse_s": 61, "min_on_s": 62, "min_off_s": 63, "max_on_s": 64, "rest_s": 65, "cap_s": 66,
    "apart": (2,), "settle_s": 67, "serves": (3,), "lead_s": 68, "lag_s": 69, "needs": 4, "needs_min": 333,
    "pause_channel": 6, "pause_above": 55, "pause_s": 70, "lease_s": 71, "hold_s": 72, "by_hand": 1, "fault": "duty",
    "fault_on_s": 73, "fault_off_s": 74, "check_channel": 2, "check_by": 25, "check_s": 75, "stuck_by": 35,
}  # fmt: skip
# Another value of a field, to see that the words follow; these cannot differ alone or are told by the test above.
OTHER = {"sensors": (1, 3), "pick": "median", "windows": ((302, 481, 3),), "apart": (3,), "serves": (2,), "gate": None,
         "by_hand": None, "fault": "off", "needs": 2, "pause_channel": 2, "check_channel": 1}  # fmt: skip
ALONE = {"actuator", "width", "fault_hold_s", "check_level"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [one.name for one in fields(Rule) if one.name not in ALONE])
def test_no_field_of_a_rule_is_left_unsaid(name: str, language: str) -> None:
    full = Rule(1, **FULL)  # type: ignore[arg-type]
    changed = replace(full, **{name: OTHER.get(name) if name in OTHER else FULL[name] + 1})  # type: ignore[operator]
    assert said(changed, language, HOUSE) != said(full, language, HOUSE)
