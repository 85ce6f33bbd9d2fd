"""The API: every answer fits the OpenAPI document that the hub serves, and every documented path exists."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from hub.rights import declared
from hub.web.api.document import FILE
from shared_protocol import registry as g
from tests.web.conftest import SignIn, token
from tests.web.farm import Farm, ScriptedNode, a_day

DOCUMENT = json.loads(FILE.read_text("utf-8"))


def fits(body: Any, path: str, method: str, status: int) -> None:
    """The body is what the document says for this path, method and status."""
    answer = DOCUMENT["paths"][path][method]["responses"][str(status)]
    schema = {**answer["content"]["application/json"]["schema"], "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(body)


def test_the_document_is_valid_and_served(client: FlaskClient) -> None:
    validate(DOCUMENT)
    assert client.get("/api/v1/openapi.json").get_json() == DOCUMENT


def test_the_document_has_every_path_and_no_other(app: Flask) -> None:
    served = {}
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/api/v1"):
            path = re.sub(r"<(?:int:)?(\w+)>", r"{\1}", rule.rule[len("/api/v1") :])
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                served[path, method.lower()] = declared(app.view_functions[rule.endpoint])
    documented = {(p, m): body["x-needs"] for p, found in DOCUMENT["paths"].items() for m, body in found.items()}
    assert served == documented


def test_state_says_what_the_page_says(made: Farm, client: FlaskClient) -> None:
    made.machine(1, 1, on=True, cause="above", value=312, limit=285)
    made.lose(3)
    body = client.get("/api/v1/state").get_json()
    fits(body, "/state", "get", 200)
    by_name = {zone["name"]: zone for zone in body["zones"]}
    house = by_name["Nhà giun 1"]
    assert house["state"] == "ok" and house["reasons"] == ["Quạt hút đang chạy vì nóng 31,2\u00a0°C."]
    assert {(v["kind"], v["value"], v["scale"]) for v in house["values"]} >= {("air_temperature", 312, -1)}
    assert by_name["Vườn trà"]["state"] == "lost" and not by_name["Vườn trà"]["machines"][0]["known"]
    assert [zone["state"] for zone in body["zones"]] == ["lost", "lost", "ok"]


def test_state_needs_no_login_while_looking_is_open(made: Farm, client: FlaskClient) -> None:
    assert client.get("/api/v1/state").status_code == 200
    made.hub.people.looking_open = False
    answered = client.get("/api/v1/state")
    assert answered.status_code == 401
    fits(answered.get_json(), "/state", "get", 401)


def test_nothing_new_is_a_304_and_something_new_is_not(made: Farm, client: FlaskClient) -> None:
    tag = client.get("/api/v1/state").headers["ETag"]
    same = client.get("/api/v1/state", headers={"If-None-Match": tag})
    assert same.status_code == 304 and same.data == b""
    assert {name for name, _ in same.headers} <= {"ETag", "Vary"}
    made.value(1, 1, 313)
    changed = client.get("/api/v1/state", headers={"If-None-Match": tag})
    assert changed.status_code == 200 and changed.headers["ETag"] != tag


def test_time_alone_and_a_stop_alone_are_something_new(made: Farm, client: FlaskClient, script: ScriptedNode) -> None:
    tag = client.get("/api/v1/state").headers["ETag"]
    made.hub.commands.stop(4, "")
    tag_stopped = client.get("/api/v1/state").headers["ETag"]
    made.clock.advance(46)  # type: ignore[attr-defined]
    lost = client.get("/api/v1/state", headers={"If-None-Match": tag_stopped})
    assert tag != tag_stopped and lost.status_code == 200
    assert {zone["state"] for zone in lost.get_json()["zones"]} == {"lost"}


def test_nodes(made: Farm, client: FlaskClient) -> None:
    made.hub.rejects.count("bad_tag", 1)
    body = client.get("/api/v1/nodes").get_json()
    fits(body, "/nodes", "get", 200)
    assert [node["number"] for node in body["nodes"]] == [1, 2, 3, 4] and body["rejected"] == {"bad_tag": 1}
    one = client.get("/api/v1/nodes/1").get_json()
    fits(one, "/nodes/{number}", "get", 200)
    assert one["rejected"] == {"bad_tag": 1} and one["health"]["rssi_dbm"] == -61
    assert "key" not in json.dumps(body)
    missing = client.get("/api/v1/nodes/99")
    assert missing.status_code == 404
    fits(missing.get_json(), "/nodes/{number}", "get", 404)


def test_series_and_runs(made: Farm, client: FlaskClient) -> None:
    a_day(made)
    body = client.get("/api/v1/nodes/1/channels/1/series").get_json()
    fits(body, "/nodes/{number}/channels/{channel}/series", "get", 200)
    points = [point for part in body["segments"] for point in part]
    assert max(point["high"] for point in points) == 398 and 2 <= len(points) <= 600
    assert len(body["segments"]) == 2 and body["gaps"][0]["text"]
    ran = client.get("/api/v1/nodes/1/actuators/2/runs").get_json()
    fits(ran, "/nodes/{number}/actuators/{actuator}/runs", "get", 200)
    assert [(run["cause"], run["by_hand"]) for run in ran["runs"]] == [("manual_on", True)]


@pytest.mark.parametrize(
    "query", ["from=x", "to=nan", "from=5&to=4", "points=1", "points=601", "points=inf", "from=-1", "from=0&to=1e300"]
)
def test_stretches_that_make_no_sense(made: Farm, client: FlaskClient, query: str) -> None:
    a_day(made)
    answered = client.get(f"/api/v1/nodes/1/channels/1/series?{query}")
    assert answered.status_code == 400
    fits(answered.get_json(), "/nodes/{number}/channels/{channel}/series", "get", 400)


def test_a_command_is_asked_followed_and_done(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    headers = {"X-CSRFToken": token(browser)}
    order = {"node": 1, "actuator": 2, "on": True, "seconds": 900}
    asked = browser.post("/api/v1/commands", json=order, headers=headers)
    assert asked.status_code == 202
    fits(asked.get_json(), "/commands", "post", 202)
    assert asked.get_json()["state"] == "sending" and asked.get_json()["text"] == "Đang gửi…"
    assert not made.hub.live.node(1).actuators[1].on  # type: ignore[union-attr]
    script.answer()
    done = browser.get(asked.headers["Location"]).get_json()
    fits(done, "/commands/{ticket_id}", "get", 200)
    assert done["state"] == "done" and done["by"] == "Cô Mai" and done["text"].startswith("Đã bật – tự tắt lúc ")


@pytest.mark.parametrize(
    "order",
    [None, [], {}, {"node": 1}, {"node": True, "actuator": 1, "on": True, "seconds": 300},
     {"node": 1, "actuator": 1, "on": 1, "seconds": 300}, {"node": 1, "actuator": 1, "on": True, "seconds": 86400},
     {"node": 1, "actuator": 1, "on": True, "seconds": 0}, {"node": -1, "actuator": 1, "on": True, "seconds": 300},
     {"node": 1, "actuator": 2**80, "on": True, "seconds": 300}],
)  # fmt: skip
def test_orders_that_make_no_sense(script: ScriptedNode, signed_in: SignIn, order: Any) -> None:
    browser = signed_in("farmer")
    answered = browser.post("/api/v1/commands", json=order, headers={"X-CSRFToken": token(browser)})
    assert answered.status_code == 400 and script.sent == []
    fits(answered.get_json(), "/commands", "post", 400)


def test_an_order_to_nobody(script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    order = {"node": 99, "actuator": 1, "on": True, "seconds": 300}
    answered = browser.post("/api/v1/commands", json=order, headers={"X-CSRFToken": token(browser)})
    assert answered.status_code == 404
    fits(answered.get_json(), "/commands", "post", 404)


def test_stop_and_clearing(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    headers = {"X-CSRFToken": token(browser)}
    pressed = browser.post("/api/v1/stop", headers=headers)
    fits(pressed.get_json(), "/stop", "post", 202)
    assert pressed.status_code == 202 and pressed.get_json()["stopped_machines"] == 0
    script.answer()
    stopped = browser.get("/api/v1/stop").get_json()
    fits(stopped, "/stop", "get", 200)
    assert stopped == {"ordered": True, "reported_nodes": 3, "nodes": 4, "machines": 3, "stopped_machines": 3}
    cleared = browser.post("/api/v1/stop/clear", headers=headers)
    fits(cleared.get_json(), "/stop/clear", "post", 202)
    assert not cleared.get_json()["ordered"] and cleared.get_json()["reported_nodes"] == 3
    script.answer()
    assert browser.get("/api/v1/stop").get_json()["reported_nodes"] == 0


def test_session(signed_in: SignIn) -> None:
    for role, name in (("nobody", None), ("farmer", "Cô Mai")):
        body = signed_in(role).get("/api/v1/session").get_json()
        fits(body, "/session", "get", 200)
        assert body["name"] == name and body["role"] == ("viewer" if name is None else role)


def test_a_refused_order_says_why(made: Farm, script: ScriptedNode, signed_in: SignIn) -> None:
    browser = signed_in("farmer")
    order = {"node": 1, "actuator": 2, "on": True, "seconds": 900}
    asked = browser.post("/api/v1/commands", json=order, headers={"X-CSRFToken": token(browser)})
    script.answer(g.RESULT_DAILY_CAP)
    ended = browser.get(asked.headers["Location"]).get_json()
    assert ended["state"] == "refused" and "24 giờ" in ended["why"]


def test_what_does_not_exist_is_json_too(client: FlaskClient) -> None:
    assert client.get("/api/v1/nothing").get_json()["error"]["code"] == "error.not_found"
