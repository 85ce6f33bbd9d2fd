"""Session as JSON: who is signed in, signing in, and the token that every change must carry."""

from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from hub.rights import ANYONE, needs
from hub.web import here
from hub.web.failures import BadRequest
from hub.web.pages.sign_in import open_session

pages = Blueprint("api_session", __name__)


@pages.get("/session")
@needs(ANYONE)
def show() -> ResponseReturnValue:
    return jsonify(_body())


@pages.post("/session")
@needs(ANYONE)
def enter() -> ResponseReturnValue:
    """Body: `person`, an id of `people`, and `secret`, the PIN or password."""
    wanted: Any = request.get_json(silent=True)
    person, secret = (wanted.get(key) if isinstance(wanted, dict) else None for key in ("person", "secret"))
    if not isinstance(person, int) or isinstance(person, bool) or not isinstance(secret, str):
        raise BadRequest(detail="person, secret")
    open_session(person, secret)
    return jsonify(_body())


def _body() -> dict[str, Any]:
    person = here.person()
    return {
        "name": person.name if person else None,
        "role": here.role(),
        "csrf_token": generate_csrf(),
        "people": [{"id": one.id, "name": one.name} for one in here.people().people()],
    }
