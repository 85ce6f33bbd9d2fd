"""One season in the worm house of boards/simulated/plant.py under one controller; run many times by control.

The plant moves in steps of 10 s, sensors are read every 30 s. All else is as on the node: its own Actuators, Ledger,
Judge and Channel, fed by sensors with noise, quantisation and faults. The same seed gives every controller the same
weather, noise and faults.
"""

import importlib
import random
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from boards.board import load
from boards.simulated.plant import GOOD, House, PlainController, Weather

FIRMWARE = str(Path(__file__).resolve().parents[2] / "firmware")
BOARD = "worm_house"
STEP_S = 10
SAMPLE_S = 30  # a node's default is 10; a season is quicker so
WEATHER_S = 60  # so often it is asked anew
DAY_S = 86_400
BOOT_MS = 3_000  # rescue window and sensors' power-up
HEARD_S = 20  # after a start the hub has told the time
EPOCH_MS = (5 * DAY_S - 7 * 3600) * 1000  # 2020-01-06, a Monday, 0:00 in Vietnam
NO_ANSWER = 1  # registry.FAULT_NO_ANSWER
HOT, DEADLY = 33.0, 35.0  # °C of the bed
KINDS = ("fan", "mister", "pump")
SENSORS = ("air", "bed", "moisture")  # DHT22, DS18B20, capacitive probe


@dataclass
class Result:
    """One season: seconds in band and above limits of the bed's temperature, switchings, water."""

    days: int
    steps: int = 0
    good: int = 0
    hot: int = 0
    deadly: int = 0
    hottest: float = 0.0
    switches: int = 0
    litres: float = 0.0

    @property
    def in_band_share(self) -> float:
        return self.good / max(1, self.steps)


@dataclass(frozen=True)
class Faults:
    """What goes wrong when, in seconds: dead and frozen sensors, times without mains, resets of the board."""

    dead: tuple[tuple[str, int, int], ...] = ()
    frozen: tuple[tuple[str, int, int], ...] = ()
    dark: tuple[tuple[int, int], ...] = ()
    resets: tuple[int, ...] = ()


