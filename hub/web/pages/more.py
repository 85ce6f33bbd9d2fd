"""More: what is needed seldom – language, signing in, and for the manager names, good bands and settings."""

import re
from decimal import Decimal

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hub.errors import HubError
from hub.rights import ANYONE, needs
from hub.web import failures, here, verdict
from hub.web.failures import BadNumber
from hub.web.pages.orders import by
from hub.web.verdict import Value
from hub.web.words import LANGUAGES, parse_number

pages = Blueprint("more", __name__)

YEAR_S = 365 * 86400
PHONE = re.compile(r"\+?[0-9][0-9 ]{2,19}")


class BadPhone(HubError):
    code = "error.bad_phone"
    text = "A phone number has only digits, spaces and a plus sign."


@pages.get("/more")
@needs(ANYONE)
def show() -> ResponseReturnValue:
    zones = here.hub().fleet.zones() if here.may("manager") else []
    return render_template("more.html", zones=zones)


@pages.post("/language")
@needs(ANYONE)
def language() -> ResponseReturnValue:
    """The other language, on the page one came from."""
    now = here.words().language
    response = make_response(redirect(here.local_path(request.form.get("next")), 303))
    other = next(one for one in LANGUAGES if one != now)
    response.set_cookie(here.LANGUAGE_COOKIE, other, max_age=YEAR_S, samesite="Lax", httponly=True)
    return response


@pages.get("/settings")
@needs("manager")
def settings() -> ResponseReturnValue:
    return _settings("")


@pages.post("/settings")
@needs("manager")
def save_settings() -> ResponseReturnValue:
    people, fleet = here.people(), here.hub().fleet
    phone = " ".join(request.form.get("phone", "").split())
    try:
        if phone and not PHONE.fullmatch(phone):
            raise BadPhone()
        if request.form.get("farm", "") != fleet.farm_name:
            fleet.farm_name = request.form.get("farm", "")
    except HubError as error:
        return _settings(failures.text(error)), failures.status(error)
    people.set_setting("phone", phone)
    people.set_setting("phone_name", " ".join(request.form.get("phone_name", "").split())[:40])
    people.looking_open = request.form.get("looking") != "closed"
    here.hub().store.audit(by(), "settings", f"looking {'open' if people.looking_open else 'closed'}")
    flash(here.words().say("settings.saved"))
    return redirect(url_for("more.settings"), 303)


def _settings(wrong: str) -> str:
    people = here.people()
    return render_template(
        "settings.html",
        farm=here.hub().fleet.farm_name,
        looking_open=people.looking_open,
        phone=people.setting("phone"),
        phone_name=people.setting("phone_name"),
        wrong=wrong,
    )


@pages.get("/zones/<int:zone_id>/bands")
@needs("manager")
def bands(zone_id: int) -> ResponseReturnValue:
    return _bands(zone_id, "")


@pages.post("/zones/<int:zone_id>/bands")
@needs("manager")
def save_bands(zone_id: int) -> ResponseReturnValue:
    """Form: `name`, and `low-<kind>`, `high-<kind>` as people type numbers; both empty leaves a band as it is."""
    fleet = here.hub().fleet
    zone = fleet.zone(zone_id)
    try:
        wanted = [(value.now.kind, *_ends(value)) for value in _one_per_kind(zone_id) if _typed(value)]
        if request.form.get("name", zone.name) != zone.name:
            fleet.rename_zone(zone_id, request.form["name"])
        for kind, low, high in wanted:
            fleet.set_band(zone_id, kind, low, high)
    except HubError as error:
        return _bands(zone_id, failures.text(error)), failures.status(error)
    here.hub().store.audit(by(), "bands", zone.name)
    flash(here.words().say("settings.saved"))
    return redirect(url_for("more.bands", zone_id=zone_id), 303)


def _bands(zone_id: int, wrong: str) -> str:
    zone = here.hub().fleet.zone(zone_id)
    return render_template("bands.html", zone=zone, values=_one_per_kind(zone_id), wrong=wrong)


def _one_per_kind(zone_id: int) -> list[Value]:
    judged = verdict.one_zone(here.site(), here.words(), zone_id, here.now_s())
    return list({value.now.kind: value for value in judged.values}.values())


def _typed(value: Value) -> bool:
    kind = value.now.kind
    return bool(request.form.get(f"low-{kind}", "").strip() or request.form.get(f"high-{kind}", "").strip())


def _ends(value: Value) -> tuple[int, int]:
    return _scaled(f"low-{value.now.kind}", value.now.scale), _scaled(f"high-{value.now.kind}", value.now.scale)


def _scaled(field: str, scale: int) -> int:
    text = request.form.get(field, "")
    try:
        return round(parse_number(text) / Decimal(10) ** scale)
    except ValueError:
        raise BadNumber(text=text[:20]) from None
