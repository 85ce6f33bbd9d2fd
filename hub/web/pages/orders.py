"""Orders: a tap on a machine – asked by a form, followed on a page of its own until the node has reported."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.commands import Ticket
from hub.errors import UnknownTicket
from hub.rights import needs
from hub.web import here, machines
from hub.web.failures import BadRequest
from hub.web.machines import HOLD_OFF_MINUTES, MINUTES, RESTS, Machine
from hub.web.words import whole_number

pages = Blueprint("orders", __name__)


@pages.post("/nodes/<int:number>/actuators/<int:actuator>")
@needs("farmer")
def ask(number: int, actuator: int) -> ResponseReturnValue:
    """Form: `minutes` 5, 15 or 30 to switch on, 0 to switch off; or `rest`, one of RESTS, to keep it off.

    Answers with the ticket's page (303).
    """
    here.hub().fleet.node(number)
    rest = request.form.get("rest", "")
    minutes = 0 if rest else asked_minutes(request.form.get("minutes", ""))
    seconds = asked_rest_s(rest) if rest else (minutes or HOLD_OFF_MINUTES) * 60
    ticket = here.hub().commands.send(number, actuator, minutes > 0, seconds, by())
    return redirect(url_for("orders.show", ticket_id=ticket.id, minutes=minutes or None, rest=rest or None), 303)


@pages.post("/nodes/<int:number>/actuators/<int:actuator>/unlock")
@needs("technician")
def unlock(number: int, actuator: int) -> ResponseReturnValue:
    """End a machine's lock-out, after its wiring was mended."""
    ticket = here.hub().commands.unlock(number, actuator, by())
    return redirect(url_for("orders.show", ticket_id=ticket.id), 303)


@pages.get("/orders/<ticket_id>")
@needs("farmer")
def show(ticket_id: str) -> ResponseReturnValue:
    """The machine's card with the order's state; refreshes itself while it is under way."""
    ticket = here.hub().commands.ticket(ticket_id)
    node = here.hub().fleet.node(ticket.node)
    zone = here.hub().fleet.zone(node.zone_id) if node.zone_id is not None else None
    phone, phone_name = here.people().setting("phone"), here.people().setting("phone_name")
    return render_template(
        "order.html", card=card(ticket), ticket=ticket, zone=zone, node=node, phone=phone, phone_name=phone_name
    )


def asked_minutes(text: str) -> int:
    """0 (off) or one of MINUTES. Raises BadRequest."""
    if text not in ("0", *map(str, MINUTES)):
        raise BadRequest(detail=f"minutes={text[:20]}")
    return int(text)


def asked_rest_s(text: str) -> int:
    """Seconds of one of RESTS that can be asked for now. Raises BadRequest."""
    seconds = machines.rest_s(text, here.now_s()) if text in RESTS else None
    if seconds is None:
        raise BadRequest(detail=f"rest={text[:20]}")
    return seconds


def by() -> str:
    person = here.person()
    return person.name if person else ""


def card(ticket: Ticket) -> Machine:
    """The machine's card with the order on it. Raises UnknownTicket when its node never told what it has."""
    words, now_s = here.words(), here.now_s()
    now = here.hub().live.node(ticket.node)
    reported = next((one for one in now.actuators if one.actuator == ticket.actuator), None) if now else None
    if now is None or reported is None:
        raise UnknownTicket()
    minutes = request.args.get("minutes", type=whole_number)
    again = minutes if minutes in MINUTES else MINUTES[1]
    rest = request.args.get("rest", "")
    rest = rest if rest in RESTS else RESTS[0]
    order = machines.order(words, ticket, machines.name(words, reported), now, now_s, again, rest)
    lost = here.hub().live.lost(ticket.node, now_s)
    return machines.card(words, now, reported, lost, now_s, order)
