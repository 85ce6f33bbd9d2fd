"""Strips: a channel's readings over a stretch as columns of numbers, from summaries or from opened blocks; for series.

A summary row stands for its whole block, an opened block gives one entry per good reading. What happens per row is left
to the interpreter's own loops (join, iter_unpack, slices): a year of a node is 8,760 rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import compress, groupby
from typing import Any, NamedTuple

from hub.store import Store
from hub.store.dating import DatedBoot
from hub.store.summary import gather
from shared_protocol.names import KINDS, UNITS

COARSE = 4  # a block is opened when its summary would be wider than this many points
PATIENCE = 1.5  # steps without a reading that still count as unbroken

Row = tuple[int, int, int, bytes]  # start_s, span_s, sequence, packed


class ChannelInfo(NamedTuple):
    """A channel as its node's table declares it; values are 10**scale of `unit`."""

    channel: int
    kind: str
    unit: str
    scale: int
    place: str


@dataclass
class Strip:
    """Entries in order of time, as columns: n readings within from_s..to_s; a pause of more than limit_s is a gap."""

    from_s: list[float] = field(default_factory=list)
    to_s: list[float] = field(default_factory=list)
    low: list[int] = field(default_factory=list)
    high: list[int] = field(default_factory=list)
    total: list[int] = field(default_factory=list)
    n: list[int] = field(default_factory=list)
    limit_s: list[float] = field(default_factory=list)

    def columns(self) -> tuple[list[Any], ...]:
        """All columns, in the order of the fields."""
        return self.from_s, self.to_s, self.low, self.high, self.total, self.n, self.limit_s

    def extend(self, *columns: Iterable[Any]) -> None:
        """Append entries."""
        for mine, more in zip(self.columns(), columns, strict=True):
            mine.extend(more)

    def sort(self) -> None:
        """Put entries in order; boots dated by bounds alone, or a clock that was set, may have mixed them."""
        if any(a > b for a, b in zip(self.from_s, self.from_s[1:], strict=False)):
            order = sorted(range(len(self.from_s)), key=self.from_s.__getitem__)
            for mine in self.columns():
                mine[:] = [mine[i] for i in order]

    def rescale(self, shift: int, since: int) -> None:
        """Entries from index `since` on were in a unit 10**shift of ours."""
        for mine in (self.low, self.high, self.total):
            mine[since:] = [v * 10**shift if shift >= 0 else round(v / 10**-shift) for v in mine[since:]]


def rows_of(store: Store, dated: DatedBoot, from_s: float, to_s: float) -> list[Row]:
    """The summaries of a boot's blocks that may touch the stretch, in order."""
    low, high = dated.clock.uptimes(from_s, to_s)
    name = (dated.boot.journal, dated.boot.boot_no)
    return store.rows(
        "SELECT start_s, span_s, sequence, packed FROM summary WHERE journal = ? AND boot_no = ? AND start_s <= ? "
        "AND start_s >= coalesce("
        "(SELECT max(start_s) FROM summary WHERE journal = ? AND boot_no = ? AND start_s <= ?), 0) ORDER BY start_s",
        (*name, high, *name, low),
    )


