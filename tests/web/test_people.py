"""People: signing in and out, slowing down, the set-up page, and the manager's pages."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.people import AlreadySetUp, SlowDown, WrongSetupCode
from hub.web import create_app
from tests.web.conftest import SignIn, text, token
from tests.web.farm import PASSWORD, PIN, Farm


def test_waiting_never_hides_what_may_be_looked_at(app: Flask, made: Farm, client: FlaskClient) -> None:
    form = {"who": made.people["farmer"], "secret": "9999", "csrf_token": token(client)}
    answers = [client.post("/sign-in", data=form) for _ in range(6)]
    assert [one.status_code for one in answers] == [403, 403, 403, 429, 429, 429]
    assert answers[-1].headers["Retry-After"] and "Chờ" in text(answers[-1].get_data(as_text=True))
    assert client.get("/").status_code == 200 and client.get("/zones/1").status_code == 200


def test_signing_in_by_name_and_pin(made: Farm, client: FlaskClient) -> None:
    names = text(client.get("/sign-in").get_data(as_text=True))
    assert all(name in names for name in ("Cô Mai", "Anh Tuấn", "Chị Hoa"))
    shown = client.get(f"/sign-in?who={made.people['farmer']}&next=/zones/1").get_data(as_text=True)
    assert 'inputmode="numeric"' in shown and "Mã PIN" in shown
    manager = client.get(f"/sign-in?who={made.people['manager']}").get_data(as_text=True)
    assert 'inputmode="numeric"' not in manager and "Mật khẩu" in manager
    form = {"who": made.people["farmer"], "secret": PIN, "next": "/zones/1", "csrf_token": token(client)}
    answered = client.post("/sign-in", data=form)
    assert answered.status_code == 303 and answered.location == "/zones/1"
    assert "Đang dùng: Cô Mai (nông dân)" in text(client.get("/more").get_data(as_text=True))


def test_a_wrong_pin_is_said_and_the_way_is_kept(made: Farm, client: FlaskClient) -> None:
    form = {"who": made.people["farmer"], "secret": "9999", "next": "/zones/1", "csrf_token": token(client)}
    html = client.post("/sign-in", data=form).get_data(as_text=True)
    assert "không khớp" in html and 'value="/zones/1"' in html


def test_signing_in_leads_nowhere_else(made: Farm, client: FlaskClient) -> None:
    form = {"who": made.people["farmer"], "secret": PIN, "next": "//evil.example", "csrf_token": token(client)}
    assert client.post("/sign-in", data=form).location == "/"


def test_a_session_from_before_is_worth_nothing_after(made: Farm, client: FlaskClient) -> None:
    before = token(client)
    form = {"who": made.people["farmer"], "secret": PIN, "csrf_token": before}
    client.post("/sign-in", data=form)
    assert client.post("/stop", data={"csrf_token": before}).status_code == 400


def test_signing_out(made: Farm, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    browser.post("/sign-out", data={"csrf_token": token(browser)})
    assert browser.get("/api/v1/session").get_json()["name"] is None


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(signed_in: SignIn, app: Flask) -> None:
    browser = signed_in("farmer")
    cookie = browser.get_cookie("nhavuon")
    assert cookie is not None
    browser.post("/sign-out", data={"csrf_token": token(browser)})
    thief = app.test_client()
    thief.set_cookie("nhavuon", cookie.value)
    assert thief.get("/api/v1/session").get_json()["name"] is None


def test_the_manager_adds_changes_and_retires(made: Farm, signed_in: SignIn) -> None:
    browser = signed_in("manager")
    csrf = token(browser)
    added = browser.post("/people", data={"name": "Bác Sáu", "role": "farmer", "secret": "9753", "csrf_token": csrf})
    assert added.status_code == 303
    sau = next(one for one in made.hub.people.people() if one.name == "Bác Sáu")
    assert "Đã thêm Bác Sáu" in text(browser.get("/people").get_data(as_text=True))
    browser.post(f"/people/{sau.id}/secret", data={"secret": "8531", "csrf_token": csrf})
    made.hub.people.sign_in(sau.id, "8531", "10.0.0.9")
    browser.post(f"/people/{sau.id}/retire", data={"csrf_token": csrf})
    assert sau not in made.hub.people.people()
    audited = [row[0] for row in made.hub.store.rows("SELECT act FROM audit WHERE who = 'Chị Hoa'")]
    assert {"person_add", "person_secret", "person_retire", "sign_in"} <= set(audited)


@pytest.mark.parametrize(
    ("name", "role", "secret", "status"),
    [("Cô Mai", "farmer", "9753", 400), ("Bác Sáu", "farmer", "1111", 400), ("", "farmer", "9753", 400),
     ("Bác Sáu", "king", "9753", 400)],
)  # fmt: skip
def test_the_manager_is_told_what_is_wrong(
    made: Farm, signed_in: SignIn, name: str, role: str, secret: str, status: int
) -> None:
    browser = signed_in("manager")
    form = {"name": name, "role": role, "secret": secret, "csrf_token": token(browser)}
    answered = browser.post("/people", data=form)
    assert answered.status_code == status and 'role="alert"' in answered.get_data(as_text=True)
    assert len(made.hub.people.people()) == 4


def test_settings_and_bands(made: Farm, signed_in: SignIn) -> None:
    browser = signed_in("manager")
    csrf = token(browser)
    form = {
        "farm": "HTX Cúc",
        "looking": "closed",
        "phone": "0900 000 000",
        "phone_name": "anh Tuấn",
        "csrf_token": csrf,
    }
    assert browser.post("/settings", data=form).status_code == 303
    assert made.hub.fleet.farm_name == "HTX Cúc" and not made.hub.people.looking_open
    assert 'href="tel:0900000000"' in browser.get("/help").get_data(as_text=True)
    bands = {"name": "Nhà giun A", "low-air_temperature": "21,5", "high-air_temperature": "30", "csrf_token": csrf}
    assert browser.post("/zones/1/bands", data=bands).status_code == 303
    assert made.hub.fleet.bands(1)["air_temperature"] == (215, 300) and made.hub.fleet.zone(1).name == "Nhà giun A"


@pytest.mark.parametrize(("low", "high"), [("30", "20"), ("abc", "30"), ("", "30"), ("1e99", "30")])
def test_bands_that_make_no_sense_change_nothing(made: Farm, signed_in: SignIn, low: str, high: str) -> None:
    browser = signed_in("manager")
    before = made.hub.fleet.bands(1)
    form = {"low-air_temperature": low, "high-air_temperature": high, "csrf_token": token(browser)}
    answered = browser.post("/zones/1/bands", data=form)
    assert answered.status_code == 400 and 'role="alert"' in answered.get_data(as_text=True)
    assert made.hub.fleet.bands(1) == before


def test_a_phone_number_that_is_none_is_refused(made: Farm, signed_in: SignIn) -> None:
    browser = signed_in("manager")
    form = {"farm": "HTX", "phone": "javascript:alert(1)", "csrf_token": token(browser)}
    assert browser.post("/settings", data=form).status_code == 400 and made.hub.people.setting("phone") == ""


# --- first run ---


@pytest.fixture
def fresh(made: Farm) -> FlaskClient:
    """A farm that nobody has set up."""
    made.hub.store.write(lambda db: db.execute("DELETE FROM person"))
    return create_app(made.hub).test_client()


def test_set_up_by_the_code_on_the_screen(made: Farm, fresh: FlaskClient) -> None:
    people = made.hub.people
    assert "chưa có người quản lý" in text(fresh.get("/").get_data(as_text=True))
    form = {"code": people.setup_code, "name": "Chị Hoa", "password": PASSWORD, "csrf_token": token(fresh)}
    assert fresh.post("/set-up", data=form).status_code == 303
    assert people.setup_code is None and fresh.get("/people").status_code == 200
    assert fresh.get("/set-up").status_code == 400
    with pytest.raises(AlreadySetUp):
        people.set_up("00000000", "Kẻ lạ", PASSWORD, "10.0.0.66")


def test_guessing_the_code_slows_down(made: Farm, fresh: FlaskClient) -> None:
    form = {"code": "0000 0000", "name": "Kẻ lạ", "password": PASSWORD, "csrf_token": token(fresh)}
    assert [fresh.post("/set-up", data=form).status_code for _ in range(5)] == [403, 403, 403, 429, 429]
    assert made.hub.people.needs_setup
    with pytest.raises((WrongSetupCode, SlowDown)):
        made.hub.people.set_up("00000000", "Kẻ lạ", PASSWORD, "10.0.0.67")
