"""Owns the list of standard circuits: name to drawing in a language. For docs/img/wiring and its tests."""

from collections.abc import Callable

from boards.drawing import power, sensors

ALL: dict[str, Callable[[str], str]] = {
    "supplies": power.supplies,
    "relay": power.relay,
    "mains": power.mains,
    "heater": power.heater,
    "inputs": sensors.inputs,
    "dht22": sensors.dht22,
    "sht3x": sensors.sht3x,
    "ds18b20": sensors.ds18b20,
    "soil": sensors.soil,
    "flow": sensors.flow,
}
