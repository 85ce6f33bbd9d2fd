"""The OpenAPI document: `openapi.json` beside this file, served as it is; a test holds every answer against it."""

from pathlib import Path

from flask import Blueprint, Response

from hub.rights import ANYONE, needs

pages = Blueprint("api_document", __name__)

FILE = Path(__file__).with_name("openapi.json")


@pages.get("/openapi.json")
@needs(ANYONE)
def show() -> Response:
    return Response(FILE.read_bytes(), mimetype="application/json")
