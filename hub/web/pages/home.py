"""Home: every zone on one screen, worst first, and the answer to "is all well?" as its headline."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from hub.rights import needs
from hub.web import here, verdict
from hub.web.verdict import STATES, Verdict
from hub.web.words import Words, in_sentence

pages = Blueprint("home", __name__)


@pages.get("/")
@needs("viewer")
def show() -> ResponseReturnValue:
    words, now = here.words(), here.now_s()
    zones = verdict.all_zones(here.site(), words, now)
    tally = [(state, sum(one.state == state for one in zones)) for state in STATES]
    return render_template(
        "home.html", zones=zones, tally=tally, headline=headline(words, zones), farm=here.hub().fleet.farm_name
    )


def headline(words: Words, zones: list[Verdict]) -> str:
    """The worst state in one line, by name when it is one zone."""
    if not zones:
        return words.say("home.empty")
    worst = zones[0].state
    if worst == "ok":
        return words.say("home.ok")
    named = [one.zone.name for one in zones if one.state == worst]
    if len(named) == 1:
        return words.say(f"home.{worst}_one", zone=in_sentence(named[0]))
    return words.say(f"home.{worst}_many", n=len(named))
