"""Updates as JSON: which nodes can take the hub's program, how far an update is, begin and steer it."""

from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from hub.rights import needs
from hub.updates.plan import Rollout
from hub.web import here, update_view
from hub.web.api.fleet import release
from hub.web.failures import BadRequest
from hub.web.pages import updates
from hub.web.update_view import CandidateLine, UpdateLine

pages = Blueprint("api_updates", __name__)

PLAIN = ("id", "version", "size", "state", "stage", "reason", "reason_node", "who", "asked_s", "ended_s")


@pages.get("/update")
@needs("technician")
def show() -> ResponseReturnValue:
    return jsonify(body())


@pages.post("/update")
@needs("technician")
def start() -> ResponseReturnValue:
    """Body: `nodes`, numbers (default: all that differ), and `first`, the one that goes first (default: any heard)."""
    wanted: Any = request.get_json(silent=True)
    if not isinstance(wanted, dict):
        raise BadRequest(detail="body")
    nodes, first = wanted.get("nodes"), wanted.get("first")
    if nodes is not None and not (isinstance(nodes, list) and all(_whole(one) for one in nodes)):
        raise BadRequest(detail="nodes")
    if first is not None and not _whole(first):
        raise BadRequest(detail="first")
    updates.begin(nodes, first)
    return jsonify(body()), 202, {"Location": url_for("api_updates.show")}


@pages.post("/update/<act>")
@needs("technician")
def steer(act: str) -> ResponseReturnValue:
    """`act`: pause, resume, cancel."""
    updates.act_on(act)
    return jsonify(body())


@pages.post("/update/nodes/<int:number>/<act>")
@needs("technician")
def one(number: int, act: str) -> ResponseReturnValue:
    """`act`: retry, skip."""
    updates.act_on_node(number, act)
    return jsonify(body())


def body() -> dict[str, Any]:
    """What can be sent to whom, and the newest update."""
    hub = here.hub()
    newest = hub.rollouts.newest
    return {
        "release": release(hub.releases.current),
        "trouble": hub.releases.trouble,
        "candidates": [_candidate(one) for one in update_view.candidates(hub)],
        "update": _update(newest) if newest else None,
    }


def _update(found: Rollout) -> dict[str, Any]:
    hub, words = here.hub(), here.words()
    return {
        **{key: getattr(found, key) for key in PLAIN},
        "sha256": found.sha256.hex(),
        "first": found.canary,
        "text": update_view.headline(hub, words, found),
        "nodes": [_line(one) for one in update_view.lines(hub, words, found, here.now_s())],
    }


def _candidate(one: CandidateLine) -> dict[str, Any]:
    return {"node": one.node.number, "standing": one.standing, "version": one.version}


def _line(one: UpdateLine) -> dict[str, Any]:
    return {**vars(one.target), "text": one.text, "why": one.why}


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**16