class StripReader:
    """Reads strips of several channels of one node at once."""

    def __init__(self, store: Store, node: int, channels: Sequence[ChannelInfo], from_s: float, width_s: float) -> None:
        """The chart begins at `from_s`; one of its points spans `width_s`."""
        self._store, self._node = store, node
        self._from_s, self._width_s = from_s, width_s
        self._channels = {info.channel: info for info in channels}
        self.strips = {channel: Strip() for channel in self._channels}

    def read(self, to_s: float) -> None:
        """Fill the strips from the store."""
        from_s = self._from_s
        for dated in self._store.timeline(self._node).between(from_s, to_s):
            key = self._store.tables.key(dated.boot.journal)
            rows = rows_of(self._store, dated, from_s, to_s)
            for (fine, shape), run in groupby(rows, self._how):
                table = self._store.tables.get(key, shape[1]) if key else None
                if table is None:
                    continue
                if fine:
                    self._open(dated, list(run), table, to_s)
                else:
                    self._sum(dated, list(run), table)
        for strip in self.strips.values():
            strip.sort()

    def read_recent(self, after_s: float, to_s: float, limit_s: float) -> float | None:
        """Add what NOW frames told after the last stored block; returns when the first of them came."""
        samples = [s for s in self._store.recent.since(self._node, after_s) if self._from_s <= s.at_s <= to_s]
        for sample in samples:
            for strip, index, shift in self._wanted(sample.table):
                value = sample.values[index]
                if value is not None:
                    since = len(strip.n)
                    strip.extend([sample.at_s], [sample.at_s], [value], [value], [value], [1], [limit_s])
                    if shift:
                        strip.rescale(shift, since)
        return samples[0].at_s if samples else None

    def _how(self, row: Row) -> tuple[bool, bytes]:
        return row[1] > COARSE * self._width_s, row[3][:2]

    def _wanted(self, table: Any) -> Iterable[tuple[Strip, int, int]]:
        """(strip, place in the table, shift of scale) of each channel that is asked for."""
        for index, declared in enumerate(table.channels):
            info = self._channels.get(declared.id)
            if info is not None and info.kind == kind_name(declared.kind):
                yield self.strips[declared.id], index, declared.scale - info.scale

    def _sum(self, dated: DatedBoot, rows: list[Row], table: Any) -> None:
        """Entries from summaries: one for the blocks that lie in one point."""
        starts, spans, _, packed = zip(*rows, strict=True)
        from_s = dated.clock.walls(starts)
        to_s = [start + span for start, span in zip(from_s, spans, strict=True)]
        limit_s = PATIENCE * spans[0] / max(1, packed[0][2] - 1)
        groups = self._groups(from_s, to_s, max(limit_s, self._width_s))
        firsts, lasts = [from_s[a] for a, _ in groups], [to_s[b - 1] for _, b in groups]
        for strip, index, shift in self._wanted(table):
            cells = _cells(gather(packed, index), groups)
            n = [cell[3] for cell in cells]
            low, high, total, _ = zip(*cells, strict=True)
            columns = (firsts, lasts, low, high, total, n, [limit_s] * len(n))
            since = len(strip.n)
            strip.extend(*(columns if all(n) else (compress(column, n) for column in columns)))
            if shift:
                strip.rescale(shift, since)

    def _groups(self, from_s: list[float], to_s: list[float], pause_s: float) -> list[tuple[int, int]]:
        """Index ranges of the blocks that begin in the same point of the chart, without a pause between them."""
        base, width_s = self._from_s, self._width_s
        cells = [(at - base) // width_s for at in from_s]
        steps = zip(cells, cells[1:], to_s, from_s[1:], strict=False)
        edges = [i for i, (a, b, end, start) in enumerate(steps, 1) if a != b or start - end > pause_s]
        return list(zip([0, *edges], [*edges, len(cells)], strict=True))

    def _open(self, dated: DatedBoot, rows: list[Row], table: Any, to_s: float) -> None:
        """Entries from the readings themselves."""
        for _, span, sequence, packed in rows:
            block = self._store.opened.get(dated.boot.journal, sequence)
            times = dated.clock.walls(block.times)
            inside = [self._from_s <= at <= to_s for at in times]
            limit_s = PATIENCE * span / max(1, packed[2] - 1)
            for strip, index, shift in self._wanted(table):
                column = block.columns[index]
                there = [ok and value is not None for ok, value in zip(inside, column, strict=True)]
                at, values = list(compress(times, there)), list(compress(column, there))
                since = len(strip.n)
                strip.extend(at, at, values, values, values, [1] * len(at), [limit_s] * len(at))
                if shift:
                    strip.rescale(shift, since)


def _cells(
    summaries: list[tuple[int, int, int, int]], groups: list[tuple[int, int]]
) -> list[tuple[int, int, int, int]]:
    """(low, high, total, n) of each group of summaries (n, low, high, total); all zero where no reading was good."""
    n, low, high, total = zip(*summaries, strict=True)
    if all(n):
        return [(min(low[a:b]), max(high[a:b]), sum(total[a:b]), sum(n[a:b])) for a, b in groups]
    cells = []
    for a, b in groups:
        good = [summary for summary in summaries[a:b] if summary[0]]
        lows, highs = [s[1] for s in good], [s[2] for s in good]
        cells.append((min(lows, default=0), max(highs, default=0), sum(s[3] for s in good), sum(s[0] for s in good)))
    return cells


def channels(store: Store, node: int) -> list[ChannelInfo]:
    """The channels of a node's newest table."""
    table = store.tables.newest(node)
    return [] if table is None else [channel_info(declared) for declared in table.channels]


def channel_info(declared: Any) -> ChannelInfo:
    """A declared channel (shared_protocol.record.Channel) in words."""
    unit = UNITS.get(declared.unit, "none")
    return ChannelInfo(declared.id, kind_name(declared.kind), unit, declared.scale, declared.place)


def kind_name(kind: int) -> str:
    """The word for a kind; a number that this program does not know yet keeps its number."""
    return str(KINDS.get(kind, f"kind_{kind}"))
