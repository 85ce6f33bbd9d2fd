"""The judge of one channel: is a value believable? Pure, integers only. Called by sense for every reading.

Limits are in tenths (°C, %) and seconds; kinds without an entry have no limits but what a block can hold.
"""

from shared_protocol import registry as g

_HOUR = 3600
_TEMPERATURE = (-300, 850, 50, 12 * _HOUR)  # lowest, highest, change per minute, unchanged for
_HUMIDITY = (0, 1000, 250, 12 * _HOUR)
_BED = (-300, 850, 30, 48 * _HOUR)  # 40 t of wet bedding hardly move
_MOISTURE = (0, 1000, 200, 12 * _HOUR)
_NO_LIMITS = (-g.MAX_VALUE, g.MAX_VALUE, None, None)

LIMITS = {
    g.KIND_AIR_TEMPERATURE: _TEMPERATURE,
    g.KIND_AIR_HUMIDITY: _HUMIDITY,
    g.KIND_SOIL_MOISTURE: _MOISTURE,
    g.KIND_SOIL_TEMPERATURE: _BED,
    g.KIND_BED_TEMPERATURE: _BED,
    g.KIND_BED_MOISTURE: _MOISTURE,
    g.KIND_WATER_TEMPERATURE: _BED,
}
SATURATED = 999  # what a DHT22 sends for hours when it has locked up
SATURATED_S = 3 * _HOUR
CONFIRM = 3  # a jump that holds for so many readings is real
_WAIT_S = 600  # after a longer silence a jump needs no confirmation


def known_lie(temperature, humidity):
    """True for the pairs that a locked-up DHT sends: 0/0 and 1/1, in tenths."""
    return temperature == humidity and temperature in (0, 10)


class Judge:
    """Remembers of one channel what its limits need. `kind` is a KIND_ number."""

    def __init__(self, kind):
        self.low, self.high, self.rate, self.frozen_s = LIMITS.get(kind, _NO_LIMITS)
        self.humid = kind == g.KIND_AIR_HUMIDITY
        self.value = None  # last believed
        self.at = 0
        self._raw = None
        self._raw_since = 0
        self._jump = None  # a value too far away, and how often it was seen
        self._jumps = 0

    def judge(self, now, value, fault, raw):
        """(value, 0) or (None, fault) for what a driver gave at uptime `now` (s); `raw` is its finest number or
        None.
        """
        if fault or value is None:
            return None, fault or g.FAULT_NO_ANSWER
        fault = self._range(value) or self._stuck(now, value, raw) or self._rate(now, value)
        if fault:
            return None, fault
        self.value = value
        self.at = now
        return value, 0

    def _range(self, value):
        return 0 if self.low <= value <= self.high else g.FAULT_OUT_OF_RANGE

    def _stuck(self, now, value, raw):
        raw = value if raw is None else raw
        if raw != self._raw:
            self._raw = raw
            self._raw_since = now
            return 0
        still_s = now - self._raw_since
        if self.humid and value == SATURATED and still_s >= SATURATED_S:
            return g.FAULT_KNOWN_LIE
        return g.FAULT_FROZEN if self.frozen_s and still_s >= self.frozen_s else 0

    def _rate(self, now, value):
        if self.rate is None or self.value is None or now - self.at > _WAIT_S or self._near(now, self.value, value):
            self._jumps = 0
            return 0
        if self._jumps and self._near(now, self._jump, value):
            self._jumps += 1
        else:
            self._jumps = 1
        self._jump = value
        if self._jumps < CONFIRM:
            return g.FAULT_RATE
        self._jumps = 0
        return 0

    def _near(self, now, known, value):
        minutes = max(1, (now - self.at + 59) // 60)
        return abs(value - known) <= self.rate * minutes
