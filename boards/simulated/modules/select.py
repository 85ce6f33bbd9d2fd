"""`select` as on the ESP32: poll on UDP sockets; in virtual time a wait costs nothing unless a reply is due.

After something was sent the wait first gives the PC some real milliseconds to answer; who never answers is waited
for less and less.
"""

import socket

import network

from boards.simulated import harness, host

POLLIN = 1
POLLOUT = 4
POLLERR = 8
POLLHUP = 16
CHUNK_MS = 200
LARGEST = 600

if not host.MICROPYTHON:
    from boards.simulated.fallback import host_select as _host_select

    def __getattr__(name):
        return getattr(_host_select, name)


class poll:
    """register, modify, unregister, poll, ipoll; only POLLIN waits (a UDP socket can always send).

    Answers are made once per socket: the loop of the firmware shall not find garbage of the simulator's on its heap.
    """

    def __init__(self):
        self._raws = []
        self._answers = []
        self._patience_ms = harness.board.spec["patience_ms"]

    def register(self, obj, eventmask=POLLIN):
        if obj.raw not in self._raws:
            self._raws.append(obj.raw)
            self._answers.append(((obj, POLLIN),))

    def modify(self, obj, eventmask):
        """All sockets wait for POLLIN."""

    def unregister(self, obj):
        if obj.raw in self._raws:
            index = self._raws.index(obj.raw)
            self._raws.pop(index)
            self._answers.pop(index)

    def poll(self, timeout=-1):
        """((socket, POLLIN),) or ()."""
        board = harness.board
        board.meter.waiting()
        found = self._wait(board.clock, 1000 if timeout < 0 else timeout)
        board.meter.woken()
        if found is None:
            return ()
        self._patience_ms = harness.board.spec["patience_ms"]
        return self._answers[self._raws.index(found)]

    def ipoll(self, timeout=-1, flags=0):
        return iter(self.poll(timeout))

    def _wait(self, clock, timeout_ms):
        """The raw socket that holds a datagram, or None when the time is over."""
        end_us = clock.now_us() + timeout_ms * 1000
        while True:
            found = self._ready(0)
            if found is None and clock.virtual and socket.outstanding[0] > 0:
                found = self._expect_reply()
            left_us = end_us - clock.now_us()
            if found is not None or left_us <= 0:
                return found
            if clock.virtual:
                clock.jump_us(left_us)
                continue
            found = self._ready(min(CHUNK_MS, clock.host_ms(left_us)))
            harness.board.look_around()
            if found is not None:
                return found

    def _expect_reply(self):
        """Real patience for one reply; halved each time that nobody answers, restored by an answer."""
        found = self._ready(self._patience_ms)
        if found is None:
            self._patience_ms //= 2
            socket.outstanding[0] = 0
        return found

    def _ready(self, host_timeout_ms):
        """A raw socket that holds a datagram; what arrives while the Wi-Fi is down is lost."""
        raw = host.readable(self._raws, host_timeout_ms)
        if raw is not None and not network.station.up():
            host.receive(raw, LARGEST)
            return None
        return raw
