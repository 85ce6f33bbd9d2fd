"""Owns the rules that a board file must keep: its form, and what each pin of its chip may be used for (for board.py).

`problems(document)` takes any parsed JSON and returns sentences "where: what; what to do", empty when all is well.
The form is also boards/schema.json, for editors; the pin rules are only here.
"""

from collections.abc import Iterator
from typing import Any

from boards.chips import CHIPS, Chip
from shared_protocol import names
from shared_protocol import registry as g

DRIVERS: dict[str, tuple[str, ...]] = {
    "dht22": ("temperature", "humidity"),
    "dht11": ("temperature", "humidity"),
    "ds18x20": ("temperature",),
    "soil": ("moisture",),
    "sht3x": ("temperature", "humidity"),
    "sht4x": ("temperature", "humidity"),
    "contact": ("level", "rain", "door"),  # one of them
    "flow": ("flow",),
}
I2C = ("sht3x", "sht4x")
WIRED = ("contact", "flow")  # a pin that is only read, with a pull of its own or without
PULLS = ("up", "down", "none")
I2C_ADDRESSES = (0x44, 0x45, 0x46)
KINDS = {word: number for number, word in names.KINDS.items()}
UNITS = {word: number for number, word in names.UNITS.items()}
ACTUATORS = {word: number for number, word in names.ACTUATORS.items()}
DRIVES = ("push_pull", "open_drain")
FAULT_STATES = ("off", "on")
MAY_FAIL_ON = ("fan", "vent", "aerator", "buzzer", "lamp")
NEEDS_THERMOSTAT = ("heater", "dryer")
WORLDS = ("worm_house", "tea_field")
PLACE_BYTES = 24
NAME_BYTES = 24
LONGEST_ON_S = 65_535
TABLE_BYTES = 480  # a record of the journal (firmware/node/journal.py): what a node calls its parts is one


class BoardError(Exception):
    """A board file cannot be used; str() lists every problem, one per line: file, where, what, what to do."""

    def __init__(self, path: str, found: list[str]) -> None:
        super().__init__("\n".join(f"{path}: {problem}" for problem in found))
        self.problems = found


def problems(document: object) -> list[str]:
    """Every problem of a parsed board file; the pins are only looked at when the form is right."""
    if not isinstance(document, dict):
        return ["the file must be one JSON object"]
    found = list(_form(document))
    if not found:
        found = [*_sensors_together(document), *_table(document), *_pins(document)]
    return found


def _form(document: dict[str, Any]) -> Iterator[str]:
    yield from _text(document, "board", 1, 40, "board")
    title = document.get("title")
    if not (isinstance(title, dict) and all(isinstance(title.get(key), str) for key in ("vi", "en"))):
        yield 'title: give {"vi": …, "en": …}'
    if document.get("chip") not in list(CHIPS):
        yield f"chip: {document.get('chip')!r} is unknown; use one of {', '.join(CHIPS)}"
    yield from _whole(document, "flash_mb", 2, 32, "flash_mb", default=4)
    if not isinstance(document.get("psram", False), bool):
        yield "psram: true or false"
    if document.get("world", WORLDS[0]) not in WORLDS:
        yield f"world: use one of {', '.join(WORLDS)}"
    if not isinstance(document.get("settings", {}), dict):
        yield "settings: must be an object"
    yield from _recipe(document.get("recipe", {"name": "", "rules": []}))
    yield from _led_and_inputs(document)
    for key, check, most in (("sensors", _sensor, g.MAX_CHANNELS), ("actuators", _actuator, g.MAX_ACTUATORS)):
        items = document.get(key)
        if not isinstance(items, list) or len(items) > most:
            yield f"{key}: must be a list of at most {most}"
            continue
        for index, item in enumerate(items):
            where = f"{key}[{index}]"
            yield from check(item, where) if isinstance(item, dict) else [f"{where}: must be an object"]
    yield from _numbers_once(document)


def _recipe(recipe: object) -> Iterator[str]:
    """Its form only: what the rules say is judged by the node that takes them."""
    if not isinstance(recipe, dict) or not isinstance(recipe.get("name"), str):
        yield 'recipe: give {"name": …, "rules": […]}, or leave it out'
        return
    rules = recipe.get("rules")
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        yield "recipe.rules: must be a list of objects, one for each actuator that has a rule"


def _led_and_inputs(document: dict[str, Any]) -> Iterator[str]:
    led = document.get("led")
    if led is not None:
        if not isinstance(led, dict):
            yield 'led: give {"pin": …, "on_level": 0 or 1} or null'
        else:
            yield from _whole(led, "pin", 0, 48, "led.pin")
            yield from _whole(led, "on_level", 0, 1, "led.on_level")
    for key in ("button", "stop_pin"):
        if document.get(key) is not None:
            yield from _whole(document, key, 0, 48, key)


