"""Series and runs as JSON: a channel over time with its gaps, and when a machine was on."""

import math
from typing import Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from hub.rights import needs
from hub.store.runs import runs as store_runs
from hub.store.series import Series
from hub.store.series import channels as store_channels
from hub.store.series import series as store_series
from hub.web import here
from hub.web.failures import BadNumber, BadRequest

pages = Blueprint("api_series", __name__)

DAY_S = 86400.0
LONGEST_S = 10 * 366 * DAY_S
MOST_POINTS = 600


@pages.get("/nodes/<int:number>/channels/<int:channel>/series")
@needs("viewer")
def series(number: int, channel: int) -> ResponseReturnValue:
    """Query: `from`, `to` (unix seconds; the last day without them), `points` (2 to 600)."""
    hub = here.hub()
    hub.fleet.node(number)
    if channel not in {one.channel for one in store_channels(hub.store, number)}:
        raise BadRequest(detail=f"channel={channel}")
    from_s, to_s = stretch()
    points = int(_number("points", MOST_POINTS))
    if not 2 <= points <= MOST_POINTS:
        raise BadRequest(detail=f"points={points}")
    return jsonify(_body(number, store_series(hub.store, number, channel, from_s, to_s, points), from_s, to_s))


def _body(number: int, found: Series, from_s: float, to_s: float) -> dict[str, Any]:
    words = here.words()
    return {
        "node": number,
        "from_s": from_s,
        "to_s": to_s,
        "channel": {key: getattr(found.channel, key) for key in ("channel", "kind", "unit", "scale", "place")},
        "segments": [[vars(point) for point in part] for part in found.points],
        "gaps": [
            {**vars(gap), "text": words.first(f"gap.{gap.reason}", f"fault.{gap.reason}", "gap.no_data")}
            for gap in found.gaps
        ],
        "estimated": found.estimated,
    }


@pages.get("/nodes/<int:number>/actuators/<int:actuator>/runs")
@needs("viewer")
def runs(number: int, actuator: int) -> ResponseReturnValue:
    """Query: `from`, `to` (unix seconds; the last day without them)."""
    here.hub().fleet.node(number)
    from_s, to_s = stretch()
    found = store_runs(here.hub().store, number, actuator, from_s, to_s)
    return jsonify({"node": number, "from_s": from_s, "to_s": to_s, "runs": [vars(run) for run in found]})


def stretch() -> tuple[float, float]:
    """`from` and `to` of the query. Raises BadNumber, BadRequest."""
    to_s = _number("to", here.now_s())
    from_s = _number("from", to_s - DAY_S)
    if not 0 <= from_s < to_s or to_s - from_s > LONGEST_S or to_s > 1e11:
        raise BadRequest(detail="from, to")
    return from_s, to_s


def _number(name: str, default: float) -> float:
    text = request.args.get(name)
    if text is None:
        return default
    try:
        number = float(text)
    except ValueError:
        raise BadNumber(text=text[:20]) from None
    if not math.isfinite(number):
        raise BadNumber(text=text[:20])
    return number
