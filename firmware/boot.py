"""Every output at its boot level first, then the slot with the application. Fixed; flash_tools fills the pins.

Level before direction: `Pin(n, Pin.OUT, value=…)` does not glitch. Nothing but machine.Pin is imported before.
"""

from machine import Pin  # noqa: F401, I001

# pins
# end pins

import sys


def slot():
    """The folder of the application that runs: what the file `slot` names, else a."""
    try:
        with open("slot", "rb") as file:
            name = file.read(1)
    except OSError:
        return "a"
    return "b" if name == b"b" else "a"


sys.path.insert(0, slot())
