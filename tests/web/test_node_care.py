"""A node's name, zone and board: renamed, moved, its dead board let go, a second board with its number named."""

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.web.conftest import SignIn, text, token
from tests.web.farm import Farm, a_day

BOARD, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:aa"


@pytest.fixture
def technician(made: Farm, signed_in: SignIn) -> FlaskClient:
    return signed_in("technician")


def page(browser: FlaskClient, path: str) -> str:
    return text(browser.get(path).get_data(as_text=True))


def press(browser: FlaskClient, path: str, **form: Any) -> tuple[int, str]:
    answered = browser.post(path, data={"csrf_token": token(browser), **form})
    return answered.status_code, text(answered.get_data(as_text=True))


def bind(made: Farm, mac: str | None) -> None:
    """The node's board, as its first session leaves it."""
    made.hub.store.write(lambda db: db.execute("UPDATE node SET mac = ? WHERE number = 1", (mac,)))


def claim(made: Farm) -> None:
    """Another board said HELLO with number 1."""
    health = {**made.hub.live.node(1).health, "other_mac": OTHER}  # type: ignore[union-attr]
    made.hub.live.change(1, lambda now: replace(now, health=health))


@pytest.mark.parametrize("says", [{"stop": True}, {"health": {"safe_mode": 1}}, {"health": {"other_mac": OTHER}}])
def test_what_asks_for_a_look_is_marked_on_every_list_and_not_called_well(
    made: Farm, technician: FlaskClient, says: dict[str, Any]
) -> None:
    assert "CHÚ Ý" not in page(technician, "/fleet") + page(technician, "/nodes")
    assert "Chạy tốt" in page(technician, "/nodes/1")
    made.report(1, **says)
    for path in ("/fleet", "/nodes"):
        assert page(technician, path).count("CHÚ Ý") == 1, path
    assert "Chạy tốt" not in page(technician, "/nodes/1")


def test_a_node_is_renamed(made: Farm, technician: FlaskClient) -> None:
    assert press(technician, "/nodes/1/care/name", name="Nhà giun, góc Đông")[0] == 303
    assert made.hub.fleet.node(1).name == "Nhà giun, góc Đông"
    assert "Đã đổi tên thành Nhà giun, góc Đông." in page(technician, "/nodes/1/care")
    assert made.hub.store.audit_trail(1)[0].act == "rename"


@pytest.mark.parametrize("name", ["", "   ", "x" * 65, "a\nb"])
def test_a_name_that_is_none_is_refused(made: Farm, technician: FlaskClient, name: str) -> None:
    status, said = press(technician, "/nodes/1/care/name", name=name)
    assert status == 400 and "64" in said and made.hub.fleet.node(1).name == "Nhà giun, khí"


def test_a_node_moves_and_its_history_moves_with_it(made: Farm, technician: FlaskClient) -> None:
    a_day(made)
    field = made.hub.fleet.zones()[1]
    assert press(technician, "/nodes/1/care/zone", zone=field.id)[0] == 303
    assert made.hub.fleet.node(1).zone_id == field.id
    assert "Đã chuyển sang Vườn trà." in page(technician, "/nodes/1/care")
    assert "Quạt hút" in page(technician, f"/zones/{field.id}")
    assert technician.get("/api/v1/nodes/1/channels/1/series").get_json()["segments"]
    press(technician, "/nodes/1/care/zone", zone="")
    assert made.hub.fleet.node(1).zone_id is None


@pytest.mark.parametrize(("zone", "status"), [("99", 404), ("x", 400), ("-1", 400)])
def test_a_zone_that_does_not_exist(made: Farm, technician: FlaskClient, zone: str, status: int) -> None:
    before = made.hub.fleet.node(1).zone_id
    assert press(technician, "/nodes/1/care/zone", zone=zone)[0] == status
    assert made.hub.fleet.node(1).zone_id == before


def test_a_board_that_still_talks_is_not_let_go(made: Farm, technician: FlaskClient) -> None:
    bind(made, BOARD)
    said = page(technician, "/nodes/1/replace")
    assert BOARD in said and "Bo cũ vẫn đang nói chuyện với trạm" in said and "nhavuon.py flash --replace 1" in said
    status, said = press(technician, "/nodes/1/replace")
    assert status == 400 and "Rút điện của nó" in said
    assert made.hub.fleet.node(1).mac == BOARD


def test_a_dead_board_is_let_go_and_everything_else_stays(made: Farm, technician: FlaskClient) -> None:
    a_day(made)
    bind(made, BOARD)
    made.lose(1)
    key = made.hub.fleet.key(1)
    assert "Bo cũ im lặng đã 2 giờ 18 phút" in page(technician, "/nodes/1/replace")
    assert press(technician, "/nodes/1/replace")[0] == 303
    node = made.hub.fleet.node(1)
    assert node.mac is None and node.name == "Nhà giun, khí" and node.zone_id == 1 and made.hub.fleet.key(1) == key
    said = page(technician, "/nodes/1/replace")
    assert "Số này đang chờ bo mới." in said and "không bao giờ đi qua mạng" in said
    assert technician.get("/api/v1/nodes/1/channels/1/series").get_json()["segments"]
    assert made.hub.store.audit_trail(1)[0].act == "release_board"
    bind(made, OTHER)
    assert f"Bo cũ là {OTHER}" in page(technician, "/nodes/1/replace")


def test_a_second_board_is_named_with_what_to_do(made: Farm, technician: FlaskClient, signed_in: SignIn) -> None:
    bind(made, BOARD)
    assert OTHER not in page(technician, "/nodes/1")
    claim(made)
    for path in ("/nodes/1", "/nodes/1/care", "/nodes/1/replace"):
        said = page(technician, path)
        assert f"Số 1 (Nhà giun, khí) là của bo {BOARD}. Một bo khác, {OTHER}" in said, path
        assert "cho nó số riêng" in said
    assert OTHER in page(technician, "/fleet")
    assert technician.get("/api/v1/fleet").get_json()["nodes"][0]["other_mac"] == OTHER


def test_who_may_only_look_sees_no_link_to_it(made: Farm, signed_in: SignIn) -> None:
    for role, shown in (("farmer", False), ("technician", True)):
        html = signed_in(role).get("/nodes/1").get_data(as_text=True)
        assert ("/nodes/1/care" in html) == shown and ("/nodes/1/check" in html) == shown
        assert ("/fleet" in signed_in(role).get("/nodes").get_data(as_text=True)) == shown


def test_the_fleet_says_what_it_does_not_know(made: Farm, technician: FlaskClient) -> None:
    said = page(technician, "/fleet")
    assert "Nhà giun 1 · số 1" in said and "0.1.0 · chưa biết chạy bản nào" in said
    assert "−61 dBm" in said and "chưa có tin lần nào" in said and said.count("chưa biết") > 8
    facts = {"heap_free": 83_000, "reset_cause": "brownout", "resets_brownout": 3, "board": "esp32_devkitc"}
    made.report(1, health=facts)
    said = page(technician, "/fleet")
    for fact in ("83 KB", "Khởi động lần này vì sụt áp nguồn", "Do sụt áp 3", "esp32_devkitc"):
        assert fact in said, fact
