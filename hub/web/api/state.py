"""State: the whole farm in one answer, for polling; "nothing new" is a 304 that costs nothing to find out."""

from typing import Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from hub.live import ActuatorNow, NodeNow
from hub.rights import needs
from hub.web import here, machines, stops, verdict
from hub.web.verdict import Standing, Value, Verdict
from hub.web.words import Words

pages = Blueprint("api", __name__)

FRESH_S = 15  # ages and "lost" change by time alone: at least this often there is something new


@pages.get("/state")
@needs("viewer")
def state() -> ResponseReturnValue:
    tag = mark()
    if tag in request.if_none_match:
        response = Response(status=304)
    else:
        response = jsonify(body(here.words(), here.now_s()))
        response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(tag)
    return response


def mark() -> str:
    """Changes whenever the answer may: with a node's report, a stop, an account, the language, and every 15 s."""
    site, hub = here.site(), here.hub()
    stopped = sum(hub.commands.stopped(node.number) for node in hub.fleet.nodes())
    slot = int(here.now_s()) // FRESH_S
    return f"{site.started}{hub.live.version:x}.{hub.recipes.version:x}.{slot:x}.{stopped:x}{here.words().language}"


def body(words: Words, now_s: float) -> dict[str, Any]:
    hub = here.hub()
    stop = stops.view(hub, now_s)
    return {
        "at_s": now_s,
        "farm": hub.fleet.farm_name,
        "stop": stop_body(stop),
        "zones": [zone_body(words, one, now_s) for one in verdict.all_zones(here.site(), words, now_s)],
    }


def stop_body(stop: stops.StopView) -> dict[str, Any]:
    return {
        "ordered": stop.ordered,
        "reported_nodes": stop.reported,
        "nodes": stop.nodes,
        "machines": len(stop.lines),
        "stopped_machines": stop.done,
    }


def zone_body(words: Words, one: Verdict, now_s: float) -> dict[str, Any]:
    return {
        "id": one.zone.id,
        "name": one.zone.name,
        "kind": one.zone.kind,
        "state": one.state,
        "reasons": [f"{reason.strong} {reason.text}".strip() for reason in one.reasons],
        "values": [value_body(value) for value in one.values],
        "machines": [machine for standing in one.standings for machine in machine_bodies(words, standing, now_s)],
    }


def value_body(value: Value) -> dict[str, Any]:
    now = value.now
    return {
        "node": value.node,
        "channel": now.channel,
        "kind": now.kind,
        "name": value.name,
        "place": now.place,
        "value": now.value,
        "scale": now.scale,
        "unit": now.unit,
        "fault": now.fault,
        "at_s": now.at_s,
        "state": value.state,
        "trend": value.trend,
        "band": None if value.band is None else {"low": value.band.low, "high": value.band.high},
    }


def machine_bodies(words: Words, standing: Standing, now_s: float) -> list[dict[str, Any]]:
    now = standing.now
    return [machine_body(words, now, one, standing.lost, now_s) for one in now.actuators] if now else []


def machine_body(words: Words, now: NodeNow, one: ActuatorNow, lost: bool, now_s: float) -> dict[str, Any]:
    return {
        "node": now.node,
        "actuator": one.actuator,
        "kind": one.kind,
        "name": machines.name(words, one),
        "on": one.on,
        "known": not lost,
        "cause": one.cause,
        "why": machines.cause(words, one, now.channels, now_s),
        "since_s": one.since_s,
        "until_s": one.until_s,
    }
