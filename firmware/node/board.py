"""The board file on flash: what is wired where. Read once at the start, by main.

`channels` and `actuators` are lists of dicts as flash_tools.image wrote them, numbers from the registry.
"""

import json

from node import files


class Board:
    """Attributes: name, led (pin, on level) or None, stop_pin or None, button or None, channels, actuators."""

    def __init__(self, data):
        led = data.get("led")
        self.name = data.get("board", "?")
        self.led = (led["pin"], led.get("on", 1)) if led else None
        self.stop_pin = data.get("stop_pin")
        self.button = data.get("button")
        self.channels = data.get("channels", [])
        self.actuators = data.get("actuators", [])
        for entry in self.channels:
            _check(entry, ("id", "kind", "unit", "scale", "place", "driver"))
        for entry in self.actuators:
            _check(entry, ("id", "kind", "name", "pin"))


def _check(entry, names):
    """Raises KeyError when one of the names is missing."""
    for name in names:
        entry[name]


def load(path="board.json"):
    """The Board; a missing or damaged file gives a board without anything, which still talks to the hub."""
    try:
        return Board(json.loads(files.read(path) or b""))
    except (ValueError, KeyError, TypeError, AttributeError):
        print("board.json is missing or damaged: no sensor or relay is known. Flash the board file again.")
        return Board({"board": "damaged"})
