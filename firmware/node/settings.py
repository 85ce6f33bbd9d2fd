"""The settings: Wi-Fi, hub, intervals, calibration. Read at the start by main and then forgotten, replaced by upkeep.

Kept as JSON in two slots (slots.py). Missing or impossible values fall back to defaults.
"""

import hashlib
import json

from shared_protocol import registry as g

NAME = "settings"
_SENSELESS = (ValueError, KeyError, TypeError, IndexError, AttributeError, OverflowError)
_INTERVALS = {"sample_s": (10, 2, 600), "set_s": (60, 10, 3600), "now_s": (g.NOW_S, 2, 60)}  # default, lowest, highest


class Settings:
    """Attributes: serial, hash (8 bytes), wifi [(ssid, password)], hub (ip, port) or None, sample_s, set_s, now_s,
    calibration {channel id: (dry_uv, wet_uv)}; the day of a calibration, its third number, is for people. Without a
    method of its own, so that it does not hold this module in RAM.
    """


def _parse(serial, text):
    """The Settings of a JSON text."""
    data = json.loads(text)
    made = Settings()
    made.serial = serial
    made.hash = hashlib.sha256(text).digest()[:8]
    made.wifi = [(str(n[0]), str(n[1])) for n in data.get("wifi", ())]
    hub = data.get("hub")
    made.hub = (str(hub[0]), int(hub[1])) if hub else None
    made.sample_s = _interval(data, "sample_s")
    made.set_s = _interval(data, "set_s")
    made.now_s = _interval(data, "now_s")
    made.calibration = {int(k): (int(v[0]), int(v[1])) for k, v in data.get("calibration", {}).items()}
    return made


def _interval(data, name):
    value, low, high = _INTERVALS[name]
    return bounded(name, int(data.get(name, value)))


def bounded(name, value):
    """An interval brought into its allowed range, seconds."""
    _, low, high = _INTERVALS[name]
    return min(max(value, low), high)


def load():
    """The Settings that count; the defaults when both slots are missing or damaged."""
    from node import slots

    for serial, text in slots.texts(NAME):
        try:
            return _parse(serial, text)
        except _SENSELESS:
            continue  # sound bytes, senseless content: the older slot
    print("settings are missing or damaged: no Wi-Fi is known. Send the settings again over USB.")
    return _parse(0, b"{}")


def check(text):
    """Raises ValueError when JSON text makes no Settings."""
    try:
        _parse(0, text)
    except _SENSELESS:
        raise ValueError("settings")
