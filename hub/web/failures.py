"""Failures: every error as a sentence in the reader's language, on a page or as JSON; set up by create_app."""

import logging

from flask import Flask, Response, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from hub import errors, people, rights
from hub.errors import HubError
from hub.inspections import NoMachine
from hub.recipes.library import UnknownRecipe
from hub.recipes.ready import UnknownReady
from hub.web import here
from hub.web.security import WrongHost

log = logging.getLogger(__name__)

STATUS: dict[type[HubError], int] = {
    rights.SignInFirst: 401,
    rights.NotAllowed: 403,
    rights.Undeclared: 403,
    WrongHost: 421,
    people.WrongSecret: 403,
    people.WrongSetupCode: 403,
    people.SlowDown: 429,
    people.UnknownPerson: 404,
    errors.UnknownNode: 404,
    errors.UnknownZone: 404,
    errors.UnknownTicket: 404,
    NoMachine: 404,
    UnknownRecipe: 404,
    UnknownReady: 404,
    errors.DiskFull: 503,
    errors.DataLocked: 503,
    errors.DataDamaged: 503,
}
HTTP_CODES = {404: "error.not_found", 405: "error.method", 413: "error.too_large"}


class BadRequest(HubError):
    """A form or a JSON body that lacks something; `params["detail"]` says what."""

    code = "error.bad_request"
    text = "The request cannot be understood: {detail}."


class BadNumber(HubError):
    """Something typed where a number belongs."""

    code = "error.bad_number"
    text = "“{text}” is not a number."


def set_up(app: Flask) -> None:
    """Register the handlers; nothing else answers an error."""
    app.register_error_handler(HubError, hub_error)
    app.register_error_handler(CSRFError, forged)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(Exception, unexpected)


def hub_error(error: HubError) -> ResponseReturnValue:
    if isinstance(error, rights.SignInFirst) and not here.is_api():
        return redirect(url_for("sign_in.show", next=_way_back(), need=error.params.get("role")), 303)
    response = answer(error.code, status(error), **_places(error))
    if isinstance(error, people.SlowDown):
        response.headers["Retry-After"] = str(error.params["seconds"])
    return response


def status(error: HubError) -> int:
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)


def forged(error: CSRFError) -> ResponseReturnValue:
    return answer("error.forged", 400)


def http_error(error: HTTPException) -> ResponseReturnValue:
    number = error.code or 500
    if 300 <= number < 400:
        return error
    detail = error.name
    code = HTTP_CODES.get(number, "error.bad_request" if number < 500 else "error.inside")
    return answer(code, number, detail=detail)


def unexpected(error: Exception) -> ResponseReturnValue:
    log.exception("%s %s failed", request.method, request.path)
    return answer("error.inside", 500)


def answer(code: str, number: int, **places: object) -> Response:
    """The error as JSON under /api/, else as a page that leads back."""
    text = here.words().say(code, **places)
    if here.is_api():
        response = jsonify({"error": {"code": code, "text": text}})
    elif code == WrongHost.code:
        response = make_response(text)  # a page would greet by name whoever lured the browser here
        response.mimetype = "text/plain"
    else:
        response = make_response(_page(text, code))
    response.status_code = number
    return response


def _page(text: str, code: str) -> str:
    """The error's page; the bare sentence when even a page cannot be made because the store does not answer."""
    try:
        return render_template("error.html", text=text, code=code)
    except HubError:
        log.exception("no page for %s", code)
        return f"<!doctype html><meta charset=utf-8><title>{escape(text)}</title><p>{escape(text)}"


def text(error: HubError) -> str:
    """An error's sentence in the reader's language, for a form that is shown again."""
    return here.words().say(error.code, **_places(error))


def _places(error: HubError) -> dict[str, object]:
    """What the sentence needs; a role is said in the reader's language, a missing place by its own name."""
    places: dict[str, object] = _Named(error.params)
    if "role" in places:
        places["role"] = here.words().first(f"role.{places['role']}")
    return places


class _Named(dict[str, object]):
    def __missing__(self, key: str) -> str:
        return key


def _way_back() -> str:
    """Where to go after signing in: the page itself, or for a pressed button the page it was on."""
    if request.method == "GET":
        return here.local_path(request.full_path.rstrip("?"))
    if request.endpoint == "stop.press":
        return url_for("stop.show")
    referrer = request.referrer or ""
    prefix = request.host_url
    return here.local_path("/" + referrer[len(prefix) :]) if referrer.startswith(prefix) else "/"
