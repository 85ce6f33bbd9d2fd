"""Here: what a view needs of the present request: the hub, its people, the time, who asks, in which language."""

from dataclasses import dataclass

from flask import current_app, g, has_request_context, request, session

from hub.people import People, Person
from hub.rights import allows
from hub.service import Hub
from hub.web.trends import Trends
from hub.web.words import LANGUAGES, Words

LANGUAGE_COOKIE = "lang"


@dataclass(frozen=True)
class Site:
    """What one page server shares between requests. `started` tells one run of the server from another."""

    hub: Hub
    trends: Trends
    started: str


def site() -> Site:
    found: Site = current_app.extensions["nhavuon"]
    return found


def hub() -> Hub:
    return site().hub


def people() -> People:
    return hub().people


def now_s() -> float:
    """Unix seconds, the same during one request."""
    if "now_s" not in g:
        g.now_s = hub().clock.wall()
    return float(g.now_s)


def words() -> Words:
    """The language asked for by cookie; Vietnamese without one."""
    asked = request.cookies.get(LANGUAGE_COOKIE, "") if has_request_context() else ""
    return Words(asked if asked in LANGUAGES else LANGUAGES[0])


def person() -> Person | None:
    """Who is signed in."""
    if "person" not in g:
        g.person = people().who(session.get("token"))
    found: Person | None = g.person
    return found


def role() -> str | None:
    """The role that counts now: the person's own, else "viewer" while looking is open, else None."""
    who = person()
    if who is not None:
        return who.role
    return "viewer" if people().looking_open else None


def may(need: str) -> bool:
    return allows(role(), need)


def is_api() -> bool:
    return request.path.startswith("/api/")


def local_path(path: str | None) -> str:
    """`path` when it leads back into this site, else "/": never an open redirect."""
    if not path or not path.startswith("/") or path.startswith("//") or "\\" in path or any(c < " " for c in path):
        return "/"
    return path
