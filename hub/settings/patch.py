"""Patches: the text of a change of settings, checked and in canonical form; made by wifi, calibration and the page.

A patch replaces only what is in it. The hub has never seen what was provisioned over USB, a Wi-Fi password for
example, so it cannot send complete settings without destroying some; the node merges (firmware/node/upkeep.py).
Networks of a patch go before those that the node knows already.
"""

import json
from typing import Any

from hub.errors import HubError

NAME_MOST = 32  # bytes of an SSID, IEEE 802.11
PASSWORD_LEAST, PASSWORD_MOST = 8, 63  # characters of a WPA2 passphrase, printable ASCII (IEEE 802.11i)
SAMPLE_S = (2, 600)  # the node's own limits, firmware/node/settings.py
SET_S = (10, 3600)


class BadWifiName(HubError):
    code = "error.wifi_name"
    text = "A Wi-Fi name has 1 to {most} bytes and no line breaks."


class BadWifiPassword(HubError):
    code = "error.wifi_password"
    text = "A Wi-Fi password has {least} to {most} letters, digits or signs without accents."


class BadInterval(HubError):
    code = "error.interval"
    text = "Measuring every {sample_low} to {sample_high} s, keeping every {set_low} to {set_high} s, and not oftener."


def wifi(name: str, password: str) -> bytes:
    """Another network, to be tried first. Raises BadWifiName, BadWifiPassword; neither carries what was typed."""
    if not 1 <= len(name.encode()) <= NAME_MOST or not name.isprintable():
        raise BadWifiName(most=NAME_MOST)
    sound = all(" " <= letter <= "~" for letter in password)
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST or not sound:
        raise BadWifiPassword(least=PASSWORD_LEAST, most=PASSWORD_MOST)
    return _text({"wifi": [[name, password]]})


def intervals(sample_s: int, set_s: int) -> bytes:
    """How often the sensors are read, and how often a reading is kept, in seconds. Raises BadInterval."""
    if not (SAMPLE_S[0] <= sample_s <= SAMPLE_S[1] and SET_S[0] <= set_s <= SET_S[1] and sample_s <= set_s):
        raise BadInterval(sample_low=SAMPLE_S[0], sample_high=SAMPLE_S[1], set_low=SET_S[0], set_high=SET_S[1])
    return _text({"sample_s": sample_s, "set_s": set_s})


def calibration(channel: int, dry_mv: int, wet_mv: int, day: int) -> bytes:
    """One soil probe's ends; `day` counts from 2020."""
    return _text({"calibration": {str(channel): [dry_mv * 1000, wet_mv * 1000, day]}})


def _text(changes: dict[str, Any]) -> bytes:
    return json.dumps({"patch": 1, **changes}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
