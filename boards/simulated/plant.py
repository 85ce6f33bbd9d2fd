"""A worm house as physics, its weather, and the controller that usual products offer.

For judging control: the same plant, weather, actuator power and faults for every controller. Runs on CPython and
MicroPython; only `math`. Units: °C, kg/m³ (air humidity), kg (water), W, s. Order-of-magnitude parameters of a
300 m² shaded house with 3,000 trays; no claim beyond that.
"""

import math

FLOOR_M2 = 300.0
VOLUME_M3 = 1050.0
AIR_CAPACITY = 5.0e6  # J/K, air, roof, frames
BED_CAPACITY = 1.4e8  # J/K, 40 t of wet bedding
BED_DRY_KG = 10_000.0
BED_COUPLING = 6_000.0  # W/K between bedding and air
ENVELOPE = 1_500.0  # W/K
WORM_HEAT = 9_000.0  # W
SOLAR_SHARE = 0.06  # of outdoor irradiance reaching the air as heat, per m² of floor
LEAK_M3_S = 0.3
FAN_M3_S = 9.0
MISTER_KG_S = 0.017  # 60 l/h
PUMP_KG_S = 0.17  # 600 l/h over the beds
LATENT = 2.45e6
AIR_HEAT = 1_206.0  # J/(m³ K)

GOOD = {"bed_temperature": (18.0, 30.0), "air_humidity": (60.0, 95.0), "bed_moisture": (70.0, 85.0)}


def saturation(t):
    """Water vapour density at saturation, kg/m³ (Magnus formula over water)."""
    pressure = 611.2 * math.exp(17.62 * t / (243.12 + t))
    return pressure / (461.5 * (t + 273.15))


class Weather:
    """Ninh Bình-like summer: daily cycle, slow fronts, one heat wave, one cold spell. Seeded."""

    def __init__(self, seed, heat_wave_day=30, cold_day=60):
        self.a = (seed * 2654435761 % 1000) / 1000.0 * 6.283
        self.b = (seed * 40503 % 1000) / 1000.0 * 6.283
        self.heat_wave_day, self.cold_day = heat_wave_day, cold_day

    def at(self, s):
        """(temperature, vapour density, irradiance W/m²) at second s."""
        day, hour = s / 86400.0, s / 3600.0 % 24
        front = 1.8 * math.sin(day * 0.9 + self.a) + 1.2 * math.sin(day * 0.37 + self.b)
        wave = 6.0 * math.exp(-(((day - self.heat_wave_day) / 2.5) ** 2))
        cold = -11.0 * math.exp(-(((day - self.cold_day) / 2.0) ** 2))
        t = 27.0 + front + wave + cold + 4.0 * math.sin((hour - 9) / 24 * 6.283)
        humidity = 0.78 - 0.14 * math.sin((hour - 9) / 24 * 6.283) + 0.05 * math.sin(day * 1.7 + self.b)
        sun = max(0.0, math.sin((hour - 6) / 12 * 3.1416)) * (650 + 250 * math.sin(day * 2.3 + self.a))
        return t, humidity * saturation(t), sun


class House:
    """State: air and bed temperature, vapour density, water in the bedding."""

    def __init__(self, air_t=27.0, bed_t=26.5, air_humidity=78.0, bed_moisture=77.0):
        self.air_t, self.bed_t = air_t, bed_t
        self.vapour = air_humidity / 100 * saturation(air_t)
        self.water = BED_DRY_KG * bed_moisture / (100 - bed_moisture)
        self.litres = 0.0

    @property
    def air_humidity(self):
        return min(100.0, 100 * self.vapour / saturation(self.air_t))

    @property
    def bed_moisture(self):
        return 100 * self.water / (self.water + BED_DRY_KG)

    def step(self, dt, weather, fan, mister, pump):
        """Advance dt seconds (at most 10) with actuators as numbers from 0 to 1."""
        out_t, out_vapour, sun = weather
        flow = LEAK_M3_S + FAN_M3_S * fan
        deficit = max(0.0, saturation(self.air_t) - self.vapour)
        dryness = min(1.0, deficit / 0.006)
        mist_kg = MISTER_KG_S * mister
        evaporated = mist_kg * dryness
        bed_evaporation = 0.012 * dryness * (0.4 + 0.6 * min(1.0, flow / FAN_M3_S)) * min(1.0, self.bed_moisture / 70)
        heat = (
            ENVELOPE * (out_t - self.air_t)
            + AIR_HEAT * flow * (out_t - self.air_t)
            + BED_COUPLING * (self.bed_t - self.air_t)
            + SOLAR_SHARE * FLOOR_M2 * sun
            - LATENT * evaporated
        )
        self.air_t += dt * heat / (AIR_CAPACITY + AIR_HEAT * flow * dt)
        self.bed_t += (
            dt * (BED_COUPLING * (self.air_t - self.bed_t) + WORM_HEAT - LATENT * bed_evaporation) / BED_CAPACITY
        )
        gain = (evaporated + bed_evaporation + flow * (out_vapour - self.vapour)) * dt / VOLUME_M3
        self.vapour = min(
            saturation(self.air_t),
            max(0.001, self.vapour + max(-self.vapour * 0.5, gain / (1 + flow * dt / VOLUME_M3))),
        )
        self.water += dt * (mist_kg - evaporated + PUMP_KG_S * pump - bed_evaporation)
        self.litres += dt * (mist_kg + PUMP_KG_S * pump)


class PlainController:
    """Independent hysteresis loops on the last values received, as usual products do it."""

    def __init__(self):
        self.fan = self.mister = self.pump = 0
        self.switches = 0

    def step(self, air_t, air_humidity, bed_t, bed_moisture):
        before = (self.fan, self.mister, self.pump)
        self.fan = _band(self.fan, bed_t if bed_t is not None else air_t, 29.0, 28.0, rising=True)
        self.mister = _band(self.mister, air_humidity, 65.0, 75.0, rising=False)
        self.pump = _band(self.pump, bed_moisture, 74.0, 78.0, rising=False)
        self.switches += sum(a != b for a, b in zip(before, (self.fan, self.mister, self.pump)))
        return self.fan, self.mister, self.pump


def _band(state, value, on, off, rising):
    if value is None:
        return state
    if rising:
        return 1 if value > on else 0 if value < off else state
    return 1 if value < on else 0 if value > off else state


def good_share(samples):
    """Share of samples (bed_temperature, air_humidity, bed_moisture) within GOOD, all three at once."""
    bands = (GOOD["bed_temperature"], GOOD["air_humidity"], GOOD["bed_moisture"])
    return sum(all(lo <= v <= hi for v, (lo, hi) in zip(s, bands)) for s in samples) / max(1, len(samples))
