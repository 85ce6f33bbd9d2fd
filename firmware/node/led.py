"""The status LED: on = the hub hears us, slow blinking = no hub, quick blinking = safe mode or stop. A part of the
main loop.
"""

from machine import Pin

_STEADY_MS = 5000
_SLOW_MS = 2000
_QUICK_MS = 500


class Led:
    """`link.session` and `alarm()` tell what to show; without a pin it does nothing."""

    def __init__(self, led, link, alarm):
        self.due = 0
        self._link = link
        self._alarm = alarm
        self._level = led[1] if led else 1
        self._pin = Pin(led[0], Pin.OUT, value=1 - self._level) if led else None
        self._on = False

    def step(self, now):
        """Show the state; sleep as long as it lasts."""
        if self._pin is None:
            self.due = now + 3600000
            return
        heard = bool(self._link.session)
        if self._alarm():
            on = not self._on
            self.due = now // _QUICK_MS * _QUICK_MS + _QUICK_MS
        else:
            on = heard or not self._on
            pause = _STEADY_MS if heard else _SLOW_MS
            self.due = now // pause * pause + pause
        if on != self._on:
            self._on = on
            self._pin.value(self._level if on else 1 - self._level)
