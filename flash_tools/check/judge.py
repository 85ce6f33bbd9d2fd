"""Judges everything but the sensors: the board itself, its outputs and inputs, the network and the hub.

Pure; each function takes the line that one step of firmware/node/bench.py printed and gives a Row. Used by usb.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from flash_tools.check import limits, words
from flash_tools.check.rows import FAIL, NOT_ASKED, PASS, Row
from flash_tools.check.said import Said, both, joined, number
from flash_tools.check.sensors import at_pin
from shared_protocol import judging
from shared_protocol import registry as g

Found = Mapping[str, Any]
Causes = Sequence[tuple[str, Mapping[str, Any]]]
NO_AP, WRONG_PASSWORD = 201, 202  # network.WLAN.status() of an ESP32
REFUSALS = {
    g.RESULT_OTHER_BOARD: "hub_other_board",
    g.RESULT_RETIRED: "hub_retired",
    g.RESULT_NO_COMMON_VERSION: "hub_version",
}


def row(
    what: str,
    causes: Causes,
    value: Said | None = None,
    data: Found | None = None,
    which: int = 0,
    name: Said | None = None,
) -> Row:
    """FAIL with the first cause, PASS when there is none."""
    cause, params = causes[0] if causes else ("", {})
    title = name or words.row(what, which)
    return Row(what, which, FAIL if cause else PASS, title, value or both(""), cause, params, data or {})


def not_asked(what: str, which: int = 0, name: Said | None = None, cause: str = "not_asked") -> Row:
    """A row whose question nobody answered: never PASS."""
    return Row(what, which, NOT_ASKED, name or words.row(what, which), cause=cause)


def size_kb(size: float) -> Said:
    return joined(number(size / 1024, 0), " KB")


def identity(facts: Found, expected: int | None) -> Row:
    """Number and key, both copies; `expected` is the number that this board should have."""
    causes: list[tuple[str, Mapping[str, Any]]] = []
    if not facts["key"]:
        causes.append(("no_key", {}))
    elif expected is not None and facts["node"] != expected:
        causes.append(("other_number", {"node": facts["node"], "wanted": expected}))
    elif not facts["copy"]:
        causes.append(("one_key_copy", {}))
    value = Said(f"số {facts['node']}", f"number {facts['node']}") if facts["key"] else None
    return row("identity", causes, value, {"node": facts["node"], "key": facts["key"], "copy": facts["copy"]})


def application(image: Found, wanted: tuple[str, tuple[int, ...]] | None) -> Row:
    """The slot that runs, against what the tool would install: `wanted` is (SHA-256 hex, version)."""
    causes: list[tuple[str, Mapping[str, Any]]] = []
    version = ".".join(str(part) for part in image.get("version", ()))
    if not image["sealed"]:
        causes.append(("no_image", {}))
    elif not image["sound"]:
        causes.append(("image_damaged", {}))
    elif image["spare"]:
        causes.append(("image_spare", {}))
    elif wanted is not None and image["sha256"] != wanted[0]:
        # The same version number with other bytes is told by its hash.
        names = [f"{v} ({h[:8]})" for v, h in ((version, image["sha256"]), (_dotted(wanted[1]), wanted[0]))]
        causes.append(("image_other", {"found": names[0], "wanted": names[1]}))
    value = both(f"{version} ({image['slot']})") if version else None
    return row("application", causes, value, {key: image[key] for key in image if key != "what"})


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(str(part) for part in version)


def settings(found: Found) -> Row:
    data = {key: found[key] for key in ("serial", "wifi", "hub", "calibrated")}
    return row("settings", [] if found["serial"] else [("no_settings", {})], None, data)


def recipe(found: Found) -> Row:
    """A node without a recipe is in order: every machine obeys people alone."""
    none = Said("chưa có: máy chỉ nghe người bấm", "none: only people switch")
    value = both(found["recipe"]) if found["recipe"] else none
    return row("recipe", [], value, {"recipe": found["recipe"], "hash": found["hash"]})


def resets(found: Found) -> Row:
    boots, counts = found["boot"], found["counts"]
    causes: list[tuple[str, Mapping[str, Any]]] = []
    if found["bad"]:
        causes.append(("bad_boots", {"count": found["bad"]}))
    brownouts = counts[3]
    if brownouts >= limits.BROWNOUTS and brownouts * limits.BROWNOUT_SHARE >= boots:
        causes.append(("brownouts", {"count": brownouts, "boots": boots}))
    value = Said(f"{boots} lần khởi động", f"{boots} starts")
    names = ("power", "watchdog", "panic", "brownout", "other")
    data = {"boots": boots, "bad": found["bad"], **dict(zip(names, counts, strict=True))}
    return row("resets", causes, value, data)


def heap(found: Found) -> Row:
    """With main stopped all of the interpreter's heap is free; an ESP32 lets it grow into the system's."""
    free = (found["free"] or 0) + found["idf_largest"]
    known = found["free"] is not None
    causes: list[tuple[str, Mapping[str, Any]]] = []
    if known and free < limits.HEAP_LEAST:
        causes.append(("heap_low", {"free": free // 1024}))
    data = {key: found[key] for key in ("free", "taken", "idf_free", "idf_largest")}
    return row("heap", causes, size_kb(free) if known else None, data)


def flash(found: Found) -> Row:
    free = found["block"] * found["free"]
    causes: list[tuple[str, Mapping[str, Any]]] = []
    if free < judging.FLASH_LEAST and found["blocks"]:
        causes.append(("flash_full", {"free": free // 1024}))
    elif not found["same"]:
        causes.append(("flash_broken", {}))
    data = {key: found[key] for key in ("block", "blocks", "free", "same", "error")}
    return row("flash", causes, joined(Said("còn ", "free: "), size_kb(free)), data)


def journal(found: Found) -> Row:
    causes: list[tuple[str, Mapping[str, Any]]] = []
    if found["unreadable"]:
        causes.append(("journal_unreadable", {}))
    elif found["lost"]:
        causes.append(("journal_lost", {"count": found["lost"]}))
    held = found["next"] - found["first"]
    value = Said(f"{held} bản ghi", f"{held} records") if found["begun"] else Said("chưa bắt đầu", "not begun")
    return row("journal", causes, value, {key: found[key] for key in ("first", "next", "lost", "begun")})


# outputs and inputs


def relay_name(entry: Found) -> Said:
    return joined(words.row("relay", entry["id"]), f" ({entry['name']})")


def follows(found: Found) -> bool:
    """True when the pin was at the level of its order each time."""
    on = found["on"]
    return bool(found["levels"] == [on, 1 - on] * (len(found["levels"]) // 2))


def responded(found: Found) -> bool:
    """True when what flows or closes behind the machine moved while it was on."""
    return found["after"] is not None and bool(found["before"] is None or found["after"] > found["before"])


def relay(entry: Found, found: Found, watched: int, must: bool, clicked: bool | None) -> Row:
    """`watched`: the channel that was looked at, 0 = none; `must`: a recipe says that it answers; `clicked`: what the
    person heard, None = not asked.
    """
    which, name = entry["id"], relay_name(entry)
    params = {"which": which, "at": at_pin(entry.get("pin")), "channel": watched}
    data = {key: found[key] for key in found if key not in ("what", "which")} | {"clicked": clicked}
    if found.get("refused"):
        return Row("relay", which, NOT_ASKED, name, cause="stopped", params=params, data=data)
    if not follows(found):
        return row("relay", [("pin_stuck", params)], None, data, which, name)
    if watched and responded(found):
        return row("relay", [], Said("có tác dụng", "has its effect"), data, which, name)
    if clicked is False:
        return row("relay", [("no_click", params)], None, data, which, name)
    if watched and must:
        return row("relay", [("no_response", params)], None, data, which, name)
    if clicked is None:
        return Row("relay", which, NOT_ASKED, name, Said("chân theo lệnh", "pin follows"), "not_asked", params, data)
    return row("relay", [], Said("kêu tạch", "clicks"), data, which, name)


def led(seen: bool | None) -> Row:
    return not_asked("led") if seen is None else row("led", [] if seen else [("led_dark", {})])


def pressed(what: str, found: Found, asked: bool, held: str, silent: str) -> Row:
    """A button or the stop input: at rest as it should be, and seen when it was pressed."""
    data = {"rest": found["rest"], "changed": found["changed"] if asked else None}
    if not found["rest"]:
        return row(what, [(held, {})], None, data)
    if not asked:
        return not_asked(what)
    return row(what, [] if found["changed"] else [(silent, {})], None, data)


# the network


def wifi(found: Found) -> Row:
    data = {key: found[key] for key in ("names", "joined", "tries", "status", "ms", "rssi", "heard")}
    if not found["joined"]:
        return row("wifi", [_unjoined(found)], None, data)
    looks = [rssi for rssi in found["rssi"] if rssi is not None]
    rssi = round(median(looks)) if looks else 0
    causes: list[tuple[str, Mapping[str, Any]]] = []
    if looks and rssi < judging.RSSI_LEAST:
        causes.append(("wifi_weak", {"rssi": rssi, "limit": judging.RSSI_LEAST}))
    elif found["tries"] > limits.MOST_TRIES:
        causes.append(("wifi_tries", {"tries": found["tries"]}))
    return row("wifi", causes, _signal(rssi), data | {"dbm": rssi})


def _signal(rssi: int) -> Said:
    if rssi >= judging.RSSI_GOOD:
        return Said(f"{rssi} dBm, tốt", f"{rssi} dBm, good")
    return Said(f"{rssi} dBm, vừa", f"{rssi} dBm, fair") if rssi >= judging.RSSI_LEAST else both(f"{rssi} dBm")


def _unjoined(found: Found) -> tuple[str, Mapping[str, Any]]:
    params = {"names": ", ".join(found["names"]), "tries": found["tries"], "status": found["status"]}
    if not found["names"]:
        return "wifi_not_set", params
    if found["status"] == WRONG_PASSWORD:
        return "wifi_password", params
    if found["status"] == NO_AP or not found["heard"]:
        return "wifi_not_heard", params
    return "wifi_failed", params


def hub(found: Found, configured: list[Any] | None, node: int) -> Row:
    """The HELLO: accepted, refused, not accepted by a hub that is there, or nobody there."""
    at = "{}:{}".format(*configured) if configured else "–"
    offers = [f"{ip}:{port}" for ip, port, _ in found["offers"]]
    params = {"at": at, "node": node, "offers": ", ".join(offers)}
    data = {key: found[key] for key in ("answer", "offers", "asked", "bad", "refused", "at")}
    if found["answer"] == "ok":
        where = found["at"] or ("", "")
        return row("hub", [], both(f"{where[0]}:{where[1]}"), data)
    return row("hub", [(_no_session(found, configured, offers, at), params)], None, data)


def _no_session(found: Found, configured: list[Any] | None, offers: list[str], at: str) -> str:
    if found["answer"] in ("no_wifi", "no_key"):
        return str(found["answer"])
    if found["answer"] == "refused":
        return REFUSALS.get(found["refused"], "hub_version")
    if found["bad"] or at in offers or (offers and not configured):
        return "hub_wrong_key"
    return "hub_elsewhere" if offers else "hub_no_answer"


def clock(found: Found, now_s: float) -> Row:
    """The hub's time, which the node takes, against this PC's (Unix seconds)."""
    if found["answer"] != "ok":
        return not_asked("clock", cause="clock_not_tried")
    if not found["wall_s"]:
        return row("clock", [("clock_unknown", {})], None, {"off_s": None})
    off = found["wall_s"] + g.EPOCH_2020 - now_s
    causes = [("clock_off", {"off": _span(abs(off))})] if abs(off) > limits.CLOCK_OFF_S else []
    return row("clock", causes, joined(number(round(off), 0), " s"), {"off_s": round(off)})


def _span(seconds: float) -> Said:
    if seconds < 7200:
        return joined(number(seconds / 60, 0), Said(" phút", " minutes"))
    if seconds < 172800:
        return joined(number(seconds / 3600, 0), Said(" giờ", " hours"))
    return joined(number(seconds / 86400, 0), Said(" ngày", " days"))
