"""People: signing in, slowing down, sessions that end, the set-up code, and the manager's page."""

import threading
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from hub.people import (
    FREE_TRIES,
    LONGEST_WAIT_S,
    SESSION_S,
    AlreadySetUp,
    BadPersonName,
    LastManager,
    People,
    PersonNameTaken,
    SlowDown,
    Tries,
    UnknownPerson,
    WeakSecret,
    WrongSecret,
    WrongSetupCode,
    _good_pin,
)
from hub.store import Store
from hub.web import create_app
from tests.support.fakes import FakeClock
from tests.web.conftest import SignIn, text, token
from tests.web.farm import FAST_HASHER, PASSWORD, PIN, Farm


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def empty(tmp_path: Path, clock: FakeClock):  # type: ignore[no-untyped-def]
    store = Store(tmp_path / "people", clock)
    yield People(store, clock, FAST_HASHER)
    store.close()


# --- accounts ---


def test_a_pin_and_a_password_open_a_session(empty: People) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    token_, person = empty.sign_in(mai.id, PIN, "10.0.0.2")
    assert person == mai and empty.who(token_) == mai and empty.who("x" + token_) is None and empty.who(None) is None
    empty.sign_out(token_)
    assert empty.who(token_) is None


def test_secrets_are_argon2_and_sessions_are_hashed(empty: People) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    token_, _ = empty.sign_in(mai.id, PIN, "10.0.0.2")
    stored = str(empty._store.rows("SELECT * FROM person")) + str(empty._store.rows("SELECT * FROM session"))
    assert "$argon2id$" in stored and PIN not in stored.replace("$argon2id$", "") and token_ not in stored


def test_sessions_end(empty: People, clock: FakeClock) -> None:
    for role, secret in (("farmer", PIN), ("manager", PASSWORD)):
        person = empty.add(role, role, secret, by="test")
        token_, _ = empty.sign_in(person.id, secret, "10.0.0.2")
        clock.advance(SESSION_S[role] - 1)
        assert empty.who(token_) == person
        clock.advance(2)
        assert empty.who(token_) is None


def test_a_new_secret_and_a_closed_account_end_sessions(empty: People) -> None:
    empty.add("Chị Hoa", "manager", PASSWORD, by="test")
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    first, _ = empty.sign_in(mai.id, PIN, "10.0.0.2")
    empty.change_secret(mai.id, "8642", by="Chị Hoa")
    assert empty.who(first) is None
    second, _ = empty.sign_in(mai.id, "8642", "10.0.0.2")
    empty.retire(mai.id, by="Chị Hoa")
    assert empty.who(second) is None and [one.name for one in empty.people()] == ["Chị Hoa"]
    with pytest.raises(WrongSecret):
        empty.sign_in(mai.id, "8642", "10.0.0.2")


def test_the_name_of_somebody_who_left_is_free_again(empty: People) -> None:
    for _ in range(3):
        empty.retire(empty.add("Cô Mai", "farmer", PIN, by="test").id, by="test")
    assert empty.people() == [] and len(empty.people(include_retired=True)) == 3


def test_many_tries_at_once_wait_like_one_after_another(empty: People) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    found: list[str] = []

    def attempt() -> None:
        try:
            empty.sign_in(mai.id, "9999", "10.0.0.66")
        except (WrongSecret, SlowDown) as error:
            found.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count("error.wrong_secret") == FREE_TRIES and len(found) == 12


def test_the_last_manager_stays(empty: People) -> None:
    hoa = empty.add("Chị Hoa", "manager", PASSWORD, by="test")
    with pytest.raises(LastManager):
        empty.retire(hoa.id, by="Chị Hoa")


@pytest.mark.parametrize(
    "pin", ["", "1", "123", "1234", "4321", "0000", "7890", "123456789", "12a4", "１２３５", "24 8"]
)
def test_weak_pins(empty: People, pin: str) -> None:
    with pytest.raises(WeakSecret):
        empty.add("Cô Mai", "farmer", pin, by="test")


