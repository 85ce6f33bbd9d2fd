"""Reading blocks by a decoder of their own, written from docs/protocol.md ("Reading block"); used by the checker alone.

It shares no line with shared_protocol: bits are read from one big integer, and it is slow. That is its purpose.
"""

from collections.abc import Callable
from dataclasses import dataclass

MAX_SETS = 240
MAX_COLUMNS = 15

# Entropy codes by number: (flat bits, Rice parameter).
CODES = ((0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0, 6), (0, 7), (2, 0), (2, 1), (3, 1), (4, 2))
CONSTANT = 15
ESCAPE_ONES = 12
ESCAPE_BITS = 24

# Predictors by number: (right shift of the error into the level, into the trend; None = no trend).
PREDICTORS: tuple[tuple[int, int | None], ...] = ((0, None), (3, None), (2, 4), (3, 5))


class BadBlock(Exception):
    """The bytes are not a reading block."""


@dataclass(frozen=True)
class DecodedSet:
    """One set: the node's uptime in seconds, a value per column (None = gap), the actuators' states as a bit mask."""

    uptime_s: int
    values: tuple[int | None, ...]
    states: int


@dataclass(frozen=True)
class DecodedBlock:
    boot_no: int
    table: int
    sets: tuple[DecodedSet, ...]


class _Bytes:
    """Consumes bytes from the front."""

    def __init__(self, data: bytes) -> None:
        self.rest = data

    def byte(self) -> int:
        if not self.rest:
            raise BadBlock("too short")
        first, self.rest = self.rest[0], self.rest[1:]
        return first

    def number(self) -> int:
        """Groups of seven bits, least significant first."""
        groups = [self.byte()]
        while groups[-1] & 0x80:
            if len(groups) == 4:
                raise BadBlock("number of more than four groups")
            groups.append(self.byte())
        return sum((group & 0x7F) * 128**place for place, group in enumerate(groups))

    def signed(self) -> int:
        return unfold(self.number())


class _Bits:
    """Consumes bits, most significant first, from one integer."""

    def __init__(self, data: bytes) -> None:
        self.left = 8 * len(data)
        self.value = int.from_bytes(data, "big")

    def take(self, count: int) -> int:
        if count > self.left:
            raise BadBlock("bits end early")
        self.left -= count
        return (self.value >> self.left) % (1 << count)

    def coded(self, code: int) -> int:
        """One code word of the entropy code with this number."""
        if code >= len(CODES):
            raise BadBlock("unknown code")
        flat, rice = CODES[code]
        escape = (1 << flat) - 1
        if flat and (short := self.take(flat)) < escape:
            return short
        ones = 0
        while ones < ESCAPE_ONES and self.take(1):
            ones += 1
        if ones == ESCAPE_ONES:
            return escape + self.take(ESCAPE_BITS)
        return escape + (ones << rice) + self.take(rice)


def unfold(number: int) -> int:
    """0, 1, 2, 3, 4 … stand for 0, -1, 1, -2, 2 …"""
    return number // 2 if number % 2 == 0 else -(number + 1) // 2


def decode(data: bytes) -> DecodedBlock:
    """A block's bytes as sets. Raises BadBlock."""
    source = _Bytes(data)
    boot_no, table, encoding = source.number(), source.byte(), source.byte()
    columns, codec = encoding >> 4, encoding & 0x0F
    count, first_s = source.number(), source.number()
    if not 1 <= count <= MAX_SETS or (codec > 1 and not codec & 1):
        raise BadBlock(f"{count} sets in encoding {encoding:#04x}")
    make: Callable[..., tuple[DecodedSet, ...]] = _columns if codec & 1 else _rows
    return DecodedBlock(boot_no, table, make(source, codec, columns, count, first_s))


def _rows(source: _Bytes, codec: int, columns: int, count: int, first_s: int) -> tuple[DecodedSet, ...]:
    sets = []
    at_s, step, states, known = first_s, 0, 0, [0] * columns
    for row in range(count):
        if row:
            step += source.signed()
            at_s += step
        values: list[int | None] = []
        for column in range(columns):
            number = source.number()
            if number:
                known[column] += unfold(number - 1)
            values.append(known[column] if number else None)
        states ^= source.byte()
        sets.append(DecodedSet(at_s, tuple(values), states))
    if source.rest:
        raise BadBlock("bytes left over")
    return tuple(sets)


@dataclass
class _Column:
    base: int
    code: int
    predictor: int
    missing: set[int]


def _columns(source: _Bytes, codec: int, columns: int, count: int, first_s: int) -> tuple[DecodedSet, ...]:
    step = source.number()
    extras = [0] * count
    time_code = None
    if codec & 2:
        for at, extra in _exceptions(source, count):
            extras[at] = extra
    elif codec & 8:
        time_code = source.byte()
    heads = [_column_head(source, count) for _ in range(columns)]
    states = _states(source, count, bool(codec & 4))
    bits = _Bits(source.rest)
    if time_code is not None:
        extras[1:] = [unfold(bits.coded(time_code)) for _ in range(count - 1)]
    bodies = [_column(bits, head, count) for head in heads]
    if bits.left > 7:
        raise BadBlock("bytes left over")
    times = [first_s]
    for extra in extras[1:]:
        times.append(times[-1] + step + extra)
    values = zip(*bodies, strict=True) if bodies else [()] * count
    return tuple(DecodedSet(*parts) for parts in zip(times, values, states, strict=True))


def _exceptions(source: _Bytes, count: int) -> list[tuple[int, int]]:
    """(set index, extra seconds) of the sets that did not come at the usual distance."""
    found, at = [], 0
    for _ in range(source.number()):
        at += source.number()
        if at >= count:
            raise BadBlock("time exception beyond the end")
        found.append((at, source.signed()))
    return found


def _column_head(source: _Bytes, count: int) -> _Column:
    base, kind = source.signed(), source.byte()
    missing: set[int] = set()
    if kind & 0x10:
        at = 0
        for _ in range(source.number()):
            at += source.number()
            run = source.number()
            if at + run > count:
                raise BadBlock("gap beyond the end")
            missing.update(range(at, at + run))
            at += run
    return _Column(base, kind & 0x0F, kind >> 5, missing)


def _states(source: _Bytes, count: int, changing: bool) -> list[int]:
    states = [source.byte()] * count
    at = 0
    for _ in range(source.number() if changing else 0):
        number = source.number()
        at += number >> 3
        if at >= count:
            raise BadBlock("state change beyond the end")
        states[at:] = [states[at] ^ 1 << (number & 7)] * (count - at)
    return states


def _column(bits: _Bits, head: _Column, count: int) -> list[int | None]:
    """A column's values; the predictor sees only what was measured."""
    if head.predictor >= len(PREDICTORS):
        raise BadBlock("unknown predictor")
    level_shift, trend_shift = PREDICTORS[head.predictor]
    level, trend, first = head.base * 256, 0, True
    column: list[int | None] = []
    for row in range(count):
        if row in head.missing:
            column.append(None)
        elif first or head.code == CONSTANT:
            column.append(head.base)
            first = False
        else:
            expected = level + trend
            value = (expected + 128) // 256 + unfold(bits.coded(head.code))
            error = value * 256 - expected
            level = expected + error // 2**level_shift
            trend += error // 2**trend_shift if trend_shift is not None else 0
            column.append(value)
    return column
