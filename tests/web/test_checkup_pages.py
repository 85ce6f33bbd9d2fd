"""A node checked from the page and the API: rows with cause and action, relays clicked and heard, all of it kept."""

import re
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from hub.inspections import READS
from shared_protocol import registry as g
from shared_protocol.maintenance import (
    CHECK_ACTUATOR,
    CHECK_FAULT,
    CHECK_FLASH,
    CHECK_HEAP,
    CHECK_IMAGE,
    CHECK_PROBE,
    CHECK_RADIO,
    CHECK_RECIPE,
    CHECK_RESETS,
    CHECK_SENSOR,
    CHECK_STOP_INPUT,
)
from tests.web.checked import DEAD_AIR, WELL, WET_PROBE, Answering, Row
from tests.web.conftest import SignIn, text, token
from tests.web.farm import PASSWORD, SOIL, Farm, ScriptedNode
from tests.web.test_api import fits

CHECK = "/nodes/1/check"
SOIL_BED = replace(SOIL, channel=4)


@pytest.fixture
def answering(made: Farm, script: ScriptedNode) -> Answering:
    return Answering(made)


@pytest.fixture
def technician(answering: Answering, signed_in: SignIn) -> FlaskClient:
    return signed_in("technician")


def page(browser: FlaskClient, path: str = CHECK) -> str:
    return text(browser.get(path).get_data(as_text=True))


def press(browser: FlaskClient, path: str, **form: Any) -> tuple[int, str]:
    answered = browser.post(path, data={"csrf_token": token(browser), **form})
    return answered.status_code, text(answered.get_data(as_text=True))


def checked(browser: FlaskClient, answering: Answering, rows: list[Row] | None, node: int = 1) -> str:
    """What the page says after a check in which the node gave these rows."""
    answering.rows[node] = rows
    assert press(browser, f"/nodes/{node}/check")[0] == 303
    answering.run()
    return page(browser, f"/nodes/{node}/check")


def swapped(*changed: Row) -> list[Row]:
    """All well but these rows."""
    keys = {row[0] for row in changed}
    return [row for row in WELL if row[0] not in keys] + list(changed)


def test_before_the_first_check_the_page_says_what_it_will_do(technician: FlaskClient) -> None:
    said = page(technician)
    assert "chưa được kiểm tra qua mạng lần nào" in said and "Không máy nào bị bật" in said


def test_while_it_runs_it_says_how_far(made: Farm, answering: Answering, technician: FlaskClient) -> None:
    answering.rows[1] = WELL
    press(technician, CHECK)
    answering.run(3)
    html = technician.get(CHECK).get_data(as_text=True)
    assert f"Đang kiểm tra: 4 trong {READS} lần" in text(html) and 'data-fast="1"' in html


def test_a_node_that_is_well_passes_with_its_values_and_date(answering: Answering, technician: FlaskClient) -> None:
    said = checked(technician, answering, WELL)
    assert "12 mục đạt, 0 mục hỏng." in said and "Anh Tuấn" in said and "HỎNG" not in said
    for value in ("31,2 °C", "−61 dBm", "còn trống 58 KB", "đang giữ 480 bản ghi", "trả lời 10 trong 10 lần"):
        assert value in said, value


