"""The oracle: says from a board's pin trace whether its machines were safe. Used by the fault suite.

It imports nothing of ours. What it knows is the board file and the recipe document as JSON, and trace.jsonl: a mark per
boot, then every edge of an output, and a mark at its end. Without that mark (a killed process) outputs count as on
until the next boot. Times are ms since the board's first power-on, over all its boots.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SOFT_RESET = 5  # the only start at which outputs stay as they were; at all others the pull resistors hold them off
DAY_MS = 86_400_000
RESCUE_MS = 2_500  # docs/firmware.md: so long after a start nothing is decided, so nothing may go on
SLACK_S = 10.0  # docs/safety.md: what a limit may be overshot by, the watchdog's time

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Machine:
    """An actuator's pin and limits, the stricter of board file and recipe; seconds, 0 = no such limit."""

    id: int
    kind: str
    pin: int
    on_level: int
    max_on_s: int
    rest_s: int
    cap_s: int
    settle_s: int
    apart: frozenset[int]


@dataclass(frozen=True)
class Run:
    """One stretch of ON: from_ms ≤ t < to_ms. `ended` False: still on when the trace ends."""

    from_ms: int
    to_ms: int
    boot: int
    ended: bool = True

    @property
    def seconds(self) -> float:
        return (self.to_ms - self.from_ms) / 1000


@dataclass
class Verdict:
    """`worst_s`: the longest overshoot of a limit, at least 0; `problems`: each a sentence, none = safe."""

    worst_s: float = 0.0
    problems: list[str] = field(default_factory=list)

    @property
    def safe(self) -> bool:
        return not self.problems

    def over(self, what: str, seconds: float, limit_s: float, slack_s: float) -> None:
        """Book `seconds` against a limit."""
        self.worst_s = max(self.worst_s, seconds - limit_s)
        if seconds > limit_s + slack_s:
            self.problems.append(f"{what}: {seconds:.1f} s, allowed {limit_s:g} s")


def machines(board: Mapping[str, Any], recipe: Mapping[str, Any] | None = None) -> dict[int, Machine]:
    """{actuator id: Machine} of a parsed board file; recipe None = the one in the board file."""
    rules = {rule["actuator"]: rule for rule in ((recipe or board.get("recipe")) or {}).get("rules", ())}
    apart: dict[int, set[int]] = {item["id"]: set() for item in board["actuators"]}
    for number, rule in rules.items():
        for other in rule.get("apart", ()):
            apart[number].add(other)
            apart[other].add(number)
    return {item["id"]: _machine(item, rules.get(item["id"], {}), apart[item["id"]]) for item in board["actuators"]}


def _machine(item: Mapping[str, Any], rule: Mapping[str, Any], apart: Iterable[int]) -> Machine:
    longest = [limits["max_on_s"] for limits in (item, rule) if limits.get("max_on_s")]
    return Machine(
        id=item["id"],
        kind=item["kind"],
        pin=item["pin"],
        on_level=item.get("on_level", 1),
        max_on_s=min(longest, default=0),
        rest_s=max(item.get("rest_s", 0), rule.get("rest_s", 0)),
        cap_s=rule.get("cap_s", 0),
        settle_s=rule.get("settle_s", 0),
        apart=frozenset(apart),
    )


def read_trace(path: Path) -> list[Line]:
    """The lines of a trace.jsonl; a last line that a power cut left half written is not there."""
    found = []
    for text in path.read_text("utf-8").splitlines():
        try:
            found.append(json.loads(text))
        except ValueError:
            continue
    return found


