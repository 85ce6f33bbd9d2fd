"""Inspections: a technician's look at one node over the LAN, kept with its date; begun by the page and the API.

One run asks the node for its self-test READS times, a second apart, and joins the answers row by row. Each relay can be
clicked for CLICK_S by an ordinary order (a lease, so every veto of the node applies); what was ordered is the node's
word, whether it clicked is the technician's.
"""

import json
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hub.checks import Checks, Row
from hub.clock import Clock
from hub.commands import Commands
from hub.errors import HubError, UnknownTicket
from hub.fleet import Fleet
from hub.live import Live
from hub.store import Store
from hub.store.models import InspectionRow

READS = 10  # as many readings show a sensor that fails now and then
EVERY_S = 1.0
PATIENCE_S = 6.0  # how long the last answer may take; a node loads its self-test before the first one
CLICK_S = 2
VISIT_S = 3600.0  # a click later than this after its inspection began belongs to a new one
SHOWN = 20  # inspections of a node that can be looked at

log = logging.getLogger(__name__)


class MachineRuns(HubError):
    """A click would end what somebody or a rule has switched on."""

    code = "error.machine_runs"
    text = "This machine runs now: look at it, or switch it off first."


class NoMachine(HubError):
    """The node has told of no such actuator."""

    code = "error.no_machine"
    text = "The device has no machine {actuator}, or has not told of it yet."


class NotClicked(HubError):
    """Somebody says what was heard of a click that the node has not made."""

    code = "error.not_clicked"
    text = "Click the relay first: the device has not switched it in this check."


@dataclass(frozen=True)
class Line:
    """One row over all answers: the last `ok` and `value`, in how many answers it was (`reads`) and was good."""

    what: int  # a CHECK_ number
    which: int  # channel or actuator, else 0
    ok: bool
    value: int | None
    reads: int = 1
    good: int = 0
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True)
class Click:
    """A relay that was clicked: how its order stands (see commands.Ticket), and what the technician heard."""

    actuator: int
    ticket: str
    state: str = "sending"
    code: str = ""
    heard: bool | None = None


@dataclass(frozen=True)
class Inspection:
    """One run. `state`: "running", "done" or "failed"; `code`: "not_heard" or "no_answer" when it failed."""

    node: int
    asked_s: float
    who: str
    state: str = "running"
    code: str = ""
    done_s: float | None = None
    asked: int = 0
    answered: int = 0
    lines: tuple[Line, ...] = ()
    clicks: tuple[Click, ...] = ()

    def click(self, actuator: int) -> Click | None:
        return next((one for one in self.clicks if one.actuator == actuator), None)


