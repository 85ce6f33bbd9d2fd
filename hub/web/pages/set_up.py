"""Set-up: the first manager of a new farm, proved by the random code on the hub's own screen; shut for ever after."""

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from hub.errors import HubError
from hub.people import AlreadySetUp
from hub.rights import ANYONE, needs
from hub.web import failures, here

pages = Blueprint("set_up", __name__)


@pages.get("/set-up")
@needs(ANYONE)
def show() -> ResponseReturnValue:
    if not here.people().needs_setup:
        raise AlreadySetUp()
    return render_template("set_up.html", wrong="", name="")


@pages.post("/set-up")
@needs(ANYONE)
def enter() -> ResponseReturnValue:
    """Make the manager, sign them in, and go on to adding people."""
    people, address = here.people(), request.remote_addr or ""
    name, password = request.form.get("name", ""), request.form.get("password", "")
    try:
        manager = people.set_up(request.form.get("code", ""), name, password, address)
        token, _ = people.sign_in(manager.id, password, address)
    except AlreadySetUp:
        raise
    except HubError as error:
        return render_template("set_up.html", wrong=failures.text(error), name=name), failures.status(error)
    session.clear()
    session.permanent = True
    session["token"] = token
    return redirect(url_for("people.show"), 303)
