"""Owns unpacking a reading block. Used by the hub's store, summaries and charts; the board does not load it.

On CPython the bits become a string, and a dict turns many of them at once into numbers; elsewhere, and as the reference
in tests, a plain loop reads bit by bit. Both accept exactly the same bytes.
"""

from collections import namedtuple

from shared_protocol.block import CHANGES, CODES, COLUMNS, CONSTANT, EXCEPTIONS, GAPS, MAX_ROWS, PREDICTORS, TIMES
from shared_protocol.errors import Malformed, Truncated
from shared_protocol.portable import const
from shared_protocol.wire import Reader, unzigzag

try:
    from shared_protocol.bits_host import BitReader
except ImportError:  # no itertools: this is MicroPython
    BitReader = None

_MAX_SETS = const(240)
_MAX_UV = const(0x0FFFFFFF)
_MAX_VALUE = const(0x3FFFFF)

Block = namedtuple("Block", ("boot_no", "table", "times", "columns", "states"))


class PlainBitReader:
    """Reads code words bit by bit. Raises Truncated."""

    def __init__(self, data):
        self._data = data
        self._at = 0
        self._end = 8 * len(data)

    def _bit(self):
        at = self._at
        if at >= self._end:
            raise Truncated("bits")
        self._at = at + 1
        return self._data[at >> 3] >> (7 - (at & 7)) & 1

    def _bits(self, count):
        value = 0
        for _ in range(count):
            value = value << 1 | self._bit()
        return value

    def _number(self, flat, k):
        first = (1 << flat) - 1
        if flat:
            number = self._bits(flat)
            if number < first:
                return number
        ones = 0
        while ones < 12 and self._bit():
            ones += 1
        return first + (self._bits(24) if ones == 12 else ones << k | self._bits(k))

    def signed(self, count, code):
        """`count` numbers of this code, unzigzagged."""
        flat, k = CODES[code]
        return [unzigzag(self._number(flat, k)) for _ in range(count)]

    def sums(self, base, errors):
        """Running sums: the predictor `last`."""
        values = [base]
        for error in errors:
            base += error
            values.append(base)
        return values

    def close(self):
        """Raises Malformed unless only padding zeros are left."""
        if self._end - self._at >= 8 or self._bits(self._end - self._at):
            raise Malformed("padding")


def _restore(base, errors, level_shift, trend_shift):
    """Values from the first one and what the predictor left of the others; the mirror of block._residuals.

    The hub's busiest loop: `expected` is level + trend, carried from one value to the next.
    """
    expected = base << 8
    values = [base]
    append = values.append
    if not trend_shift:
        for error in errors:
            value = (expected + 128 >> 8) + error
            append(value)
            expected += (value << 8) - expected >> level_shift
        return values
    trend = 0
    for error in errors:
        value = (expected + 128 >> 8) + error
        append(value)
        error = (value << 8) - expected
        trend += error >> trend_shift
        expected += (error >> level_shift) + trend
    return values


def _gap_runs(r, count):
    """List of (start, run) from the bytes; runs are in order, do not touch, and lie inside."""
    runs = []
    end = 0
    for i in range(r.uv()):
        distance = r.uv()
        run = r.uv()
        if not run or end + distance + run > count or (i and not distance):
            raise Malformed("gaps")
        runs.append((end + distance, run))
        end += distance + run
    if not runs:
        raise Malformed("gaps")
    return runs


def _with_gaps(values, runs, count):
    """The column of `count` with None where the runs are."""
    column = []
    taken = 0
    for start, run in runs:
        more = start - len(column)
        column += values[taken : taken + more]
        taken += more
        column += [None] * run
    return column + values[taken : taken + count - len(column)]


def _column_head(r, count):
    """(base, code, predictor, gap runs, how many values are there)."""
    base = r.zz()
    how = r.u8()
    code = how & 15
    if how & 0x80 or (code >= len(CODES) and code != CONSTANT):
        raise Malformed("column")
    runs = _gap_runs(r, count) if how & GAPS else ()
    present = count - sum([run for _, run in runs])
    if code != CONSTANT and present < 2:
        raise Malformed("column")
    return base, code, how >> 5, runs, present


