"""The outputs: one pin per actuator, at its boot level from the first moment. Made by main, driven by actuators."""

from machine import Pin


class Output:
    """The pin of one actuator; `entry` is its dict of the board file."""

    def __init__(self, entry):
        self._on_level = 1 if entry.get("on_level", 1) else 0
        drive = Pin.OPEN_DRAIN if entry.get("drive") == "open_drain" else Pin.OUT
        self._pin = Pin(entry["pin"], drive, value=1 - self._on_level)

    def drive(self, on):
        """Set the output."""
        self._pin.value(self._on_level if on else 1 - self._on_level)