class Oracle:
    """What the pins did. `until_ms`: what happened later is not looked at; None = up to the last line."""

    def __init__(self, machines: Mapping[int, Machine], trace: Iterable[Line], until_ms: int | None = None) -> None:
        lines = list(trace)
        self.machines = machines
        self.end_ms = until_ms if until_ms is not None else max((line["t_ms"] for line in lines), default=0)
        self.lines = [line for line in lines if line["t_ms"] <= self.end_ms]
        self.boots = [(line["t_ms"], line["start"]) for line in self.lines if "start" in line]
        self.ends = [(line["t_ms"], line["end"]) for line in self.lines if "end" in line]
        self.runs = {number: self._runs(machine) for number, machine in machines.items()}

    def _runs(self, machine: Machine) -> list[Run]:
        runs: list[Run] = []
        begun: tuple[int, int] | None = None
        for line in self.lines:
            on = begun is not None
            if "start" in line or "end" in line:
                on = on and (line.get("start") or line.get("end")) == SOFT_RESET
            elif line["pin"] == machine.pin:
                on = line["level"] == machine.on_level
            if on and begun is None:
                begun = line["t_ms"], line["boot"]
            elif not on and begun is not None:
                runs.append(Run(begun[0], line["t_ms"], begun[1]))
                begun = None
        if begun is not None:
            runs.append(Run(begun[0], self.end_ms, begun[1], ended=False))
        return runs

    def is_on(self, number: int, at_ms: int) -> bool:
        """The state of an actuator's pin at a time."""
        return self._run_at(number, at_ms) is not None

    def off_after_s(self, number: int, at_ms: int) -> float:
        """Seconds from a moment until an actuator was off; 0.0 when it was off, endless when it never went off."""
        run = self._run_at(number, at_ms)
        if run is None:
            return 0.0
        return (run.to_ms - at_ms) / 1000 if run.ended else float("inf")

    def _run_at(self, number: int, at_ms: int) -> Run | None:
        for run in self.runs[number]:
            if run.from_ms <= at_ms < run.to_ms or (at_ms == run.to_ms and not run.ended):
                return run
        return None

    def on_after_s(self, number: int, at_ms: int) -> float:
        """Seconds from a moment until an actuator was on; 0.0 when it was on, endless when it never came on."""
        later = [max(0, run.from_ms - at_ms) for run in self.runs[number] if run.to_ms > at_ms]
        return min(later) / 1000 if later else float("inf")

    def on_s(self, number: int, from_ms: int, to_ms: int) -> float:
        """Seconds ON between two moments."""
        return sum(_common(run, from_ms, to_ms) for run in self.runs[number]) / 1000

    def spells(self, number: int) -> list[Run]:
        """The runs, with those joined that only a reset parts: a pause shorter than the rest time across a start."""
        rest_ms = self.machines[number].rest_s * 1000
        joined: list[Run] = []
        on_ms: list[int] = []
        for run in self.runs[number]:
            before = joined[-1] if joined else None
            if before and run.from_ms - before.to_ms < max(1, rest_ms) and self._started(before.to_ms, run.from_ms):
                on_ms[-1] += run.to_ms - run.from_ms
                joined[-1] = Run(run.to_ms - on_ms[-1], run.to_ms, before.boot, run.ended)
            else:
                joined.append(run)
                on_ms.append(run.to_ms - run.from_ms)
        return joined

    def _started(self, from_ms: int, to_ms: int) -> bool:
        return any(from_ms <= at_ms <= to_ms for at_ms, _ in self.boots)

    def longest_on_s(self, number: int) -> float:
        """The longest spell of ON, resets included."""
        return max((spell.seconds for spell in self.spells(number)), default=0.0)

    def most_in_a_day_s(self, number: int) -> float:
        """The most seconds ON in any 24 hours: a window is fullest when it ends with a run."""
        return max((self.on_s(number, run.to_ms - DAY_MS, run.to_ms) for run in self.runs[number]), default=0.0)

    def together_s(self, one: int, other: int) -> float:
        """Seconds in which both were on."""
        return sum(self.on_s(other, run.from_ms, run.to_ms) for run in self.runs[one])

    def shortest_pause_s(self, one: int, other: int) -> float:
        """The shortest time from the end of a run of `other` to the next beginning of one of `one`, within a boot."""
        pauses = [
            run.from_ms - before.to_ms
            for run in self.runs[one]
            for before in self.runs[other]
            if before.ended and before.to_ms <= run.from_ms and before.boot == run.boot
        ]
        return min(pauses, default=DAY_MS) / 1000

    def pulses_at_start(self) -> list[tuple[int, int]]:
        """(actuator, t_ms) of every edge to ON while a start has decided nothing yet."""
        return [
            (number, run.from_ms)
            for number in self.machines
            for run in self.runs[number]
            if any(at_ms <= run.from_ms < at_ms + RESCUE_MS for at_ms, _ in self.boots)
        ]

    def on_edges_s(self) -> list[float]:
        """The moments (s) at which anything went on, in order."""
        return sorted(run.from_ms / 1000 for runs in self.runs.values() for run in runs)

    def judge(self, slack_s: float = SLACK_S) -> Verdict:
        """Every limit of every machine, in all that is known of the run. A settle time is not asked over a start, which
        is one itself: outputs are off for the rescue window and the first reading.
        """
        verdict = Verdict()
        for number, machine in self.machines.items():
            name = f"{machine.kind} {number}"
            if machine.max_on_s:
                verdict.over(f"{name} on beyond max on", self.longest_on_s(number), machine.max_on_s, slack_s)
            if machine.cap_s:
                verdict.over(f"{name} on in 24 hours", self.most_in_a_day_s(number), machine.cap_s, slack_s)
            for other in machine.apart:
                verdict.over(f"{name} on together with {other}", self.together_s(number, other), 0, 0)
                if machine.settle_s:
                    missing_s = machine.settle_s - self.shortest_pause_s(number, other)
                    verdict.over(f"{name} on too soon after {other}", missing_s, 0, 1)
        for number, at_ms in self.pulses_at_start():
            verdict.problems.append(f"{self.machines[number].kind} {number} went on during a start, at {at_ms} ms")
        return verdict


def _common(run: Run, from_ms: int, to_ms: int) -> int:
    return max(0, min(run.to_ms, to_ms) - max(run.from_ms, from_ms))
