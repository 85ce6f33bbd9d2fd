"""Runs the check over the LAN: the running hub asks the node, this judges the rows as over USB. For `nhavuon check`.

A machine is switched only as an ordinary order of two seconds, and only when the person at it agrees.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from flash_tools.check import judge, sensors
from flash_tools.check.hub_client import HubClient
from flash_tools.check.rows import FAIL, NOT_ASKED, PASS, Report, Row
from flash_tools.check.said import Said, both, joined, number
from flash_tools.check.usb import Ask, Say
from shared_protocol import judging, names
from shared_protocol import maintenance as m
from shared_protocol import registry as g

LOOK_S = 1.0
CHECK_S, CLICK_S = 60.0, 30.0
KINDS = {word: n for n, word in names.KINDS.items()}
UNITS = {word: n for n, word in names.UNITS.items()}
ENDED = ("done", "refused", "failed")

Found = Mapping[str, Any]
Lines = Mapping[tuple[int, int], Found]


def check(
    hub: HubClient,
    node: Found,
    *,
    ask: Ask | None = None,
    say: Say | None = None,
    wanted: tuple[str, tuple[int, ...]] | None = None,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> Report:
    """Test a node that runs. node: what HubClient.node gave; hub is signed in. ask None = nothing is clicked."""
    path = f"/nodes/{node['number']}/check"
    hub.post(path)
    found = _until(hub, path, lambda one: one["state"] != "running", CHECK_S, say, sleep)
    facts = _facts(node)
    if found["state"] != "done":
        silent = judge.row("hub", [("hub_silent", {})], data={"code": found["code"]})
        return Report((silent,), facts, "lan", int(now()))
    lines = {(line["what"], line["which"]): line for line in found["rows"]}
    relays = _relays(hub, path, node, lines, ask, sleep)
    rows = (*_board(node, lines, wanted), *_sensors(node, lines), *relays, *_network(node, lines))
    return Report(rows, facts, "lan", int(now()))


def _until(
    hub: HubClient,
    path: str,
    over: Callable[[Found], bool],
    most_s: float,
    say: Say | None,
    sleep: Callable[[float], None],
) -> Found:
    """Look once a second until it is over; what was there last when it never is."""
    found = hub.get(path)
    for _ in range(int(most_s / LOOK_S)):
        if over(found):
            break
        if say is not None:
            say("sensor", min(1.0, found["answered"] / max(1, found["asked"])))
        sleep(LOOK_S)
        found = hub.get(path)
    return found


def _facts(node: Found) -> dict[str, Any]:
    health = node["health"]
    return {
        "board": health.get("board", ""),
        "node": node["number"],
        "name": node["name"],
        "mac": node["mac"] or "",
        "version": health.get("version", ""),
    }


def _first(lines: Lines, what: int) -> Found | None:
    return next((line for (one, _), line in lines.items() if one == what), None)


def _missing(what: str) -> Row:
    """An older node does not report it: no reason to fail, and none to pass."""
    return judge.not_asked(what, cause="no_report")


# the board itself


def _board(node: Found, lines: Lines, wanted: tuple[str, tuple[int, ...]] | None) -> Iterator[Row]:
    yield judge.row("identity", [], Said(f"số {node['number']}", f"number {node['number']}"))
    yield _application(node, lines, wanted)
    yield _plain("settings", _first(lines, m.CHECK_SETTINGS))
    yield _plain("recipe", _first(lines, m.CHECK_RECIPE))
    yield _resets(node, _first(lines, m.CHECK_RESETS))
    yield _least("heap", _first(lines, m.CHECK_HEAP), 1)
    yield _least("flash", _first(lines, m.CHECK_FLASH), 1024)
    yield _journal(_first(lines, m.CHECK_JOURNAL), _first(lines, m.CHECK_LOST))


def _causes(line: Found, **params: Any) -> list[tuple[str, Mapping[str, Any]]]:
    """What is wrong with a row about the board: nothing, or one cause with the params of its sentences."""
    cause = judging.cause(line["what"], line["which"], line["ok"], line["value"])
    return [(cause, params)] if cause else []


def _plain(what: str, line: Found | None) -> Row:
    return _missing(what) if line is None else judge.row(what, _causes(line), data={"value": line["value"]})


def _application(node: Found, lines: Lines, wanted: tuple[str, tuple[int, ...]] | None) -> Row:
    health, line = node["health"], _first(lines, m.CHECK_IMAGE)
    if line is None:
        return _missing("application")
    version, image = health.get("version", ""), health.get("image", "")
    causes = _causes(line)
    if not causes and wanted is not None and image and image != wanted[0][:16]:
        here = ".".join(str(part) for part in wanted[1])
        causes.append(("image_other", {"found": f"{version} ({image[:8]})", "wanted": f"{here} ({wanted[0][:8]})"}))
    data = {"image": image, "state": names.IMAGES.get(line["which"])}
    return judge.row("application", causes, both(version), data)


def _resets(node: Found, line: Found | None) -> Row:
    if line is None:
        return _missing("resets")
    counts = [node["health"].get(f"resets_{kind}", 0) for kind in ("power", "watchdog", "panic", "brownout", "other")]
    return judge.resets({"boot": node["boot_no"], "counts": counts, "bad": line["value"] or 0})


def _least(what: str, line: Found | None, unit: int) -> Row:
    """Bytes that are free; `unit`: how many bytes the row's value counts in."""
    if line is None or line["value"] is None:
        return _missing(what)
    free = line["value"] * unit
    shown = joined(Said("còn ", "free: "), judge.size_kb(free))
    return judge.row(what, _causes(line, free=free // 1024), shown, {"free": free})


def _journal(line: Found | None, lost: Found | None) -> Row:
    if line is None:
        return _missing("journal")
    causes = _causes(line)
    if lost is not None:
        causes += _causes(lost, count=lost["value"])
    held = line["value"]
    data = {"held": held, "lost": lost["value"] if lost else None}
    return judge.row("journal", causes, Said(f"{held} bản ghi", f"{held} records"), data)


# sensors


def _sensors(node: Found, lines: Lines) -> Iterator[Row]:
    for channel in node["channels"]:
        line = lines.get((m.CHECK_SENSOR, channel["channel"]))
        if line is not None:
            yield _sensor(_entry(channel), line, lines)


def _entry(channel: Found) -> dict[str, Any]:
    """A channel as the node's board file has it, as far as the hub knows it."""
    return {
        "id": channel["channel"],
        "kind": KINDS.get(channel["kind"], 0),
        "unit": UNITS.get(channel["unit"], 0),
        "scale": channel["scale"],
        "place": channel["place"],
    }


def _sensor(entry: dict[str, Any], line: Found, lines: Lines) -> Row:
    name = sensors.name(entry)
    value = None if line["value"] is None else sensors.shown(entry, line["value"])
    params = {"name": name, "which": entry["id"], "at": both(""), "value": value or both("?")}
    spread = (line["high"] or 0) - (line["low"] or 0)
    params["spread"] = sensors.shown(entry, spread) if spread else both("?")
    data = {key: line[key] for key in ("value", "reads", "good", "low", "high")}
    probe = lines.get((m.CHECK_PROBE, entry["id"]))
    if probe is not None:
        params["value"], data["mv"] = both(f"{probe['value']} mV"), probe["value"]
    cause = _cause(entry, line, probe, lines)
    return Row("sensor", entry["id"], FAIL if cause else PASS, name, value or both(""), cause, params, data)


def _cause(entry: Found, line: Found, probe: Found | None, lines: Lines) -> str:
    """What is wrong with a sensor, "" when nothing is."""
    named = lines.get((m.CHECK_FAULT, entry["id"]), {"value": 0})["value"]
    value = line["value"] if line["good"] else None
    if probe is not None and named not in (g.FAULT_OPEN, g.FAULT_SHORTED) and judging.in_air(value, probe["value"]):
        return "in_air"
    fault = judging.fault(line["reads"], line["good"], named)
    if fault:
        return sensors.FAULT_CAUSES.get(fault, "no_answer")
    return str(judging.odd(sensors.quantity(entry), value, line["low"], line["high"]))


# outputs


def _relays(
    hub: HubClient, path: str, node: Found, lines: Lines, ask: Ask | None, sleep: Callable[[float], None]
) -> Iterator[Row]:
    machines = [one for one in node["actuators"] if (m.CHECK_ACTUATOR, one["actuator"]) in lines]
    resting = [one for one in machines if not lines[m.CHECK_ACTUATOR, one["actuator"]]["value"]]
    listed = ", ".join(f"{one['actuator']} {one['name']}" for one in resting)
    may = bool(resting) and ask is not None and ask("machines_may_run", names=listed)
    for one in machines:
        name = judge.relay_name({"id": one["actuator"], "name": one["name"]})
        params = {"which": one["actuator"], "at": both("")}
        if not lines[m.CHECK_ACTUATOR, one["actuator"]]["ok"]:
            yield judge.row("relay", [("pin_stuck", params)], None, {}, one["actuator"], name)
            continue
        heard = _clicked(hub, path, one, ask, sleep) if may and one in resting and ask is not None else None
        if heard is None:
            yield Row("relay", one["actuator"], NOT_ASKED, name, Said("chân theo lệnh", "pin follows"), "lan_not_tried")
            continue
        causes = [] if heard else [("no_click", params)]
        yield judge.row("relay", causes, Said("kêu tạch", "clicks") if heard else None, {}, one["actuator"], name)


def _clicked(hub: HubClient, path: str, one: Found, ask: Ask, sleep: Callable[[float], None]) -> bool | None:
    """What the person heard of a run of two seconds; None when the node refused it."""
    hub.post(f"{path}/click/{one['actuator']}")

    def over(found: Found) -> bool:
        return all(click["state"] in ENDED for click in found["clicks"] if click["actuator"] == one["actuator"])

    found = _until(hub, path, over, CLICK_S, None, sleep)
    states = [click["state"] for click in found["clicks"] if click["actuator"] == one["actuator"]]
    if states[-1:] != ["done"]:
        return None
    heard = ask("click", which=one["actuator"], name=one["name"])
    hub.post(f"{path}/heard/{one['actuator']}", {"heard": heard})
    return heard


# the network


def _network(node: Found, lines: Lines) -> Iterator[Row]:
    stop = _first(lines, m.CHECK_STOP_INPUT)
    if stop is not None:
        yield judge.row("stop", _causes(stop), data={"rest": stop["ok"]})
    yield _wifi(_first(lines, m.CHECK_RADIO), _first(lines, m.CHECK_JOINS))
    yield judge.row("hub", [], Said("trả lời", "answers"), data={"heard_s": node["heard_s"]})
    clock = _first(lines, m.CHECK_CLOCK)
    yield _missing("clock") if clock is None else judge.row("clock", _causes(clock))


def _wifi(line: Found | None, joins: Found | None) -> Row:
    if line is None or line["value"] is None:
        return _missing("wifi")
    weakest = line["value"] if line["low"] is None else line["low"]
    data = {"dbm": line["value"], "low": weakest, "joins": joins["value"] if joins else None}
    causes = _causes(line, rssi=line["value"], limit=judging.RSSI_LEAST)
    shown = joined(number(line["value"], 0), " dBm")
    if joins is not None:
        shown = joined(shown, Said(f", vào mạng {joins['value']} lần", f", joined {joins['value']} times"))
    return judge.row("wifi", causes, shown, data)
