"""The limits: says from a log of switchings and the rule documents alone what was not kept. Used by the property tests.

It imports nothing of ours, so that the law is judged by a second reading of its contract (docs/recipes.md). Times are
seconds of powered time over all starts. The law counts whole seconds of uptime, so a waiting time may be up to one
second short; nothing may ever be longer than its limit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

DAY_S = 86_400
REST_S = 60  # after max-on or a reset in mid-run there is at least this rest
LOOK_S = 10  # a state that only time changes may last so much longer, where it is no limit
EXACT_S = 1e-6  # what a difference of two times may lose
TICK_S = 1 + EXACT_S  # whole seconds of uptime
HOT = ("heater", "dryer")
SOFT = ("satisfied", "idle", "soak", "pause", "no_time")  # what min-on may delay
SENSORS = ("fault", "disagree", "safe_mode")  # causes of a fault state


@dataclass(frozen=True)
class Edge:
    """An output changed; `cause` is a word: also "reset", and "lost" where a power cut came before it was journaled;
    None where there is none.
    """

    t: float
    id: int
    on: int
    cause: str | None


@dataclass(frozen=True)
class Run:
    """ON from `begin` to `end`; `ended` False: still on at the end; `cut`: a reset ended it."""

    begin: float
    end: float
    cut: bool = False
    ended: bool = True
    cause: str | None = None  # of its end

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclass
class Limits:
    """`epochs`: (from when, {actuator id: rule}) with the board's limits in them; `kinds`: words by actuator id;
    `heard`: (when, channel) of every good reading; `barred`: (from, to, actuator, why) of what had to be off.
    """

    kinds: Mapping[int, str]
    epochs: Sequence[tuple[float, Mapping[int, Mapping[str, Any]]]]
    edges: Sequence[Edge]
    boots: Sequence[float]
    end: float
    heard: Sequence[tuple[float, int]] = ()
    barred: Sequence[tuple[float, float, int, str]] = ()
    problems: list[str] = field(default_factory=list)

    def judge(self) -> list[str]:
        """Every limit of every actuator; what was not kept, a sentence each."""
        self.runs = {id: list(self._runs(id)) for id in self.kinds}
        for id in self.kinds:
            self._causes(id)
            self._pauses(id)
            for begin, end, rules in self._spans():
                self._longest(id, rules[id], begin, end)
                self._in_a_day(id, rules[id], begin, end)
                self._apart(id, rules[id], begin, end)
                self._blind(id, rules[id], begin, end)
        for begin, end, id, why in self.barred:
            for run in self.runs[id]:
                if min(run.end, end) > max(run.begin, begin) + EXACT_S:
                    self._say(id, f"on at {max(run.begin, begin):.3f} although {why}")
        self._staggered()
        return self.problems

    def _say(self, id: int, text: str) -> None:
        self.problems.append(f"{self.kinds[id]} {id}: {text}")

    def _runs(self, id: int) -> Iterator[Run]:
        begun = None
        for edge in self.edges:
            if edge.id == id and edge.on:
                begun = edge.t
            elif edge.id == id and begun is not None:
                yield Run(begun, edge.t, edge.cause == "reset", cause=edge.cause)
                begun = None
        if begun is not None:
            yield Run(begun, self.end, ended=False)

    def _spans(self) -> Iterator[tuple[float, float, Mapping[int, Mapping[str, Any]]]]:
        for i, (begin, rules) in enumerate(self.epochs):
            yield begin, self.epochs[i + 1][0] if i + 1 < len(self.epochs) else self.end, rules

    def rule_at(self, id: int, t: float) -> Mapping[str, Any]:
        """The rule in force at a moment; at the very moment of a change the new one."""
        return [rules for begin, rules in self.epochs if begin <= t][-1][id]

    def _longest(self, id: int, rule: Mapping[str, Any], begin: float, end: float) -> None:
        """No run beyond max on; one that a reset cut goes on where its rest was not kept."""
        most = rule.get("max_on_s", 0)
        sofar, before = 0.0, None
        for run in self.runs[id]:
            joined = before is not None and before.cut and run.begin - before.end < self._rest_s(rule) - TICK_S
            sofar = sofar + run.seconds if joined else run.seconds
            before = run
            if most and min(run.end, end) > max(run.end - sofar + most, run.begin, begin) + EXACT_S:
                self._say(id, f"on for {sofar:.3f} s until {run.end:.3f}, allowed {most}")

    def _rest_s(self, rule: Mapping[str, Any]) -> int:
        return max(rule.get("rest_s", 0), REST_S)

    def _in_a_day(self, id: int, rule: Mapping[str, Any], begin: float, end: float) -> None:
        """Never more than the cap in the 24 hours before any moment at which it is on."""
        cap = rule.get("cap_s", 0)
        for run in self.runs[id]:
            last = min(run.end, end)
            if not cap or last <= max(run.begin, begin):
                continue
            counted = [one for one in self.runs[id] if self._known(id, one)]
            used = sum(max(0.0, min(one.end, last) - max(one.begin, last - DAY_S)) for one in counted)
            if used > cap + TICK_S * len(counted):
                self._say(id, f"on for {used:.3f} s in the 24 h before {last:.3f}, allowed {cap}")

    def _known(self, id: int, run: Run) -> bool:
        """A run that a reset cut is only known to the board where a limit said how long it could be."""
        rule = self.rule_at(id, run.begin)
        return run.cause not in ("reset", "lost") or bool(rule.get("max_on_s") or rule.get("cap_s"))

    def _apart(self, id: int, rule: Mapping[str, Any], begin: float, end: float) -> None:
        """Never on with one of these, and not too soon after it."""
        for other in rule.get("apart", ()):
            for run in self.runs[id]:
                for one in self.runs[other]:
                    together = min(run.end, one.end, end) - max(run.begin, one.begin, begin)
                    if together > 0:
                        self._say(id, f"on together with {other} for {together:.3f} s at {run.begin:.3f}")
                    pause = run.begin - one.end
                    if begin <= run.begin < end and 0 <= pause < rule.get("settle_s", 0) - TICK_S:
                        self._say(id, f"on {pause:.3f} s after {other} at {run.begin:.3f}")

    def _blind(self, id: int, rule: Mapping[str, Any], begin: float, end: float) -> None:
        """Off, where the fault state is off or a hold that is over, once no sensor was good for longer than max age."""
        sensors = rule.get("sensors", ())
        if not sensors or rule.get("by_hand") or rule["fault"] not in ("off", "hold"):
            return
        hold_s = max(0, rule.get("fault_hold_s", 0)) + LOOK_S if rule["fault"] == "hold" else 0
        signs = sorted([*self.boots, *(t for t, channel in self.heard if channel in sensors), self.end])
        for last, next in zip(signs, signs[1:], strict=False):
            first, last = max(last + rule.get("max_age_s", 60), begin) + hold_s, min(next, end)
            for run in self.runs[id]:
                if min(run.end, last) > max(run.begin, first) + EXACT_S:
                    self._say(id, f"on at {max(run.begin, first):.3f}, blind since {first:.3f}")

    def _pauses(self, id: int) -> None:
        """Min-off, the rest after max-on, and the rest after a reset in mid-run."""
        before = None
        for run in self.runs[id]:
            rule = self.rule_at(id, run.begin)
            if before:
                least = rule.get("min_off_s", 0)
                most = self.rule_at(id, before.end).get("max_on_s", 0)
                full = most and before.seconds >= most and before.cause not in ("stop", "lockout", "lost")
                if before.cut or before.cause == "max_on" or full:
                    least = max(least, self._rest_s(rule))
                if run.begin - before.end < least - TICK_S:
                    self._say(id, f"on again after {run.begin - before.end:.3f} s at {run.begin:.3f}, allowed {least}")
            before = run

    def _causes(self, id: int) -> None:
        """Every change has a cause; no heater is on by a fault; min-on delays only what nobody insists on."""
        begun = None
        for edge in (edge for edge in self.edges if edge.id == id):
            if edge.cause is None:
                self._say(id, f"changed to {edge.on} without a cause at {edge.t:.3f}")
            if edge.on and edge.cause in SENSORS and self.kinds[id] in HOT:
                self._say(id, f"on by {edge.cause} at {edge.t:.3f}")
            if edge.on:
                begun = edge.t
            elif begun is not None and edge.cause in SOFT:
                least = self.rule_at(id, edge.t).get("min_on_s", 0)
                if edge.t - begun < least - TICK_S:
                    self._say(id, f"off by {edge.cause} after {edge.t - begun:.3f} s at {edge.t:.3f}, min on {least}")

    def _staggered(self) -> None:
        on = [edge for edge in self.edges if edge.on]
        for one, next in zip(on, on[1:], strict=False):
            if next.t - one.t < 1 - EXACT_S:
                self._say(next.id, f"on {next.t - one.t:.3f} s after {one.id} at {next.t:.3f}")


def effective(rule: Mapping[str, Any], entry: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A rule document with the board entry's limits and the mutual `apart` in it."""
    found = dict(rule)
    longest = [limits["max_on_s"] for limits in (rule, entry) if limits.get("max_on_s")]
    found["max_on_s"] = min(longest, default=0)
    found["rest_s"] = max(rule.get("rest_s", 0), entry.get("rest_s", 0))
    mutual = [one["actuator"] for one in others if entry["id"] in one.get("apart", ())]
    found["apart"] = sorted({*rule.get("apart", ()), *mutual})
    found.setdefault("fault", entry.get("fault", "off"))
    return found
