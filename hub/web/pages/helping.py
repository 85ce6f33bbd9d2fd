"""Help: three things in three steps each, and the technician's phone number; in the same corner of every screen."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from hub.rights import ANYONE, needs
from hub.web import here

pages = Blueprint("help", __name__)


@pages.get("/help")
@needs(ANYONE)
def show() -> ResponseReturnValue:
    people = here.people()
    return render_template("help.html", phone=people.setting("phone"), phone_name=people.setting("phone_name"))
