"""Recipes over the API: the rules of a node, ready-made ones, sending one, and what is none."""

import pytest
from flask.testing import FlaskClient

from hub.recipes.machinery import machinery
from hub.recipes.ready import make, ready
from tests.web.conftest import SignIn, token
from tests.web.farm import WORM_NODE, Farm, worm_house
from tests.web.test_api import fits
from tests.web.test_rules import FAN_WORDS, WORMS

API = f"/api/v1/nodes/{WORM_NODE}/recipe"


@pytest.fixture
def tech(made: Farm, signed_in: SignIn) -> FlaskClient:
    worm_house(made)
    return signed_in("technician")


def test_the_api_tells_the_rules_and_how_far_a_recipe_is(made: Farm, tech: FlaskClient) -> None:
    body = tech.get(API).get_json()
    fits(body, "/nodes/{number}/recipe", "get", 200)
    assert body["state"] == "unknown" and body["reported"] is None and body["rules"] == []
    recipe = WORMS
    made.hub.recipes.keep(recipe, "Anh Tuấn")
    made.hub.recipes.report(WORM_NODE, recipe.hash)
    body = tech.get(API).get_json()
    fits(body, "/nodes/{number}/recipe", "get", 200)
    assert body["rules"][0]["text"][0].replace("\u00a0", " ") == FAN_WORDS
    assert body["reported"]["document"]["rules"][0]["on_above"] == 285


def test_the_api_sends_a_recipe_or_names_every_problem(made: Farm, tech: FlaskClient) -> None:
    header = {"X-CSRFToken": token(tech)}
    ready_made = tech.get(f"{API}/ready").get_json()
    fits(ready_made, "/nodes/{number}/recipe/ready", "get", 200)
    document = next(one["document"] for one in ready_made["ready"] if one["name"] == "worm_house")
    answered = tech.post(API, json=document, headers=header)
    assert answered.status_code == 202
    fits(answered.get_json(), "/nodes/{number}/recipe", "post", 202)
    recipe = make(ready("worm_house"), machinery(made.hub.store, WORM_NODE), {})
    assert made.hub.recipes.standing(WORM_NODE).wanted == recipe.hash
    document["rules"][1] |= {"fault": "on", "rest_s": 1}
    answered = tech.post(API, json=document, headers=header)
    fits(answered.get_json(), "/nodes/{number}/recipe", "post", 400)
    assert answered.status_code == 400
    assert {one["code"] for one in answered.get_json()["problems"]} == {"fault_on", "rest"}


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{",
        pytest.param("[" * 30_000, id="deep"),
        '{"rules":[{"actuator":1,"turbo":1}]}',
        '{"rules":[{"on_above":1.5}]}',
        "",
    ],
)
def test_what_is_no_recipe_is_refused(made: Farm, tech: FlaskClient, body: str) -> None:
    headers = {"X-CSRFToken": token(tech), "Content-Type": "application/json"}
    answered = tech.post(API, data=body, headers=headers)
    fits(answered.get_json(), "/nodes/{number}/recipe", "post", 400)
    assert answered.status_code == 400 and made.hub.recipes.standing(WORM_NODE).wanted is None
