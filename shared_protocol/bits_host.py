"""Owns reading code words fast on CPython; chosen by unblock.py, which has the plain reader beside it.

The bits become a string of 0 and 1. One pattern per code cuts it into words: since each code is prefix-free, the cut is
unique. One dict per code turns words into signed numbers.
"""

import re
from itertools import accumulate

from shared_protocol.block import CODES
from shared_protocol.errors import Malformed, Truncated


class _Words(dict):
    """word (str of 0 and 1) -> signed number; filled as words appear, literals are not kept: there are 2**24."""

    def __init__(self, flat, k):
        self._flat, self._k = flat, k

    def __missing__(self, word):
        flat, k = self._flat, self._k
        first = (1 << flat) - 1
        tail = word[flat:]
        if flat and word[:flat] != "1" * flat:
            number = int(word, 2)
        elif len(tail) >= 36:
            number = first + int(tail[12:], 2)
        else:
            ones = tail.index("0")
            number = first + (ones << k | (int(tail[ones + 1 :], 2) if k else 0))
        signed = number >> 1 if not number & 1 else -(number + 1 >> 1)
        if len(tail) < 36:
            self[word] = signed
        return signed


def _pattern(flat, k):
    rice = "1{12}[01]{24}|1{0,11}0" + "[01]" * k
    return f"1{{{flat}}}(?:{rice})|(?!1{{{flat}}})[01]{{{flat}}}" if flat else rice


_WORDS = [_Words(flat, k).__getitem__ for flat, k in CODES]
_CUT = [re.compile(_pattern(flat, k)).findall for flat, k in CODES]
_LONGEST = [flat + 36 for flat, _ in CODES]
_RUNS = {}  # (code, count) -> match of exactly so many words; at most 12 × 239 patterns


def _run(code, count):
    """The compiled pattern's match method, made at first use."""
    match = _RUNS.get((code, count))
    if match is None:
        flat, k = CODES[code]
        match = _RUNS[code, count] = re.compile(f"(?:{_pattern(flat, k)}){{{count}}}").match
    return match


class BitReader:
    """Same contract as unblock.PlainBitReader."""

    def __init__(self, data):
        self._bits = bin(int.from_bytes(b"\1" + data, "big"))[3:]
        self._at = 0

    def signed(self, count, code):
        """`count` numbers of this code, unzigzagged. Raises Truncated."""
        found = _run(code, count)(self._bits, self._at)
        if found is None:
            raise Truncated("bits")
        start, self._at = self._at, found.end()
        return list(map(_WORDS[code], _CUT[code](self._bits, start, self._at)))

    def sums(self, base, errors):
        """Running sums: the predictor `last`."""
        return list(accumulate(errors, initial=base))

    def close(self):
        """Raises Malformed unless only padding zeros are left."""
        rest = self._bits[self._at :]
        if len(rest) >= 8 or "1" in rest:
            raise Malformed("padding")
