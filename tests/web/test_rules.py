"""The rule pages: read by all, changed by the technician step by step, sent only after a preview, told by the node."""

import html
import re

import pytest
from flask.testing import FlaskClient

from hub.recipes.document import Recipe, Rule
from hub.web.rule_forms import GROUPS
from tests.web.conftest import SignIn, text, token
from tests.web.farm import BED, WORM_NODE, Farm, worm_house

RULES = f"/nodes/{WORM_NODE}/rules"
API = f"/api/v1/nodes/{WORM_NODE}/recipe"
FAN_WORDS = (
    "Bật quạt khi luống nóng hơn 28,5 °C, tắt khi dưới 27,5 °C; mỗi lần chạy ít nhất 2 phút, nhiều nhất 20 phút."
)


@pytest.fixture
def tech(made: Farm, signed_in: SignIn) -> FlaskClient:
    worm_house(made)
    return signed_in("technician")


def post(browser: FlaskClient, path: str, **fields: object) -> tuple[int, str, str]:
    """(status, where to, page as a reader sees it)."""
    answered = browser.post(path, data={"csrf_token": token(browser), **fields})
    return answered.status_code, answered.location or "", text(answered.get_data(as_text=True))


def seen(browser: FlaskClient, path: str) -> str:
    answered = browser.get(path)
    assert answered.status_code == 200, path
    return text(answered.get_data(as_text=True))


def form_of(browser: FlaskClient, path: str) -> dict[str, list[str]]:
    """What a browser would submit of the form on a page."""
    page = browser.get(path).get_data(as_text=True)
    fields: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", page):
        found = {name: html.unescape(value) for name, value in re.findall(r'(\w+)="([^"]*)"', tag)}
        if found.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        if "name" in found and found["name"] != "next":
            fields.setdefault(found["name"], []).append(found.get("value", ""))
    for name, options in re.findall(r'<select name="(\w+)">(.*?)</select>', page):
        chosen = re.search(r'value="(\d*)" selected', options)
        fields[name] = [chosen[1] if chosen else ""]
    return fields


# A recipe for the node of `worm_house`; its name is that of a ready-made one.
WORMS = Recipe(
    "worm_house",
    (
        Rule(
            1,
            (3,),
            on_above=285,
            off_above=275,
            min_on_s=120,
            max_on_s=1200,
            rest_s=60,
            fault="on",
            fault_on_s=600,
            fault_off_s=600,
        ),
        Rule(
            2,
            (2,),
            on_below=650,
            off_below=750,
            max_on_s=600,
            rest_s=300,
            cap_s=10_800,
            needs=5,
            needs_min=1,
            fault="off",
        ),
        Rule(
            3,
            (4,),
            on_below=740,
            off_below=780,
            period_s=600,
            pulse_s=120,
            max_on_s=600,
            rest_s=900,
            cap_s=3600,
            needs=5,
            needs_min=1,
            windows=((300, 480, 127), (990, 1110, 63)),
            gate=1,
            fault="off",
        ),
        Rule(
            4,
            (3,),
            on_above=330,
            off_above=320,
            on_below=110,
            off_below=120,
            max_on_s=300,
            rest_s=600,
            check_channel=1,
            check_by=-5,
            check_s=60,
            fault="off",
        ),
    ),
)


def test_a_farmer_reads_what_the_machines_do_and_changes_nothing(made: Farm, signed_in: SignIn) -> None:
    worm_house(made)
    made.hub.recipes.keep(WORMS, "Anh Tuấn")
    made.hub.recipes.report(WORM_NODE, WORMS.hash)
    page = seen(signed_in("farmer"), RULES)
    assert FAN_WORDS in page and "Nhà giun (trùn quế)" in page
    assert "Còi báo" in page and "Sửa luật này" not in page and "Chọn quy trình mẫu" not in page
    assert "Không phải gửi từ trang này" in page


