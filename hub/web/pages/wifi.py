"""Wi-Fi: the farm's change of network – first every device, then the router; the technician's page.

What is typed as the password goes to the devices and nowhere else: no page, log, audit line or API repeats it.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.errors import HubError
from hub.rights import needs
from hub.web import failures, here
from hub.web.pages.orders import by

pages = Blueprint("wifi", __name__)


@pages.get("/wifi")
@needs("technician")
def show() -> ResponseReturnValue:
    """How far the last change is; the form with `?new=1`, or when there was none."""
    wifi = here.hub().wifi
    move = wifi.newest()
    if move is None or "new" in request.args:
        return render_template("wifi_new.html", wrong="", name="", again=move is not None)
    places = wifi.places(move)
    return render_template(
        "wifi.html",
        move=move,
        places=places,
        ready=sum(place.state == "ready" for place in places),
        back=sum(place.state == "back" for place in places),
        missing=[place.node.name for place in places if place.state not in ("ready", "back")],
    )


@pages.post("/wifi")
@needs("technician")
def begin() -> ResponseReturnValue:
    """Form: `name` and `password` of the new network."""
    name = request.form.get("name", "").strip()
    try:
        here.hub().wifi.begin(name, request.form.get("password", ""), by())
    except HubError as error:
        page = render_template("wifi_new.html", wrong=failures.text(error), name=name, again=False)
        return page, failures.status(error)
    return redirect(url_for("wifi.show"), 303)


@pages.post("/wifi/moved")
@needs("technician")
def moved() -> ResponseReturnValue:
    """Somebody says that the router has the new network now."""
    here.hub().wifi.moved(by())
    return redirect(url_for("wifi.show"), 303)
