"""An update from the page and the API: who is proposed, who goes first, what each node is said to have done."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from hub.people import People
from hub.web import create_app
from hub.web.words import capital
from shared_protocol import registry as g
from tests.hub.updates.farm import UpdateFarm
from tests.support.fakes import FakeClock
from tests.web.conftest import text, token
from tests.web.farm import FAST_HASHER, PASSWORD
from tests.web.test_api import fits


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[UpdateFarm]:
    made = UpdateFarm(tmp_path / "data", 4, FakeClock())
    made.nodes[4].knows_updates = False
    made.greet_all()
    yield made
    made.close()


@pytest.fixture
def technician(farm: UpdateFarm) -> FlaskClient:
    farm.hub.people = People(farm.hub.store, farm.hub.clock, FAST_HASHER)
    who = farm.hub.people.add("Anh Tuấn", "technician", PASSWORD, by="test").id
    browser = create_app(farm.hub).test_client()
    headers = {"X-CSRFToken": token(browser)}
    assert browser.post("/api/v1/session", json={"person": who, "secret": PASSWORD}, headers=headers).status_code == 200
    return browser


def page(browser: FlaskClient, path: str = "/update") -> str:
    return browser.get(path).get_data(as_text=True)


def press(browser: FlaskClient, path: str, **form: Any) -> tuple[int, str]:
    answered = browser.post(path, data={"csrf_token": token(browser), **form})
    return answered.status_code, text(answered.get_data(as_text=True))


def begin(browser: FlaskClient, *nodes: int, first: int) -> None:
    assert press(browser, "/update", nodes=list(nodes), first=first)[0] == 303


def card(html: str, name: str) -> str:
    """What a reader sees of one node's card."""
    found = next(part for part in re.findall(r"<article.*?</article>", html, flags=re.S) if name in part)
    return text(found)


def try_out(farm: UpdateFarm, number: int) -> None:
    """The node has all of it and restarts with it."""
    farm.run(3)
    assert farm.nodes[number].switch()
    farm.greet(number)


def test_all_that_differ_are_proposed_and_what_happens_is_said_before(technician: FlaskClient) -> None:
    html = page(technician)
    assert re.findall(r'name="nodes" value="(\d)" id="n\d" checked', html) == ["1", "2", "3"]
    assert re.findall(r'name="first" value="(\d)" id="f\d" checked', html) == ["1"]
    said = text(html)
    assert "khởi động lại" in said and "nghỉ khoảng 15 giây" in said and "tự quay về bản cũ" in said
    assert "Node 4 phần mềm quá cũ: cắm cáp USB" in said


def test_the_chosen_ones_are_updated_the_first_one_first(farm: UpdateFarm, technician: FlaskClient) -> None:
    begin(technician, 2, 3, first=3)
    farm.run(0.12)
    html = page(technician)
    assert "Node 3 đi trước" in text(html) and "Node 1" not in html
    assert re.search(r"Đang nhận [\d.,]+ trong 2 KB", card(html, "Node 3")) and "Chờ đến lượt" in card(html, "Node 2")
    try_out(farm, 3)
    assert "đang chạy thử" in card(page(technician), "Node 3")
    farm.nodes[3].confirm()
    farm.tell(3)
    farm.run(3)
    html = page(technician)
    assert "Chạy tốt với bản mới" in card(html, "Node 3") and "Đã nhận đủ" in card(html, "Node 2")
    assert "Xong 1 trong 2 thiết bị" in text(html)
    farm.nodes[2].switch()
    farm.greet(2)
    farm.nodes[2].confirm()
    farm.tell(2)
    farm.run(1)
    said = text(page(technician))
    assert "Lần trước: bản 0.2.0" in said and "Đã xong. Xong 2 trong 2" in said


