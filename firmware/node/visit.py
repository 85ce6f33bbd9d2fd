"""People and tools come before the application: the rescue window and maintenance. Loaded by main at the start, and
forgotten after.

For 2.5 s Ctrl-C, or the BOOT button held, leads to the REPL before any watchdog is armed.
"""

import time

import machine

from node import board, files
from node.reset import left

RESCUE_MS = 2500
HANG_MS = 60000  # from here until the watchdog takes over, as in boot.py
MOST_SERVICE_S = 3600


def wants_repl():
    """True when a person wants the REPL; a tool that asked for maintenance gets its time first."""
    try:
        if _is_rescue(board.load().button):
            left()
            return True
        _serve()
    except KeyboardInterrupt:
        left()
        raise
    return False


def _is_rescue(button):
    """True when the BOOT button (low when pressed) is held through the window."""
    held = 0
    pin = machine.Pin(button, machine.Pin.IN, machine.Pin.PULL_UP) if button is not None else None
    for _ in range(RESCUE_MS // 100):
        time.sleep_ms(100)
        held += pin is not None and pin.value() == 0
    return held > RESCUE_MS // 200


def _serve():
    """After a SERVICE: stay idle at the boot levels for the time asked, with no watchdog, for a tool to work."""
    seconds = files.read("service")
    if seconds is not None:
        files.remove("service")
        ms = 1000 * min(int(seconds), MOST_SERVICE_S)
        if (files.read("slot") or b"")[2:].isdigit():  # boot.py armed the watchdog for a trial
            machine.WDT(timeout=ms + HANG_MS).feed()
        time.sleep_ms(ms)
