"""Runs the check over USB: step by step on the board, asking the person beside it, and gives the Report.

`check(run, …)` is called by `nhavuon check --port` and as the last step of `nhavuon flash`. `run` is Repl.run of a
board that sits in its raw REPL with main stopped (boot.py has run, so that the slot is on the path).
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Protocol

from flash_tools.check import judge, sensors
from flash_tools.check.rows import Report, Row
from flash_tools.errors import CodeFailed, FlashError
from shared_protocol import names

ROUNDS, HAND_ROUNDS = 10, 3
PRESS_MS = 15000
WATERED = ("mister", "pump", "valve")
STEP_S, SENSORS_S, WIFI_S = 30.0, 120.0, 120.0


class Ask(Protocol):
    """Puts one of words.QUESTIONS to the person: True = yes or done."""

    def __call__(self, question: str, **params: Any) -> bool: ...


Run = Callable[[str, float], str]
Say = Callable[[str, float], None]  # which row's work begins, and how much of the whole is done, 0 to 1
Found = dict[str, Any]


class CheckFailed(FlashError):
    """The board did not run a step of the check as it should."""

    code = "check_failed"


def check(
    run: Run,
    *,
    ask: Ask | None = None,
    say: Say | None = None,
    expected: int | None = None,
    wanted: tuple[str, tuple[int, ...]] | None = None,
    now: Callable[[], float] = time.time,
) -> Report:
    """Test everything. ask None = no questions; expected = the node number that the board should have; wanted = SHA-256
    (hex) and version of the application that this PC would install, None = not compared.
    """
    bench = _Bench(run, ask, say or (lambda name, share: None))
    try:
        rows = tuple(_rows(bench, expected, wanted, now))
        facts = {key: bench.facts[key] for key in ("board", "node", "mac", "version", "micropython")}
    except KeyError as missing:  # software of another version reports something else
        raise CheckFailed(f"no {missing}") from None
    return Report(rows, facts | {"wiring": bench.wiring}, "usb", int(now()))


def _rows(
    bench: "_Bench", expected: int | None, wanted: tuple[str, tuple[int, ...]] | None, now: Callable[[], float]
) -> Iterator[Row]:
    bench.begin()
    bench.say("identity", 0.02)
    yield judge.identity(bench.facts, expected)
    yield judge.application(bench.one("image"), wanted)
    provisioned = bench.one("settings")
    yield judge.settings(provisioned)
    yield judge.recipe(provisioned)
    yield judge.resets(bench.one("resets"))
    yield judge.heap(bench.one("heap"))
    bench.say("flash", 0.06)
    yield judge.flash(bench.one("flash"))
    yield judge.journal(bench.one("journal"))
    yield from _sensors(bench)
    yield from _relays(bench, dict(provisioned["responses"]))
    yield from _led_and_inputs(bench)
    bench.say("wifi", 0.75)
    yield judge.wifi(bench.one("wifi", timeout_s=WIFI_S))
    bench.say("hub", 0.9)
    found = bench.one("hub")
    heard = now()
    yield judge.hub(found, provisioned["hub"], bench.facts["node"])
    yield judge.clock(found, heard)
    bench.say("", 1.0)


class _Bench:
    """The board's side: runs a step of node/bench.py and reads its lines."""

    def __init__(self, run: Run, ask: Ask | None, say: Say) -> None:
        self._run = run
        self.ask = ask
        self.say = say
        self.facts: Found = {}
        self.wiring: Found = {}

    def begin(self) -> None:
        try:
            self._run("from node import bench", STEP_S)
        except CodeFailed as error:  # no slot that runs, or software from before there was a check
            raise CheckFailed(str(error.params["detail"])) from None
        found = self.lines("facts")
        if len(found) != 2:
            raise CheckFailed(f"facts: {len(found)}")
        self.facts, self.wiring = found

    def lines(self, step: str, *given: int, timeout_s: float = STEP_S) -> list[Found]:
        """What a step printed; other lines (of the node's own modules) are for people."""
        text = self._run("bench.run(" + ", ".join([repr(step), *map(repr, given)]) + ")", timeout_s)
        try:
            return [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        except ValueError:
            raise CheckFailed(f"{step}: {text[-200:]}") from None

    def one(self, step: str, *given: int, timeout_s: float = STEP_S) -> Found:
        found = self.lines(step, *given, timeout_s=timeout_s)
        if len(found) != 1:
            raise CheckFailed(f"{step}: {len(found)}")
        return found[0]

    @property
    def channels(self) -> list[Found]:
        return list(self.wiring["channels"])

    @property
    def actuators(self) -> list[Found]:
        return list(self.wiring["actuators"])


def _sensors(bench: _Bench) -> Iterator[Row]:
    bench.say("sensor", 0.1)
    if not bench.channels:
        return
    lines = bench.lines("sensors", ROUNDS, timeout_s=SENSORS_S) + bench.lines("buses", timeout_s=SENSORS_S)
    yield from sensors.rows(bench.channels, lines)
    yield from _places(bench, {line["which"]: line for line in lines if line["what"] == "sensor"})


def _places(bench: _Bench, before: Mapping[int, Found]) -> Iterator[Row]:
    """Which sensor moves under a hand: only where two could have been plugged in crosswise."""
    for group in sensors.alike(bench.channels):
        for entry in group:
            asked = bench.ask is not None and bench.ask("hand", which=entry["id"], place=entry.get("place", ""))
            found = _moved(bench, group, before) if asked else None
            yield sensors.place_row(entry, asked, found)


def _moved(bench: _Bench, group: Iterable[Mapping[str, Any]], before: Mapping[int, Found]) -> int | None:
    ids = [entry["id"] for entry in group]
    lines = bench.lines("sensors", HAND_ROUNDS, *ids, timeout_s=SENSORS_S)
    return sensors.moved(group, before, {line["which"]: line for line in lines})


def _relays(bench: _Bench, responses: Mapping[int, int]) -> Iterator[Row]:
    """`responses` {actuator: the channel that its rule expects to answer}."""
    if not bench.actuators:
        return
    listed = ", ".join(f"{entry['id']} {entry['name']}" for entry in bench.actuators)
    if bench.ask is not None and not bench.ask("machines_may_run", names=listed):
        yield from (judge.not_asked("relay", entry["id"], judge.relay_name(entry)) for entry in bench.actuators)
        return
    for count, entry in enumerate(bench.actuators):
        bench.say("relay", 0.4 + 0.25 * count / len(bench.actuators))
        watched = _watched(bench.channels, entry, responses)
        found = bench.one("relay", entry["id"], watched)
        must = responses.get(entry["id"]) == watched and _is_meter(bench.channels, watched)
        yield judge.relay(entry, found, watched, must, _heard(bench, entry, found, watched))


def _heard(bench: _Bench, entry: Found, found: Found, watched: int) -> bool | None:
    """What the person says of the click; not asked where nothing was switched or the answer is known already."""
    if bench.ask is None or found.get("refused") or not judge.follows(found):
        return None
    if watched and judge.responded(found):
        return None
    return bench.ask("click", which=entry["id"], name=entry["name"])


def _watched(channels: Iterable[Found], entry: Found, responses: Mapping[int, int]) -> int:
    """The channel that can answer at once: the rule's when it is a flow or a contact, else the only flow meter of a
    machine that moves water; 0 = none.
    """
    quick = {c["id"]: c["driver"] for c in channels if c["driver"] in ("flow", "contact")}
    if responses.get(entry["id"]) in quick:
        return responses[entry["id"]]
    meters = [id for id, driver in quick.items() if driver == "flow"]
    return meters[0] if len(meters) == 1 and names.ACTUATORS[entry["kind"]] in WATERED else 0


def _is_meter(channels: Iterable[Found], watched: int) -> bool:
    """A contact may close or open by its machine, and says nothing when it does neither at once."""
    return any(entry["id"] == watched and entry["driver"] == "flow" for entry in channels)


def _led_and_inputs(bench: _Bench) -> Iterator[Row]:
    bench.say("led", 0.68)
    if bench.wiring["led"]:
        bench.lines("led")
        yield judge.led(None if bench.ask is None else bench.ask("led"))
    for what, causes in (("button", ("button_held", "button_silent")), ("stop", ("stop_open", "stop_silent"))):
        if bench.wiring[what]:
            found = bench.one(what, 0)
            asked = found["rest"] and bench.ask is not None and bench.ask(f"press_{what}")
            if asked:
                found["changed"] = bench.one(what, PRESS_MS)["changed"]
            yield judge.pressed(what, found, asked, *causes)
