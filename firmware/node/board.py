"""The board file on flash: what is wired where. Read once at the start by main, and then forgotten.

`channels` and `actuators` are lists of dicts as flash_tools.image wrote them, numbers from the registry.
"""

import json

from node import files
from shared_protocol import record


class Board:
    """Attributes: name, led (pin, on level) or None, stop_pin or None, button or None, channels, actuators."""


def parse(data):
    """The Board of a dict."""
    made = Board()
    led = data.get("led")
    made.name = data.get("board", "?")
    made.led = (led["pin"], led.get("on", 1)) if led else None
    made.stop_pin = data.get("stop_pin")
    made.button = data.get("button")
    made.channels = data.get("channels", [])
    made.actuators = data.get("actuators", [])
    for entry in made.channels:
        _check(entry, ("id", "kind", "unit", "scale", "place", "driver"))
    for entry in made.actuators:
        _check(entry, ("id", "kind", "name", "pin"))
    return made


def _check(entry, names):
    """Raises KeyError when one of the names is missing."""
    for name in names:
        entry[name]


def load(path="board.json"):
    """The Board; a missing or damaged file gives a board without anything, which still talks to the hub."""
    try:
        return parse(json.loads(files.read(path) or b""))
    except (ValueError, KeyError, TypeError, AttributeError):
        print("board.json is missing or damaged: no sensor or relay is known. Flash the board file again.")
        return parse({"board": "damaged"})


def tables(board):
    """(channels, actuators) of a Board as the TABLE record wants them."""
    channels = [record.Channel(c["id"], c["kind"], c["unit"], c["scale"], c["place"]) for c in board.channels]
    return channels, [record.Actuator(a["id"], a["kind"], a["name"]) for a in board.actuators]
