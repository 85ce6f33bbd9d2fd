"""The settings: two CRC'd slots on flash, the newer sound one counts. Read at the start by main, replaced by upkeep.

A slot is `%08x ` of the CRC-32 of the rest, then `<serial>` newline JSON. Missing or impossible values fall back
to defaults.
"""

import hashlib
import json
from binascii import crc32

from node import files
from node.control import MAX_AGE_S, Rule
from shared_protocol import registry as g

SLOTS = ("settings.a", "settings.b")
_SENSELESS = (ValueError, KeyError, TypeError, IndexError, AttributeError)
_INTERVALS = {"sample_s": (10, 2, 600), "set_s": (60, 10, 3600), "now_s": (g.NOW_S, 2, 60)}  # default, lowest, highest


class Settings:
    """Attributes: serial, hash (8 bytes), wifi [(ssid, password)], hub (ip, port) or None, sample_s, set_s, now_s,
    calibration {channel id: (dry_uv, wet_uv)}, rules [dict]."""

    def __init__(self, serial=0, text=b"{}"):
        data = json.loads(text)
        self.serial = serial
        self.hash = hashlib.sha256(text).digest()[:8]
        self.wifi = [(str(n[0]), str(n[1])) for n in data.get("wifi", ())]
        hub = data.get("hub")
        self.hub = (str(hub[0]), int(hub[1])) if hub else None
        self.sample_s = _interval(data, "sample_s")
        self.set_s = _interval(data, "set_s")
        self.now_s = _interval(data, "now_s")
        self.calibration = {int(k): (int(v[0]), int(v[1])) for k, v in data.get("calibration", {}).items()}
        self.rules = list(data.get("rules", ()))
        for rule in self.rules:
            rule_of({}, rule)
            int(rule["actuator"])


def _interval(data, name):
    value, low, high = _INTERVALS[name]
    return bounded(name, int(data.get(name, value)))


def bounded(name, value):
    """An interval brought into its allowed range, seconds."""
    _, low, high = _INTERVALS[name]
    return min(max(value, low), high)


def _slot(path):
    """(serial, JSON text) of a sound slot, or None."""
    data = files.read(path)
    try:
        if data is None or int(data[:8], 16) != crc32(data[9:]):
            return None
        end = data.index(b"\n", 9)
        return int(data[9:end]), data[end + 1 :]
    except ValueError:
        return None


def load():
    """The Settings that count; the defaults when both slots are missing or damaged."""
    found = sorted([slot for slot in (_slot(path) for path in SLOTS) if slot], key=lambda slot: -slot[0])
    for serial, text in found:
        try:
            return Settings(serial, text)
        except _SENSELESS:
            continue  # sound bytes, senseless content: the older slot
    print("settings are missing or damaged: no Wi-Fi is known, rules are off. Send the settings again over USB.")
    return Settings()


def store(text, serial):
    """Write JSON text as the slot that does not count now. Raises ValueError when it makes no Settings, OSError by
    the flash.
    """
    try:
        Settings(serial, text)
    except _SENSELESS:
        raise ValueError("settings")
    slots = [_slot(path) for path in SLOTS]
    old = 0 if slots[0] is None or (slots[1] and slots[0][0] < slots[1][0]) else 1
    rest = b"%d\n" % serial + text
    files.write(SLOTS[old], b"%08x " % crc32(rest) + rest)


def drop_newest():
    """Forget the slot that counts now, when the other one is sound."""
    slots = [_slot(path) for path in SLOTS]
    if slots[0] and slots[1]:
        files.remove(SLOTS[0] if slots[0][0] > slots[1][0] else SLOTS[1])


def rule_of(limits, found):
    """The Rule of an actuator: `limits` is its entry in the board file, `found` its rule in the settings or None."""
    found = found or {}
    hard = int(limits.get("max_on_s", 0))
    soft = int(found.get("max_on_s", 0))
    rule = Rule(
        int(found.get("channel", 0)),
        min(hard, soft) if hard and soft else hard or soft,
        max(int(limits.get("rest_s", 0)), int(found.get("rest_s", 0))),
        found.get("fault", limits.get("fault")) == "on",
        int(found.get("max_age_s", MAX_AGE_S)),
    )
    if "on_above" in found:
        rule.on_above = int(found["on_above"])
        rule.off_above = min(rule.on_above, int(found.get("off", rule.on_above)))
    if "on_below" in found:
        rule.on_below = int(found["on_below"])
        given = found.get("off_below", rule.on_below if "on_above" in found else found.get("off", rule.on_below))
        rule.off_below = max(rule.on_below, int(given))
    return rule
