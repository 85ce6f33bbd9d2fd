"""Stop as JSON: how far it has come, everything off and latched, and the clearing on purpose."""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from hub.rights import needs
from hub.web import here, stops
from hub.web.api.state import stop_body
from hub.web.pages.orders import by

pages = Blueprint("api_stop", __name__)


@pages.get("/stop")
@needs("viewer")
def show() -> ResponseReturnValue:
    return jsonify(stop_body(stops.view(here.hub(), here.now_s())))


@pages.post("/stop")
@needs("farmer")
def press() -> ResponseReturnValue:
    here.hub().commands.stop(None, by())
    return jsonify(stop_body(stops.view(here.hub(), here.now_s()))), 202


@pages.post("/stop/clear")
@needs("farmer")
def clear() -> ResponseReturnValue:
    here.hub().commands.clear_stop(None, by())
    return jsonify(stop_body(stops.view(here.hub(), here.now_s()))), 202