def test_from_a_ready_made_recipe_to_what_the_node_reports(made: Farm, tech: FlaskClient) -> None:
    assert "Nhà giun (trùn quế)" in seen(tech, f"{RULES}/ready")
    page = seen(tech, f"{RULES}/ready/worm_house")
    assert "từ 24 đến 29,5 – luống tốt từ 18 đến 30 °C" in page and "giun chết quanh 35 °C và dưới 9 °C" in page
    status, draft, _ = post(tech, f"{RULES}/ready/worm_house", fan_on="29", fan_off="27,5", pump_cap="90")
    assert status == 303 and made.hub.recipes.standing(WORM_NODE).wanted is None
    preview = seen(tech, draft)
    assert "Bật quạt khi luống nóng hơn 29 °C, tắt khi dưới 27,5 °C" in preview
    assert "Trong 24 giờ chạy không quá 1 giờ 30 phút." in preview and "Chưa gửi" in preview
    status, where, _ = post(tech, f"{draft}/send")
    assert status == 303 and where == RULES
    wanted = made.hub.recipes.standing(WORM_NODE).wanted
    assert wanted and wanted.hex() in draft
    assert "Đang gửi" in seen(tech, RULES)
    (line,) = [one for one in made.hub.store.audit_trail() if one.act == "recipe"]
    assert line.who == "Anh Tuấn" and wanted.hex() in line.detail
    made.hub.recipes.report(WORM_NODE, wanted)
    page = seen(tech, RULES)
    assert "Thiết bị đang chạy quy trình này từ" in page and "Anh Tuấn gửi lúc" in page
    assert "Bật quạt khi luống nóng hơn 29 °C" in page


@pytest.mark.parametrize("typed", ["30", "23,9", "x", "1e9"])
def test_a_number_outside_its_limits_stays_in_the_form_with_a_sentence(tech: FlaskClient, typed: str) -> None:
    answered = tech.post(f"{RULES}/ready/worm_house", data={"csrf_token": token(tech), "fan_on": typed})
    page = answered.get_data(as_text=True)
    assert answered.status_code == 400 and f'value="{typed}"' in page
    wanted = "Không đọc được số này" if typed in ("x", "1e9") else "Số này phải từ 24\u00a0°C đến 29,5\u00a0°C."
    assert wanted in page and 'aria-invalid="true"' in page


def test_numbers_that_do_not_fit_each_other_are_named_with_the_machine(tech: FlaskClient) -> None:
    status, _, page = post(tech, f"{RULES}/ready/worm_house", fan_on="27", fan_off="28")
    assert status == 400 and "Quạt · rồi tắt khi dưới: Mức tắt (28 °C) phải thấp hơn mức bật (27 °C)" in page


def test_a_recipe_that_does_not_fit_says_what_is_missing(made: Farm, tech: FlaskClient) -> None:
    page = seen(tech, f"{RULES}/ready")
    assert "Không có máy sấy." in page and "Thiết bị này chưa đủ máy hoặc đầu đo." in page


def drafted(made: Farm) -> str:
    recipe = WORMS
    made.hub.recipes.keep(recipe, "Anh Tuấn")
    return f"{RULES}/draft/{recipe.hash.hex()}"


@pytest.mark.parametrize("group", GROUPS)
def test_a_form_that_is_submitted_as_it_is_changes_nothing(made: Farm, tech: FlaskClient, group: str) -> None:
    draft = drafted(made)
    for rule in WORMS.rules:
        path = f"{draft}/{rule.actuator}/{group}"
        status, where, page = post(tech, path, **form_of(tech, path))
        assert status == 303 and where == draft, page


def test_one_rule_is_changed_step_by_step(made: Farm, tech: FlaskClient) -> None:
    draft = drafted(made)
    page = seen(tech, f"{draft}/1")
    assert all(name in page for name in ("Bật, tắt ở mức nào", "Theo giờ, theo đợt", "Mỗi lần chạy bao lâu"))
    fields = form_of(tech, f"{draft}/1/run")
    _, draft, _ = post(tech, f"{draft}/1/run", **{**fields, "max_on_s": "25", "cap_s": "600"})
    fields = form_of(tech, f"{draft}/1/times")
    times = {"from-0": "5h30", "to-0": "8", "days-0": ["0", "6"], "gate": "1"}
    _, draft, _ = post(tech, f"{draft}/1/times", **{**fields, **times})
    page = seen(tech, draft)
    assert "ít nhất 2 phút, nhiều nhất 25 phút." in page and "Trong 24 giờ chạy không quá 10 giờ." in page
    assert "Chỉ trong giờ: 5:30 đến 8:00 Thứ Hai, Chủ Nhật." in page