def _sensor(item: dict[str, Any], where: str) -> Iterator[str]:
    driver = item.get("driver")
    if not isinstance(driver, str) or driver not in DRIVERS:
        yield f"{where}.driver: {driver!r} is unknown; use one of {', '.join(DRIVERS)}"
        return
    for key in ("scl", "sda") if driver in I2C else ("pin",):
        yield from _whole(item, key, 0, 48, f"{where}.{key}")
    if item.get("power_pin") is not None:
        yield from _whole(item, "power_pin", 0, 48, f"{where}.power_pin")
    if driver in I2C and item.get("address") not in I2C_ADDRESSES:
        yield f"{where}.address: {item.get('address')!r}; an SHT answers at 68, 69 or 70"
    if driver == "ds18x20" and item.get("rom") is not None and not _is_rom(item["rom"]):
        yield f"{where}.rom: 16 hex digits as printed by the bus scan, or leave it out"
    if driver in WIRED:
        yield from _wired(item, where)
    channels = item.get("channels")
    if not isinstance(channels, list) or not channels:
        yield f"{where}.channels: name at least one"
        return
    for index, channel in enumerate(channels):
        inside = f"{where}.channels[{index}]"
        yield from _channel(channel, driver, inside) if isinstance(channel, dict) else [f"{inside}: must be an object"]


def _wired(item: dict[str, Any], where: str) -> Iterator[str]:
    if item.get("pull", PULLS[0]) not in PULLS:
        yield f"{where}.pull: use one of {', '.join(PULLS)}"
    if item["driver"] == "contact":
        yield from _whole(item, "closed_is", 0, 1, f"{where}.closed_is", default=1)
        kinds = [channel.get("kind") for channel in _objects(item.get("channels"))]
        if item.get("closed_is") == 0 and "water_level" in kinds:
            yield f"{where}.closed_is: a broken wire would read as water; turn the float upside down and leave it out"
    else:
        yield from _whole(item, "pulses_per_litre", 1, 10_000, f"{where}.pulses_per_litre")


def _is_rom(value: object) -> bool:
    return isinstance(value, str) and len(value) == 16 and all(c in "0123456789abcdef" for c in value)


def _channel(item: dict[str, Any], driver: str, where: str) -> Iterator[str]:
    yield from _whole(item, "id", 1, 127, f"{where}.id")
    kind = item.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        yield f"{where}.kind: {kind!r} is not a kind of the registry, for example air_temperature"
    elif kind.rsplit("_", 1)[-1] not in DRIVERS[driver]:
        yield f"{where}.kind: a {driver} measures {' and '.join(DRIVERS[driver])}, not {kind!r}"
    if "place" in item:
        yield from _text(item, "place", 0, PLACE_BYTES, f"{where}.place")


def _actuator(item: dict[str, Any], where: str) -> Iterator[str]:
    yield from _whole(item, "id", 1, 127, f"{where}.id")
    kind = item.get("kind")
    if kind not in list(ACTUATORS):
        yield f"{where}.kind: {kind!r} is not an actuator of the registry, for example fan"
    elif kind in NEEDS_THERMOSTAT and item.get("thermostat") is not True:
        yield (
            f"{where}.thermostat: a {kind} needs a thermostat of its own that cuts its mains when this board cannot; "
            'fit one, then say "thermostat": true'
        )
    yield from _text(item, "name", 1, NAME_BYTES, f"{where}.name")
    yield from _whole(item, "pin", 0, 48, f"{where}.pin")
    yield from _whole(item, "on_level", 0, 1, f"{where}.on_level")
    yield from _whole(item, "max_on_s", 1, LONGEST_ON_S, f"{where}.max_on_s")
    yield from _whole(item, "rest_s", 0, LONGEST_ON_S, f"{where}.rest_s", default=0)
    if item.get("drive", "push_pull") not in DRIVES:
        yield f"{where}.drive: use one of {', '.join(DRIVES)}"
    elif item.get("drive") == "open_drain" and item.get("on_level") == 1:
        yield f"{where}.drive: an open drain can only pull low; set on_level 0 or drive push_pull"
    if item.get("fault", "off") not in FAULT_STATES:
        yield f"{where}.fault: use one of {', '.join(FAULT_STATES)}"
    elif item.get("fault") == "on" and kind not in MAY_FAIL_ON:
        yield f"{where}.fault: a {kind} must fail off; only {', '.join(MAY_FAIL_ON)} may fail on"


def _numbers_once(document: dict[str, Any]) -> Iterator[str]:
    """Channel and actuator ids, each used once; tolerant of wrong forms, which others report."""
    sensors = [s for s in _objects(document.get("sensors")) if isinstance(s.get("channels"), list)]
    channels = [c for s in sensors for c in _objects(s["channels"])]
    if len(channels) > g.MAX_CHANNELS:
        yield f"sensors: {len(channels)} channels; a node has at most {g.MAX_CHANNELS}"
    for what, items in (("channel", channels), ("actuator", _objects(document.get("actuators")))):
        ids = [str(item.get("id")) for item in items]
        for twice in sorted({number for number in ids if ids.count(number) > 1}):
            yield f"{what} id {twice}: used more than once; give each {what} its own number"


