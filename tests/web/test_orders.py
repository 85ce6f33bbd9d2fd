"""Orders and stops without JavaScript: sending until the node reported, then done, else try again; never optimistic."""

import re

import pytest
from flask.testing import FlaskClient

from hub.commands import LIFE_S
from hub.web.words import Words
from shared_protocol import registry as g
from tests.web.conftest import SignIn, text, token
from tests.web.farm import Farm, ScriptedNode

VI = Words("vi")


def tap(browser: FlaskClient, minutes: int, node: int = 1, actuator: int = 2) -> str:
    """Press a button; the address of the order's page."""
    form = {"minutes": str(minutes), "csrf_token": token(browser)}
    answered = browser.post(f"/nodes/{node}/actuators/{actuator}", data=form)
    assert answered.status_code == 303 and answered.location.startswith("/orders/")
    return answered.location


def shown(browser: FlaskClient, path: str) -> str:
    return text(browser.get(path).get_data(as_text=True))


@pytest.mark.parametrize("minutes", [5, 15, 30])
def test_on_is_sending_then_done_with_its_end(
    made: Farm, script: ScriptedNode, signed_in: SignIn, minutes: int
) -> None:
    browser = signed_in("farmer")
    page = tap(browser, minutes)
    html = browser.get(page).get_data(as_text=True)
    assert "Đang gửi…" in html and "Máy chưa chạy" in html and "Đã bật" not in html
    assert '<noscript><meta http-equiv="refresh" content="1"></noscript>' in html
    assert "ĐANG NGHỈ" in shown(browser, "/zones/1")
    (node, kind, command), *rest = script.sent
    assert (node, kind, command.actuator, command.state, command.max_on_s) == (1, g.MSG_COMMAND, 2, 1, minutes * 60)
    assert not rest
    script.answer()
    html = browser.get(page).get_data(as_text=True)
    assert f"Đã bật – tự tắt lúc {VI.clock(made.clock.wall() + minutes * 60)}" in html
    assert "http-equiv" not in html and "Cô Mai bấm lúc" in html and "Tắt ngay" in html
    assert "ĐANG CHẠY" in shown(browser, "/zones/1")


def test_off_is_held_and_says_until_when(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    made.machine(1, 2, on=True, cause="below")
    browser = signed_in("farmer")
    page = tap(browser, 0)
    assert "Máy chưa tắt" in shown(browser, page)
    assert script.sent[0][2].state == 0 and script.sent[0][2].hold_off_s == 1800
    script.answer()
    assert f"Đã tắt – nghỉ đến {VI.clock(made.clock.wall() + 1800)}" in shown(browser, page)


def test_a_node_that_does_not_answer(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    made.hub.people.set_setting("phone", "0900 000 000")
    page = tap(browser, 15)
    made.clock.advance(LIFE_S + 1)  # type: ignore[attr-defined]
    made.hub.commands.tick()
    html = browser.get(page).get_data(as_text=True)
    assert "Chưa được – thử lại" in html and "Phun sương vẫn đang nghỉ" in html and "không trả lời" in html
    assert "Thử lại 15 phút" in html and 'href="tel:0900000000"' in html and "Đã bật" not in html


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (g.RESULT_STOPPED, "Cho chạy lại"),
        (g.RESULT_DAILY_CAP, "24 giờ"),
        (g.RESULT_LOCKOUT, "Gọi kỹ thuật"),
        (99, "không làm được"),
    ],
)
def test_a_node_that_refuses_says_why(script: ScriptedNode, signed_in: SignIn, code: int, words: str) -> None:
    browser = signed_in("farmer")
    page = tap(browser, 5)
    script.answer(code)
    html = shown(browser, page)
    assert "Chưa được – thử lại" in html and words in html and "Thử lại 5 phút" in html