@pytest.mark.parametrize(
    ("group", "fields", "sentence"),
    [
        ("limits", {"off_above": "29,5"}, "Mức tắt (29,5 °C) phải thấp hơn mức bật (28,5 °C)"),
        ("limits", {"off_above": "28,4"}, "phải cách nhau ít nhất 0,3 °C"),
        ("limits", {"off_above": ""}, "Bật và tắt đi đôi"),
        ("limits", {"on_above": "900"}, "Mức phải từ −40 °C đến 85 °C."),
        ("limits", {"sensors": []}, "Có mức bật thì phải chọn đầu đo."),
        ("limits", {"sensors": ["1", "2"]}, "Các đầu đo phải cùng loại"),
        ("limits", {"night_on_above": "26", "night_off_above": "25"}, "Có mức ban đêm thì phải ghi giờ"),
        ("limits", {"night_from": "25:00"}, "Giờ viết như 5:30"),
        ("times", {"from-0": "5:00", "to-0": "5:00", "days-0": ["1"]}, "Giờ bắt đầu và kết thúc phải khác nhau"),
        ("times", {"from-0": "5:00", "to-0": "6:00", "days-0": []}, "Chọn ít nhất một ngày trong tuần."),
        ("times", {"gate": "1"}, "phải ghi cả giờ và mức số đo"),
        ("times", {"period_s": "10"}, "phải ghi mỗi đợt bao lâu"),
        ("run", {"max_on_s": "x"}, "Không đọc được số này"),
        ("run", {"rest_s": "0,5"}, "phải nghỉ ít nhất 1 phút"),
        ("run", {"min_on_s": "30"}, "Không thể dài hơn 20 phút."),
        ("fault", {"fault_off_s": ""}, "Ghi cả thời gian chạy và thời gian nghỉ."),
        ("guards", {"settle_s": "10"}, "thì phải chọn máy kia"),
        ("guards", {"check_channel": "1"}, "Kiểm tra tác dụng phải ghi đủ"),
    ],
)
def test_every_mistake_of_a_form_has_its_sentence(
    made: Farm, tech: FlaskClient, group: str, fields: dict[str, object], sentence: str
) -> None:
    draft = drafted(made)
    status, _, page = post(tech, f"{draft}/1/{group}", **{**form_of(tech, f"{draft}/1/{group}"), **fields})
    assert status == 400 and sentence in page


def test_a_pump_may_not_lose_its_limit_nor_run_blind(made: Farm, tech: FlaskClient) -> None:
    draft = drafted(made)
    fields = form_of(tech, f"{draft}/3/run")
    status, _, page = post(tech, f"{draft}/3/run", **{**fields, "max_on_s": "", "rest_s": ""})
    assert status == 400 and "Máy nước và máy nóng phải có" in page
    assert 'value="on"' not in tech.get(f"{draft}/3/fault").get_data(as_text=True)
    assert 'value="on"' in tech.get(f"{draft}/1/fault").get_data(as_text=True)


def test_a_rule_is_removed_and_the_machine_obeys_people_only(made: Farm, tech: FlaskClient) -> None:
    draft = drafted(made)
    base, hash = draft.rsplit("/", 1)
    _, where, _ = post(tech, f"{base}/{hash}/remove/4")
    assert "Còi báo chỉ chạy khi có người bấm." in seen(tech, where)


def test_from_scratch_each_rule_by_itself(made: Farm, tech: FlaskClient) -> None:
    _, draft, _ = post(tech, f"{RULES}/empty")
    assert "Quạt chỉ chạy khi có người bấm." in seen(tech, draft)
    _, draft, _ = post(tech, f"{draft}/1/limits", sensors="1", on_above="30", off_above="28,5")
    assert "Bật quạt khi nóng hơn 30 °C, tắt khi dưới 28,5 °C." in seen(tech, draft)


