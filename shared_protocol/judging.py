"""Owns how a node's answers to CHECK are judged, also those that it cannot know to be wrong. Hub and tools only: the
page's check and `nhavuon check`.

A cause is a word, "" = nothing is wrong; both have their own sentences for it. A limit without a source is a starting
value, to be moved when farms have measured.
"""

from shared_protocol import maintenance as m
from shared_protocol import registry as g

# Wi-Fi, dBm. -67 is what Wi-Fi planning guides ask for steady links (voice); -75 is a starting value: an ESP32 still
# joins there, but each rain or closed door costs it the link.
RSSI_GOOD = -67
RSSI_LEAST = -75
HEAP_LEAST = 8 * 1024  # bytes free while the node runs (starting value)
FLASH_LEAST = 64 * 1024  # bytes: room for an update's file and for the journal to turn over (starting value)

# A soil probe in air, mV without calibration: dry is 2.2 to 2.7 V, wet 1.0 to 1.2 V, over 3.0 V the wire is open.
AIR_MV = 2200
AIR_TENTHS = 30  # of a percent, calibrated: at its dry end (starting value)
# Ten readings within 20 s may be that far apart, tenths (starting values; a DHT22's noise is under 0.5 °C and 2 %).
SPREAD = {"temperature": 15, "humidity": 60, "moisture": 50}
# What air, beds and soil of a farm in Vietnam can be where somebody tests a node, tenths (starting values).
PLAUSIBLE = {"temperature": (-50, 600), "humidity": (50, 1000), "moisture": (0, 1000)}
MISSED = 2  # readings of ten that may fail: a DHT22 misses one now and then (starting value)

_LEAST = {  # what: lowest value in the row's own unit, cause
    m.CHECK_RADIO: (RSSI_LEAST, "wifi_weak"),
    m.CHECK_HEAP: (HEAP_LEAST, "heap_low"),
    m.CHECK_FLASH: (FLASH_LEAST // 1024, "flash_full"),
}
_NOT_OK = {
    m.CHECK_ACTUATOR: "pin_stuck",
    m.CHECK_SETTINGS: "no_settings",
    m.CHECK_JOURNAL: "journal_failed",
    m.CHECK_LOST: "journal_lost",
    m.CHECK_STOP_INPUT: "stop_open",
    m.CHECK_CLOCK: "clock_unknown",
    m.CHECK_RESETS: "bad_boots",
    m.CHECK_IMAGE: "image_damaged",
}
_IMAGES = {g.IMAGE_ROLLED_BACK: "rolled_back", g.IMAGE_SPARE: "image_spare"}
CAUSES = (
    "in_air",
    "implausible",
    "unsteady",
    *[cause for _, cause in _LEAST.values()],
    *_NOT_OK.values(),
    *_IMAGES.values(),
)


def cause(what, which, ok, value):
    """What is wrong (str) with a row about the board: CHECK_ number, its `which`, `ok` and `value` (int or None)."""
    if what == m.CHECK_IMAGE and which in _IMAGES:
        return _IMAGES[which]
    least, low = _LEAST.get(what, (None, ""))
    if least is not None and value is not None and value < least:
        return low
    return "" if ok else _NOT_OK.get(what, "")


def fault(reads, good, named):
    """FAULT_ number of a sensor that was good in `good` of `reads` answers, 0 when it is well; named: the fault that
    the node told last, 0 for none.
    """
    if good * 2 <= reads:
        return named or g.FAULT_NO_ANSWER
    return g.FAULT_CHECKSUM if good < reads - MISSED else 0


def odd(quantity, value, low, high):
    """What nobody should believe in values that came: "implausible", "unsteady" or "". quantity: last word of the
    channel's kind; value, lowest and highest of some ten readings in tenths, None where there is none.
    """
    if value is None or quantity not in PLAUSIBLE:
        return ""
    least, most = PLAUSIBLE[quantity]
    if not least <= value <= most:
        return "implausible"
    return "unsteady" if None not in (low, high) and high - low > SPREAD[quantity] else ""


def in_air(tenths, mv):
    """True for a soil probe outside the soil. tenths: of a percent, None before its calibration; mv may be None."""
    if tenths is not None:
        return tenths <= AIR_TENTHS
    return mv is not None and mv >= AIR_MV
