"""Runs: when each actuator was on and why; the strip under the page's charts.

A short stretch is told from the switches in the journal, with their causes. In a long one single runs are thinner than
a line: then the blocks' summaries tell which part of the time the actuator was on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hub.store import Store
from hub.store.dating import DatedBoot
from hub.store.strips import rows_of
from hub.store.summary import on_sets
from shared_protocol import registry as g
from shared_protocol.names import CAUSES

LONG_S = 10 * 86_400.0  # beyond, shares
CELLS = 600  # shares over a long stretch, as many as a chart has points
BY_HAND = ("manual_on", "manual_off")


@dataclass(frozen=True)
class Run:
    """An actuator on from `from_s` to `to_s` (unix; None = still on). `share` < 1: on for that part of the stretch, in
    a stretch too long for single runs; its `cause` is "" then."""

    actuator: int
    from_s: float
    to_s: float | None
    cause: str
    by_hand: bool
    share: float = 1.0


def runs(store: Store, node: int, actuator: int, from_s: float, to_s: float) -> list[Run]:
    """When an actuator was on within the stretch, in order of time."""
    if to_s - from_s > LONG_S:
        return list(_shares(store, node, actuator, from_s, to_s))
    timeline = store.timeline(node)
    found: list[Run] = []
    for dated in timeline.between(from_s, to_s):
        found += _of_boot(store, dated, actuator, from_s, to_s, dated is timeline.boots[-1])
    return [run for run in found if run.from_s <= to_s and (run.to_s is None or run.to_s >= from_s)]


def _of_boot(store: Store, dated: DatedBoot, actuator: int, from_s: float, to_s: float, newest: bool) -> Iterator[Run]:
    """Runs of one boot: every actuator starts off, and off it is when the boot ends."""
    low, high = dated.clock.uptimes(from_s, to_s)
    since, cause = None, ""
    for uptime_s, value in _switches(store, dated, actuator, low, high):
        at_s = dated.clock.wall(uptime_s)
        if since is not None:
            yield Run(actuator, since, at_s, cause, cause in BY_HAND)
        since, cause = (at_s, CAUSES.get(value >> 1, "unknown")) if value & 1 else (None, "")
    if since is not None:
        yield Run(actuator, since, None if newest else dated.to_s, cause, cause in BY_HAND)


def _switches(store: Store, dated: DatedBoot, actuator: int, low: float, high: float) -> list[Any]:
    """(uptime_s, on | cause << 1) of each switch in the range, of the last one before it and the first one after."""
    where = "FROM node_event WHERE journal = ? AND code = ? AND boot_no = ? AND subject = ? AND uptime_s"
    key = (dated.boot.journal, g.EVENT_ACTUATOR, dated.boot.boot_no, actuator)
    before = f"SELECT uptime_s, value {where} < ? ORDER BY uptime_s DESC, sequence DESC LIMIT 1"
    within = f"SELECT uptime_s, value {where} BETWEEN ? AND ? ORDER BY uptime_s, sequence"
    after = f"SELECT uptime_s, value {where} > ? ORDER BY uptime_s, sequence LIMIT 1"
    return [
        *store.rows(before, (*key, low)),
        *store.rows(within, (*key, low, high)),
        *store.rows(after, (*key, high)),
    ]


def _shares(store: Store, node: int, actuator: int, from_s: float, to_s: float) -> Iterator[Run]:
    """One run per cell in which the actuator was on at all."""
    width_s = (to_s - from_s) / CELLS
    cells: dict[int, list[int]] = {}
    for dated in store.timeline(node).between(from_s, to_s):
        rows = rows_of(store, dated, from_s, to_s)
        places = _places(store, dated.boot.journal, actuator)
        starts = dated.clock.walls([row[0] for row in rows])
        for at_s, (_, span, _, packed) in zip(starts, rows, strict=True):
            bit = places.get(packed[1])
            if bit is not None and from_s <= at_s + span / 2 <= to_s:
                cell = cells.setdefault(int((at_s + span / 2 - from_s) // width_s), [0, 0])
                cell[0] += on_sets(packed, bit)
                cell[1] += packed[2]
    for index in sorted(cells):
        on, sets = cells[index]
        if on:
            yield Run(actuator, from_s + index * width_s, from_s + (index + 1) * width_s, "", False, on / sets)


def _places(store: Store, journal: int, actuator: int) -> dict[int, int]:
    """Table number → the actuator's bit."""
    key = store.tables.key(journal)
    tables = store.tables.of(key) if key else {}
    return {
        number: bit
        for number, table in tables.items()
        for bit, declared in enumerate(table.actuators)
        if declared.id == actuator
    }
