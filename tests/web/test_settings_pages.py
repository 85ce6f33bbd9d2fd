"""The technician's pages without JavaScript: Wi-Fi, intervals, and a probe calibrated in three steps."""

import json
import logging
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from hub.checks import STEADY
from hub.settings.calibration import OLD_S
from shared_protocol import registry as g
from shared_protocol.maintenance import CHECK_PROBE, CheckResult, decode_check, encode_check_result
from tests.web.conftest import SignIn, text, token
from tests.web.farm import Farm

SECRET = "giun-que-2026"
PROBE = "/nodes/2/channels/4/calibration"


class Keeper:
    """Stands where the link is: keeps texts that were offered and takes them when the test says so."""

    def __init__(self, made: Farm) -> None:
        self.made, self.offers = made, {}
        self.asked: list[tuple[int, bytes]] = []
        made.hub.changes.offer = self.offer
        made.hub.checks.sender = self.check

    def offer(self, node: int, text: bytes, done: Callable[[int, bytes, str], None]) -> None:
        self.offers[node] = (text, done)

    def check(self, node: int, type: int, body: bytes) -> bool:
        self.asked.append((node, decode_check(body).id))
        return True

    def take(self, node: int, code: str = "ok") -> bytes:
        """The node took what was offered and greets again with it."""
        taken, done = self.offers.pop(node)
        self.said(node, settings_next="aa")
        done(node, b"", code)
        return taken

    def greet(self, node: int, settings: str = "aa") -> None:
        self.said(node, settings_hash=settings)
        self.made.hub.changes.session(node)

    def said(self, node: int, **facts: str) -> None:
        known = self.made.hub.live.node(node)
        self.made.report(node, health={**(known.health if known else {}), **facts})

    def probe(self, *values: int) -> None:
        """Channel 4 of node 2 gives out these, a second apart, as long as somebody watches."""
        for value in values:
            self.asked.clear()
            self.made.clock.advance(1)  # type: ignore[attr-defined]
            self.made.hub.tick()
            for node, name in self.asked:
                rows = [(CHECK_PROBE, 4, 1, value)]
                self.made.hub.checks.result(node, encode_check_result(CheckResult(name, rows)))
            self.made.report(2)


@pytest.fixture
def keeper(made: Farm) -> Keeper:
    return Keeper(made)


@pytest.fixture
def technician(keeper: Keeper, signed_in: SignIn) -> FlaskClient:
    return signed_in("technician")


def post(browser: FlaskClient, path: str, **form: object) -> tuple[int, str, str]:
    """(status, where it leads, what a reader sees)."""
    answered = browser.post(path, data={"csrf_token": token(browser), **form})
    return answered.status_code, answered.location or "", text(answered.get_data(as_text=True))


def shown(browser: FlaskClient, path: str) -> str:
    answered = browser.get(path)
    assert answered.status_code == 200, path
    return text(answered.get_data(as_text=True))


# --- Wi-Fi ---


def test_wifi_goes_to_all_devices_before_the_router(made: Farm, keeper: Keeper, technician: FlaskClient) -> None:
    made.lose(3)
    assert "đổi bộ phát Wi-Fi" in shown(technician, "/wifi")
    assert post(technician, "/wifi", name=" Vườn mới ", password=SECRET)[:2] == (303, "/wifi")
    assert set(keeper.offers) == {1, 2, 3, 4}
    page = shown(technician, "/wifi")
    assert "Đổi Wi-Fi sang “Vườn mới”" in page and "0 trong 4 thiết bị đã có mạng mới" in page
    assert "Vườn trà, hàng 4 mất tin" in page and "Nhà giun, khí đang chờ" in page
    for node in (1, 2):
        assert json.loads(keeper.take(node)) == {"patch": 1, "wifi": [["Vườn mới", SECRET]]}
    keeper.greet(1)
    keeper.greet(2, "old")
    page = shown(technician, "/wifi")
    assert "1 trong 4" in page and "Nhà giun, khí đã nhận" in page and "Nhà giun, luống không nhận" in page
    assert "Chưa nhận: Nhà giun, luống; Vườn trà, hàng 4; Dự phòng." in page
    post(technician, "/wifi/moved")
    made.clock.advance(30)  # type: ignore[attr-defined]
    made.report(1)
    page = shown(technician, "/wifi")
    assert "1 trong 4 thiết bị đã về" in page and "Nhà giun, khí đã về" in page and "Vườn trà, hàng 4 chưa về" in page
    assert "Chưa về: Nhà giun, luống; Vườn trà, hàng 4; Dự phòng." in page and "Tôi đã đổi" not in page


