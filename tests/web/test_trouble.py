"""What is wrong with a machine, in words: locked out, without effect, stuck – on card and zone, and in the events."""

import re

import pytest
from flask.testing import FlaskClient

from hub.web import machines
from hub.web.words import local
from shared_protocol import registry as g
from tests.web.conftest import SignIn, text, token
from tests.web.farm import Farm, Journal, ScriptedNode, live_table


def shown(browser: FlaskClient, path: str) -> str:
    return text(browser.get(path).get_data(as_text=True))


@pytest.mark.parametrize(
    ("trouble", "state", "words"),
    [
        ("locked", "CHÚ Ý", "Đã khóa: thiết bị khởi động lại hai lần"),
        ("no_effect", "CHÚ Ý", "Đã chạy mà không thấy tác dụng: xem nước, cầu chì, rơ-le."),
        ("stuck", "NGUY HIỂM", "Vẫn chạy dù đã tắt: rơ-le có thể bị dính, ngắt điện máy này."),
    ],
)
def test_card_and_zone_say_it(made: Farm, client: FlaskClient, trouble: str, state: str, words: str) -> None:
    assert "CHÚ Ý" not in shown(client, "/zones/1") and "NGUY HIỂM" not in shown(client, "/zones/1")
    made.machine(1, 2, trouble=(trouble,))
    page = shown(client, "/zones/1")
    assert state in page.split("Bây giờ")[0] and f"Phun sương: {words}" in page
    assert words in page.split("Phun sương", 2)[2], "on the machine's card too"
    assert state in shown(client, "/") and words in shown(client, "/nodes/1")
    assert 'class="card node warn"' in client.get("/nodes").get_data(as_text=True)
    assert client.get("/api/v1/nodes/1").get_json()["actuators"][1]["trouble"] == [trouble]


def test_a_lost_nodes_trouble_is_old_news(made: Farm, client: FlaskClient) -> None:
    made.machine(3, 1, trouble=("stuck",))
    assert "NGUY HIỂM" in shown(client, "/zones/2")
    made.lose(3)
    assert "NGUY HIỂM" not in shown(client, "/zones/2")


