"""The stop: latched on flash until an act of its own clears it. A part of the main loop, and called by orders.

The input is normally closed to ground: pressed, or a broken wire, reads 1.
"""

from machine import Pin

from node import files
from shared_protocol import registry as g

_LATCH = "stop"
_LOOK_MS = 1000
_SURE_MS = 50


class Stop:
    """`latched` tells; `actuators.stop` does."""

    def __init__(self, pin, actuators, recorder):
        self.due = 0
        self.latched = files.read(_LATCH) is not None
        self._actuators = actuators
        self._recorder = recorder
        self._pin = Pin(pin, Pin.IN, Pin.PULL_UP) if pin is not None else None
        self._seen = False
        if self.latched:
            actuators.stop(True)

    @property
    def pressed(self):
        """True while the input asks for a stop."""
        return self._pin is not None and self._pin.value() == 1

    def step(self, now):
        """Look at the input; a press must be seen twice."""
        if self.latched or not self.pressed:
            self._seen = False
        elif self._seen:
            self.latch(g.STOP_INPUT)
        else:
            self._seen = True
            self.due = now + _SURE_MS
            return
        self.due = now // _LOOK_MS * _LOOK_MS + _LOOK_MS

    def latch(self, source):
        """Everything off first, then the flash, then the record."""
        self._actuators.stop(True)
        if self.latched:
            return
        self.latched = True
        try:
            files.write(_LATCH, b"1")
        except OSError:
            pass  # held in memory at least
        self._recorder.event(g.EVENT_STOP, (source,))

    def clear(self, source):
        """A RESULT_ code; refused while the input still asks for the stop."""
        if self.pressed:
            return g.RESULT_STOPPED
        if self.latched:
            files.remove(_LATCH)
            self.latched = False
            self._recorder.event(g.EVENT_STOP_CLEAR, (source,))
        self._actuators.stop(False)
        return g.RESULT_OK
