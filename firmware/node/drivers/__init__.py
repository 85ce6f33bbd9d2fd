"""The drivers: one file per sensor, loaded only when the board file names it. Opened by sense.

A driver module has a class `Driver(entries, calibration)`: `entries` are the board file's channels of one sensor.
It has
`wait_ms`, how long `read()` must come after `begin()`, and gives `read() -> list of (value or None, fault)`, one
for each
entry, in tenths; `raws` then holds the finest numbers behind them (or None), `revive()` tries to wake a sensor
that is stuck.
"""

from shared_protocol import registry as g

NAMES = ("dht22", "dht11", "ds18x20", "soil", "sht3x", "sht4x", "contact", "flow")
_WIRES = ("driver", "pin", "sda", "scl", "address")  # entries that agree in these are one sensor


class Dead:
    """Stands for a sensor whose driver is not known or cannot be opened."""

    wait_ms = 0

    def __init__(self, entries):
        self.raws = [None] * len(entries)

    def begin(self):
        """Nothing to start."""

    def read(self):
        """A fault for each entry."""
        return [(None, g.FAULT_BUS)] * len(self.raws)

    def revive(self):
        """Nothing to wake."""


def open_all(channels, calibration):
    """Group the board file's channels by sensor: list of (driver, [channel index])."""
    groups = []
    for i in range(len(channels)):
        wires = [channels[i].get(name) for name in _WIRES]
        for known in groups:
            if known[0] == wires:
                known[1].append(i)
                break
        else:
            groups.append((wires, [i]))
    return [(_open(wires[0], [channels[i] for i in indexes], calibration), indexes) for wires, indexes in groups]


def _open(name, entries, calibration):
    """The Driver of one sensor. One that fails must not take the other sensors with it."""
    try:
        if name in NAMES:
            return __import__("node.drivers." + name, None, None, ("Driver",)).Driver(entries, calibration)
    except Exception:  # a pin that cannot be used, a bus that is not there: whatever the port raises
        pass
    return Dead(entries)