class Inspections:
    """Runs under way and what became of them. Thread-safe."""

    def __init__(
        self, store: Store, fleet: Fleet, live: Live, checks: Checks, commands: Commands, clock: Clock
    ) -> None:
        self._store, self._fleet, self._live = store, fleet, live
        self._checks, self._commands, self._clock = checks, commands, clock
        self._guard = threading.Lock()
        self._begun_s: dict[int, float] = {}  # node → monotonic, while its inspection runs
        self._newest: dict[int, Inspection] = {}

    # -- for the page

    def begin(self, node: int, who: str) -> Inspection:
        """Look at a node now; while one runs, that one. Raises UnknownNode."""
        self._fleet.node(node)
        with self._guard:
            if node in self._begun_s:
                return self._newest[node]
            made = Inspection(node, self._clock.wall(), who)
            self._newest[node] = made
            self._begun_s[node] = self._clock.monotonic()
        self._store.audit(who, "inspect", f"node {node}")
        if self._live.uptime(node) is None:
            self._end(node, "failed", "not_heard")
        self.tick()
        return self._newest[node]

    def newest(self, node: int) -> Inspection | None:
        """The inspection that runs, else the last one."""
        with self._guard:
            found = self._newest.get(node)
        return found or next(iter(self.history(node, 1)), None)

    def history(self, node: int, limit: int = SHOWN) -> list[Inspection]:
        """Those that ended, newest first."""
        query = InspectionRow.select().where(InspectionRow.node == node)
        rows = self._store.fetch(query.order_by(InspectionRow.asked_s.desc()).limit(limit))
        return [_read(row) for row in rows]

    def click(self, node: int, actuator: int, who: str) -> Inspection:
        """Switch a relay on for CLICK_S; part of this visit's inspection, which is begun if there is none.

        Raises UnknownNode, NoMachine, MachineRuns.
        """
        self._fleet.node(node)
        now = self._live.node(node)
        machine = next((one for one in now.actuators if one.actuator == actuator), None) if now else None
        if machine is None:
            raise NoMachine(actuator=actuator)
        if machine.on:
            raise MachineRuns()
        before = self.newest(node)
        if before is None or self._clock.wall() - before.asked_s > VISIT_S:
            self.begin(node, who)
        ticket = self._commands.send(node, actuator, True, CLICK_S, who)
        return self._clicked(node, Click(actuator, ticket.id, ticket.state, ticket.code))

    def heard(self, node: int, actuator: int, heard: bool) -> Inspection:
        """What the technician heard of the relay's click. Raises UnknownNode, NotClicked."""
        self._fleet.node(node)
        self.tick()
        found = self.newest(node)
        click = found.click(actuator) if found else None
        if click is None or click.state != "done":
            raise NotClicked()
        return self._clicked(node, replace(click, heard=heard))

    # -- for the service

    def tick(self) -> None:
        """Ask what is due, end what is over, see how clicks went; call it some times a second."""
        now_s = self._clock.monotonic()
        with self._guard:
            begun = dict(self._begun_s)
            clicked = [found for found in self._newest.values() if any(c.state == "sending" for c in found.clicks)]
        for node, begun_s in begun.items():
            self._step(node, now_s - begun_s)
        for found in clicked:
            self._follow(found)

    # -- inside

    def _step(self, node: int, age_s: float) -> None:
        """What is due in a run that is `age_s` old."""
        with self._guard:
            found = self._newest[node]
            due = node in self._begun_s and found.asked < READS and age_s >= found.asked * EVERY_S
            if due:
                self._newest[node] = replace(found, asked=found.asked + 1)
        if due:
            self._checks.ask(node, lambda rows: self._answered(node, found.asked_s, rows))
        elif found.answered == READS or age_s >= READS * EVERY_S + PATIENCE_S:
            self._end(node, *(("done", "") if found.answered else ("failed", "no_answer")))

    def _answered(self, node: int, asked_s: float, rows: list[Row]) -> None:
        """An answer; of an earlier run it does not count."""
        with self._guard:
            found = self._newest[node]
            if node in self._begun_s and found.asked_s == asked_s:
                self._newest[node] = replace(found, answered=found.answered + 1, lines=joined(found.lines, rows))

    def _end(self, node: int, state: str, code: str) -> None:
        with self._guard:
            if self._begun_s.pop(node, None) is None:
                return
        self._keep(self._change(node, lambda one: replace(one, state=state, code=code, done_s=self._clock.wall())))

    def _follow(self, found: Inspection) -> None:
        """See how the orders of its clicks ended."""
        for click in found.clicks:
            if click.state != "sending":
                continue
            try:
                ticket = self._commands.ticket(click.ticket)
                state, code = ticket.state, ticket.code
            except UnknownTicket:
                state, code = "failed", "no_answer"
            if state != "sending":
                self._clicked(found.node, replace(click, state=state, code=code))

    def _clicked(self, node: int, click: Click) -> Inspection:
        """Put a click in; a later one of the same relay takes its place."""

        def edit(one: Inspection) -> Inspection:
            others = tuple(other for other in one.clicks if other.actuator != click.actuator)
            return replace(one, clicks=tuple(sorted((*others, click), key=lambda other: other.actuator)))

        changed = self._change(node, edit)
        if changed.state != "running":
            self._keep(changed)
        return changed

    def _change(self, node: int, edit: Callable[[Inspection], Inspection]) -> Inspection:
        kept = self.newest(node)
        with self._guard:
            found = self._newest.get(node) or kept
            assert found is not None, "only what was begun is changed"
            self._newest[node] = edit(found)
            return self._newest[node]

    def _keep(self, found: Inspection) -> None:
        """Into the store, by and by: the ticker must not wait for the disk."""
        columns = {name: getattr(found, name) for name in KEPT}
        texts = {
            "lines": json.dumps([list(vars(line).values()) for line in found.lines]),
            "clicks": json.dumps([list(vars(click).values()) for click in found.clicks]),
        }
        row = InspectionRow.insert(**columns, **texts).on_conflict_replace()
        self._store.write_later(lambda _: row.execute(self._store.database))


KEPT = ("node", "asked_s", "who", "state", "code", "done_s", "asked", "answered")


def _read(row: dict[str, Any]) -> Inspection:
    return Inspection(
        **{name: row[name] for name in KEPT},
        lines=tuple(Line(*fields) for fields in json.loads(row["lines"])),
        clicks=tuple(_ended(Click(*fields)) for fields in json.loads(row["clicks"])),
    )


def _ended(click: Click) -> Click:
    """A click as it was kept: an order of an earlier run of the hub has no end that anybody knows."""
    return replace(click, state="failed", code="unknown") if click.state == "sending" else click


def joined(lines: tuple[Line, ...], rows: list[Row]) -> tuple[Line, ...]:
    """The lines so far with one more answer; the order is that in which rows were first seen."""
    found = {(line.what, line.which): line for line in lines}
    for what, which, ok, value in rows:
        before = found.get((what, which), Line(what, which, bool(ok), value, reads=0))
        values = [one for one in (before.low, before.high, value) if one is not None]
        found[what, which] = Line(
            what,
            which,
            bool(ok),
            value,
            before.reads + 1,
            before.good + bool(ok),
            min(values, default=None),
            max(values, default=None),
        )
    return tuple(found.values())
