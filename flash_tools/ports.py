"""Owns the finding of the port: which USB serial ports there are, and which of them is the board (used by the commands
flash, check, rescue and console).

Nobody has to know what a COM port is: with one board plugged in it is found; with several, the one that goes and comes
back when a person unplugs it and plugs it in again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import serial.tools.list_ports

from flash_tools.errors import NoPortFound
from flash_tools.words import say as sentence

Say = Callable[[str], None]

LOOK_S = 0.4
PATIENCE_S = 120.0


@dataclass(frozen=True)
class Port:
    """A USB serial port: `device` is what --port takes, `title` what the USB calls itself."""

    device: str
    title: str
    vid: int
    pid: int

    def __str__(self) -> str:
        return f"{self.device} – {self.title} ({self.vid:04x}:{self.pid:04x})"


def usb_ports() -> list[Port]:
    """The USB serial ports of this PC by name; built-in ones, which no board is on, are left out."""
    found = [p for p in serial.tools.list_ports.comports() if p.vid is not None]
    return sorted(
        (Port(p.device, p.product or p.description or "USB", p.vid, p.pid or 0) for p in found),
        key=lambda port: port.device,
    )


def find(
    say: Say, lang: str = "vi", patience_s: float = PATIENCE_S, look: Callable[[], list[Port]] = usb_ports
) -> Port:
    """The port of the board; says what to do while it looks. NoPortFound when nothing appears for patience_s."""
    seen = look()
    if len(seen) == 1:
        return seen[0]
    if seen:
        say(sentence(lang, "ports.several") + "\n" + "\n".join(f"  {port}" for port in seen))
        say(sentence(lang, "ports.replug"))
    else:
        say(sentence(lang, "ports.none"))
    return newcomer(seen, patience_s, look)


def newcomer(seen: list[Port], patience_s: float = PATIENCE_S, look: Callable[[], list[Port]] = usb_ports) -> Port:
    """The first port that was not there a look before: one that is new, or that went and came back."""
    known = {port.device for port in seen}
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        time.sleep(LOOK_S)
        now = look()
        for port in now:
            if port.device not in known:
                return port
        known = {port.device for port in now}
    raise NoPortFound()
