"""The senses: read the drivers, judge the readings, hand sets to the recorder and faults to the journal. A part of
the main loop.

Live samples come every `sample_s`, sets every `set_s`; a set is always a sample of its own moment.
"""

from node.judge import Judge
from shared_protocol import registry as g

_SETTLE_MS = 3000  # sensors need 2 s after power-up; whole seconds, so that the parts of the loop wake together
_TELL_AFTER = 3  # bad samples in a row before a fault is journaled (at once when a set has a gap)
_REVIVE_AFTER = 6


class Channel:
    """One measured quantity. `value`, `at` (s): the last good reading; `fault`: 0 or what the newest one suffers
    from.
    """

    def __init__(self, entry):
        self.id = entry["id"]
        self.kind = entry["kind"]
        self.unit = entry["unit"]
        self.scale = entry["scale"]
        self.place = entry["place"]
        self.value = None
        self.at = 0
        self.fault = g.FAULT_WARMING_UP
        self.raw = None
        self.bad = 0  # bad readings in a row
        self.bad_at = 0  # uptime (s) of the first of them
        self.same = 0  # how many of them in a row had this very fault
        self.same_at = 0
        self.told = 0  # the fault that the journal knows of
        self.told_at = 0  # since when, as the journal knows it
        self.judge = Judge(self.kind)

    def take(self, now_s, value, fault, raw):
        """Take one judged reading."""
        if not fault:
            self.value = value
            self.at = now_s
            self.fault = self.bad = self.same = 0
            return
        if not self.bad:
            self.bad_at = now_s
        if fault != self.fault:
            self.same = 0
        if not self.same:
            self.same_at = now_s
        self.bad += 1
        self.same += 1
        self.fault = fault
        self.raw = raw


class Sense:
    """`channels` in the table's order, `readings` the same by id. `wake` is called after every sample."""

    def __init__(self, entries, settings, recorder, clock, wake):
        from node import drivers

        self.channels = [Channel(entry) for entry in entries]
        self.readings = {channel.id: channel for channel in self.channels}
        self.intervals(settings.sample_s, settings.set_s)
        self.changed = 0  # counts beginnings and ends of faults
        self.sampled_ms = clock.now()
        self.states = lambda: 0
        self._recorder = recorder
        self._wake = wake
        self._calibration = settings.calibration  # shared with the drivers
        self.drivers = drivers.open_all(entries, self._calibration)
        self._wait_ms = max([driver.wait_ms for driver, _ in self.drivers] or [0])
        self._begun = False
        self._next_sample = self._next_set = clock.now() // 1000 * 1000 + _SETTLE_MS
        self.due = self._next_sample

    def intervals(self, sample_s, set_s):
        """Take these intervals (s) from now on; a set is never due between two samples."""
        self.sample_s = min(sample_s, set_s)
        self.set_s = set_s

    def adopt(self, settings):
        """Take changed settings."""
        self.intervals(settings.sample_s, settings.set_s)
        self._calibration.clear()
        self._calibration.update(settings.calibration)

    def step(self, now):
        """Start the slow sensors, or read all of them."""
        if not self._begun and self._wait_ms:
            for driver, _ in self.drivers:
                driver.begin()
            self._begun = True
            self.due = now + self._wait_ms
            return
        self._begun = False
        is_set = now >= self._next_set - self.sample_s * 500
        self._sample(now // 1000, is_set)
        self.sampled_ms = now
        if is_set:
            self._recorder.set(now // 1000, [None if c.fault else c.value for c in self.channels], self.states())
            self._next_set = _after(self._next_set, self.set_s * 1000, now)
        self._next_sample = _after(self._next_sample, self.sample_s * 1000, now)
        self.due = self._next_sample - self._wait_ms
        self._wake()

    def _sample(self, now_s, is_set):
        for driver, indexes in self.drivers:
            results = driver.read()
            stuck = True
            for i in range(len(indexes)):
                channel = self.channels[indexes[i]]
                raw = driver.raws[i]
                value, fault = channel.judge.judge(now_s, results[i][0], results[i][1], raw)
                channel.take(now_s, value, fault, raw)
                stuck = stuck and channel.bad and channel.bad % _REVIVE_AFTER == 0
            if stuck:
                driver.revive()
        for channel in self.channels:
            if not channel.fault:
                self._end(channel)
            elif is_set or channel.bad >= _TELL_AFTER:
                self._tell(channel)

    def _end(self, channel):
        """Journal that the fault which the journal knows of is over."""
        if channel.told:
            self._recorder.event(g.EVENT_FAULT_END, (channel.id, channel.told, channel.told_at))
            channel.told = 0
            self.changed += 1

    def _tell(self, channel):
        """Journal a fault: a first one since its first bad reading, another one when it has lasted too."""
        if channel.told == channel.fault or (channel.told and channel.same < _TELL_AFTER):
            return
        since = channel.same_at if channel.told else channel.bad_at
        self._end(channel)
        channel.told = channel.fault
        channel.told_at = since
        self._recorder.event(g.EVENT_FAULT_START, (channel.id, channel.fault, since, channel.raw))
        self.changed += 1


def _after(due, period, now):
    """The next multiple of the period behind `now`, keeping the rhythm."""
    due += period
    return due if due > now else now + period
