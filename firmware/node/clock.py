"""The node's clock: uptime in milliseconds that never wraps, and the wall time that was heard. Used by every part.

Uptime counts from the reset of the chip. Wall time is milliseconds since 2020-01-01 UTC, unknown until the hub
gives it.
"""

import time

_FRESH_MS = 600000  # a tick counter below this was started by this power-on
_JUMP_MS = 300000  # a larger correction must be heard twice
_AGREE_MS = 5000  # two tellings of the same jump agree within this
_APART_MS = 1000  # and come at least this far apart


class Clock:
    """Uptime from a wrapping tick counter; `now()` must be called at least once in half a wrap (6.2 days)."""

    def __init__(self, ticks=None, diff=None):
        self._ticks = ticks or time.ticks_ms
        self._diff = diff or time.ticks_diff
        self._last = self._ticks()
        self._uptime = self._last if 0 <= self._last < _FRESH_MS else 0
        self._offset = None
        self._doubt = None
        self._doubt_at = 0

    def now(self):
        """Uptime in ms, an int of any size."""
        ticks = self._ticks()
        self._uptime += self._diff(ticks, self._last)
        self._last = ticks
        return self._uptime

    def wall_ms(self, now):
        """Wall time in ms since 2020 at uptime `now`, or None while it is unknown."""
        return None if self._offset is None else now + self._offset

    @property
    def in_doubt(self):
        """True while a jump was heard once: ask again soon."""
        return self._doubt is not None

    def hear(self, now, wall_s, wall_ms):
        """Take the hub's time for uptime `now`; True when believed. A jump over 5 minutes is believed the second
        time.
        """
        offset = wall_s * 1000 + wall_ms - now
        known = self._offset is None or abs(offset - self._offset) <= _JUMP_MS
        if not known:
            doubt = self._doubt
            known = doubt is not None and abs(offset - doubt) <= _AGREE_MS and now - self._doubt_at >= _APART_MS
        if not known:
            self._doubt = offset
            self._doubt_at = now
            return False
        self._offset = offset
        self._doubt = None
        return True
