"""Owns packing a run of readings into a reading block. Called by the node's journal when a block closes.

A row is (uptime_s, values, states): one value (int, or None = gap) per channel of the table, states a bit mask.
docs/protocol.md has the layout and why; unblock.py reads it. Fast enough for a board: each column's predictor is the
one with the smallest sum of residuals, then its code is the cheapest for the histogram of these residuals.
"""

from shared_protocol.errors import OutOfRange
from shared_protocol.portable import const
from shared_protocol.wire import put_int, put_optional, put_uv, put_zz, zigzag

ROWS = const(0)
COLUMNS = const(1)
EXCEPTIONS = const(2)  # flags beside COLUMNS
CHANGES = const(4)
TIMES = const(8)
MAX_ROWS = const(8)

GAPS = const(0x10)
CONSTANT = const(15)

_MAX_SETS = const(240)
_MAX_VALUE = const(0x3FFFFF)
_ONES = const(12)
_LITERAL = const(24)

# Code number -> (flat bits, Rice k). Flat bits f > 0: the first 2**f - 1 numbers take f bits, f ones lead to Rice.
CODES = ((0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (0, 5), (0, 6), (0, 7), (2, 0), (2, 1), (3, 1), (4, 2))
# Predictor number -> (level shift, trend shift or 0): last, smoothed, trend, slow trend.
PREDICTORS = ((0, 0), (3, 0), (2, 4), (3, 5))


def _bits_of(number, flat, k):
    """How many bits a code takes for number >= 0."""
    first = (1 << flat) - 1
    if number < first:
        return flat
    ones = number - first >> k
    return flat + (ones + 1 + k if ones < _ONES else _ONES + _LITERAL)


def _residuals(values, level_shift, trend_shift):
    """What the predictor leaves of values[1:], zigzag; level and trend count in 1/256."""
    level = values[0] << 8
    trend = 0
    left = []
    for i in range(1, len(values)):
        expected = level + trend
        error = values[i] - (expected + 128 >> 8)
        left.append(error << 1 if error >= 0 else (-error << 1) - 1)
        error = (values[i] << 8) - expected
        level = expected + (error >> level_shift)
        if trend_shift:
            trend += error >> trend_shift
    return left


def _best_predictor(values):
    """(predictor number, residuals) with the smallest sum; `last` always fits in 24 bits, the others are checked."""
    best = 0
    left = _residuals(values, 0, 0)
    least = sum(left)
    for number in range(1, len(PREDICTORS)):
        if not least:
            break
        level_shift, trend_shift = PREDICTORS[number]
        other = _residuals(values, level_shift, trend_shift)
        total = sum(other)
        if total < least and max(other) >> _LITERAL == 0:
            best, left, least = number, other, total
    return best, left


def best_code(numbers):
    """(code number, bits) of the cheapest code for these numbers >= 0."""
    histogram = {}
    for number in numbers:
        histogram[number] = histogram.get(number, 0) + 1
    best = least = -1
    for code in range(len(CODES)):
        flat, k = CODES[code]
        total = 0
        for number in histogram:
            total += histogram[number] * _bits_of(number, flat, k)
        if least < 0 or total < least:
            best, least = code, total
    return best, least


class _Bits:
    """Appends bits to a bytearray, most significant first."""

    def __init__(self, buf):
        self._buf = buf
        self._held = 0
        self._count = 0

    def put(self, value, count):
        """Append `count` <= 20 bits."""
        held = self._held << count | value
        count += self._count
        while count >= 8:
            count -= 8
            self._buf.append(held >> count)
            held &= (1 << count) - 1
        self._held = held
        self._count = count

    def put_coded(self, numbers, code):
        """Append the code words of numbers >= 0."""
        flat, k = CODES[code]
        first = (1 << flat) - 1
        for number in numbers:
            if number < first:
                self.put(number, flat)
                continue
            if flat:
                self.put(first, flat)
            number -= first
            ones = number >> k
            if ones < _ONES:
                self.put((2 << ones) - 2 << k | number & (1 << k) - 1, ones + 1 + k)
            else:
                self.put(0xFFF, 12)
                self.put(number >> 12, 12)
                self.put(number & 0xFFF, 12)

    def close(self):
        """Pad to a byte with zeros."""
        if self._count:
            self.put(0, 8 - self._count)


def _put_gaps(buf, column):
    """Append {count, (distance from the end of the run before, run)*} of the None in a column."""
    runs = []
    end = 0
    i = 0
    while i < len(column):
        if column[i] is None:
            start = i
            while i < len(column) and column[i] is None:
                i += 1
            runs.append((start - end, i - start))
            end = i
        i += 1
    put_uv(buf, len(runs))
    for distance, run in runs:
        put_uv(buf, distance)
        put_uv(buf, run)


def _put_column(buf, column):
    """Append a column's head. Returns (residuals, code number); code CONSTANT has no residuals."""
    values = [value for value in column if value is not None]
    code = CONSTANT
    predictor = 0
    left = ()
    if values and max(values) != min(values):
        predictor, left = _best_predictor(values)
        code, _ = best_code(left)
    put_zz(buf, values[0] if values else 0)
    gaps = GAPS if len(values) < len(column) else 0
    buf.append(predictor << 5 | gaps | code)
    if gaps:
        _put_gaps(buf, column)
    return left, code


def _usual(steps):
    """The most frequent of the distances of two sets, seconds; 0 when there are none."""
    seen = {}
    best = most = 0
    for step in steps:
        seen[step] = seen.get(step, 0) + 1
        if seen[step] > most:
            best, most = step, seen[step]
    return best


def _state_changes(states):
    """(set index, actuator) of each actuator that changed, in order."""
    changes = []
    for i in range(1, len(states)):
        changed = states[i] ^ states[i - 1]
        for actuator in range(8):
            if changed >> actuator & 1:
                changes.append((i, actuator))
    return changes


def _put_times(buf, extras, kind):
    """Append what the flags EXCEPTIONS or TIMES announce. Returns (numbers, code) for the bits."""
    if kind == EXCEPTIONS:
        put_uv(buf, sum([1 for extra in extras if extra]))
        before = 0
        for i in range(len(extras)):
            if extras[i]:
                put_uv(buf, i + 1 - before)
                put_zz(buf, extras[i])
                before = i + 1
    elif kind == TIMES:
        numbers = [zigzag(extra) for extra in extras]
        code, _ = best_code(numbers)
        buf.append(code)
        return numbers, code
    return (), CONSTANT


def _times_kind(extras):
    """0, EXCEPTIONS or TIMES: what is shorter."""
    odd = [extra for extra in extras if extra]
    if not odd:
        return 0
    if max(odd) > _MAX_VALUE or len(odd) < 4:
        return EXCEPTIONS
    _, bits = best_code([zigzag(extra) for extra in extras])
    return TIMES if bits < 16 * len(odd) else EXCEPTIONS


def _put_changes(buf, changes):
    """Append {count, (distance << 3 | actuator)*}."""
    put_uv(buf, len(changes))
    before = 0
    for i, actuator in changes:
        put_uv(buf, i - before << 3 | actuator)
        before = i


def _check(rows):
    """Raises OutOfRange when rows cannot be a block: times must not fall, values must fit, widths must agree."""
    if not 1 <= len(rows) <= _MAX_SETS or len(rows[0][1]) > 15:
        raise OutOfRange("block")
    before, values, _ = rows[0]
    width = len(values)
    for uptime_s, values, states in rows:
        if uptime_s < before or len(values) != width or not 0 <= states <= 255:
            raise OutOfRange("row")
        before = uptime_s
        for value in values:
            if value is not None and not -_MAX_VALUE <= value <= _MAX_VALUE:
                raise OutOfRange("value")


def _put_head(buf, boot_no, table, encoding, rows):
    put_uv(buf, boot_no)
    put_int(buf, table, 1)
    buf.append(len(rows[0][1]) << 4 | encoding)
    put_uv(buf, len(rows))
    put_uv(buf, rows[0][0])


def _encode_columns(boot_no, table, rows):
    times = [row[0] for row in rows]
    steps = [times[i] - times[i - 1] for i in range(1, len(times))]
    step = _usual(steps)
    extras = [other - step for other in steps]
    kind = _times_kind(extras)
    states = [row[2] for row in rows]
    changes = _state_changes(states)
    buf = bytearray()
    _put_head(buf, boot_no, table, COLUMNS | kind | (CHANGES if changes else 0), rows)
    put_uv(buf, step)
    coded = [_put_times(buf, extras, kind)]
    for i in range(len(rows[0][1])):
        coded.append(_put_column(buf, [row[1][i] for row in rows]))
    buf.append(states[0])
    if changes:
        _put_changes(buf, changes)
    bits = _Bits(buf)
    for numbers, code in coded:
        if code != CONSTANT:
            bits.put_coded(numbers, code)
    bits.close()
    return bytes(buf)


def _encode_rows(boot_no, table, rows):
    buf = bytearray()
    _put_head(buf, boot_no, table, ROWS, rows)
    known = [0] * len(rows[0][1])
    before_s = rows[0][0]
    step = 0
    states = 0
    for number in range(len(rows)):
        uptime_s, values, now = rows[number]
        if number:
            put_zz(buf, uptime_s - before_s - step)
            step = uptime_s - before_s
            before_s = uptime_s
        for i in range(len(known)):
            value = values[i]
            put_optional(buf, None if value is None else value - known[i])
            if value is not None:
                known[i] = value
        buf.append(now ^ states)
        states = now
    return bytes(buf)


def encode_block(boot_no, table, rows, codec=None):
    """1 to 240 rows -> bytes. codec ROWS (up to 8 rows), COLUMNS, or None for the shorter. Raises OutOfRange."""
    _check(rows)
    if codec == ROWS and len(rows) > MAX_ROWS:
        raise OutOfRange("rows")
    if codec == COLUMNS or len(rows) > MAX_ROWS:
        return _encode_columns(boot_no, table, rows)
    short = _encode_rows(boot_no, table, rows)
    if codec == ROWS:
        return short
    long = _encode_columns(boot_no, table, rows)
    return short if len(short) <= len(long) else long