def test_a_rollback_stops_it_and_says_who_and_what_to_do(farm: UpdateFarm, technician: FlaskClient) -> None:
    begin(technician, 1, 2, first=1)
    try_out(farm, 1)
    farm.nodes[1].roll_back()
    farm.greet(1)
    html = page(technician)
    assert "Đã tự dừng: Node 1 chạy không tốt với bản mới và đã tự quay về bản cũ" in text(html)
    assert "Đã tự quay về bản cũ" in card(html, "Node 1") and "Thử lại" in card(html, "Node 1")
    assert "đã tự quay về bản cũ" in text(page(technician, "/fleet"))
    assert press(technician, "/update/nodes/1/retry")[0] == 303 and press(technician, "/update/resume")[0] == 303
    farm.run(0.12)
    assert "Đang nhận" in card(page(technician), "Node 1") or "Đã nhận đủ" in card(page(technician), "Node 1")


def test_a_refusal_is_said_with_its_reason(farm: UpdateFarm, technician: FlaskClient) -> None:
    farm.nodes[1].refuses = g.RESULT_NO_SPACE
    begin(technician, 1, first=1)
    farm.run(60)
    found = card(page(technician), "Node 1")
    assert "Không nhận bản mới" in found and "không đủ chỗ cho bản mới" in found and "nhavuon flash" in found
    assert "Xem thiết bị" in found and "Gọi kỹ thuật" not in found


def test_a_silent_node_is_waited_for_and_can_be_left_out(farm: UpdateFarm, technician: FlaskClient) -> None:
    farm.clock.advance(60)
    farm.tell(2)
    begin(technician, 1, 2, first=1)
    assert "Thiết bị đang mất tin; có tin lại thì đi tiếp." in card(page(technician), "Node 1")
    assert press(technician, "/update/nodes/1/skip")[0] == 303
    farm.run(0.1)
    assert "Bỏ qua, giữ bản cũ" in card(page(technician), "Node 1")
    assert "Node 2 đi trước" in text(page(technician))


def test_pause_go_on_and_cancel(farm: UpdateFarm, technician: FlaskClient) -> None:
    begin(technician, 1, 2, first=1)
    assert press(technician, "/update/pause")[0] == 303
    assert "Đang tạm dừng." in text(page(technician))
    farm.run(1)
    sent = len(farm.sent)
    farm.run(30)
    assert len(farm.sent) == sent
    assert press(technician, "/update/resume")[0] == 303
    farm.run(0.2)
    assert len(farm.sent) > sent
    assert press(technician, "/update/cancel")[0] == 303
    assert "Đã hủy." in text(page(technician))
    acts = [row.act for row in farm.hub.store.audit_trail() if row.who == "Anh Tuấn"]
    assert acts[:4] == ["update_cancel", "update_resume", "update_pause", "update_start"]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"nodes": [1, 2], "first": 3}, "Thiết bị đi trước phải nằm trong"),
        ({"nodes": []}, "Không thiết bị nào trong số này"),
        ({"nodes": [4], "first": 4}, "Không thiết bị nào trong số này"),
        ({"nodes": [9], "first": 9}, "9"),
    ],
)
def test_a_choice_that_makes_no_sense_is_said_and_nothing_begins(
    farm: UpdateFarm, technician: FlaskClient, form: dict[str, Any], sentence: str
) -> None:
    status, said = press(technician, "/update", **form)
    assert status in (400, 404) and sentence in said
    assert farm.hub.rollouts.newest is None


def test_without_a_program_the_page_says_so(farm: UpdateFarm, technician: FlaskClient) -> None:
    farm.hub.releases.current = None
    assert "Trạm chưa có sẵn phần mềm" in text(page(technician))
    assert press(technician, "/update", nodes=[1], first=1)[0] == 400
    assert "trạm chưa có bản nào để so" in text(page(technician, "/fleet"))


