"""Node settings: how often a device measures, its soil probes, how far each change has come; the technician's page."""

import json
from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.errors import HubError
from hub.fleet import Node
from hub.live import ChannelNow
from hub.rights import needs
from hub.settings import calibration, patch
from hub.settings.changes import Change
from hub.web import failures, here
from hub.web.failures import BadNumber
from hub.web.pages.orders import by
from hub.web.words import Words, parse_number

pages = Blueprint("node_settings", __name__)

SUBJECT = "intervals"
SHOWN = 8  # changes listed


@dataclass(frozen=True)
class ChangeLine:
    """One change in words. `state`: "ok", "wait" or "bad"."""

    state: str
    what: str
    how: str
    when: str


@pages.get("/nodes/<int:number>/settings")
@needs("technician")
def show(number: int) -> ResponseReturnValue:
    return _page(here.hub().fleet.node(number), "")


@pages.post("/nodes/<int:number>/settings")
@needs("technician")
def save(number: int) -> ResponseReturnValue:
    """Form: `sample_s` and `set_s` in seconds."""
    node = here.hub().fleet.node(number)
    try:
        text = patch.intervals(_seconds("sample_s"), _seconds("set_s"))
    except HubError as error:
        return _page(node, failures.text(error)), failures.status(error)
    here.hub().changes.ask(number, SUBJECT, text, by())
    flash(here.words().say("node_settings.asked"))
    return redirect(url_for("node_settings.show", number=number), 303)


@pages.post("/nodes/<int:number>/settings/again")
@needs("technician")
def again(number: int) -> ResponseReturnValue:
    """Send again what the device had from here, after it was set up anew."""
    here.hub().changes.repeat(number, by())
    return redirect(url_for("node_settings.show", number=number), 303)


def _seconds(field: str) -> int:
    text = request.form.get(field, "")
    try:
        return int(parse_number(text))
    except ValueError:
        raise BadNumber(text=text[:20]) from None


def _page(node: Node, wrong: str) -> str:
    hub, words = here.hub(), here.words()
    now = hub.live.node(node.number)
    changes = hub.changes.of(node.number)
    probes = [
        (channel, calibration.counting(hub.calibrations.history(node.number, channel.channel)))
        for channel in (now.channels if now else ())
        if is_probe(channel)
    ]
    return render_template(
        "node_settings.html",
        node=node,
        wrong=wrong,
        intervals=_intervals(changes),
        probes=probes,
        old_s=calibration.OLD_S,
        lines=[line(words, change, here.now_s()) for change in changes[:SHOWN]],
        differs=hub.changes.differs(node.number),
        waiting=any(change.state in ("waiting", "taken") for change in changes),
        limits=(patch.SAMPLE_S, patch.SET_S),
    )


def is_probe(channel: ChannelNow) -> bool:
    """Whether a channel is a soil probe, which somebody has to calibrate."""
    return channel.kind in calibration.KINDS


def _intervals(changes: list[Change]) -> tuple[int, int] | None:
    """(sample_s, set_s) that the node took last from here, None before."""
    held = next((c for c in changes if c.subject == SUBJECT and c.state in ("taken", "in_force")), None)
    if held is None:
        return None
    known = json.loads(here.hub().changes.text(held))
    return int(known["sample_s"]), int(known["set_s"])


def line(words: Words, change: Change, now_s: float) -> ChangeLine:
    """A change as the page says it: "Đổi Wi-Fi: đã nhận"."""
    state = {"in_force": "ok", "waiting": "wait", "taken": "wait", "replaced": "wait"}.get(change.state, "bad")
    subject = change.subject.split("-")[0]
    how = words.say(f"change.{change.state}")
    if change.state == "refused":
        how = f"{how}: {words.first(f'result.{change.code}', 'result.unknown')}"
    when = words.say("change.asked", who=change.who, at=words.clock(change.asked_s, now_s))
    return ChangeLine(state, words.say(f"change.of_{subject}"), how, when)
