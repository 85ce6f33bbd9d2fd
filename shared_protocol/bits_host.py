"""Owns reading code words fast on CPython; chosen by unblock.py, which has the plain reader beside it.

The bits become a string of 0 and 1. A dict per code maps the next eight of them to all whole words in there at once; it
fills as windows appear. Longer words are cut out by a pattern, one by one.
"""

import re
from itertools import accumulate

from shared_protocol.block import CODES
from shared_protocol.errors import Malformed, Truncated

_WINDOW = 8  # bits; measured on 240-set blocks: more of them hold more words but fit the processor's cache less


def _pattern(flat, k):
    rice = "1{12}[01]{24}|1{0,11}0" + "[01]" * k
    return f"1{{{flat}}}(?:{rice})|(?!1{{{flat}}})[01]{{{flat}}}" if flat else rice


def _signed(word, flat, k):
    """The number of one code word, unzigzagged."""
    first = (1 << flat) - 1
    tail = word[flat:]
    if flat and word[:flat] != "1" * flat:
        number = int(word, 2)
    elif len(tail) >= 36:
        number = first + int(tail[12:], 2)
    else:
        ones = tail.index("0")
        number = first + (ones << k | (int(tail[ones + 1 :], 2) if k else 0))
    return number >> 1 if not number & 1 else -(number + 1 >> 1)


class _Windows(dict):
    """bits (str) -> (the numbers of the whole words at its beginning, where each of these words ends)."""

    def __init__(self, flat, k):
        self._code = flat, k
        self._match = re.compile(_pattern(flat, k)).match

    def __missing__(self, bits):
        numbers = []
        ends = []
        found = self._match(bits)
        while found:
            numbers.append(_signed(found.group(), *self._code))
            ends.append(found.end())
            found = self._match(bits, found.end())
        self[bits] = numbers, ends
        return numbers, ends

    def one(self, bits, at):
        """(number, end) of the word at `at`, however long. Raises Truncated."""
        found = self._match(bits, at)
        if not found:
            raise Truncated("bits")
        return _signed(found.group(), *self._code), found.end()


_WINDOWS = [_Windows(flat, k) for flat, k in CODES]


class BitReader:
    """Same contract as unblock.PlainBitReader."""

    def __init__(self, data):
        self._bits = bin(int.from_bytes(b"\1" + data, "big"))[3:]
        self._at = 0

    def signed(self, count, code):
        """`count` numbers of this code, unzigzagged. Raises Truncated."""
        bits, at, windows = self._bits, self._at, _WINDOWS[code]
        found = []
        while len(found) < count:
            numbers, ends = windows[bits[at : at + _WINDOW]]
            if numbers:
                found += numbers
                at += ends[-1]
            else:
                number, at = windows.one(bits, at)
                found.append(number)
        excess = len(found) - count
        if excess:  # the last window held words of what follows
            del found[count:]
            at += ends[-1 - excess] - ends[-1]
        self._at = at
        return found

    def sums(self, base, errors):
        """Running sums: the predictor `last`."""
        return list(accumulate(errors, initial=base))

    def close(self):
        """Raises Malformed unless only padding zeros are left."""
        rest = self._bits[self._at :]
        if len(rest) >= 8 or "1" in rest:
            raise Malformed("padding")
