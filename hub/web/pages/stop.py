"""Stop: everything off and latched, from every screen; confirmed by what the nodes report, cleared only on purpose."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from hub.rights import needs
from hub.web import here, stops
from hub.web.pages.orders import by

pages = Blueprint("stop", __name__)


@pages.post("/stop")
@needs("farmer")
def press() -> ResponseReturnValue:
    here.hub().commands.stop(None, by())
    return redirect(url_for("stop.show"), 303)


@pages.get("/stop")
@needs("viewer")
def show() -> ResponseReturnValue:
    """Before a stop the one big button, after it every machine's own report."""
    return render_template("stop.html", stop=stops.view(here.hub(), here.now_s()))


@pages.get("/stop/clear")
@needs("farmer")
def ask_clear() -> ResponseReturnValue:
    """The question, on a screen of its own, so that no thumb clears a stop by accident."""
    return render_template("stop_clear.html")


@pages.post("/stop/clear")
@needs("farmer")
def clear() -> ResponseReturnValue:
    here.hub().commands.clear_stop(None, by())
    return redirect(url_for("stop.show"), 303)
