"""People: who may do what – added, given a new PIN or password, retired; the manager's page."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.errors import HubError
from hub.rights import ROLES, needs
from hub.web import failures, here
from hub.web.failures import BadRequest
from hub.web.pages.orders import by

pages = Blueprint("people", __name__)


@pages.get("/people")
@needs("manager")
def show() -> ResponseReturnValue:
    return render_template("people.html", listed=here.people().people(), roles=ROLES, wrong="", name="")


@pages.post("/people")
@needs("manager")
def add() -> ResponseReturnValue:
    name, role = request.form.get("name", ""), request.form.get("role", "")
    if role not in ROLES:
        raise BadRequest(detail=f"role={role[:20]}")
    try:
        person = here.people().add(name, role, request.form.get("secret", ""), by())
    except HubError as error:
        listed = here.people().people()
        page = render_template("people.html", listed=listed, roles=ROLES, wrong=failures.text(error), name=name)
        return page, failures.status(error)
    flash(here.words().say("people.added", name=person.name))
    return redirect(url_for("people.show"), 303)


@pages.get("/people/<int:person_id>")
@needs("manager")
def one(person_id: int) -> ResponseReturnValue:
    return render_template("person.html", one=here.people().person(person_id), wrong="")


@pages.post("/people/<int:person_id>/secret")
@needs("manager")
def change(person_id: int) -> ResponseReturnValue:
    person = here.people().person(person_id)
    try:
        here.people().change_secret(person_id, request.form.get("secret", ""), by())
    except HubError as error:
        return render_template("person.html", one=person, wrong=failures.text(error)), failures.status(error)
    flash(here.words().say("people.changed", name=person.name))
    return redirect(url_for("people.show"), 303)


@pages.post("/people/<int:person_id>/retire")
@needs("manager")
def retire(person_id: int) -> ResponseReturnValue:
    person = here.people().person(person_id)
    here.people().retire(person_id, by())
    flash(here.words().say("people.retired", name=person.name))
    return redirect(url_for("people.show"), 303)