@pytest.mark.parametrize("password", ["", "short", "x" * 129])
def test_weak_passwords(empty: People, password: str) -> None:
    with pytest.raises(WeakSecret):
        empty.add("Chị Hoa", "manager", password, by="test")


@given(st.text(max_size=12))
def test_a_good_pin_is_four_to_eight_plain_digits(pin: str) -> None:
    assert not _good_pin(pin) or (4 <= len(pin) <= 8 and set(pin) <= set("0123456789") and len(set(pin)) > 1)


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_bad_names(empty: People, name: str) -> None:
    with pytest.raises(BadPersonName):
        empty.add(name, "farmer", PIN, by="test")


def test_names_that_look_the_same_are_the_same(empty: People) -> None:
    empty.add("Cô  Mai", "farmer", PIN, by="test")
    for name in ("cô mai", "CÔ MAI", "Co\u0302 Mai"):
        with pytest.raises(PersonNameTaken):
            empty.add(name, "farmer", PIN, by="test")
    with pytest.raises(UnknownPerson):
        empty.person(99)


# --- slowing down ---


def test_wrong_tries_wait_longer_and_a_right_one_forgives(empty: People, clock: FakeClock) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    waits = []
    for _ in range(10):
        with pytest.raises(WrongSecret):
            empty.sign_in(mai.id, "9999", "10.0.0.2")
        with pytest.raises((SlowDown, WrongSecret)) as caught:
            empty.sign_in(mai.id, "9999", "10.0.0.2")
        waits.append(caught.value.params.get("seconds", 0))
        clock.advance(waits[-1])
    assert waits[0] == 0 and waits == sorted(waits) and waits[-1] == LONGEST_WAIT_S + 1
    empty.sign_in(mai.id, PIN, "10.0.0.2")
    for _ in range(FREE_TRIES - 1):
        with pytest.raises(WrongSecret):
            empty.sign_in(mai.id, "9999", "10.0.0.2")
    empty.sign_in(mai.id, PIN, "10.0.0.2")


def test_while_waiting_even_the_right_pin_is_not_tried(empty: People, clock: FakeClock) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    for _ in range(FREE_TRIES):
        with pytest.raises(WrongSecret):
            empty.sign_in(mai.id, "9999", "10.0.0.2")
    with pytest.raises(SlowDown):
        empty.sign_in(mai.id, PIN, "10.0.0.3")
    clock.advance(LONGEST_WAIT_S)
    empty.sign_in(mai.id, PIN, "10.0.0.3")


def test_an_address_that_tries_many_names_waits(empty: People) -> None:
    people = [empty.add(f"Người {n}", "farmer", PIN, by="test").id for n in range(FREE_TRIES + 1)]
    for one in people[:-1]:
        with pytest.raises(WrongSecret):
            empty.sign_in(one, "9999", "10.0.0.66")
    with pytest.raises(SlowDown):
        empty.sign_in(people[-1], "9999", "10.0.0.66")
    empty.sign_in(people[-1], PIN, "10.0.0.2")


def test_tries_remember_a_bounded_number(clock: FakeClock) -> None:
    tries = Tries(clock)
    for n in range(2000):
        tries.wrong(f"address {n}")
    assert len(tries._wrong) <= 500


def test_waiting_never_hides_what_may_be_looked_at(app: Flask, made: Farm, client: FlaskClient) -> None:
    form = {"who": made.people["farmer"], "secret": "9999", "csrf_token": token(client)}
    answers = [client.post("/sign-in", data=form) for _ in range(6)]
    assert [one.status_code for one in answers] == [403, 403, 403, 429, 429, 429]
    assert answers[-1].headers["Retry-After"] and "Chờ" in text(answers[-1].get_data(as_text=True))
    assert client.get("/").status_code == 200 and client.get("/zones/1").status_code == 200


# --- the page ---


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


def test_the_code_is_random_and_only_for_an_empty_farm(made: Farm, empty: People, tmp_path: Path) -> None:
    first, second = empty.setup_code, People(empty._store, FakeClock(), FAST_HASHER).setup_code
    assert first != second and first is not None and len(first.replace(" ", "")) == 8
    assert made.hub.people.setup_code is None