@pytest.mark.parametrize(
    ("rows", "cause", "action"),
    [
        (DEAD_AIR, "Đầu đo không trả lời, xem dây", "xem dây nguồn 3,3 V"),
        (
            [(CHECK_SENSOR, 1, 0, None), (CHECK_FAULT, 1, 0, g.FAULT_CHECKSUM), *WELL[1:]],
            "Đầu đo trả lời sai",
            "làm dây ngắn lại",
        ),
        ([(CHECK_SENSOR, 1, 0, None), (CHECK_FAULT, 1, 0, 250), *WELL[1:]], "Đầu đo bị lỗi", "xem dây và chỗ cắm"),
        (swapped((CHECK_RADIO, 0, 1, -80)), "Sóng Wi-Fi yếu", "cần từ −75 dBm trở lên"),
        (swapped((CHECK_HEAP, 0, 1, 5000)), "Bộ nhớ RAM còn ít", "rút điện rồi cắm lại"),
        (swapped((CHECK_FLASH, 0, 1, 20)), "Bộ nhớ lưu gần đầy", "để trạm nhận hết nhật ký"),
        (swapped((CHECK_STOP_INPUT, 0, 0, None)), "Mạch nút dừng đang hở", "xoay nhả nút dừng"),
        (swapped((CHECK_RESETS, g.RESET_WATCHDOG, 0, 3)), "khởi động hỏng 3 lần liền", "xem nguồn điện"),
        (swapped((CHECK_IMAGE, g.IMAGE_ROLLED_BACK, 1, None)), "tự về bản cũ", "xem các sự kiện"),
        (swapped((CHECK_IMAGE, g.IMAGE_SPARE, 0, None)), "đang chạy bản dự phòng", "cập nhật lại từ trang"),
        (swapped((CHECK_IMAGE, g.IMAGE_PROVEN, 0, None)), "Phần mềm trên bo bị hỏng", "cài lại qua cáp USB"),
    ],
)
def test_what_is_wrong_fails_with_its_cause_and_what_to_do(
    answering: Answering, technician: FlaskClient, rows: list[Row], cause: str, action: str
) -> None:
    said = checked(technician, answering, rows)
    assert "11 mục đạt, 1 mục hỏng." in said and cause in said and "Cách sửa: " in said and action in said


def test_a_node_without_rules_or_on_trial_has_a_note_and_no_failure(
    answering: Answering, technician: FlaskClient
) -> None:
    said = checked(technician, answering, swapped((CHECK_RECIPE, 0, 0, None), (CHECK_IMAGE, g.IMAGE_ON_TRIAL, 1, None)))
    assert "11 mục đạt, 0 mục hỏng." in said and said.count("lưu ý") == 2
    assert "chưa có luật tự động nào" in said and "đang chạy thử bản mới" in said


def test_a_probe_in_air_fails_and_in_soil_passes(answering: Answering, technician: FlaskClient) -> None:
    assert "1.412 mV" in checked(technician, answering, WET_PROBE, 2)
    said = checked(technician, answering, [(CHECK_PROBE, 4, 1, 2450)], 2)
    assert "Đầu đo đang ở ngoài không khí" in said and "cắm đầu đo ngập tới vạch" in said
    assert "Những lần trước" in said and "4 đạt, 0 hỏng" in said


def test_a_soil_probe_is_live_while_somebody_looks(made: Farm, answering: Answering, technician: FlaskClient) -> None:
    made.report(2, channels=(made.hub.live.node(2).channels[0], SOIL_BED))  # type: ignore[union-attr]
    answering.rows[2] = WET_PROBE
    page(technician, "/nodes/2/check")
    answering.run(5)
    said = page(technician, "/nodes/2/check")
    assert "Đầu đo đất, lúc này" in said and "1.412 mV" in said and "số đứng yên" in said


def test_lost_answers_are_a_row_of_their_own(made: Farm, answering: Answering, technician: FlaskClient) -> None:
    answering.rows[1] = WELL
    press(technician, CHECK)
    answering.run(4)
    answering.rows[1] = None
    answering.run()
    said = page(technician)
    assert "trả lời 5 trong 10 lần" in said and "đường Wi-Fi chập chờn" in said


def test_a_silent_node_says_why_and_what_to_do(made: Farm, answering: Answering, technician: FlaskClient) -> None:
    said = checked(technician, answering, None)
    assert "Thiết bị không trả lời: mất điện hoặc mất sóng." in said and "gõ nhavuon check" in said
    answering.run(60)
    assert "đang mất tin" in page(technician)
    assert "Chưa có tin từ thiết bị" in checked(technician, answering, None, 4)


