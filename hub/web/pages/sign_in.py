"""Signing in and out: a name from the list, then its PIN or password; wrong ones wait, looking goes on."""

from flask import Blueprint, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from hub.errors import HubError
from hub.people import SlowDown
from hub.rights import ANYONE, ROLES, needs
from hub.web import failures, here
from hub.web.failures import BadRequest
from hub.web.words import whole_number

pages = Blueprint("sign_in", __name__)


@pages.get("/sign-in")
@needs(ANYONE)
def show() -> ResponseReturnValue:
    """Without `who` the list of names, with it the field for the PIN or password."""
    return _page(request.args.get("who", type=whole_number))


@pages.post("/sign-in")
@needs(ANYONE)
def enter() -> ResponseReturnValue:
    who = request.form.get("who", type=whole_number)
    if who is None:
        raise BadRequest(detail="who")
    try:
        open_session(who, request.form.get("secret", ""))
    except HubError as error:
        return _page(who, failures.text(error), failures.status(error), error)
    return redirect(here.local_path(request.form.get("next")), 303)


def open_session(who: int, secret: str) -> None:
    """Sign somebody in. Raises WrongSecret, SlowDown, UnknownPerson."""
    token, g.person = here.people().sign_in(who, secret, request.remote_addr or "")
    session.clear()  # a new session for a new person: nothing planted before signing in survives
    session.permanent = True
    session["token"] = token


@pages.post("/sign-out")
@needs(ANYONE)
def leave() -> ResponseReturnValue:
    if "token" in session:
        here.people().sign_out(session["token"])
    session.clear()
    return redirect(url_for("home.show"), 303)


def _page(who: int | None, wrong: str = "", status: int = 200, error: HubError | None = None) -> ResponseReturnValue:
    listed = here.people().people()
    need = request.values.get("need", "")
    chosen = next((one for one in listed if one.id == who), None)
    page = render_template(
        "sign_in.html",
        listed=listed,
        chosen=chosen,
        need=need if need in ROLES else "",
        next=here.local_path(request.values.get("next")),
        wrong=wrong,
    )
    headers = {"Retry-After": str(error.params["seconds"])} if isinstance(error, SlowDown) else {}
    return page, status, headers
