"""The simulated board's clock: virtual (sleeping costs nothing) up to a switch, then the PC's (for harness.py).

Times are milliseconds or microseconds since the board's first power-on, over all its boots. In virtual time each look
at the clock costs LOOK_US, so that a loop that waits by polling the clock ends.
"""

LOOK_US = 5
STALL_US = 250_000  # a process that looks at the PC's clock so late, or later, was kept waiting: its board did not hang
CHUNK_US = 200_000


class Clock:
    """`switch_ms` None = virtual for ever. `alarm_us`: the watchdog's deadline, met exactly in virtual time."""

    def __init__(self, start_ms, switch_ms, speed, host_us, host_sleep_us):
        self._us = start_ms * 1000
        self._switch_us = None if switch_ms is None else switch_ms * 1000
        self._speed = speed
        self._host_us = host_us
        self._host_sleep_us = host_sleep_us
        self._host_zero = None
        self._looked_us = None
        self.alarm_us = None
        self.on_alarm = None
        self.timers = {}  # id → (due in µs, what is called then), see modules/machine.py
        self.on_real = None
        self.on_pass = None

    @property
    def virtual(self):
        """True while time is free; the switch to the PC's time happens here, when it is due."""
        if self._host_zero is None and self._switch_us is not None and self._us >= self._switch_us:
            self._host_zero = self._looked_us = self._host_us()
            if self.on_real:
                self.on_real()
        return self._host_zero is None

    def now_us(self):
        if self.virtual:
            self._us += LOOK_US
            now = self._us
        else:
            now = self._us + int((self._look() - self._host_zero) * self._speed)
        if self.alarm_us is not None and now >= self.alarm_us:
            self._ring()
        if self.timers and now >= self._timer_us():
            self._fire(now)
        return now

    def now_ms(self):
        return self.now_us() // 1000

    def _look(self):
        """The PC's clock; the watchdog waits as long as the PC kept this process waiting."""
        host_us = self._host_us()
        stalled_us = host_us - self._looked_us - STALL_US
        if stalled_us > 0 and self.alarm_us is not None:
            self.alarm_us += int(stalled_us * self._speed)
        self._looked_us = host_us
        return host_us

    def sleep_us(self, us):
        """Let us microseconds pass, free in virtual time; rings the watchdog on the way."""
        end = self.now_us() + us
        while True:
            if self.virtual:
                self._jump(min(end, self._timer_us()) if self.timers else end)
            else:
                self._host_sleep_us(max(1, min(CHUNK_US, int((end - self.now_us()) / self._speed))))
            if self.on_pass:
                self.on_pass()
            if self.now_us() >= end:
                return

    def jump_us(self, us):
        """Virtual time only: pass us microseconds, or up to the switch or a timer."""
        end = self._us + us
        self._jump(min(end, self._timer_us()) if self.timers else end)
        if self.on_pass:
            self.on_pass()

    def host_ms(self, us):
        """How long us microseconds of the board's time take on the PC, in whole ms rounded up."""
        return -int(-us / self._speed // 1000)

    def _jump(self, end_us):
        if self._switch_us is not None:
            end_us = min(end_us, self._switch_us)
        if self.alarm_us is not None and end_us >= self.alarm_us:
            self._us = max(self._us, self.alarm_us)
            self._ring()
        self._us = max(self._us, end_us)

    def _timer_us(self):
        """When the first timer is due."""
        return min([due for due, _ in self.timers.values()])

    def _fire(self, now):
        """Call what is due; a timer that goes on sets itself anew."""
        for id, (due, call) in list(self.timers.items()):
            if now >= due:
                del self.timers[id]
                call()

    def _ring(self):
        self.alarm_us = None
        self.on_alarm()
