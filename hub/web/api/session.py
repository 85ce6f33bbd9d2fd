"""Session as JSON: who is signed in, and the token that every change must carry."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from hub.rights import ANYONE, needs
from hub.web import here

pages = Blueprint("api_session", __name__)


@pages.get("/session")
@needs(ANYONE)
def show() -> ResponseReturnValue:
    person = here.person()
    return jsonify(
        {"name": person.name if person else None, "role": here.role(), "csrf_token": generate_csrf()},
    )
