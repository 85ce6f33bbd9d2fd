"""Commands as JSON: ask a machine for a state, then follow the ticket until the node has reported."""

from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from hub.commands import Ticket
from hub.rights import needs
from hub.web import here, machines
from hub.web.failures import BadRequest
from hub.web.pages.orders import by

pages = Blueprint("api_commands", __name__)

LEAST_S, MOST_S = 60, 1800  # the page offers 5, 15 and 30 minutes; nothing is switched on for longer by a tap


@pages.post("/commands")
@needs("farmer")
def ask() -> ResponseReturnValue:
    """Body: node, actuator, on, seconds (60 to 1800: on for at most so long, or off and held off)."""
    wanted: Any = request.get_json(silent=True)
    node, actuator, seconds = (_whole(wanted, key) for key in ("node", "actuator", "seconds"))
    on = wanted.get("on")
    if not isinstance(on, bool) or not LEAST_S <= seconds <= MOST_S:
        raise BadRequest(detail="on, seconds")
    ticket = here.hub().commands.send(node, actuator, on, seconds, by())
    return jsonify(body(ticket)), 202, {"Location": url_for("api_commands.one", ticket_id=ticket.id)}


@pages.get("/commands/<ticket_id>")
@needs("farmer")
def one(ticket_id: str) -> ResponseReturnValue:
    return jsonify(body(here.hub().commands.ticket(ticket_id)))


def body(ticket: Ticket) -> dict[str, Any]:
    """The ticket and the sentence the page shows for it."""
    node = here.hub().fleet.node(ticket.node)
    now = here.hub().live.node(ticket.node)
    order = machines.order(here.words(), ticket, node.name, now, here.now_s())
    return {**vars(ticket), "text": order.headline, "why": order.why}


def _whole(wanted: Any, key: str) -> int:
    value = wanted.get(key) if isinstance(wanted, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise BadRequest(detail=key)
    return value
