"""Faults over time: why a channel was silent, from the fault events in the journals; asked by series for its gaps."""

from dataclasses import dataclass

from hub.store import Store
from hub.store.dating import DatedBoot
from shared_protocol import registry as g
from shared_protocol.names import FAULTS

MOST = 5_000  # events read per boot and stretch: a sensor that flaps more often has no single reason anyway
BEFORE = 16 * 2  # events before the stretch that may still hold: one fault per channel


@dataclass(frozen=True)
class FaultSpan:
    """A channel's readings were bad from `from_s` to `to_s` (unix; to_s may be infinite: it still is)."""

    channel: int
    fault: str
    from_s: float
    to_s: float


def fault_spans(store: Store, node: int, from_s: float, to_s: float) -> list[FaultSpan]:
    """All fault spans of a node that touch the stretch."""
    timeline = store.timeline(node)
    found: list[FaultSpan] = []
    for dated in timeline.between(from_s, to_s):
        last = dated is timeline.boots[-1]
        found += _of_boot(store, dated, from_s, to_s, float("inf") if last else dated.to_s)
    return [span for span in found if span.from_s <= to_s and span.to_s >= from_s]


def _of_boot(store: Store, dated: DatedBoot, from_s: float, to_s: float, end_s: float) -> list[FaultSpan]:
    boot, clock = dated.boot, dated.clock
    low, high = clock.uptimes(from_s, to_s)
    where = "FROM node_event WHERE journal = ? AND boot_no = ? AND code IN (?, ?) AND uptime_s"
    key = (boot.journal, boot.boot_no, g.EVENT_FAULT_START, g.EVENT_FAULT_END)
    columns = "SELECT uptime_s, sequence, code, subject, value"
    order = "ORDER BY uptime_s {0}, sequence {0} LIMIT ?"
    rows = store.rows(f"{columns} {where} < ? {order.format('DESC')}", (*key, low, BEFORE))[::-1]
    rows += store.rows(f"{columns} {where} BETWEEN ? AND ? {order.format('ASC')}", (*key, low, high, MOST))
    spans: list[FaultSpan] = []
    open_faults: dict[int, tuple[str, float]] = {}
    for uptime_s, _, code, channel, value in rows:
        before = open_faults.pop(channel, None)
        if before is not None:
            spans.append(FaultSpan(channel, *before, clock.wall(uptime_s)))
        if code == g.EVENT_FAULT_START:
            open_faults[channel] = (FAULTS.get(value & 0xFF, "unknown"), clock.wall(value >> 8))
    return spans + [FaultSpan(channel, *fault, end_s) for channel, fault in open_faults.items()]
