"""The summary of a reading block: n, lowest, highest and sum per channel, and how long each actuator was on.

Made when the block arrives (hub/store/checking.py), committed beside it, and all that a year's chart reads. Each
channel has a fixed place, so that thousands are cut out and unpacked at once:

0  bit 7: wide; bits 0-4: channels    1  table    2  sets
3  per channel: n u8, then lowest, highest, sum: i16 i16 i32, or i32 i32 i32 when wide
   then per actuator that was on at all, up to the last such: sets in which it was on, u8
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

HEAD = 3
WIDE = 0x80
_NARROW = struct.Struct("<Bhhi")
_WIDE = struct.Struct("<Biii")  # a sum of 240 values of 22 bits fits in 31
_I16 = range(-0x8000, 0x8000)


class ChannelSummary(NamedTuple):
    """Good readings of one channel in one block; all zero when there was none."""

    n: int
    low: int
    high: int
    total: int


class BlockSummary(NamedTuple):
    """A block in short."""

    table: int
    sets: int
    channels: tuple[ChannelSummary, ...]
    on: tuple[int, ...]


def summarise(table: int, columns: Sequence[Sequence[int | None]], states: Sequence[int]) -> BlockSummary:
    """The summary of a decoded block; `states` has one bit per actuator and set."""
    return BlockSummary(table, len(states), tuple(_channel(column) for column in columns), _on(states))


def _channel(column: Sequence[int | None]) -> ChannelSummary:
    good: Sequence[int] = [v for v in column if v is not None] if None in column else column  # type: ignore[assignment]
    if not good:
        return ChannelSummary(0, 0, 0, 0)
    return ChannelSummary(len(good), min(good), max(good), sum(good))


def _on(states: Sequence[int]) -> tuple[int, ...]:
    """Per actuator the number of sets in which it was on; few different masks occur in a block."""
    counts = {mask: states.count(mask) for mask in set(states)}
    width = max(counts, default=0).bit_length()
    return tuple(sum(n for mask, n in counts.items() if mask >> bit & 1) for bit in range(width))


def pack(summary: BlockSummary) -> bytes:
    """The bytes of a summary."""
    wide = any(c.low not in _I16 or c.high not in _I16 for c in summary.channels)
    shape = _WIDE if wide else _NARROW
    head = bytes((len(summary.channels) | (WIDE if wide else 0), summary.table, summary.sets))
    return head + b"".join([shape.pack(*channel) for channel in summary.channels]) + bytes(summary.on)


def unpack(packed: bytes) -> BlockSummary:
    """The whole summary."""
    count = packed[0] & 0x1F
    size = _shape(packed).size
    channels = tuple(ChannelSummary(*gather([packed], index)[0]) for index in range(count))
    return BlockSummary(packed[1], packed[2], channels, tuple(packed[HEAD + count * size :]))


def gather(rows: Sequence[bytes], index: int) -> list[tuple[int, int, int, int]]:
    """(n, low, high, total) of one channel, by its place in the table, from summaries with the same first byte."""
    shape = _shape(rows[0])
    at = HEAD + index * shape.size
    end = at + shape.size
    return list(shape.iter_unpack(b"".join([packed[at:end] for packed in rows])))


def on_sets(packed: bytes, bit: int) -> int:
    """In how many sets the actuator at this place of the table was on."""
    at = HEAD + (packed[0] & 0x1F) * _shape(packed).size + bit
    return packed[at] if at < len(packed) else 0


def _shape(packed: bytes) -> struct.Struct:
    return _WIDE if packed[0] & WIDE else _NARROW
