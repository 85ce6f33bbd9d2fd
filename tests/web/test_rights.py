"""Rights: every route × every role × every method; what is not declared is denied; looking can be closed."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub import rights
from hub.rights import ANYONE, ROLES, Undeclared, allows, check, declared, needs
from tests.web.conftest import SignIn, token
from tests.web.farm import Farm, ScriptedNode

ROLES_AND_NOBODY = ("nobody", *ROLES)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
# What stands for the parts of an address; who may ask gets 200, 303 or an error of another kind than 401 and 403.
PARTS = {
    "zone_id": "1", "number": "1", "actuator": "1", "channel": "1",
    "ticket_id": "00", "name": "style.css", "hash": "00", "group": "limits", "act": "pause",
}  # fmt: skip
# The whole table of who may do what: a route that is missing here, or here without a route, fails.
TABLE = {
    "anyone": {
        "GET /static/<name>", "GET /help", "GET /more", "GET /sign-in", "POST /sign-in", "POST /sign-out",
        "GET /set-up", "POST /set-up", "POST /language", "GET /api/v1/session", "POST /api/v1/session",
        "GET /api/v1/openapi.json",
    },
    "viewer": {
        "GET /", "GET /zones/<int:zone_id>", "GET /nodes", "GET /nodes/<int:number>", "GET /stop",
        "GET /api/v1/state", "GET /api/v1/nodes", "GET /api/v1/nodes/<int:number>", "GET /api/v1/stop",
        "GET /api/v1/nodes/<int:number>/channels/<int:channel>/series",
        "GET /api/v1/nodes/<int:number>/actuators/<int:actuator>/runs", "GET /nodes/<int:number>/rules",
        "GET /api/v1/nodes/<int:number>/recipe", "GET /api/v1/nodes/<int:number>/recipe/ready",
    },
    "farmer": {
        "POST /nodes/<int:number>/actuators/<int:actuator>", "GET /orders/<ticket_id>", "POST /stop",
        "GET /stop/clear", "POST /stop/clear", "POST /api/v1/commands", "GET /api/v1/commands/<ticket_id>",
        "POST /api/v1/stop", "POST /api/v1/stop/clear",
    },
    "technician": {
        "POST /nodes/<int:number>/actuators/<int:actuator>/unlock", "GET /wifi", "POST /wifi", "POST /wifi/moved",
        "GET /nodes/<int:number>/settings", "POST /nodes/<int:number>/settings",
        "POST /nodes/<int:number>/settings/again",
        "GET /nodes/<int:number>/channels/<int:channel>/calibration",
        "POST /nodes/<int:number>/channels/<int:channel>/calibration",
        "POST /nodes/<int:number>/channels/<int:channel>/calibration/take",
        "GET /nodes/<int:number>/rules/ready", "GET /nodes/<int:number>/rules/ready/<name>",
        "POST /nodes/<int:number>/rules/ready/<name>", "POST /nodes/<int:number>/rules/empty",
        "GET /nodes/<int:number>/rules/draft/<hash>", "POST /nodes/<int:number>/rules/draft/<hash>/send",
        "GET /nodes/<int:number>/rules/draft/<hash>/<int:actuator>",
        "POST /nodes/<int:number>/rules/draft/<hash>/remove/<int:actuator>",
        "GET /nodes/<int:number>/rules/draft/<hash>/<int:actuator>/<group>",
        "POST /nodes/<int:number>/rules/draft/<hash>/<int:actuator>/<group>",
        "POST /api/v1/nodes/<int:number>/recipe", "GET /fleet", "GET /api/v1/fleet",
        "GET /update", "POST /update", "POST /update/<act>", "POST /update/nodes/<int:number>/<act>",
        "GET /api/v1/update", "POST /api/v1/update", "POST /api/v1/update/<act>",
        "POST /api/v1/update/nodes/<int:number>/<act>", "GET /nodes/<int:number>/check",
        "POST /nodes/<int:number>/check", "POST /nodes/<int:number>/check/click/<int:actuator>",
        "POST /nodes/<int:number>/check/heard/<int:actuator>", "GET /api/v1/nodes/<int:number>/check",
        "POST /api/v1/nodes/<int:number>/check", "POST /api/v1/nodes/<int:number>/check/click/<int:actuator>",
        "POST /api/v1/nodes/<int:number>/check/heard/<int:actuator>", "GET /nodes/<int:number>/care",
        "POST /nodes/<int:number>/care/name", "POST /nodes/<int:number>/care/zone",
        "GET /nodes/<int:number>/replace", "POST /nodes/<int:number>/replace",
    },
    "manager": {
        "GET /people", "POST /people", "GET /people/<int:person_id>", "POST /people/<int:person_id>/secret",
        "POST /people/<int:person_id>/retire", "GET /settings", "POST /settings",
        "GET /zones/<int:zone_id>/bands", "POST /zones/<int:zone_id>/bands",
    },
}  # fmt: skip


def routes(app: Flask) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def needed(app: Flask) -> dict[str, str]:
    found = {}
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found[f"{method} {rule.rule}"] = declared(app.view_functions[rule.endpoint]) or "nothing"
    return found


def test_the_table_is_the_whole_site(app: Flask) -> None:
    assert needed(app) == {route: role for role, found in TABLE.items() for route in found}


def address(rule: str, made: Farm) -> str:
    for name, value in {**PARTS, "person_id": str(made.people["viewer"])}.items():
        rule = rule.replace(f"<int:{name}>", value).replace(f"<{name}>", value)
    return rule


def ask(browser: FlaskClient, method: str, path: str, csrf: str) -> int:
    answered = browser.open(path, method=method, data={"csrf_token": csrf}, headers={"X-CSRFToken": csrf})
    if answered.status_code == 303 and answered.location.startswith("/sign-in?"):
        return 401
    return answered.status_code


@pytest.mark.parametrize("role", ROLES_AND_NOBODY)
@pytest.mark.parametrize("looking", ["open", "closed"])
def test_every_route_with_every_role_and_method(
    app: Flask, made: Farm, script: ScriptedNode, signed_in: SignIn, role: str, looking: str
) -> None:
    needs_of = needed(app)
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    browser = signed_in(role)
    made.hub.people.looking_open = looking == "open"
    have = role if role != "nobody" else "viewer" if looking == "open" else None
    csrf = token(browser)
    for rule in sorted(rules):
        for method in METHODS:
            if rule == "/sign-out" and method == "POST":
                continue  # would end the walk
            status = ask(browser, method, address(rule, made), csrf)
            need = needs_of.get(f"{method} {rule}")
            if need is None:
                assert status == 405, (method, rule)
            elif allows(have, need):
                refused = status == 403 and rule not in ("/sign-in", "/set-up")
                assert status not in (401, 500) and not refused, (method, rule, status)
            else:
                assert status == (401 if role == "nobody" else 403), (method, rule, status)


@pytest.mark.parametrize("role", ["nobody", "viewer"])
def test_nothing_moves_for_who_may_only_look(made: Farm, script: ScriptedNode, signed_in: SignIn, role: str) -> None:
    browser = signed_in(role)
    csrf = token(browser)
    order = {"node": 1, "actuator": 1, "on": True, "seconds": 300}
    for path in ("/nodes/1/actuators/1", "/stop", "/stop/clear", "/api/v1/stop", "/api/v1/stop/clear"):
        ask(browser, "POST", path, csrf)
    browser.post("/api/v1/commands", json=order, headers={"X-CSRFToken": csrf})
    assert script.sent == [] and not made.hub.commands.stopped(1)


def test_a_route_without_a_role_is_denied_to_the_manager_too(app: Flask, signed_in: SignIn) -> None:
    app.add_url_rule("/forgotten", view_func=lambda: "secret")
    answered = signed_in("manager").get("/forgotten")
    assert answered.status_code == 403 and b"secret" not in answered.data


def test_roles_stand_in_a_line() -> None:
    for have in range(len(ROLES)):
        for need in range(len(ROLES)):
            assert allows(ROLES[have], ROLES[need]) == (have >= need)
    assert not allows(None, "viewer") and allows(None, ANYONE) and not allows("emperor", "viewer")


def test_needs_takes_only_roles_that_exist() -> None:
    with pytest.raises(ValueError):
        needs("gardener")
    with pytest.raises(Undeclared):
        check(lambda: None, "manager", True)
    assert issubclass(rights.NotAllowed, Exception)


def test_looking_closed_leads_to_signing_in_and_back(made: Farm, client: FlaskClient) -> None:
    made.hub.people.looking_open = False
    answered = client.get("/zones/1?span=week")
    assert answered.status_code == 303 and "next=/zones/1?span%3Dweek" in answered.location.replace("%2F", "/").replace(
        "%3F", "?"
    )
    assert client.get("/api/v1/state").status_code == 401
