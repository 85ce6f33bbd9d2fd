"""Owns the board: a board file loaded and typed, and what of it goes onto the device.

`load(name or path) -> Board`; everything that is wrong with a file is one BoardError (see check.py) that says where,
what and what to do. Used by flash_tools.image, boards.simulated.process and the flash command.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boards.check import ACTUATORS, DRIVERS, KINDS, UNITS, BoardError, problems
from boards.chips import CHIPS, Chip

FOLDER = Path(__file__).resolve().parent
TABLE = 1  # number of the channel table of a board as it is first flashed
UNIT_OF = {  # (unit, scale: values on the wire are in units of 10**scale) by the last word of a channel's kind
    "temperature": ("celsius", -1),
    "humidity": ("percent", -1),
    "moisture": ("percent", -1),
    "flow": ("litre_per_minute", -1),
    "level": ("on_off", 0),
    "rain": ("on_off", 0),
    "door": ("on_off", 0),
}

__all__ = ["Actuator", "Board", "BoardError", "Channel", "load", "names", "parse"]


@dataclass(frozen=True)
class Channel:
    """One measured quantity and the sensor it comes from: `output` indexes what the driver reads."""

    id: int
    kind: str
    place: str
    sensor: int
    output: int


@dataclass(frozen=True)
class Actuator:
    """What a relay switches; the limits (seconds) are the board's own, no rule or command goes beyond them."""

    id: int
    kind: str
    name: str
    pin: int
    on_level: int
    drive: str
    max_on_s: int
    rest_s: int
    fault: str


@dataclass(frozen=True)
class Board:
    """A checked board file. `sensors` are the driver entries without their channels, in file order."""

    name: str
    title: Mapping[str, str]
    chip: Chip
    flash_mb: int
    led: Mapping[str, int] | None
    button: int | None
    stop_pin: int | None
    sensors: tuple[Mapping[str, Any], ...]
    channels: tuple[Channel, ...]
    actuators: tuple[Actuator, ...]
    world: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)

    def device(self) -> dict[str, Any]:
        """/board.json of the device: registry numbers in place of names (read by firmware/node/board.py)."""
        return {
            "board": self.name,
            "chip": self.chip.name,
            "led": {"pin": self.led["pin"], "on": self.led["on_level"]} if self.led else None,
            "button": self.button,
            "stop_pin": self.stop_pin,
            "table": TABLE,
            "channels": [self._device_channel(channel) for channel in self.channels],
            "actuators": [self._device_actuator(actuator) for actuator in self.actuators],
        }

    def _device_channel(self, channel: Channel) -> dict[str, Any]:
        unit, scale = UNIT_OF[channel.kind.rsplit("_", 1)[-1]]
        return {
            "id": channel.id,
            "kind": KINDS[channel.kind],
            "unit": UNITS[unit],
            "scale": scale,
            "place": channel.place,
            "out": channel.output,
        } | dict(self.sensors[channel.sensor])

    def _device_actuator(self, actuator: Actuator) -> dict[str, Any]:
        return vars(actuator) | {"kind": ACTUATORS[actuator.kind]}

    def wiring(self) -> dict[str, Any]:
        """What the simulated board's world needs: each channel with its driver and pins, each actuator's pin."""
        channels = [
            {"id": c.id, "kind": c.kind, "place": c.place, "out": c.output} | dict(self.sensors[c.sensor])
            for c in self.channels
        ]
        led = self.led["pin"] if self.led else None
        actuators = [{"kind": a.kind, "pin": a.pin, "on_level": a.on_level} for a in self.actuators]
        return {"channels": channels, "actuators": actuators, "stop_pin": self.stop_pin, "led": led}


def names() -> dict[str, Path]:
    """{board name: its file} of all boards that come with the project, simulated ones included."""
    files = [*FOLDER.glob("*.json"), *(FOLDER / "simulated").glob("*.json")]
    return {path.stem: path for path in sorted(files) if path.name != "schema.json"}


def load(name: str | Path) -> Board:
    """The board of this name, or of the file at this path; BoardError when there is none or it is wrong."""
    known = names()
    path = known.get(str(name), Path(name))
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError:
        raise BoardError(str(name), [f"no such board; there are {', '.join(known)}"]) from None
    except (ValueError, RecursionError) as error:  # the second: thousands of brackets in each other
        raise BoardError(path.name, [f"not JSON: {error}"]) from None
    return parse(document, path.name)


def parse(document: object, where: str = "board") -> Board:
    """A Board from a parsed board file; BoardError with every problem found."""
    found = problems(document)
    if found or not isinstance(document, dict):
        raise BoardError(where, found)
    return Board(
        name=document["board"],
        title=document["title"],
        chip=CHIPS[document["chip"]],
        flash_mb=document.get("flash_mb", 4),
        led=document.get("led"),
        button=document.get("button"),
        stop_pin=document.get("stop_pin"),
        sensors=tuple({k: v for k, v in s.items() if k != "channels"} for s in document["sensors"]),
        channels=_channels(document["sensors"]),
        actuators=tuple(_actuator(item) for item in document["actuators"]),
        world=document.get("world", "worm_house"),
        settings=document.get("settings", {}),
        recipe=document.get("recipe", {}),
    )


def _channels(sensors: list[dict[str, Any]]) -> tuple[Channel, ...]:
    found = []
    for index, sensor in enumerate(sensors):
        for item in sensor["channels"]:
            quantity = item["kind"].rsplit("_", 1)[-1]
            output = DRIVERS[sensor["driver"]].index(quantity) if sensor["driver"] != "contact" else 0
            found.append(Channel(item["id"], item["kind"], item.get("place", ""), index, output))
    return tuple(sorted(found, key=lambda channel: channel.id))


def _actuator(item: dict[str, Any]) -> Actuator:
    defaults: dict[str, Any] = {"drive": "push_pull", "rest_s": 0, "fault": "off"}
    wanted = ("id", "kind", "name", "pin", "on_level", "drive", "max_on_s", "rest_s", "fault")
    return Actuator(**{key: (defaults | item)[key] for key in wanted})