def fault_plan(seed: int, days: int) -> Faults:
    """Each sensor dies for 6 to 48 hours every 20 days and freezes for as long every 30; the mains flickers three times
    a week for up to two minutes, the board resets twice a week. Starting values, harsher than a farm should be.
    """
    chance = random.Random(seed * 977 + 5)

    def some(sensor: str, every_days: int) -> list[tuple[str, int, int]]:
        begins = [chance.randrange(days * DAY_S) for _ in range(max(1, days // every_days))]
        return [(sensor, begin, begin + chance.randrange(6 * 3600, 48 * 3600)) for begin in begins]

    dead = [one for sensor in SENSORS for one in some(sensor, 20)]
    frozen = [one for sensor in SENSORS for one in some(sensor, 30)]
    flickers = [chance.randrange(days * DAY_S) for _ in range(days * 3 // 7)]
    dark = [(begin, begin + chance.randrange(1, 120)) for begin in flickers]
    resets = [chance.randrange(days * DAY_S) for _ in range(days * 2 // 7)]
    return Faults(tuple(dead), tuple(frozen), tuple(sorted(dark)), tuple(sorted(resets)))


class Senses:
    """The three sensors of the board: what each gives out at a moment, as (tenths, raw), None when it is dead."""

    def __init__(self, seed: int, faults: Faults) -> None:
        self._noise = random.Random(seed * 31 + 7).gauss
        self._faults = faults
        self._held: dict[str, Any] = {}

    def read(self, t_s: int, house: House) -> dict[str, tuple[tuple[int, int | None], ...] | None]:
        """{sensor: a (tenths, raw) for each of its channels}."""
        noise = self._noise
        sixteenths = round(house.bed_t * 16 + noise(0, 0.4))
        tenths = round(house.bed_moisture * 10 + noise(0, 3))
        found: dict[str, Any] = {
            "air": (
                (round(house.air_t * 10 + noise(0, 0.7)), None),
                (min(1000, round(house.air_humidity * 10 + noise(0, 3))), None),
            ),
            "bed": (((sixteenths * 10 + 8) >> 4, sixteenths),),
            "moisture": ((tenths, 2450 - tenths * 27 // 20),),
        }
        for sensor, begin, end in self._faults.frozen:
            if begin <= t_s < end:
                found[sensor] = self._held.setdefault(sensor, found[sensor])
            elif t_s >= end:
                self._held.pop(sensor, None)
        for sensor, begin, end in self._faults.dead:
            if begin <= t_s < end:
                found[sensor] = None
        return found


class Relay:
    """An output of the node that remembers how long it was on in this step."""

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock
        self.on = 0
        self.since_ms = 0
        self.on_ms = 0
        self.switches = 0

    def drive(self, on: int) -> None:
        if on != self.on:
            self._book()
            self.on = on
            self.switches += 1

    def _book(self) -> None:
        now = self._clock.t_ms
        self.on_ms += (now - self.since_ms) * self.on
        self.since_ms = now

    def share(self) -> float:
        """Its part of the step that ends now."""
        self._book()
        share, self.on_ms = self.on_ms / (STEP_S * 1000), 0
        return share


@dataclass
class Clock:
    """The node's clock in the season's time (ms)."""

    t_ms: int = 0
    boot_ms: int = 0
    heard: bool = False

    def now(self) -> int:
        return self.t_ms - self.boot_ms + BOOT_MS

    def wall_ms(self, now: int) -> int | None:
        return now - BOOT_MS + self.boot_ms + EPOCH_MS if self.heard else None


@dataclass
class Flash:
    """The ledger's file."""

    files: dict[str, bytes] = field(default_factory=dict)

    def read_guarded(self, path: str) -> bytes | None:
        return self.files.get(path)

    def write_guarded(self, path: str, body: bytes) -> None:
        self.files[path] = body


class NodeControl:
    """The firmware's own control on the simulated worm house board."""

    def __init__(self, recipe: bytes) -> None:
        if FIRMWARE not in sys.path:
            sys.path.append(FIRMWARE)
        self._modules = {name: importlib.import_module(f"node.{name}") for name in ("actuators", "ledger", "sense")}
        device = load(BOARD).device()
        law: Any = importlib.import_module("node.control")
        law.LOOK_S = SAMPLE_S  # so often it looks at time alone
        self._board = SimpleNamespace(channels=device["channels"], actuators=device["actuators"])
        self._kinds = [item.kind for item in load(BOARD).actuators]
        self._recipe = importlib.import_module("node.rule").load(recipe, self._board)
        self._flash = Flash()
        self._clock = Clock()
        self._relays = [Relay(self._clock) for _ in self._kinds]
        self.boot(0)

    def boot(self, t_s: int) -> None:
        """Start anew, with what the flash kept."""
        for relay in self._relays:
            relay.drive(0)
        self._clock.t_ms = self._clock.boot_ms = t_s * 1000
        self._clock.heard = False
        self._channels = [self._modules["sense"].Channel(entry) for entry in self._board.channels]
        self._actuators = self._modules["actuators"].Actuators(
            self._board.actuators,
            self._relays,
            self._recipe,
            {channel.id: channel for channel in self._channels},
            self._clock,
            self._modules["ledger"].Ledger([entry["id"] for entry in self._board.actuators], self._flash),
            lambda code, fields: None,
            lambda id: None,
        )

    def step(self, t_s: int, sensors: Mapping[str, Any]) -> None:
        """Read the sensors and decide, at the beginning of a step."""
        clock = self._clock
        clock.t_ms = t_s * 1000
        clock.heard = clock.heard or clock.now() >= HEARD_S * 1000
        now = clock.now()
        readings = [one for sensor in SENSORS for one in sensors[sensor] or ((None, None),) * (1 + (sensor == "air"))]
        readings += [(1, None), (0, None)]  # water in the tank; no flow meter is followed
        for channel, (value, raw) in zip(self._channels, readings, strict=True):
            value, fault = channel.judge.judge(now // 1000, value, 0 if value is not None else NO_ANSWER, raw)
            channel.take(now // 1000, value, fault, raw)
        self._actuators.step(now)

    def shares(self, t_s: int) -> dict[str, float]:
        """Part of the step that ends at t_s in which each machine was on."""
        clock = self._clock
        while (due_ms := max(clock.t_ms, self._actuators.due - BOOT_MS + clock.boot_ms)) < t_s * 1000:
            clock.t_ms = due_ms
            self._actuators.step(clock.now())
        clock.t_ms = t_s * 1000
        return {kind: relay.share() for kind, relay in zip(self._kinds, self._relays, strict=True)}

    @property
    def switches(self) -> int:
        return sum(relay.switches for relay in self._relays)


class PlainControl:
    """The PlainController with the last values that it received; `fan` 1: its fan runs always."""

    def __init__(self, fan: int | None = None) -> None:
        self._plain = PlainController()
        self._fan = fan
        self._last: list[float | None] = [None] * 4

    def boot(self, t_s: int) -> None:
        """It keeps its state; only its relays were off."""

    def step(self, t_s: int, sensors: Mapping[str, Any]) -> None:
        readings = [one for sensor in SENSORS for one in sensors[sensor] or ((None, None),) * (1 + (sensor == "air"))]
        self._last = [
            old if value is None else value / 10 for old, (value, _) in zip(self._last, readings, strict=True)
        ]
        air_t, air_humidity, bed_t, bed_moisture = self._last
        self._plain.step(air_t, air_humidity, bed_t, bed_moisture)

    def shares(self, t_s: int) -> dict[str, float]:
        plain = self._plain
        fan = plain.fan if self._fan is None else self._fan
        return {"fan": fan, "mister": plain.mister, "pump": plain.pump}

    @property
    def switches(self) -> int:
        return int(self._plain.switches)


Control = NodeControl | PlainControl


def live(control: Control, seed: int, days: int, faults: Faults) -> Result:
    """One season."""
    weather, house, senses, result = Weather(seed), House(), Senses(seed, faults), Result(days)
    off = dict.fromkeys(KINDS, 0.0)
    gone = [(begin, end) for begin, end in faults.dark] + [(at, at + 1) for at in faults.resets]
    gone.sort(reverse=True)
    for t_s in range(0, days * DAY_S, STEP_S):
        if t_s % WEATHER_S == 0:
            outside = weather.at(t_s)
        back = False
        while gone and gone[-1][1] <= t_s:
            gone.pop()
            back = True
        dark = bool(gone) and gone[-1][0] < t_s + STEP_S
        if back and not dark:
            control.boot(t_s)
        if t_s % SAMPLE_S == 0:
            sensors = senses.read(t_s, house)
            if not dark:
                control.step(t_s, sensors)
        shares: Mapping[str, float] = off if dark else control.shares(t_s + STEP_S)
        house.step(STEP_S, outside, shares["fan"], shares["mister"], shares["pump"])
        _count(result, house)
    result.switches = control.switches
    result.litres = house.litres
    return result


def _count(result: Result, house: House) -> None:
    bed, humidity, moisture = house.bed_t, house.air_humidity, house.bed_moisture
    (low, high), (dry, wet), (least, most) = GOOD.values()
    result.steps += 1
    result.good += low <= bed <= high and dry <= humidity <= wet and least <= moisture <= most
    result.hot += bed > HOT
    result.deadly += bed > DEADLY
    result.hottest = max(result.hottest, bed)
