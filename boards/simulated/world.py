"""The world around a simulated board: a worm house, a tea field, or a recorded log (for harness.py).

A world answers `value(kind, place)` in °C, %, litres per minute or 0 and 1, and takes `switch(kind, on)`;
`advance(t_ms)` moves it on. Actuators that are not wired to this board are run by plain hysteresis, as if another board
held them. Runs on both interpreters.
"""

import math

from boards.simulated.plant import MISTER_KG_S, PUMP_KG_S, House, PlainController, Weather, saturation

STEP_S = 10
WATERED = ("mister", "pump")
LITRES_MIN = {"mister": 60 * MISTER_KG_S, "pump": 60 * PUMP_KG_S}
MAX_CATCH_UP_S = 7 * 86400


class Noise:
    """A seeded stream of small random numbers that is the same on both interpreters."""

    def __init__(self, seed):
        self._x = (seed * 7919 + 12345) & 0x7FFFFFFF

    def uniform(self):
        """A number from 0 to 1."""
        self._x = (self._x * 1103515245 + 12345) & 0x7FFFFFFF
        return self._x / 0x7FFFFFFF

    def small(self, most):
        """A whole number from -most to most; makes no garbage, for what is sampled often."""
        self._x = (self._x * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._x >> 8) % (2 * most + 1) - most

    def bell(self):
        """About normal, mean 0, deviation 1, never beyond 3: the sum of three even ones."""
        return (self.small(1000) + self.small(1000) + self.small(1000)) * 0.001


class World:
    """What all worlds share: time in STEP_S steps, actuators as {kind: 0..1}, relay and supply faults."""

    def __init__(self, t_ms, wired):
        self.t_s = t_ms // 1000
        self.wired = wired
        self.on = {kind: 0 for kind in wired}
        self.blocked = ()
        self.dry = False  # the tank is empty: what needs water has no effect

    def switch(self, kind, on):
        self.on[kind] = 1 if on else 0

    def advance(self, t_ms):
        """Move to t_ms, at most a week at once (longer away: the rest is skipped)."""
        target = t_ms // 1000
        self.t_s = max(self.t_s, target - MAX_CATCH_UP_S)
        while self.t_s + STEP_S <= target:
            self.step()
            self.t_s += STEP_S

    def power(self, kind):
        """0 or 1: whether the machine really works; `blocked` kinds have no water, fuse or motor."""
        if kind in self.blocked or (self.dry and kind in WATERED):
            return 0
        return self.on.get(kind, 0)

    def flow(self):
        """Litres per minute through the meter behind the tank now."""
        return sum([LITRES_MIN[kind] * self.power(kind) for kind in WATERED])

    def value(self, kind, place):
        """What a sensor of this kind meets at this place; None when nobody knows."""
        if kind == "water_level":
            return 0 if self.dry else 1
        if kind == "water_flow":
            return self.flow()
        return self.climate(kind)

    def climate(self, kind):
        """The air, the beds, the soil, the rain."""

    def step(self):
        """One step of STEP_S seconds."""

    def state(self):
        """Numbers that bring this world back after a power cut, JSON-ready."""
        return []

    def restore(self, state):
        """Take back what state() gave."""


class WormHouse(World):
    """bench physics: kinds air_temperature, air_humidity, bed_temperature, bed_moisture; fan, mister, pump."""

    def __init__(self, t_ms, wired, seed):
        World.__init__(self, t_ms, wired)
        self.weather = Weather(seed)
        self.house = House()
        self.others = PlainController()

    def step(self):
        house = self.house
        fan, mister, pump = self.others.step(house.air_t, house.air_humidity, house.bed_t, house.bed_moisture)
        fan = self.power("fan") if "fan" in self.wired else fan
        mister = self.power("mister") if "mister" in self.wired else mister
        pump = self.power("pump") if "pump" in self.wired else pump
        house.step(STEP_S, self.weather.at(self.t_s), fan, mister, pump)

    def climate(self, kind):
        house = self.house
        if kind == "air_temperature":
            return house.air_t
        if kind == "air_humidity":
            return house.air_humidity
        if kind == "bed_temperature":
            return house.bed_t
        return house.bed_moisture if kind == "bed_moisture" else 0

    def state(self):
        house = self.house
        return [self.t_s, house.air_t, house.bed_t, house.vapour, house.water, house.litres]

    def restore(self, state):
        house = self.house
        self.t_s, house.air_t, house.bed_t, house.vapour, house.water, house.litres = state


class TeaField(World):
    """Open air from Weather and one soil layer that sun and air dry, rain now and then and the pump wets.

    Order-of-magnitude numbers for a tea row: a layer with 30 % water loses 2 to 3 points on a sunny day.
    """

    DRYING = 4.0e-9  # points of moisture per second, W/m² and point above the dry limit
    DRY = 8.0
    FULL = 42.0
    PUMP = 0.004  # points per second while the pump runs

    def __init__(self, t_ms, wired, seed):
        World.__init__(self, t_ms, wired)
        self.weather = Weather(seed)
        self.rain = Noise(seed + 77)
        self.soil = 25.0
        self.raining_s = 0

    def step(self):
        _, _, sun = self.weather.at(self.t_s)
        if self.raining_s > 0:
            self.raining_s -= STEP_S
            self.soil += 0.0008 * STEP_S
        elif self.rain.uniform() < STEP_S / (6 * 86400):
            self.raining_s = int(1800 + 5400 * self.rain.uniform())
        self.soil -= self.DRYING * STEP_S * (sun + 60) * max(0.0, self.soil - self.DRY)
        self.soil += self.PUMP * STEP_S * self.power("pump")
        self.soil = min(self.FULL, self.soil)

    def climate(self, kind):
        if kind == "rain":
            return 1 if self.raining_s > 0 else 0
        temperature, vapour, _ = self.weather.at(self.t_s)
        if kind == "air_temperature":
            return temperature
        if kind == "air_humidity":
            return min(100.0, 100 * vapour / saturation(temperature))
        if kind == "soil_moisture":
            return self.soil
        return temperature - 1.5 * math.sin(self.t_s / 43200)

    def state(self):
        return [self.t_s, self.soil, self.raining_s]

    def restore(self, state):
        self.t_s, self.soil, self.raining_s = state


class Recorded(World):
    """A recorded log in place of physics: None where the log has an empty cell or a hole; actuators change nothing."""

    def __init__(self, t_ms, wired, replay):
        World.__init__(self, 0, wired)
        self.replay = replay
        self.values = None
        self.advance(t_ms)

    def advance(self, t_ms):
        self.t_s = t_ms // 1000
        self.values = self.replay.at(self.t_s)

    def value(self, kind, place):
        """The column of this kind and place, else the first of this kind; None when it failed or there is none."""
        if self.values is None:
            return None
        index = self._index(kind, place)
        if index is None or self.values[index] is None:
            return None
        return self.values[index] / 10

    def _index(self, kind, place):
        first = None
        for index, (known, where) in enumerate(self.replay.columns):
            if known == kind:
                if where == place:
                    return index
                if first is None:
                    first = index
        return first


def make(name, t_ms, wired, seed, replay=None):
    """The world called name ("worm_house", "tea_field"), or the recorded one when a Replay is given."""
    if replay:
        return Recorded(t_ms, wired, replay)
    return {"worm_house": WormHouse, "tea_field": TeaField}[name](t_ms, wired, seed)