def test_when_all_have_it_the_page_says_now(made: Farm, keeper: Keeper, technician: FlaskClient) -> None:
    for node in (3, 4):
        made.hub.fleet.retire(node)
    post(technician, "/wifi", name="Vườn mới", password=SECRET)
    assert set(keeper.offers) == {1, 2}
    for node in (1, 2):
        keeper.take(node)
    page = shown(technician, "/wifi")
    assert "Mọi thiết bị đã có mạng mới. Bây giờ đổi bộ phát Wi-Fi." in page and "Chưa nhận" not in page
    post(technician, "/wifi/moved")
    made.clock.advance(30)  # type: ignore[attr-defined]
    made.report(1)
    made.report(2)
    assert "Mọi thiết bị đã về. Xong." in shown(technician, "/wifi")


def test_the_password_is_shown_nowhere(
    made: Farm, keeper: Keeper, technician: FlaskClient, signed_in: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = []
    for name, password in (("", SECRET), ("x" * 33, SECRET), ("Vườn mới", SECRET + "ă"), ("Vườn mới", SECRET)):
        form = {"csrf_token": token(technician), "name": name, "password": password}
        answered = technician.post("/wifi", data=form)
        assert answered.status_code == (303 if (name, password) == ("Vườn mới", SECRET) else 400)
        answers.append(answered.get_data(as_text=True))
    technician.post("/wifi", data={"name": "Vườn mới", "password": SECRET})  # a forged form
    signed_in("farmer").post("/wifi", data={"name": "Vườn mới", "password": SECRET})
    for path in ("/wifi", "/wifi?new=1", "/nodes/1", "/nodes/1/settings", "/more", "/api/v1/nodes", "/api/v1/state"):
        answers.append(technician.get(path).get_data(as_text=True))
    keeper.take(1, "malformed")
    answers.append(technician.get("/nodes/1/settings").get_data(as_text=True))
    answers += [str(row) for row in made.hub.store.rows("SELECT * FROM audit")]
    assert not [answer for answer in [*answers, caplog.text] if SECRET in answer]
    assert "Mật khẩu Wi-Fi có từ 8 đến 63" in answers[2] and 'value="Vườn mới"' in answers[2]


# --- intervals ---


def test_intervals_within_limits(keeper: Keeper, technician: FlaskClient) -> None:
    assert "thiết bị đo theo lúc cài bằng USB" in shown(technician, "/nodes/1/settings")
    for sample_s, set_s, wrong in (
        ("1", "60", "2 đến 600"),
        ("60", "30", "không dày hơn"),
        ("x", "60", "không phải là số"),
    ):
        status, _, page = post(technician, "/nodes/1/settings", sample_s=sample_s, set_s=set_s)
        assert status == 400 and wrong in page
    assert not keeper.offers
    assert post(technician, "/nodes/1/settings", sample_s="20", set_s="120")[:2] == (303, "/nodes/1/settings")
    assert "Giờ đo Đang chờ thiết bị nhận Anh Tuấn," in shown(technician, "/nodes/1/settings")
    assert keeper.take(1) == b'{"patch":1,"sample_s":20,"set_s":120}'
    assert "Thiết bị đã nhận, đang thử" in shown(technician, "/nodes/1/settings")
    keeper.greet(1)
    page = shown(technician, "/nodes/1/settings")
    assert "Giờ đo Đã có hiệu lực" in page and "Đang đo mỗi 20 giây, ghi lại mỗi 2 phút" in page


def test_a_refusal_says_why(keeper: Keeper, technician: FlaskClient) -> None:
    post(technician, "/nodes/1/settings", sample_s="20", set_s="120")
    keeper.take(1, "flash")
    assert "Thiết bị không nhận: Bộ nhớ của thiết bị bị lỗi" in shown(technician, "/nodes/1/settings")


# --- a probe ---


def test_a_probe_in_three_steps(made: Farm, keeper: Keeper, technician: FlaskClient) -> None:
    page = shown(technician, PROBE)
    assert "Bước 1 trong 3: đất khô" in page and "Chờ thiết bị gửi số" in page and "Chưa chỉnh qua trang này" in page
    keeper.probe(2410, 2405)
    html = technician.get(PROBE).get_data(as_text=True)
    assert "2.405" in html and "Số còn đổi" in html and re.search(r'<button class="btn btn--main" disabled', html)
    assert '<noscript><meta http-equiv="refresh"' in html
    status, _, page = post(technician, f"{PROBE}/take", step="dry")
    assert status == 400 and "Số chưa đứng yên" in page
    keeper.probe(*[2400] * STEADY)
    assert "Số đứng yên: lấy được." in shown(technician, PROBE)
    status, where, _ = post(technician, f"{PROBE}/take", step="dry")
    assert (status, where) == (303, f"{PROBE}?dry=2400")
    page = shown(technician, where)
    assert "Bước 2 trong 3: đất no nước" in page and "Đất khô: 2.400 mV" in page
    assert "Còn quá gần số đất khô" in page
    keeper.probe(*[1100] * STEADY)
    assert "Còn quá gần số đất khô" not in shown(technician, where)
    _, where, _ = post(technician, f"{PROBE}/take", step="wet", dry=2400)
    assert where == f"{PROBE}?dry=2400&wet=1100"
    page = shown(technician, where)
    assert "cách nhau 1.300 mV" in page and "50 % 1.750 mV" in page and "Thiết bị dùng số cũ" in page
    assert not keeper.offers
    assert post(technician, PROBE, dry=2400, wet=1100)[:2] == (303, PROBE)
    page = shown(technician, PROBE)
    assert "Đang chờ thiết bị nhận" in page and "Chưa chỉnh qua trang này" in page and "Bước" not in page
    sent = json.loads(keeper.take(2))
    day = int(made.clock.wall() - g.EPOCH_2020) // 86400
    assert sent == {"patch": 1, "calibration": {"4": [2_400_000, 1_100_000, day]}}
    keeper.greet(2)
    page = shown(technician, PROBE)
    assert "Đã chỉnh chuẩn xong" in page and "Đất khô 2.400 mV, đất no nước 1.100 mV. Anh Tuấn chỉnh ngày" in page
    assert "Bước 1" in shown(technician, f"{PROBE}?again=1")
    assert "Anh Tuấn chỉnh ngày" in shown(technician, "/nodes/2/settings")


@pytest.mark.parametrize(
    ("dry", "wet", "wrong"),
    [(1500, 1100, "chỉ cách nhau 400 mV, ít nhất phải 500 mV"), (3200, 1100, "3200 mV không phải của đầu đo đất")],
)
def test_ends_that_cannot_be(keeper: Keeper, technician: FlaskClient, dry: int, wet: int, wrong: str) -> None:
    page = shown(technician, f"{PROBE}?dry={dry}&wet={wet}")
    assert wrong in page and "Lưu và gửi" not in page and "Làm lại từ đầu" in page
    status, _, page = post(technician, PROBE, dry=dry, wet=wet)
    assert status == 400 and wrong in page and not keeper.offers


def test_a_loose_wire_cannot_be_taken(keeper: Keeper, technician: FlaskClient) -> None:
    shown(technician, PROBE)
    keeper.probe(*[3100] * STEADY)
    status, _, page = post(technician, f"{PROBE}/take", step="dry")
    assert status == 400 and "3100 mV không phải của đầu đo đất" in page


def test_a_channel_that_is_no_probe_and_a_form_that_lacks_something(keeper: Keeper, technician: FlaskClient) -> None:
    assert technician.get("/nodes/1/channels/1/calibration").status_code == 400
    assert technician.get("/nodes/9/channels/1/calibration").status_code == 404
    assert post(technician, f"{PROBE}/take", step="salt")[0] == 400
    assert post(technician, PROBE, dry="2400")[0] == 400


def test_the_old_values_stay_until_the_device_has_the_new_and_drift_shows(
    made: Farm, keeper: Keeper, technician: FlaskClient
) -> None:
    post(technician, PROBE, dry=2400, wet=1100)
    keeper.take(2)
    keeper.greet(2)
    made.clock.advance(OLD_S + 86400)  # type: ignore[attr-defined]
    made.report(2)
    technician.get("/sign-in")
    technician = technician_again(technician, made)
    assert "Đã hơn một năm: nên chỉnh lại." in shown(technician, PROBE)
    post(technician, PROBE, dry=2350, wet=1160)
    page = shown(technician, PROBE)
    assert "Đất khô 2.400 mV, đất no nước 1.100 mV. Anh Tuấn" in page and "Đang chờ thiết bị nhận" in page
    keeper.take(2)
    keeper.greet(2)
    page = shown(technician, PROBE)
    assert "Đất khô 2.350 mV" in page and "So với lần trước: đất khô −50 mV, đất no nước +60 mV." in page
    assert "Đã hơn một năm" not in page


def technician_again(browser: FlaskClient, made: Farm) -> FlaskClient:
    """The technician signs in anew: a session lasts half a day."""
    from tests.web.farm import PASSWORD

    form = {"who": made.people["technician"], "secret": PASSWORD, "csrf_token": token(browser)}
    assert browser.post("/sign-in", data=form).status_code == 303
    return browser


def test_a_node_that_went_back_says_so(keeper: Keeper, technician: FlaskClient) -> None:
    post(technician, PROBE, dry=2400, wet=1100)
    keeper.take(2)
    keeper.greet(2, "old")
    page = shown(technician, PROBE)
    assert "thiết bị đã về cài đặt cũ" in page and "Số cũ vẫn dùng" in page and "Bước 1" in page


def test_only_the_technician_sees_the_way_there(made: Farm, keeper: Keeper, signed_in: SignIn) -> None:
    for role, sees in (("nobody", False), ("farmer", False), ("technician", True), ("manager", True)):
        browser = signed_in(role)
        assert ("/nodes/2/settings" in browser.get("/nodes/2").get_data(as_text=True)) == sees
        assert ('href="/wifi"' in browser.get("/more").get_data(as_text=True)) == sees


def test_a_device_that_was_set_up_again_gets_all_but_the_wifi_once_more(
    keeper: Keeper, technician: FlaskClient
) -> None:
    for path, form in (
        ("/nodes/2/settings", {"sample_s": 20, "set_s": 60}),
        ("/nodes/2/settings", {"sample_s": 30, "set_s": 60}),
        (PROBE, {"dry": 2400, "wet": 1100}),
        ("/wifi", {"name": "Vườn mới", "password": SECRET}),
    ):
        post(technician, path, **form)
        keeper.take(2)
        keeper.greet(2)
    assert "cài đặt khác" not in shown(technician, "/nodes/2/settings")
    keeper.greet(2, "usb")
    assert "cài đặt khác với lần gửi cuối" in shown(technician, "/nodes/2/settings")
    assert post(technician, "/nodes/2/settings/again")[:2] == (303, "/nodes/2/settings")
    assert json.loads(keeper.take(2)) == {"patch": 1, "sample_s": 30, "set_s": 60}
    keeper.greet(2)
    assert "calibration" in json.loads(keeper.take(2))
    keeper.greet(2)
    assert 2 not in keeper.offers and "cài đặt khác" not in shown(technician, "/nodes/2/settings")