def _objects(items: object) -> list[dict[str, Any]]:
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _sensors_together(document: dict[str, Any]) -> Iterator[str]:
    """Sensors on one bus must be told apart; one output of a sensor is one channel."""
    seen: list[tuple[Any, ...]] = []
    shared = [s["pin"] for s in document["sensors"] if s["driver"] == "ds18x20"]
    for index, sensor in enumerate(document["sensors"]):
        where = f"sensors[{index}]"
        quantities = [channel["kind"].rsplit("_", 1)[-1] for channel in sensor["channels"]]
        if sensor["driver"] == "contact" and len(quantities) > 1:
            yield f"{where}.channels: a contact is one channel; give the other its own pin"
        elif len(set(quantities)) != len(quantities):
            yield f"{where}.channels: two channels of one {sensor['driver']} measure the same; keep one"
        if sensor["driver"] == "ds18x20" and shared.count(sensor["pin"]) > 1 and not sensor.get("rom"):
            yield f"{where}.rom: several DS18B20 share pin {sensor['pin']}; give each its rom"
        place = (
            "i2c" if sensor["driver"] in I2C else sensor["driver"],
            sensor.get("pin"),
            sensor.get("address"),
            sensor.get("rom"),
        )
        if place in seen:
            yield f"{where}: the same sensor is there twice; give it another pin or address"
        seen.append(place)


def _table(document: dict[str, Any]) -> Iterator[str]:
    """The channel table of the node, as shared_protocol.record.encode_table writes it, must fit one record."""
    places = [channel.get("place", "") for sensor in document["sensors"] for channel in sensor["channels"]]
    titles = [actuator["name"] for actuator in document["actuators"]]
    size = 3 + sum(5 + len(text.encode()) for text in places) + sum(3 + len(text.encode()) for text in titles)
    if size > TABLE_BYTES:
        yield f"place, name: all of them together are {size - TABLE_BYTES} bytes too long; shorten some"


def _pins(document: dict[str, Any]) -> Iterator[str]:
    """What each pin is used for against what the chip allows, and every pin used once."""
    chip = CHIPS[document["chip"]]
    psram = document.get("psram", False)
    used: dict[int, str] = {}
    for where, pin, use in _uses(document):
        if pin in used and not (use == used[pin] and use in ("i2c", "onewire")):
            yield f"{where}: pin {pin} is used twice; move one of the two"
        used[pin] = use
        refusal = _refusal(chip, psram, pin, use)
        if refusal:
            yield f"{where}: pin {pin} {refusal}"


def _uses(document: dict[str, Any]) -> Iterator[tuple[str, int, str]]:
    if document.get("led"):
        yield "led", document["led"]["pin"], "board"
    if document.get("button") is not None:
        yield "button", document["button"], "board"
    if document.get("stop_pin") is not None:
        yield "stop_pin", document["stop_pin"], "pulled"
    buses = {"ds18x20": "onewire", "soil": "analog"}
    pairs: set[tuple[int, int]] = set()
    for index, sensor in enumerate(document["sensors"]):
        where = f"sensors[{index}]"
        if sensor["driver"] in I2C:
            if (sensor["scl"], sensor["sda"]) not in pairs:
                pairs.add((sensor["scl"], sensor["sda"]))
                yield f"{where}.scl", sensor["scl"], "data"
                yield f"{where}.sda", sensor["sda"], "data"
        else:
            passive = sensor["driver"] in WIRED and sensor.get("pull") == "none"
            yield f"{where}.pin", sensor["pin"], "input" if passive else buses.get(sensor["driver"], "data")
        if sensor.get("power_pin") is not None:
            yield f"{where}.power_pin", sensor["power_pin"], "output"
    for index, actuator in enumerate(document["actuators"]):
        yield f"actuators[{index}].pin", actuator["pin"], "output"


def _refusal(chip: Chip, psram: bool, pin: int, use: str) -> str:
    """Why the chip's pin cannot be used so, with what to take instead; "" when it can."""
    if pin not in chip.pins:
        return f"does not exist on the {chip.name}"
    if pin in chip.flash:
        return f"carries the flash of the {chip.name}; take another"
    if psram and pin in chip.psram:
        return "carries the PSRAM of this board; take another"
    if pin in chip.repl:
        return "is the console (USB or UART0) over which the board is flashed; take another"
    if use == "board":
        return ""
    if pin in chip.strapping:
        return "is a strapping pin: its level at reset decides how the chip starts; take another"
    if use == "analog":
        return (
            "" if pin in chip.adc1 else f"is not on ADC1, the only one that works with Wi-Fi; take {_list(chip.adc1)}"
        )
    if pin in chip.input_only and use != "input":
        return "is input-only and has no pull resistor; take another"
    return ""


def _list(pins: frozenset[int]) -> str:
    return ", ".join(str(pin) for pin in sorted(pins))


def _whole(
    item: dict[str, Any], key: str, low: int, high: int, where: str, default: int | None = None
) -> Iterator[str]:
    value = item.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        yield f"{where}: {value!r}; give a whole number from {low} to {high}"


def _text(item: dict[str, Any], key: str, low: int, high: int, where: str) -> Iterator[str]:
    value = item.get(key)
    if not isinstance(value, str) or not low <= len(value.encode("utf-8", "replace")) <= high:
        yield f"{where}: {value!r}; give a text of {low} to {high} bytes"
