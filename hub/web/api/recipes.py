"""Recipes as JSON: a node's rules in words and how far a sent recipe is; the ready-made ones; a new one to send."""

from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from hub.recipes.check import Problem, problems
from hub.recipes.document import parse
from hub.recipes.library import Kept
from hub.recipes.machinery import machinery
from hub.recipes.ready import Number, Ready, all_ready, make, usable
from hub.rights import needs
from hub.web import here, recipe_view, rule_forms
from hub.web.pages.orders import by

pages = Blueprint("api_recipes", __name__)


@pages.get("/nodes/<int:number>/recipe")
@needs("viewer")
def show(number: int) -> ResponseReturnValue:
    here.hub().fleet.node(number)
    return jsonify(_body(number))


@pages.post("/nodes/<int:number>/recipe")
@needs("technician")
def send(number: int) -> ResponseReturnValue:
    """Body: a recipe. 202 when it is on its way, 400 with every problem when it cannot be sent."""
    hub, words = here.hub(), here.words()
    hub.fleet.node(number)
    recipe = parse(request.get_data())
    wrong = problems(recipe, machinery(hub.store, number))
    if wrong:
        error = {"code": "error.recipe_problems", "text": words.say("error.recipe_problems")}
        return jsonify({"error": error, "problems": [_problem(one) for one in wrong]}), 400
    hub.recipes.keep(recipe, by())
    hub.push.want(number, recipe.hash, by())
    hub.store.audit(by(), "recipe", f"node {number} recipe {recipe.hash.hex()} {recipe.name}")
    return jsonify(_body(number)), 202, {"Location": url_for("api_recipes.show", number=number)}


@pages.get("/nodes/<int:number>/recipe/ready")
@needs("viewer")
def ready_made(number: int) -> ResponseReturnValue:
    """The ready-made recipes as they would be on this node."""
    here.hub().fleet.node(number)
    found = machinery(here.hub().store, number)
    listed = [
        {**_ready(one), "document": _document(make(one, found, {}))}
        for one in all_ready().values()
        if usable(one, found)
    ]
    return jsonify({"node": number, "ready": listed})


def _body(number: int) -> dict[str, Any]:
    view = recipe_view.view(here.hub(), here.words(), number, here.now_s())
    standing = view.standing
    return {
        "node": number,
        "state": view.state,
        "text": view.headline,
        "why": view.why,
        "share": view.share,
        "refused": standing.refused,
        "wanted": _named(standing.wanted, view.wanted),
        "wanted_by": standing.wanted_by,
        "wanted_s": standing.wanted_s,
        "reported": _named(standing.reported, view.running),
        "reported_s": standing.reported_s,
        "rules": [{"actuator": one.actuator, "machine": one.machine, "text": list(one.all)} for one in view.rules],
    }


def _named(hash: bytes | None, kept: Kept | None) -> dict[str, Any] | None:
    """A recipe by its hash; without a document when the hub has no copy."""
    if hash is None:
        return None
    return {"hash": hash.hex(), "document": _document(kept.recipe) if kept else None}


def _document(recipe: Any) -> dict[str, Any]:
    rules = [rule.keys() for rule in recipe.rules]
    return {"name": recipe.name, "utc_offset_min": recipe.utc_offset_min, "rules": rules}


def _ready(one: Ready) -> dict[str, Any]:
    language = here.words().language
    return {
        "name": one.name,
        "title": one.title[language],
        "what": one.what[language],
        "numbers": [_number(number, language) for number in one.numbers.values()],
    }


def _number(number: Number, language: str) -> dict[str, Any]:
    found = {
        "name": number.name,
        "label": number.label[language],
        "unit": number.unit,
        "source": number.source[language],
    }
    return {**found, **{key: float(getattr(number, key)) for key in ("value", "low", "high")}}


def _problem(one: Problem) -> dict[str, Any]:
    text = rule_forms.problem_words(here.words(), one)
    return {"actuator": one.actuator, "field": one.field, "code": one.code, "text": text}