def test_the_fleet_says_what_each_node_runs(farm: UpdateFarm, technician: FlaskClient) -> None:
    begin(technician, 1, first=1)
    try_out(farm, 1)
    body = technician.get("/api/v1/fleet").get_json()
    fits(body, "/fleet", "get", 200)
    assert [node["image"] for node in body["nodes"]] == ["trial", "older", "older", "cable"]
    farm.nodes[1].confirm()
    farm.tell(1)
    farm.run(0.1)
    said = text(page(technician, "/fleet"))
    assert "giống bản của trạm" in said and "phải cập nhật bằng cáp USB" in said and "chưa biết" in said


def test_the_api_begins_steers_and_follows(farm: UpdateFarm, technician: FlaskClient) -> None:
    headers = {"X-CSRFToken": token(technician)}
    before = technician.get("/api/v1/update").get_json()
    fits(before, "/update", "get", 200)
    assert before["update"] is None
    assert [one["standing"] for one in before["candidates"]] == ["ready", "ready", "ready", "cable"]
    begun = technician.post("/api/v1/update", json={"nodes": [1, 2], "first": 2}, headers=headers)
    assert begun.status_code == 202
    fits(begun.get_json(), "/update", "post", 202)
    farm.run(3)
    found = technician.get("/api/v1/update").get_json()
    fits(found, "/update", "get", 200)
    states = {one["node"]: (one["state"], one["sent"]) for one in found["update"]["nodes"]}
    assert states == {2: ("stored", found["release"]["size"]), 1: ("queued", 0)}
    for act in ("pause", "resume"):
        steered = technician.post(f"/api/v1/update/{act}", headers=headers)
        assert steered.status_code == 200
        fits(steered.get_json(), "/update/{act}", "post", 200)
    skipped = technician.post("/api/v1/update/nodes/1/skip", headers=headers)
    fits(skipped.get_json(), "/update/nodes/{number}/{act}", "post", 200)
    again = technician.post("/api/v1/update", json={}, headers=headers)
    assert again.status_code == 400 and again.get_json()["error"]["code"] == "error.rollout_open"
    assert technician.post("/api/v1/update/explode", headers=headers).status_code == 400


@pytest.mark.parametrize("wanted", [None, [], {"nodes": 1}, {"nodes": [True]}, {"nodes": [1], "first": "1"}])
def test_bodies_that_make_no_sense(farm: UpdateFarm, technician: FlaskClient, wanted: Any) -> None:
    answered = technician.post("/api/v1/update", json=wanted, headers={"X-CSRFToken": token(technician)})
    assert answered.status_code == 400 and farm.hub.rollouts.newest is None


def test_what_is_under_way_is_said_in_english_too(farm: UpdateFarm, technician: FlaskClient) -> None:
    technician.set_cookie("lang", "en")
    begin(technician, 1, 2, first=1)
    try_out(farm, 1)
    assert "Restarted, on trial" in card(page(technician), "Node 1")


@pytest.mark.parametrize(
    ("language", "told", "next_action"),
    [
        ("vi", "bản chính hỏng, đang chạy bản dự phòng", "Cập nhật lại thiết bị này"),
        ("en", "main program damaged, runs the spare one", "Update this device again"),
    ],
)
def test_a_node_on_its_spare_image_is_shown_with_what_to_do_and_can_be_updated(
    farm: UpdateFarm, technician: FlaskClient, language: str, told: str, next_action: str
) -> None:
    farm.nodes[2].state = g.IMAGE_SPARE
    farm.greet(2)
    technician.set_cookie("lang", language)
    shown = card(page(technician, "/fleet"), "Node 2")
    assert told in shown and next_action in shown and "USB" in shown
    assert next_action not in card(page(technician, "/fleet"), "Node 1")
    of_node = text(page(technician, "/nodes/2"))
    assert capital(told) in of_node and "Chạy tốt" not in of_node and "Runs well" not in of_node
    body = technician.get("/api/v1/fleet").get_json()
    fits(body, "/fleet", "get", 200)
    assert [one["image"] for one in body["nodes"]][:2] == ["older", "spare"]
    begin(technician, 2, first=2)
    farm.run(3)
    assert farm.nodes[2].switch(), "the update goes into the damaged slot"
