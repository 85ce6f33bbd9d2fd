"""The owner of the Wi-Fi: joins, notices a loss, and joins again; nobody else touches it. A part of the main loop.

A join that fails climbs a ladder: again after a pause, the next network, the interface off and on. The pauses grow with
jitter and never end: no failure of the network restarts the node.
"""

import network

_START_MS = 1000  # the radio's current comes after the relays have settled
_JOIN_MS = 20000
_LOOK_MS = 500
_UP_LOOK_MS = 2000
_PAUSE_MS = 2000
_LONGEST_MS = 20000
_RESTART_EVERY = 5  # failures


class Radio:
    """`networks` [(ssid, password)]; `random(n)` gives 0 to n - 1. `up` tells; `joins` counts; `status` is the
    last one seen.
    """

    def __init__(self, networks, now, random):
        self.networks = networks
        self.up = False
        self.joins = 0
        self.status = 0
        self._random = random
        self._wlan = None
        self._which = 0
        self._failures = 0
        self._deadline = None  # while joining
        self.due = now + _START_MS + random(2000)

    def step(self, now):
        """Look, and do the next thing."""
        try:
            self._step(now)
        except (OSError, RuntimeError, MemoryError):  # "Wifi Internal Error", or the radio's own heap is short
            self._fail(now)

    def _step(self, now):
        if self._wlan is None:
            self._open()
        connected = self._wlan.isconnected()
        if connected != self.up:
            self.up = connected
            self.joins += connected
        if connected:
            self._failures = 0
            self._deadline = None
            self.due = now // _UP_LOOK_MS * _UP_LOOK_MS + _UP_LOOK_MS
        elif self._deadline is None:
            self._join(now)
        elif now >= self._deadline:
            self.status = self._wlan.status()
            self._fail(now)
        else:
            self.due = now + _LOOK_MS

    def _open(self):
        self._wlan = network.WLAN(network.STA_IF)
        self._wlan.active(True)
        for option in ({"reconnects": 0}, {"pm": 0}):
            try:
                self._wlan.config(**option)
            except (OSError, ValueError):
                pass  # a port without this option

    def _join(self, now):
        self.due = now + _LOOK_MS
        if not self.networks:
            self.due = now + _UP_LOOK_MS
            return
        ssid, password = self.networks[self._which % len(self.networks)]
        self._deadline = now + _JOIN_MS
        self._wlan.connect(ssid, password)

    def _fail(self, now):
        """Let go, and wait before the next rung of the ladder."""
        self.up = False
        self._failures += 1
        self._which += 1
        self._deadline = None
        pause = min(_PAUSE_MS << min(self._failures, 6), _LONGEST_MS)
        self.due = now + pause // 2 + self._random(pause)
        if self._wlan is None:
            return
        try:
            self._wlan.disconnect()
            if self._failures % _RESTART_EVERY == 0:
                self._wlan.active(False)
                self._wlan = None
        except (OSError, RuntimeError, MemoryError):
            self._wlan = None

    def adopt(self, networks):
        """Take other networks: the one that is joined is kept while it is among them, so that a change of the
        router's name, sent to all nodes before it, leaves none without news and STOP; else a new join begins.
        """
        if networks != self.networks:
            joined = self.networks[self._which % len(self.networks)] if self.up else None
            self.networks = networks
            if joined in networks:
                self._which = networks.index(joined)
                return
            self._which = -1
            self._failures = 0
            self._fail(self.due)
            self.due = 0

    def rssi(self):
        """Signal in dBm, or None."""
        try:
            return self._wlan.status("rssi") if self.up else None
        except (OSError, ValueError):
            return None

    def mac(self):
        """The interface's address, 6 bytes."""
        try:
            return bytes((self._wlan or network.WLAN(network.STA_IF)).config("mac"))
        except (OSError, ValueError):
            return bytes(6)