def test_an_order_to_a_node_that_was_never_heard(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    page = tap(browser, 5, node=4, actuator=1)
    assert browser.get(page).status_code == 404 and "không còn nữa" in shown(browser, page)


@pytest.mark.parametrize("minutes", ["", "7", "-5", "x", "60", "5.0"])
def test_only_offered_times_can_be_asked(script: ScriptedNode, signed_in: SignIn, minutes: str) -> None:
    browser = signed_in("farmer")
    answered = browser.post("/nodes/1/actuators/1", data={"minutes": minutes, "csrf_token": token(browser)})
    assert answered.status_code == 400 and script.sent == []


def test_a_tap_without_signing_in_leads_there_and_back(made: Farm, script: ScriptedNode, client: FlaskClient) -> None:
    headers = {"Referer": "http://localhost/zones/1"}
    answered = client.post("/nodes/1/actuators/1", data={"minutes": "5", "csrf_token": token(client)}, headers=headers)
    assert answered.status_code == 303 and re.search(r"next=/zones/1|next=%2Fzones%2F1", answered.location)
    assert script.sent == []


def test_a_lost_node_has_no_buttons_and_says_what_was(made: Farm, signed_in: SignIn) -> None:
    made.lose(3)
    html = signed_in("farmer").get("/zones/2").get_data(as_text=True)
    assert "KHÔNG RÕ · lúc" in html and html.count('name="minutes"') == html.count(" disabled>") == 3


def test_every_order_is_in_the_audit_trail(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    tap(signed_in("farmer"), 5)
    acts = made.hub.store.rows("SELECT who, act FROM audit")
    assert ("Cô Mai", "on") in [tuple(row) for row in acts]


# --- stop ---


def test_stop_is_on_every_screen(made: Farm, signed_in: SignIn) -> None:
    browser = signed_in("manager")
    for path in (
        "/",
        "/zones/1",
        "/nodes",
        "/nodes/1",
        "/stop",
        "/help",
        "/more",
        "/people",
        "/settings",
        "/sign-in",
        "/nix",
    ):
        html = browser.get(path).get_data(as_text=True)
        assert '<form class="stop" action="/stop" method="post">' in html, path


def test_stop_all_is_confirmed_by_reported_states_and_cleared_on_purpose(
    made: Farm, script: ScriptedNode, signed_in: SignIn
) -> None:
    made.machine(1, 1, on=True, cause="above", value=312, limit=285)
    browser = signed_in("farmer")
    assert browser.post("/stop", data={"csrf_token": token(browser)}).location == "/stop"
    assert "Đang dừng: 0 trong 3 máy đã báo dừng" in shown(browser, "/stop")
    assert {node for node, kind, _ in script.sent if kind == g.MSG_STOP} == {1, 2, 3, 4}
    made.lose(3)
    script.sent = [one for one in script.sent if one[0] != 3]
    script.answer()
    page = shown(browser, "/stop")
    assert "Đang dừng: 2 trong 3 máy đã báo dừng" in page and "Bơm tưới, Vườn trà chưa rõ" in page
    assert "Vườn trà đang mất tin: hãy đến tận nơi xem" in page
    assert "Đang DỪNG TẤT CẢ" in shown(browser, "/") and "Đang DỪNG TẤT CẢ" in shown(browser, "/zones/1")
    question = browser.get("/stop/clear").get_data(as_text=True)
    assert "Cho máy chạy lại?" in question and made.hub.commands.stopped(1)
    browser.post("/stop/clear", data={"csrf_token": token(browser)})
    script.answer()
    assert not made.hub.commands.stopped(1) and "DỪNG TẤT CẢ NGAY" in shown(browser, "/stop")


def test_a_stop_by_the_button_on_the_box_is_shown(made: Farm, client: FlaskClient) -> None:
    made.report(1, stop=True)
    assert "Đang DỪNG TẤT CẢ" in shown(client, "/") and "bằng nút trên hộp" in shown(client, "/stop")


def test_stop_without_signing_in_asks_for_the_pin_and_then_shows_the_button(
    made: Farm, script: ScriptedNode, client: FlaskClient
) -> None:
    answered = client.post("/stop", data={"csrf_token": token(client)})
    assert answered.status_code == 303 and "next=/stop" in answered.location.replace("%2F", "/")
    assert not made.hub.commands.stopped(1)
    assert "DỪNG TẤT CẢ NGAY" in shown(client, "/stop")


# --- nodes ---


def test_the_node_page_tells_the_technician(made: Farm, client: FlaskClient) -> None:
    health = {
        "rssi_dbm": -71, "heap_free": 51_000, "journal_first": 3, "journal_next": 30, "stored_up_to": 20,
        "reset_cause": "brownout", "resets_brownout": 4, "version": "0.1.0", "rejected_bad_tag": 2, "new_thing": 5,
        "other_mac": "aa:bb:cc:dd:ee:ff",
    }  # fmt: skip
    made.report(1, health=health)
    made.value(1, 1, None, "checksum")
    made.hub.rejects.count("replayed", 1)
    made.hub.rejects.count("record_malformed", 1)
    made.hub.rejects.count("refused_by_node_busy", 1)
    page = shown(client, "/nodes/1")
    for words in (
        "−71 dBm", "sóng vừa", "51 KB", "sụt áp nguồn", "gửi lại gói cũ", "0.1.0", "đang giữ 27 bản ghi", "new thing",
        "đầu đo trả lời sai", "bản ghi: sai khuôn dạng", "thiết bị từ chối: sai mã xác thực", "aa:bb:cc:dd:ee:ff",
    ):  # fmt: skip
        assert words in page, words
    assert " 9 " in page.split("Nhật ký chờ gửi")[1][:20]
    assert "_" not in page.replace("_csrf", "")


def test_the_list_says_which_device_needs_a_look(made: Farm, client: FlaskClient) -> None:
    made.value(1, 1, None, "checksum")
    made.lose(3)
    html = client.get("/nodes").get_data(as_text=True)
    assert re.findall(r'class="card node (\w+)"', html) == ["warn", "ok", "lost", "lost"]


def test_a_node_never_heard_from_and_one_that_is_not_there(client: FlaskClient) -> None:
    assert "Chưa có tin lần nào" in shown(client, "/nodes/4") and client.get("/nodes/77").status_code == 404


def test_events_in_words(made: Farm, client: FlaskClient) -> None:
    from tests.web.farm import a_day

    a_day(made)
    page = shown(client, "/nodes/1")
    assert "Máy đổi trạng thái · Phun sương, bật, có người bấm bật" in page
    assert "Khởi động · có điện lại, phiên bản 0.1.0" in page and "Nhận giờ · khi nối với trạm" in page


def test_names_are_text_never_markup(made: Farm, client: FlaskClient) -> None:
    made.hub.fleet.rename_zone(1, "<script>alert(1)</script>")
    made.hub.fleet.rename(1, '"><img src=x>')
    made.machine(1, 1, name="<b>x</b>")
    for path in ("/", "/zones/1", "/nodes", "/nodes/1", "/stop"):
        html = client.get(path).get_data(as_text=True)
        assert "<script>alert" not in html and "<img" not in html and "<b>x</b>" not in html, path
