"""The fleet as JSON: each node's version, image, board, signal, memory and restarts beside what the hub has."""

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from hub.rights import needs
from hub.updates.release import Release
from hub.web import fleet_view, here
from hub.web.fleet_view import FleetRow

pages = Blueprint("api_fleet", __name__)

PLAIN = (
    "lost",
    "heard_s",
    "version",
    "image",
    "image_name",
    "board",
    "mac",
    "other_mac",
    "rssi",
    "heap",
    "reset_cause",
)


@pages.get("/fleet")
@needs("technician")
def show() -> ResponseReturnValue:
    rows = fleet_view.rows(here.hub(), here.now_s())
    return jsonify({"release": release(here.hub().releases.current), "nodes": [_body(row) for row in rows]})


def release(found: Release | None) -> dict[str, Any] | None:
    """The hub's program for the nodes."""
    if found is None:
        return None
    return {"version": found.version, "name": found.name, "sha256": found.sha256.hex(), "size": found.size}


def _body(row: FleetRow) -> dict[str, Any]:
    named = {"number": row.node.number, "name": row.node.name, "zone": row.node.zone_id}
    return {**named, **{key: getattr(row, key) for key in PLAIN}, "resets": dict(row.resets)}
