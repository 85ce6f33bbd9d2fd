"""Judges the sensors: ten readings of each, the raw frame of a DHT, who answers on a bus, and what a hand moved.

Pure; takes the lines that firmware/node/bench.py printed. Used by judge.
"""

from collections.abc import Iterable, Iterator, Mapping
from statistics import median
from typing import Any

from flash_tools.check import limits, words
from flash_tools.check.rows import FAIL, NOT_ASKED, PASS, Row
from flash_tools.check.said import Said, both, joined, number
from shared_protocol import judging, names, units
from shared_protocol import registry as g

Found = Mapping[str, Any]

KINDS = {"dht22": "DHT22", "dht11": "DHT11", "sht3x": "SHT3x", "sht4x": "SHT4x"}
UNITS: dict[int, Said | str] = {
    units.UNIT_CELSIUS: " °C",
    units.UNIT_PERCENT: " %",
    units.UNIT_LITRE_PER_MINUTE: Said(" lít/phút", " l/min"),
}
FAULT_CAUSES = {
    g.FAULT_CHECKSUM: "checksum",
    g.FAULT_OUT_OF_RANGE: "out_of_range",
    g.FAULT_KNOWN_LIE: "known_lie",
    g.FAULT_FROZEN: "frozen",
    g.FAULT_OPEN: "open",
    g.FAULT_SHORTED: "shorted",
    g.FAULT_NOT_CALIBRATED: "not_calibrated",
    g.FAULT_BUS: "bus",
    g.FAULT_UNSTEADY: "unsteady",
}


def at_pin(pin: int | None) -> Said:
    """Where, for a sentence; nothing when the pin is not known (over the LAN)."""
    return both("") if pin is None else Said(f" ở chân GPIO {pin}", f" on GPIO {pin}")


def quantity(entry: Found) -> str:
    """temperature, humidity, moisture, level, flow, rain or door."""
    return str(names.KINDS[entry["kind"]]).rsplit("_", 1)[-1]


def name(entry: Found) -> Said:
    """The sensor in words: its number, what it measures and where."""
    what = words.quantity(quantity(entry))
    place = f", {entry['place']}" if entry.get("place") else ""
    return joined(words.row("sensor", entry["id"]), " (", what, place, ")")


def shown(entry: Found, tenths: float) -> Said:
    """A value of a channel with its unit."""
    digits = 1 if entry.get("scale", -1) else 0
    return joined(number(tenths * 10.0 ** entry.get("scale", -1), digits), UNITS.get(entry.get("unit", 0), ""))


def rows(entries: Iterable[Found], lines: Iterable[Found]) -> Iterator[Row]:
    """One row for each channel. `lines`: what the steps sensors and buses printed."""
    found = list(lines)
    readings = {line["which"]: line for line in found if line["what"] == "sensor"}
    buses = [line for line in found if line["what"] == "bus"]
    everything = list(entries)
    for entry in everything:
        reading = readings.get(entry["id"])
        if reading is None:
            yield _row(entry, FAIL, "no_report", {})
            continue
        bus = _bus_of(entry, everything, buses)
        yield _judge(entry, reading, bus)


def _bus_of(entry: Found, entries: list[Found], buses: list[Found]) -> Found:
    """What the bus told that this channel's sensor hangs on; empty when it hangs on none."""
    owner = {e["id"]: e for e in entries}
    wires = ("driver", "pin", "sda", "address")
    for bus in buses:
        if all(owner[bus["which"]].get(wire) == entry.get(wire) for wire in wires):
            return bus
    return {}


def _row(
    entry: Found, result: str, cause: str, params: Mapping[str, Any], value: Said | None = None, **data: Any
) -> Row:
    pin = entry.get("pin", entry.get("sda"))
    known = {"name": name(entry), "pin": pin, "at": at_pin(pin), "which": entry["id"]}
    known["value"] = value or both("?")
    return Row(
        "sensor", entry["id"], result, name(entry), value or both(""), cause, {**known, **params}, _plain(entry, data)
    )