def _column(head, bits, count):
    base, code, predictor, runs, present = head
    if code == CONSTANT:
        values = [base] * present
    else:
        errors = bits.signed(present - 1, code)
        level_shift, trend_shift = PREDICTORS[predictor]
        values = _restore(base, errors, level_shift, trend_shift) if level_shift else bits.sums(base, errors)
    if values and (max(values) > _MAX_VALUE or min(values) < -_MAX_VALUE):
        raise Malformed("value")
    return _with_gaps(values, runs, count) if runs else values


def _exceptions(r, step, count):
    """Steps between sets from the list of those that differ."""
    steps = [step] * (count - 1)
    at = 0
    for _ in range(r.uv()):
        distance = r.uv()
        at += distance
        if not distance or at >= count:
            raise Malformed("time")
        steps[at - 1] += r.zz()
    return steps


def _times(first, steps):
    if steps and steps[0] > 0 and steps.count(steps[0]) == len(steps):  # as nearly always; a range is made at once
        times = list(range(first, first + steps[0] * len(steps) + 1, steps[0]))
        if times[-1] > _MAX_UV:
            raise Malformed("time")
        return times
    times = [first]
    for step in steps:
        if step < 0:
            raise Malformed("time")
        first += step
        times.append(first)
    if first > _MAX_UV:
        raise Malformed("time")
    return times


def _states(r, changed, count):
    """States per set: the first, then the actuators that changed."""
    now = r.u8()
    states = []
    if changed:
        at = 0
        for _ in range(r.uv()):
            change = r.uv()
            at += change >> 3
            if not 0 < at < count:
                raise Malformed("states")
            states += [now] * (at - len(states))
            now ^= 1 << (change & 7)
    return states + [now] * (count - len(states))


def _decode_columns(r, boot_no, table, encoding, count, reader):
    first = r.uv()
    step = r.uv()
    steps = [step] * (count - 1)
    code = CONSTANT
    if encoding & EXCEPTIONS:
        steps = _exceptions(r, step, count)
    elif encoding & TIMES:
        code = r.u8()
        if code >= len(CODES):
            raise Malformed("time")
    heads = [_column_head(r, count) for _ in range(encoding >> 4)]
    states = _states(r, encoding & CHANGES, count)
    bits = reader(r.rest())
    if code != CONSTANT:
        steps = [step + extra for extra in bits.signed(count - 1, code)]
    columns = [_column(head, bits, count) for head in heads]
    bits.close()
    return Block(boot_no, table, _times(first, steps), columns, states)


def _decode_rows(r, boot_no, table, width, count):
    if count > MAX_ROWS:
        raise Malformed("rows")
    times = [r.uv()]
    columns = [[] for _ in range(width)]
    states = []
    known = [0] * width
    step = now = 0
    for i in range(count):
        if i:
            step += r.zz()
            if step < 0 or times[-1] + step > _MAX_UV:
                raise Malformed("time")
            times.append(times[-1] + step)
        for c in range(width):
            error = r.optional()
            if error is not None:
                known[c] += error
                if not -_MAX_VALUE <= known[c] <= _MAX_VALUE:
                    raise Malformed("value")
            columns[c].append(None if error is None else known[c])
        now ^= r.u8()
        states.append(now)
    if r.left:
        raise Malformed("rows")
    return Block(boot_no, table, times, columns, states)


def decode_block(data, reader=None):
    """bytes -> Block: times (uptime_s), columns (lists of int or None), states, all of the same length.

    `reader` is the class that reads bits, for tests. Raises Truncated, Malformed.
    """
    r = Reader(data)
    boot_no = r.uv()
    table = r.u8()
    encoding = r.u8()
    count = r.uv()
    if not 1 <= count <= _MAX_SETS:
        raise Malformed("sets")
    if not encoding & COLUMNS:
        if encoding & 15:
            raise Malformed("encoding")
        return _decode_rows(r, boot_no, table, encoding >> 4, count)
    if encoding & EXCEPTIONS and encoding & TIMES:
        raise Malformed("encoding")
    return _decode_columns(r, boot_no, table, encoding, count, reader or BitReader or PlainBitReader)
