"""Fleet: every node with its version, board, signal, memory and restarts on one page; the technician's."""

from collections import Counter

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from hub.rights import needs
from hub.web import fleet_view, here

pages = Blueprint("fleet", __name__)


@pages.get("/fleet")
@needs("technician")
def show() -> ResponseReturnValue:
    hub = here.hub()
    rows = fleet_view.rows(hub, here.now_s())
    return render_template(
        "fleet.html",
        rows=rows,
        counted=Counter(row.image for row in rows).most_common(),
        release=hub.releases.current,
        open=hub.rollouts.open,
    )
