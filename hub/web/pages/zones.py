"""Zones: one place – what it measures, its machines and what they did; chosen on home."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from hub.rights import needs
from hub.web import here, history, machines, verdict
from hub.web.verdict import Value

pages = Blueprint("zones", __name__)


@pages.get("/zones/<int:zone_id>")
@needs("viewer")
def show(zone_id: int) -> ResponseReturnValue:
    words, now, site = here.words(), here.now_s(), here.site()
    judged = verdict.one_zone(site, words, zone_id, now)
    cards = [card for one in judged.standings if one.now for card in machines.cards(words, one.now, one.lost, now)]
    chosen = chosen_value(judged.values, judged.main, request.args.get("show", ""))
    span = request.args.get("span", "day")
    span = span if span in history.SPANS else "day"
    live_only = request.headers.get("X-Live") == "now"  # the script asks often, the curve moves slowly
    drawn = None if live_only or chosen is None else history.draw(site, words, judged, chosen, span, now)
    return render_template(
        "zone.html", one=judged, cards=cards, chosen=chosen, span=span, spans=list(history.SPANS), history=drawn
    )


def chosen_value(values: tuple[Value, ...], main: Value | None, asked: str) -> Value | None:
    """The value whose chart was asked for as "node-channel", else the one on the card."""
    return next((value for value in values if f"{value.node}-{value.now.channel}" == asked), main)