def _plain(entry: Found, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": names.KINDS[entry["kind"]], "place": entry.get("place", ""), "driver": entry["driver"], **data}


def _judge(entry: Found, reading: Found, bus: Found) -> Row:
    """The first thing that is wrong, in the order of what explains the others."""
    values = [value for value in reading["values"] if value is not None]
    data = {key: reading[key] for key in ("values", "faults", "raws")}
    value = shown(entry, median(values)) if values else _millivolts(entry, reading)
    for cause, params in (*_wrong_kind(entry, reading, bus), *_faulty(entry, reading, values), *_odd(entry, values)):
        # A new probe can only be calibrated once its node is on the hub: nothing is known of it yet.
        result = NOT_ASKED if cause == "not_calibrated" else FAIL
        return _row(entry, result, cause, params, value, **data)
    return _row(entry, PASS, "", {}, value, **data)


def _millivolts(entry: Found, reading: Found) -> Said | None:
    """What a soil probe gives out while nothing says what that means."""
    raws = [raw for raw in reading["raws"] if raw is not None]
    return both(f"{median(raws):.0f} mV") if entry["driver"] == "soil" and raws else None


Cause = tuple[str, Mapping[str, Any]]


def _wrong_kind(entry: Found, reading: Found, bus: Found) -> Iterator[Cause]:
    driver = str(entry["driver"])
    other = dht_kind(bytes.fromhex(reading["frame"])) if reading.get("frame") and any_frame(reading) else driver
    if other is not None and other != driver:
        yield "swapped", {"found": KINDS[other], "wanted": KINDS[driver]}
    if not all(reading["faults"]):
        return
    if bus.get("kinds") and driver not in bus["kinds"]:
        yield "swapped", {"found": KINDS[bus["kinds"][0]], "wanted": KINDS[driver]}
    addresses = bus.get("addresses") or []
    if addresses and entry["address"] not in addresses:
        yield "wrong_address", {"wanted": hex(entry["address"]), "found": ", ".join(hex(a) for a in addresses)}
    roms = bus.get("roms") or []
    if entry.get("rom") and roms and entry["rom"] not in roms:
        yield "wrong_rom", {"wanted": entry["rom"], "found": ", ".join(roms)}


def any_frame(reading: Found) -> bool:
    """True when a whole frame with a right checksum came at least once."""
    return any(fault not in (g.FAULT_NO_ANSWER, g.FAULT_CHECKSUM, g.FAULT_WARMING_UP) for fault in reading["faults"])


def dht_kind(frame: bytes) -> str | None:
    """Which DHT sends such a frame (data sheets DHT11, AM2302); None when both or none could.

    A DHT22 sends words in tenths: humidity up to 1000 is 0x03E8, so its first byte is at most 3. A DHT11 sends whole
    percents and degrees with a decimal digit each, and measures no humidity under 5 %.
    """
    humid, tenth, warm, digit = frame[0], frame[1], frame[2], frame[3] & 0x7F
    may_be_11 = 5 <= humid <= 100 and tenth <= 9 and warm <= 60 and digit <= 9
    may_be_22 = (humid << 8 | tenth) <= 1000 and ((warm & 0x7F) << 8 | frame[3]) <= 1250 and any(frame[:4])
    if may_be_11 == may_be_22:
        return None
    return "dht11" if may_be_11 else "dht22"


def _faulty(entry: Found, reading: Found, values: list[int]) -> Iterator[Cause]:
    faults = [fault for fault in reading["faults"] if fault]
    raws = [raw for raw in reading["raws"] if raw is not None]
    if entry["driver"] == "soil" and raws and not set(faults) & {g.FAULT_OPEN, g.FAULT_SHORTED}:
        dry = judging.in_air(median(values) if values else None, median(raws))
        if dry:
            yield "in_air", {"value": both(f"{median(raws):.0f} mV")}
    if len(faults) * 2 > len(reading["faults"]):
        worst = max(set(faults), key=faults.count)
        yield FAULT_CAUSES.get(worst, "no_answer"), {"spread": both("?")}
    elif len(faults) > judging.MISSED:
        yield "checksum", {}


def _odd(entry: Found, values: list[int]) -> Iterator[Cause]:
    """Values that came, but that nobody should believe."""
    if values:
        low, high = min(values), max(values)
        cause = judging.odd(quantity(entry), median(values), low, high)
        if cause:
            yield cause, {"spread": shown(entry, high - low)}


# two sensors of the same kind


def alike(entries: Iterable[Found]) -> list[list[Found]]:
    """Groups of sensors that could have been plugged in crosswise: same driver, one channel for each sensor."""
    groups: dict[str, list[Found]] = {}
    for entry in entries:
        if entry.get("out", 0) == 0 and entry["driver"] not in ("contact", "flow"):
            groups.setdefault(f"{entry['driver']} {quantity(entry)}", []).append(entry)
    return [group for group in groups.values() if len(group) > 1]


def moved(group: Iterable[Found], before: Mapping[int, Found], after: Mapping[int, Found]) -> int | None:
    """The channel that a hand moved most, or None when it moved none enough."""
    best, most = None, 1.0
    for entry in group:
        change = _change(entry, before.get(entry["id"]), after.get(entry["id"]))
        if change >= most:
            best, most = entry["id"], change
    return best


def _change(entry: Found, before: Found | None, after: Found | None) -> float:
    """By how much it moved, where 1 is what a hand does at least."""
    key = "raws" if entry["driver"] == "soil" else "values"
    known = [[v for v in line[key] if v is not None] if line else [] for line in (before, after)]
    if not known[0] or not known[1]:
        return 0.0
    least = limits.HAND_MV if key == "raws" else limits.HAND[quantity(entry)]
    return float(abs(median(known[1]) - median(known[0])) / least)


def place_row(entry: Found, asked: bool, found: int | None) -> Row:
    """Is this sensor where the board file says? `found`: the channel that the hand at its place moved."""
    title = words.row("place", entry["id"])
    params = {"which": entry["id"], "place": entry.get("place", ""), "moved": found}
    if not asked:
        return Row("place", entry["id"], NOT_ASKED, title, cause="not_asked", params=params)
    if found == entry["id"]:
        return Row("place", entry["id"], PASS, title, both(str(entry.get("place", ""))), data={"moved": found})
    cause = "exchanged" if found is not None else "nothing_moved"
    return Row("place", entry["id"], FAIL, title, cause=cause, params=params, data={"moved": found})
