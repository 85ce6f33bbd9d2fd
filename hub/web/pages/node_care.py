"""Node care: a node's name, its zone, and the board behind its number – replaced when it is dead; the technician's.

A key never travels over the network: a new board gets its own by `nhavuon flash --replace` over USB.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.errors import HubError
from hub.fleet import Node
from hub.live import NodeNow
from hub.rights import needs
from hub.web import failures, here
from hub.web.failures import BadRequest
from hub.web.pages.orders import by
from hub.web.words import whole_number

pages = Blueprint("node_care", __name__)

PATH = "/nodes/<int:number>/care"


class StillHeard(HubError):
    """The board to be replaced talks to the hub; released, it would take its number back."""

    code = "error.still_heard"
    text = "The old board still talks to the hub. Take its power away, wait a minute, then try again."


@pages.get(PATH)
@needs("technician")
def show(number: int) -> ResponseReturnValue:
    return _page(here.hub().fleet.node(number), "")


@pages.post(f"{PATH}/name")
@needs("technician")
def rename(number: int) -> ResponseReturnValue:
    """Form: `name`."""
    node = here.hub().fleet.node(number)
    try:
        renamed = here.hub().fleet.rename(number, request.form.get("name", ""))
    except HubError as error:
        return _page(node, failures.text(error)), failures.status(error)
    here.hub().store.audit(by(), "rename", f"node {number}: {node.name} → {renamed.name}")
    flash(here.words().say("care.renamed", name=renamed.name))
    return redirect(url_for("node_care.show", number=number), 303)


@pages.post(f"{PATH}/zone")
@needs("technician")
def move(number: int) -> ResponseReturnValue:
    """Form: `zone`, a zone's number, or "" for none."""
    text = request.form.get("zone", "")
    try:
        zone_id = whole_number(text) if text else None
    except ValueError:
        raise BadRequest(detail=f"zone={text[:20]}") from None
    moved = here.hub().fleet.move(number, zone_id)
    place = here.hub().fleet.zone(moved.zone_id).name if moved.zone_id is not None else ""
    here.hub().store.audit(by(), "move", f"node {number} to zone {moved.zone_id}")
    words = here.words()
    flash(words.say("care.moved", zone=place) if place else words.say("care.moved_out"))
    return redirect(url_for("node_care.show", number=number), 303)


@pages.get("/nodes/<int:number>/replace")
@needs("technician")
def replacing(number: int) -> ResponseReturnValue:
    return _replace_page(here.hub().fleet.node(number), "")


@pages.post("/nodes/<int:number>/replace")
@needs("technician")
def release(number: int) -> ResponseReturnValue:
    """Let go the dead board, so that another may take its number."""
    node = here.hub().fleet.node(number)
    if not here.hub().live.lost(number, here.now_s()):
        error = StillHeard()
        return _replace_page(node, failures.text(error)), failures.status(error)
    here.hub().fleet.release_mac(number)
    here.hub().store.audit(by(), "release_board", f"node {number}: {node.mac or '-'}")
    return redirect(url_for("node_care.replacing", number=number), 303)


def _page(node: Node, wrong: str) -> str:
    now = here.hub().live.node(node.number) or NodeNow(node.number)
    zones = here.hub().fleet.zones()
    return render_template("node_care.html", node=node, now=now, zones=zones, wrong=wrong)


def _replace_page(node: Node, wrong: str) -> str:
    hub = here.hub()
    now = hub.live.node(node.number) or NodeNow(node.number)
    lost = hub.live.lost(node.number, here.now_s())
    return render_template("replace.html", node=node, now=now, lost=lost, wrong=wrong)
