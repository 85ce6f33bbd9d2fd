"""Updates: the nodes' program sent over the air, one node first, then the others; the technician's page.

What happens is said before it is begun; what is shown of a node is what the node reported.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.errors import HubError
from hub.rights import needs
from hub.updates.plan import ENDED, FAILED, RUNNING, SKIPPED
from hub.web import failures, here, update_view
from hub.web.failures import BadRequest
from hub.web.pages.orders import by
from hub.web.words import whole_number

pages = Blueprint("updates", __name__)

ACTS = ("pause", "resume", "cancel")
NODE_ACTS = ("retry", "skip")


class FirstNotChosen(HubError):
    """The node that goes first is not among those that are to be updated."""

    code = "error.first_not_chosen"
    text = "The device that goes first must be among the chosen ones."


@pages.get("/update")
@needs("technician")
def show() -> ResponseReturnValue:
    """How far the update is that is open, else the form, with what became of the last one."""
    return _page("")


@pages.post("/update")
@needs("technician")
def start() -> ResponseReturnValue:
    """Form: `nodes`, a number for each chosen node, and `first`, the one that goes first."""
    try:
        begin(request.form.getlist("nodes", type=whole_number), request.form.get("first", type=whole_number))
    except HubError as error:
        return _page(failures.text(error)), failures.status(error)
    return redirect(url_for("updates.show"), 303)


@pages.post("/update/<act>")
@needs("technician")
def steer(act: str) -> ResponseReturnValue:
    """`act`: pause, resume, cancel."""
    act_on(act)
    return redirect(url_for("updates.show"), 303)


@pages.post("/update/nodes/<int:number>/<act>")
@needs("technician")
def one(number: int, act: str) -> ResponseReturnValue:
    """`act`: retry, skip."""
    act_on_node(number, act)
    return redirect(url_for("updates.show"), 303)


def begin(nodes: list[int] | None, first: int | None) -> None:
    """Begin an update. Raises FirstNotChosen, NothingToUpdate and what Rollouts.start raises."""
    if nodes is not None and first is not None and first not in nodes:
        raise FirstNotChosen()
    here.hub().rollouts.start(by(), nodes, first)


def act_on(act: str) -> None:
    """Pause, resume or cancel. Raises BadRequest, NoRollout, Refused."""
    if act not in ACTS:
        raise BadRequest(detail=f"act={act[:20]}")
    getattr(here.hub().rollouts, act)(by())


def act_on_node(number: int, act: str) -> None:
    """Try a node again, or leave it out. Raises BadRequest, NoRollout, UnknownNode, Refused."""
    if act not in NODE_ACTS:
        raise BadRequest(detail=f"act={act[:20]}")
    getattr(here.hub().rollouts, act)(number, by())


def _page(wrong: str) -> str:
    hub, words, now_s = here.hub(), here.words(), here.now_s()
    newest, found = hub.rollouts.newest, hub.rollouts.open
    candidates = update_view.candidates(hub)
    return render_template(
        "update.html",
        release=hub.releases.current,
        trouble_text=hub.releases.trouble,
        open=found,
        over=newest if found is None else None,
        headline=update_view.headline(hub, words, newest) if newest else "",
        lines=update_view.lines(hub, words, newest, now_s) if newest else [],
        live=found is not None and found.state == RUNNING,
        choices=[one for one in candidates if one.possible],
        others=[one for one in candidates if not one.possible],
        first=next((one.node.number for one in candidates if one.standing == "ready"), None),
        failed=FAILED,
        ended=ENDED,
        skipped=SKIPPED,
        wrong=wrong,
    )