def test_a_recipe_with_problems_is_shown_but_not_sent(made: Farm, tech: FlaskClient) -> None:
    bad = Recipe("bad", (Rule(3, (4,), on_below=740, off_below=780), Rule(9)))
    made.hub.recipes.keep(bad, "Anh Tuấn")
    draft = f"{RULES}/draft/{bad.hash.hex()}"
    page = seen(tech, draft)
    assert "Bơm tưới luống · Mỗi lần chạy nhiều nhất:" in page and "không có máy số 9" in page
    assert "Gửi xuống thiết bị" not in page
    status, _, page = post(tech, f"{draft}/send")
    assert status == 400 and made.hub.recipes.standing(WORM_NODE).wanted is None


def test_refused_and_elsewhere_are_shown_as_such(made: Farm, tech: FlaskClient) -> None:
    made.hub.recipes.report(WORM_NODE, b"elsewher")
    page = seen(tech, RULES)
    assert "Quy trình đặt từ nơi khác" in page and "đặt sẵn khi nạp thiết bị" in page
    recipe = WORMS
    made.hub.recipes.keep(recipe, "Anh Tuấn")
    made.hub.push.want(WORM_NODE, recipe.hash, "Anh Tuấn")
    made.hub.recipes.refuse(WORM_NODE, recipe.hash, "malformed")
    page = seen(tech, RULES)
    assert "Thiết bị không nhận quy trình mới" in page and "Máy vẫn chạy luật cũ" in page
    made.lose(WORM_NODE)
    made.hub.push.want(WORM_NODE, recipe.hash, "Anh Tuấn")
    assert "Chờ thiết bị có tin để gửi" in seen(tech, RULES)


def test_why_a_machine_runs_names_the_channel_of_its_rule(made: Farm, tech: FlaskClient) -> None:
    made.hub.recipes.keep(WORMS, "Anh Tuấn")
    made.hub.recipes.report(WORM_NODE, WORMS.hash)
    assert made.hub.recipes.follows(WORM_NODE, 1) == BED.channel
    made.machine(WORM_NODE, 1, on=True, cause="above", value=None, limit=None, sensor=BED.channel)
    assert "Quạt đang chạy vì nóng 27,9 °C." in seen(tech, "/zones/1")


def test_unknown_drafts_names_and_groups_are_not_found(made: Farm, tech: FlaskClient) -> None:
    assert tech.get(f"{RULES}/draft/zz").status_code == 404
    assert tech.get(f"{RULES}/draft/{'00' * 8}").status_code == 404
    assert tech.get(f"{RULES}/ready/nothing").status_code == 404
    assert tech.get(f"{drafted(made)}/1/nothing").status_code == 400
    assert tech.get("/nodes/99/rules").status_code == 404


@pytest.mark.parametrize(
    ("cause", "fault", "sentence"),
    [
        ("idle", "", "Nóng trong luống 27,9 °C: chưa cần chạy."),
        ("satisfied", "", "Nóng trong luống 27,9 °C: đã đủ, máy nghỉ."),
        ("satisfied", "open", "Đã đủ, máy nghỉ."),
        ("fault", "open", "Nóng trong luống: đầu đo không tin được, máy chạy theo mức an toàn."),
        ("no_time", "", "Chưa biết giờ nên chưa chạy theo giờ đã đặt."),
    ],
)
def test_why_a_machine_rests_names_its_channel(
    made: Farm, tech: FlaskClient, cause: str, fault: str, sentence: str
) -> None:
    made.value(WORM_NODE, BED.channel, BED.value, fault)
    made.machine(WORM_NODE, 1, on=False, cause=cause, sensor=BED.channel)
    assert sentence in seen(tech, f"/nodes/{WORM_NODE}")


def test_more_windows_than_the_form_has_rows_are_not_lost(made: Farm, tech: FlaskClient) -> None:
    windows = tuple((hour * 60, hour * 60 + 10, 127) for hour in range(5))
    recipe = WORMS.with_rule(Rule(1, windows=windows))
    made.hub.recipes.keep(recipe, "Anh Tuấn")
    path = f"{RULES}/draft/{recipe.hash.hex()}/1/times"
    _, where, _ = post(tech, path, **form_of(tech, path))
    assert where.endswith(recipe.hash.hex())