def test_a_relay_is_clicked_reported_and_heard(
    made: Farm, answering: Answering, script: ScriptedNode, technician: FlaskClient
) -> None:
    checked(technician, answering, WELL)
    assert press(technician, f"{CHECK}/click/1")[0] == 303
    assert "Đang gửi…" in page(technician) and "có kêu tách" not in page(technician)
    assert [(node, message.actuator, message.max_on_s) for node, _, message in script.sent] == [(1, 1, 2)]
    assert press(technician, f"{CHECK}/heard/1", heard="yes")[0] == 400, "nobody heard what the node has not done"
    script.answer()
    made.hub.tick()
    assert "Thiết bị báo: đã bật 2 giây. Rơ-le có kêu tách" in page(technician)
    assert press(technician, f"{CHECK}/heard/1", heard="maybe")[0] == 400
    assert press(technician, f"{CHECK}/heard/1", heard="no")[0] == 303
    said = page(technician)
    assert "mô-đun rơ-le không có nguồn" in said and "đo 5 V giữa VCC và GND" in said
    assert "12 mục đạt, 1 mục hỏng." in said
    made.machine(1, 1, on=False)
    press(technician, f"{CHECK}/click/1")
    script.answer()
    made.hub.tick()
    press(technician, f"{CHECK}/heard/1", heard="yes")
    assert "Có kêu, có chạy" in page(technician) and "13 mục đạt, 0 mục hỏng." in page(technician)


def test_a_veto_is_shown_as_the_nodes_word(
    made: Farm, answering: Answering, script: ScriptedNode, technician: FlaskClient
) -> None:
    press(technician, f"{CHECK}/click/2")
    script.answer(g.RESULT_INTERLOCK)
    made.hub.tick()
    assert "Thiết bị chưa bật được" in page(technician) and "không được chạy cùng lúc" in page(technician)


def test_a_machine_that_runs_is_not_clicked(
    made: Farm, answering: Answering, script: ScriptedNode, technician: FlaskClient
) -> None:
    made.machine(1, 1, on=True, cause="above")
    html = technician.get(CHECK).get_data(as_text=True)
    relay = re.search(r'id="relay-1".*?</article>', html, flags=re.S)
    assert relay and "Đang chạy, nên không thử" in text(relay[0]) and "disabled" in relay[0]
    status, said = press(technician, f"{CHECK}/click/1")
    assert status == 400 and "Máy đang chạy" in said and script.sent == []
    assert press(technician, f"{CHECK}/click/7")[0] == 404


def test_a_pin_that_does_not_follow_is_a_fault_of_its_relay(answering: Answering, technician: FlaskClient) -> None:
    said = checked(technician, answering, swapped((CHECK_ACTUATOR, 1, 0, 1), (CHECK_ACTUATOR, 2, 1, 0)))
    assert "Chân điều khiển rơ-le không theo lệnh" in said and "1 mục hỏng" in said