def test_a_lock_out_is_ended_by_the_technician(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    made.machine(1, 2, trouble=("locked",), cause="lockout")
    farmer, technician = signed_in("farmer"), signed_in("technician")
    page = shown(farmer, "/zones/1")
    assert "Máy bị khóa cho đến khi kỹ thuật viên mở lại" in page and "Đã sửa – cho chạy lại" not in page
    card = re.findall(r'data-live="machine-1-2".*?</article>', farmer.get("/zones/1").get_data(as_text=True), re.S)[0]
    assert card.count("disabled") == 3 and page.count("Phun sương: Đã khóa") == 1
    assert "Đã sửa – cho chạy lại" in shown(technician, "/zones/1")
    path = "/nodes/1/actuators/2/unlock"
    assert farmer.post(path, data={"csrf_token": token(farmer)}).status_code == 403 and not script.sent
    answered = technician.post(path, data={"csrf_token": token(technician)})
    assert answered.status_code == 303
    page = shown(technician, answered.location)
    assert "Mở khóa phun sương" in page and "Máy còn bị khóa" in page
    (node, kind, command), *rest = script.sent
    assert (node, kind, command.actuator, command.state) == (1, g.MSG_COMMAND, 2, g.STATE_UNLOCK) and not rest
    script.sent.clear()
    made.hub.commands.result(1, type("R", (), {"id": command.id, "code": g.RESULT_OK})())
    assert "Đã mở khóa – máy lại chạy theo luật" in shown(technician, answered.location)


def test_an_unlock_that_fails_can_be_tried_again(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    made.machine(1, 2, trouble=("locked",), cause="lockout")
    browser = signed_in("technician")
    answered = browser.post("/nodes/1/actuators/2/unlock", data={"csrf_token": token(browser)})
    script.answer(g.RESULT_BUSY)
    page = shown(browser, answered.location)
    assert "Chưa được – thử lại" in page and "Đã sửa – cho chạy lại" in page


# --- events ---


def test_events_are_sentences_with_units(made: Farm, client: FlaskClient) -> None:
    journal = Journal(made.hub, 1, live_table(), made.clock.wall() - 3600)
    journal.event(g.EVENT_NO_EFFECT, 10, (2, 2, 780, 782))
    journal.event(g.EVENT_STUCK, 20, (2, 2, 780, None))
    journal.event(g.EVENT_RESPONSE_OK, 30, (2, g.TROUBLE_NO_EFFECT))
    journal.event(g.EVENT_LOCKOUT, 40, (1,))
    journal.event(g.EVENT_LOCKOUT_CLEAR, 50, (1,))
    journal.event(g.EVENT_RESET_AT_SWITCH, 60, (1, 2))
    journal.event(g.EVENT_CHARGE, 70, (1, 900))
    journal.event(g.EVENT_REFUND, 75, (1, 300))
    journal.event(g.EVENT_RECIPE, 80, (bytes(range(8)),))
    journal.event(g.EVENT_SETTINGS, 90, (bytes(range(8)),))
    journal.commit()
    page = shown(client, "/nodes/1")
    for words in (
        "Phun sương đã chạy mà không thấy tác dụng: Ẩm không khí · giữa nhà trước 78 %, sau 78 %. Xem nước",
        "Phun sương vẫn chạy dù đã tắt: Ẩm không khí · giữa nhà trước 78 %, sau không rõ. Rơ-le có thể bị dính",
        "Phun sương đã hết lỗi: chạy mà không có tác dụng",
        "Quạt hút bị khóa: thiết bị khởi động lại hai lần khi bật máy này",
        "Quạt hút đã được mở khóa",
        "Thiết bị khởi động lại ngay sau khi bật tắt Quạt hút (2 lần)",
        "Quạt hút: tính trước 15 phút vào giờ chạy trong ngày",
        "Quạt hút: trả lại 5 phút chưa chạy hết",
        "Quy trình mẫu mới có hiệu lực, dấu 0001020304050607",
        "Đã nhận cài đặt mới, dấu 0001020304050607",
    ):
        assert words in page, words


# --- kept off by hand ---


@pytest.mark.parametrize(("rest", "seconds"), [("30", 1800), ("120", 7200)])
def test_a_machine_is_kept_off_for_a_time(
    made: Farm, script: ScriptedNode, signed_in: SignIn, rest: str, seconds: int
) -> None:
    browser = signed_in("farmer")
    answered = browser.post("/nodes/1/actuators/2", data={"rest": rest, "csrf_token": token(browser)})
    assert answered.status_code == 303
    assert (script.sent[0][2].state, script.sent[0][2].hold_off_s) == (0, seconds)
    script.answer()
    assert "Đã tắt – nghỉ đến" in shown(browser, answered.location)


def test_a_node_may_hold_for_less_than_was_asked(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    answered = browser.post("/nodes/1/actuators/2", data={"rest": "120", "csrf_token": token(browser)})
    script.answer()
    until_s = made.clock.wall() + 3600
    made.machine(1, 2, until_s=until_s)
    assert f"Đã tắt – nghỉ đến {local(until_s).strftime('%H:%M')}" in shown(browser, answered.location)


def test_until_the_morning_as_long_as_a_device_can_hold(made: Farm) -> None:
    def at(hour: int, minute: int = 0) -> float:
        return local(made.clock.wall()).replace(hour=hour, minute=minute, second=0, microsecond=0).timestamp()

    assert machines.rest_s("morning", at(20)) == 10 * 3600 and machines.rest_s("morning", at(2)) == 4 * 3600
    assert machines.rest_s("morning", at(12)) == 18 * 3600, "18 hours fit"
    assert machines.rest_s("morning", at(11)) is None and machines.rest_s("morning", at(6)) is None
    assert machines.rest_s("morning", at(5, 50)) is None, "ten minutes are no rest"


@pytest.mark.parametrize("rest", ["7", "-30", "evening", "morning\n"])
def test_only_offered_rests_can_be_asked(script: ScriptedNode, signed_in: SignIn, rest: str) -> None:
    browser = signed_in("farmer")
    answered = browser.post("/nodes/1/actuators/1", data={"rest": rest, "csrf_token": token(browser)})
    assert answered.status_code == 400 and not script.sent


def test_a_rest_that_failed_is_tried_again_for_as_long(script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    answered = browser.post("/nodes/1/actuators/2", data={"rest": "120", "csrf_token": token(browser)})
    script.answer(g.RESULT_BUSY)
    html = browser.get(answered.location).get_data(as_text=True)
    assert 'name="rest" value="120"' in html and "Thử tắt lại" in html


def test_a_pause_and_a_hold_show_their_end(made: Farm, client: FlaskClient) -> None:
    until_s = made.clock.wall() + 2 * 3600
    at = local(until_s).strftime("%H:%M")
    for cause in ("pause", "manual_off"):
        made.machine(1, 2, cause=cause, until_s=until_s)
        assert f"Tự chạy lại lúc {at}" in shown(client, "/zones/1")


# --- who stopped, and where ---


def test_every_page_says_who_pressed_stop(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    browser.post("/stop", data={"csrf_token": token(browser)})
    at = local(made.clock.wall()).strftime("%H:%M")
    for path in ("/", "/zones/1", "/nodes", "/nodes/1", "/help", "/more", "/sign-in", "/nix"):
        assert f"Đang DỪNG TẤT CẢ: các máy nghỉ (Cô Mai bấm lúc {at})" in shown(browser, path), path
    assert f"Cô Mai bấm DỪNG TẤT CẢ lúc {at}." in shown(browser, "/stop")


def test_a_stop_at_the_box_names_the_box_and_asks_to_release_it_first(
    made: Farm, script: ScriptedNode, signed_in: SignIn
) -> None:
    browser = signed_in("farmer")
    made.report(1, stop=True, stop_source="input")
    assert "Đang DỪNG bằng nút đỏ trên hộp: Nhà giun, khí" in shown(browser, "/zones/2")
    assert "Đang bị DỪNG bằng nút đỏ trên hộp." in shown(browser, "/nodes/1")
    page = shown(browser, "/stop")
    assert "Dừng bằng nút đỏ trên hộp: Nhà giun, khí." in page and "thả nút đỏ" not in page
    assert "Phun sương, Nhà giun 1" in page and "Bơm tưới, Vườn trà" not in page, "the others run on"
    browser.post("/stop/clear", data={"csrf_token": token(browser)})
    assert "thả nút đỏ" not in shown(browser, "/stop"), "not before the device said so"
    script.answer(g.RESULT_STOPPED)
    page = shown(browser, "/stop")
    assert "thả nút đỏ trên hộp trước" in page and "Cho chạy lại" in page
    browser.post("/stop/clear", data={"csrf_token": token(browser)})
    script.answer()
    assert "DỪNG TẤT CẢ NGAY" in shown(browser, "/stop")
