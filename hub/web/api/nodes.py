"""Nodes as JSON: who they are, what they last reported, their health and what was rejected in their name."""

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from hub.fleet import Node
from hub.live import NodeNow
from hub.rights import needs
from hub.web import here

pages = Blueprint("api_nodes", __name__)


@pages.get("/nodes")
@needs("viewer")
def listed() -> ResponseReturnValue:
    hub = here.hub()
    return jsonify({"nodes": [_body(node) for node in hub.fleet.nodes()], "rejected": hub.live.rejected()})


@pages.get("/nodes/<int:number>")
@needs("viewer")
def one(number: int) -> ResponseReturnValue:
    return jsonify(_body(here.hub().fleet.node(number)))


def _body(node: Node) -> dict[str, Any]:
    now = here.hub().live.node(node.number) or NodeNow(node.number)
    return {
        "number": node.number,
        "name": node.name,
        "zone": node.zone_id,
        "mac": node.mac,
        "added_s": node.added_s,
        "retired_s": node.retired_s,
        "lost": here.hub().live.lost(node.number, here.now_s()),
        "heard_s": now.heard_s,
        "boot_no": now.boot_no,
        "uptime_s": now.uptime_s,
        "stop": now.stop,
        "stop_source": now.stop_source,
        "health": now.health,
        "rejected": now.rejected,
        "channels": [vars(one) for one in now.channels],
        "actuators": [vars(one) for one in now.actuators],
    }
