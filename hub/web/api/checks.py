"""Checks as JSON: a node's self-test over the LAN, its relays clicked, what was heard; for `nhavuon check --node`."""

from typing import Any

from flask import Blueprint, jsonify, request, url_for
from flask.typing import ResponseReturnValue

from hub.inspections import Inspection, Line
from hub.live import NodeNow
from hub.rights import needs
from hub.web import checkup, here
from hub.web.failures import BadRequest
from hub.web.pages.orders import by

pages = Blueprint("api_checks", __name__)

PATH = "/nodes/<int:number>/check"


@pages.get(PATH)
@needs("technician")
def show(number: int) -> ResponseReturnValue:
    """The inspection that runs, else the last one."""
    here.hub().fleet.node(number)
    return jsonify(body(number, here.hub().inspections.newest(number)))


@pages.post(PATH)
@needs("technician")
def begin(number: int) -> ResponseReturnValue:
    found = here.hub().inspections.begin(number, by())
    return jsonify(body(number, found)), 202, {"Location": url_for("api_checks.show", number=number)}


@pages.post(f"{PATH}/click/<int:actuator>")
@needs("technician")
def click(number: int, actuator: int) -> ResponseReturnValue:
    """Switch a relay on for two seconds."""
    found = here.hub().inspections.click(number, actuator, by())
    return jsonify(body(number, found)), 202, {"Location": url_for("api_checks.show", number=number)}


@pages.post(f"{PATH}/heard/<int:actuator>")
@needs("technician")
def heard(number: int, actuator: int) -> ResponseReturnValue:
    """Body: heard, whether the relay clicked."""
    wanted: Any = request.get_json(silent=True)
    said = wanted.get("heard") if isinstance(wanted, dict) else None
    if not isinstance(said, bool):
        raise BadRequest(detail="heard")
    return jsonify(body(number, here.hub().inspections.heard(number, actuator, said)))


def body(number: int, found: Inspection | None) -> dict[str, Any]:
    """One inspection; state "none" before the first."""
    if found is None:
        found = Inspection(number, 0.0, "", "none")
        return {**_shown(number, found), "asked_s": None}
    return _shown(number, found)


def _shown(number: int, found: Inspection) -> dict[str, Any]:
    now = here.hub().live.node(number) or NodeNow(number)
    return {
        **{key: getattr(found, key) for key in ("node", "state", "code", "asked_s", "done_s", "who")},
        "asked": found.asked,
        "answered": found.answered,
        "rows": [_row(line, found, now) for line in found.lines],
        "clicks": [vars(one) for one in found.clicks],
    }


def _row(line: Line, found: Inspection, now: NodeNow) -> dict[str, Any]:
    """The row as the node gave it, and as the page says it (empty where it is told with another row)."""
    shown = checkup.one(here.words(), line, found, now) or checkup.Checked("", "", "")
    said = {"name": shown.name, "said": shown.said, "verdict": shown.verdict}
    return {**vars(line), **said, "cause": shown.cause, "action": shown.fix}