def test_the_api_gives_the_raw_rows_and_the_sentences(
    made: Farm, answering: Answering, script: ScriptedNode, technician: FlaskClient
) -> None:
    headers = {"X-CSRFToken": token(technician)}
    none = technician.get(f"/api/v1{CHECK}").get_json()
    fits(none, "/nodes/{number}/check", "get", 200)
    assert none["state"] == "none" and none["asked_s"] is None and none["rows"] == []
    answering.rows[1] = DEAD_AIR
    begun = technician.post(f"/api/v1{CHECK}", headers=headers)
    assert begun.status_code == 202 and begun.get_json()["state"] == "running"
    fits(begun.get_json(), "/nodes/{number}/check", "post", 202)
    answering.run()
    done = technician.get(begun.headers["Location"]).get_json()
    fits(done, "/nodes/{number}/check", "get", 200)
    assert (done["state"], done["asked"], done["answered"], done["who"]) == ("done", READS, READS, "Anh Tuấn")
    rows = {(row["what"], row["which"]): row for row in done["rows"]}
    air, radio = rows[CHECK_SENSOR, 1], rows[CHECK_RADIO, 0]
    assert (air["ok"], air["good"], air["reads"], air["verdict"]) == (False, 0, READS, "fail")
    assert air["cause"] and air["action"]
    assert (radio["ok"], radio["value"], radio["low"], radio["verdict"]) == (True, -61, -61, "pass")
    assert rows[CHECK_FAULT, 1]["value"] == g.FAULT_NO_ANSWER
    clicked = technician.post(f"/api/v1{CHECK}/click/1", headers=headers)
    fits(clicked.get_json(), "/nodes/{number}/check/click/{actuator}", "post", 202)
    early = technician.post(f"/api/v1{CHECK}/heard/1", json={"heard": True}, headers=headers)
    assert early.status_code == 400 and early.get_json()["error"]["code"] == "error.not_clicked"
    script.answer()
    made.hub.tick()
    heard = technician.post(f"/api/v1{CHECK}/heard/1", json={"heard": True}, headers=headers)
    fits(heard.get_json(), "/nodes/{number}/check/heard/{actuator}", "post", 200)
    assert heard.get_json()["clicks"] == [
        {
            "actuator": 1,
            "ticket": clicked.get_json()["clicks"][0]["ticket"],
            "state": "done",
            "code": "ok",
            "heard": True,
        }
    ]


@pytest.mark.parametrize("wanted", [None, [], {}, {"heard": "yes"}, {"heard": 1}])
def test_what_was_heard_is_yes_or_no(technician: FlaskClient, wanted: Any) -> None:
    answered = technician.post(f"/api/v1{CHECK}/heard/1", json=wanted, headers={"X-CSRFToken": token(technician)})
    assert answered.status_code == 400


def test_the_api_of_a_node_that_does_not_exist(technician: FlaskClient) -> None:
    headers = {"X-CSRFToken": token(technician)}
    assert technician.get("/api/v1/nodes/99/check").status_code == 404
    for path in ("", "/click/1"):
        answered = technician.post(f"/api/v1/nodes/99/check{path}", headers=headers)
        assert answered.status_code == 404
    machine = technician.post(f"/api/v1{CHECK}/click/9", headers=headers)
    assert machine.status_code == 404 and machine.get_json()["error"]["code"] == "error.no_machine"


def test_signing_in_by_the_api(made: Farm, client: FlaskClient) -> None:
    people = {one["name"]: one["id"] for one in client.get("/api/v1/session").get_json()["people"]}
    wrong = client.post(
        "/api/v1/session", json={"person": people["Anh Tuấn"], "secret": "no"}, headers={"X-CSRFToken": token(client)}
    )
    assert wrong.status_code == 403 and wrong.get_json()["error"]["code"] == "error.wrong_secret"
    fits(wrong.get_json(), "/session", "post", 403)
    body = {"person": people["Anh Tuấn"], "secret": PASSWORD}
    assert client.post("/api/v1/session", json=body).status_code == 400, "without the token"
    entered = client.post("/api/v1/session", json=body, headers={"X-CSRFToken": token(client)})
    fits(entered.get_json(), "/session", "post", 200)
    assert entered.status_code == 200 and entered.get_json()["role"] == "technician"
    headers = {"X-CSRFToken": entered.get_json()["csrf_token"]}
    assert client.post(f"/api/v1{CHECK}", headers=headers).status_code == 202
    for bad in ({}, {"person": "1", "secret": "x"}, {"person": True, "secret": "x"}, {"person": 1, "secret": 5}):
        assert client.post("/api/v1/session", json=bad, headers=headers).status_code == 400


def test_a_check_reads_english_too(answering: Answering, technician: FlaskClient) -> None:
    technician.set_cookie("lang", "en")
    said = checked(technician, answering, DEAD_AIR)
    assert "11 passed, 1 failed." in said and "What to do: check its 3.3 V" in said
