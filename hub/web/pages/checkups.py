"""Checkups: a node looked at over the LAN – its self-test ten times, each relay clicked, probes live; the technician's.

Nothing here switches a machine but the click, which is an ordinary order of two seconds.
"""

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.checks import Probe
from hub.errors import HubError
from hub.inspections import CLICK_S, READS, Inspection
from hub.live import ChannelNow, NodeNow
from hub.rights import needs
from hub.web import checkup, failures, here
from hub.web.checkup import Relay
from hub.web.failures import BadRequest
from hub.web.pages.node_settings import is_probe
from hub.web.pages.orders import by

pages = Blueprint("checkups", __name__)

PATH = "/nodes/<int:number>/check"
HEARD = {"yes": True, "no": False}
BEFORE = 5  # earlier checks listed


@dataclass(frozen=True)
class Before:
    """An earlier check: when, by whom, how many passed and failed; "failed" when the node did not answer."""

    asked_s: float
    who: str
    state: str
    passed: int
    failed: int


@pages.get(PATH)
@needs("technician")
def show(number: int) -> ResponseReturnValue:
    return _page(number, "")


@pages.post(PATH)
@needs("technician")
def begin(number: int) -> ResponseReturnValue:
    here.hub().inspections.begin(number, by())
    return redirect(url_for("checkups.show", number=number), 303)


@pages.post(f"{PATH}/click/<int:actuator>")
@needs("technician")
def click(number: int, actuator: int) -> ResponseReturnValue:
    try:
        here.hub().inspections.click(number, actuator, by())
    except HubError as error:
        here.hub().fleet.node(number)
        return _page(number, failures.text(error)), failures.status(error)
    return redirect(url_for("checkups.show", number=number, _anchor=f"relay-{actuator}"), 303)


@pages.post(f"{PATH}/heard/<int:actuator>")
@needs("technician")
def heard(number: int, actuator: int) -> ResponseReturnValue:
    """Form: `heard`, "yes" or "no"."""
    said = request.form.get("heard", "")
    if said not in HEARD:
        raise BadRequest(detail=f"heard={said[:20]}")
    here.hub().inspections.heard(number, actuator, HEARD[said])
    return redirect(url_for("checkups.show", number=number, _anchor=f"relay-{actuator}"), 303)


def _page(number: int, wrong: str) -> str:
    hub, words, now_s = here.hub(), here.words(), here.now_s()
    node = hub.fleet.node(number)
    now = hub.live.node(number) or NodeNow(number)
    found = hub.inspections.newest(number)
    rows = checkup.checked(words, found, now) if found else []
    relays = checkup.relays(words, found, now)
    running = found is not None and found.state == "running"
    passed, failed = checkup.tally(rows, relays)
    return render_template(
        "checkup.html",
        node=node,
        found=found,
        why=words.first(f"result.{found.code}", "result.unknown") if found else "",
        rows=rows,
        relays=relays,
        passed=passed,
        failed=failed,
        running=running,
        waiting=running or any(relay.state == "sending" for relay in relays),
        lost=hub.live.lost(number, now_s),
        stopped=now.stop,
        reads=READS,
        click_s=CLICK_S,
        probes=_probes(number, now, running),
        before=[_before(one, now) for one in _earlier(number, found)],
        again=_again(number, relays),
        wrong=wrong,
    )


def _again(number: int, relays: list[Relay]) -> str:
    """This page for a browser without scripts, at the relay that is under way. The address differs each time: one that
    differs in its fragment alone would not be asked for again."""
    under_way = next((f"relay-{relay.actuator}" for relay in relays if relay.state == "sending"), None)
    return url_for("checkups.show", number=number, at=int(here.now_s()), _anchor=under_way)


def _probes(number: int, now: NodeNow, running: bool) -> list[tuple[ChannelNow, Probe]]:
    """The soil probes as they are now; looking at the page keeps them measuring."""
    found = [channel for channel in now.channels if is_probe(channel)]
    if found and not running:
        here.hub().checks.watch(number)
    return [(channel, here.hub().checks.probe(number, channel.channel)) for channel in found]


def _earlier(number: int, found: Inspection | None) -> list[Inspection]:
    """The last ones before the one that is shown."""
    kept = here.hub().inspections.history(number, BEFORE + 1)
    return [one for one in kept if found is None or one.asked_s != found.asked_s][:BEFORE]


def _before(one: Inspection, now: NodeNow) -> Before:
    words = here.words()
    passed, failed = checkup.tally(checkup.checked(words, one, now), checkup.relays(words, one, now))
    return Before(one.asked_s, one.who, one.state, passed, failed)
