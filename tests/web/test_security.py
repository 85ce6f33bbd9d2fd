"""Security: forged forms, foreign hosts, headers, cookies, open redirects."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import DiskFull
from hub.web import create_app
from hub.web.here import local_path
from hub.web.security import host_allowed
from tests.web.conftest import SignIn, token
from tests.web.farm import Farm, ScriptedNode


def test_a_form_without_its_token_does_nothing(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    for path in ("/stop", "/nodes/1/actuators/1", "/stop/clear", "/language", "/sign-out"):
        answered = browser.post(path, data={"minutes": "5"})
        assert answered.status_code == 400, path
    assert (
        browser.post("/api/v1/commands", json={"node": 1, "actuator": 1, "on": True, "seconds": 300}).status_code == 400
    )
    assert browser.post("/api/v1/stop").get_json()["error"]["code"] == "error.forged"
    assert script.sent == [] and made.hub.people.who is not None and browser.get("/stop/clear").status_code == 200


def test_the_token_of_another_session_does_nothing(script: ScriptedNode, signed_in: SignIn) -> None:
    mine, theirs = signed_in("farmer"), signed_in("manager")
    assert mine.post("/stop", data={"csrf_token": token(theirs)}).status_code == 400
    assert script.sent == []


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1:8080", "localhost", "192.168.1.20:8080", "10.1.2.3", "172.16.5.5", "[::1]:8080", "nhavuon.local"],
)
def test_lan_addresses_and_own_names_are_served(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "8.8.8.8", "192.168.1.20.evil.example", "localhost.evil.example", "", "[::ffff:8.8.8.8]", "::1"],
)
def test_other_hosts_are_refused_and_told_nothing(client: FlaskClient, host: str) -> None:
    answered = client.get("/", headers={"Host": host})
    assert answered.status_code in (400, 421)
    assert "HTX Riti" not in answered.get_data(as_text=True)


def test_a_configured_name_is_served(made: Farm) -> None:
    browser = create_app(made.hub, names=["vuon.htx-riti.vn"]).test_client()
    assert browser.get("/", headers={"Host": "VUON.htx-riti.vn:8080"}).status_code == 200


@given(st.text(max_size=40))
def test_host_parsing_never_fails(host: str) -> None:
    assert host_allowed(host, {"localhost"}) in (True, False)


def test_headers_of_every_answer(client: FlaskClient) -> None:
    for path in ("/", "/zones/1", "/nix", "/api/v1/state", "/static/style.css"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"], path
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["X-Frame-Options"] == "DENY"


def test_no_inline_script_no_inline_style_nothing_from_outside(made: Farm, signed_in: SignIn) -> None:
    browser = signed_in("manager")
    person = made.people["viewer"]
    paths = ["/", "/zones/1", "/zones/2?span=year", "/nodes", "/nodes/1", "/stop", "/stop/clear", "/help", "/more",
             "/fleet", "/update", "/nodes/1/check", "/nodes/1/care", "/nodes/1/replace",
             "/people", f"/people/{person}", "/settings", "/zones/1/bands", "/sign-in", "/nix"]  # fmt: skip
    for path in paths:
        html = browser.get(path).get_data(as_text=True)
        assert " style=" not in html and "<style" not in html and " onclick" not in html, path
        assert html.count("<script") == html.count("<script src=") == 2, path
        assert "http://" not in html and "https://" not in html and "//" not in html.replace("<!--", ""), path


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(signed_in: SignIn, client: FlaskClient) -> None:
    set_by = client.get("/").headers.getlist("Set-Cookie")
    set_by += client.post("/language", data={"csrf_token": token(client), "next": "/"}).headers.getlist("Set-Cookie")
    assert set_by
    for cookie in set_by:
        assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


@pytest.mark.parametrize(
    "path", ["//evil.example", "https://evil.example", "/\\evil.example", "", None, "/\tx", "evil"]
)
def test_no_redirect_leads_outside(path: str | None) -> None:
    assert local_path(path) == "/"


def test_own_paths_stay(app: Flask) -> None:
    assert local_path("/zones/1?span=week") == "/zones/1?span=week"


def test_too_long_a_body_is_refused(client: FlaskClient) -> None:
    assert client.post("/sign-in", data={"secret": "1" * 200_000}).status_code in (400, 413)


def test_a_store_that_does_not_answer_still_gives_a_sentence(made: Farm, app: Flask, client: FlaskClient) -> None:
    made.hub.store.write(lambda db: db.execute("ALTER TABLE person RENAME TO people_of_old"))
    for path in ("/", "/zones/1", "/nix"):
        answered = client.get(path)
        assert answered.status_code in (400, 404, 500, 503) and "Traceback" not in answered.get_data(as_text=True), path
        assert answered.get_data(as_text=True).strip()


def test_trouble_with_the_store_is_said_on_every_page(made: Farm, client: FlaskClient) -> None:
    made.hub.store._writer.trouble = DiskFull(path="/data")
    for path in ("/", "/zones/1", "/more"):
        assert "Ổ đĩa chứa /data đã đầy" in client.get(path).get_data(as_text=True)


def test_a_failure_inside_tells_nothing_and_is_a_page(app: Flask, signed_in: SignIn) -> None:
    def broken() -> str:
        raise RuntimeError("the key is 0102")

    broken.needed_role = "viewer"  # type: ignore[attr-defined]
    app.add_url_rule("/broken", view_func=broken)
    answered = signed_in("nobody").get("/broken")
    assert answered.status_code == 500 and b"0102" not in answered.data
    assert "Trạm gặp lỗi" in answered.get_data(as_text=True)
