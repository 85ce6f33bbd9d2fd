"""Noise: random and mutated frames for the hostile campaigns, drawn from a seeded generator; nothing here knows a key.

Half of the frames look right to the first checks (version, type, node), since bytes that fail there reach nothing.
"""

import random
from collections.abc import Callable, Iterator, Sequence

MAX_FRAME = 508  # docs/protocol.md: one datagram
TYPES = bytes.fromhex("01 02 03 05 06 10 11 12 20 21 22 23 28 29 2A 2B 2E 2F 30 31 34 38 39 3A 80 81")


def frames(luck: random.Random, count: int, samples: Sequence[bytes], nodes: Sequence[int]) -> Iterator[bytes]:
    """`count` frames: bare noise, noise behind a plausible header (often of `nodes`), mutations of true `samples`."""
    makers: list[Callable[[], bytes]] = [
        lambda: luck.randbytes(luck.choice((0, 1, 3, 4, 7, 8, 9, 15, 16, 17, 64, 508, 509, 1400))),
        lambda: luck.randbytes(luck.randrange(MAX_FRAME + 1)),
        lambda: plausible(luck, luck.choice(nodes)),
        lambda: plausible(luck, luck.choice((0, 0xFFFF, luck.randrange(0x10000)))),
    ]
    if samples:
        makers += [lambda: mutated(luck, luck.choice(samples), samples)] * 4
    for _ in range(count):
        yield luck.choice(makers)()


def plausible(luck: random.Random, node: int) -> bytes:
    """A header that a parser accepts, and noise behind it."""
    flags = luck.choice((0x11, 0x19, 0x10, 0x18, 0x15, luck.randrange(0x10, 0x20)))
    kind = luck.choice((luck.choice(TYPES), luck.randrange(256)))
    head = bytes((flags, kind)) + node.to_bytes(2, "little") + luck.randbytes(1)
    return (
        head + luck.randrange(1 << luck.choice((2, 8, 24))).to_bytes(3, "little") + luck.randbytes(luck.randrange(500))
    )


def mutated(luck: random.Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    """A frame with one to three things wrong; never a true frame."""
    made = frame
    while made in others:
        for _ in range(luck.randint(1, 3)):
            made = luck.choice(MUTATIONS)(luck, made, others) if made else luck.randbytes(8)
    return made


Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


def _flip(luck: random.Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    """One bit changed, in the header as often as anywhere."""
    at = luck.randrange(min(len(frame), luck.choice((8, len(frame)))))
    return frame[:at] + bytes((frame[at] ^ 1 << luck.randrange(8),)) + frame[at + 1 :]


def _cut(luck: random.Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    return frame[: luck.randrange(len(frame))]


def _grow(luck: random.Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    return frame + luck.randbytes(luck.randint(1, 40))


def _extreme(luck: random.Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    """Bytes overwritten by all ones or all zeros: lengths and counts at their limits."""
    at = luck.randrange(len(frame))
    return frame[:at] + luck.choice((b"\xff", b"\x00", b"\x7f", b"\x80")) * luck.randint(1, 6) + frame[at + 6 :]


def _drop(luck: random.Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    at = luck.randrange(len(frame))
    return frame[:at] + frame[at + luck.randint(1, 4) :]


def _splice(luck: random.Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    """The head of one true frame with the rest of another."""
    at = luck.choice((8, luck.randrange(len(frame))))
    return frame[:at] + luck.choice(others)[at:]


def _retype(luck: random.Random, frame: bytes, others: Sequence[bytes]) -> bytes:
    return frame[:1] + bytes((luck.choice(TYPES),)) + frame[2:]


MUTATIONS: tuple[Mutation, ...] = (_flip, _cut, _grow, _extreme, _drop, _splice, _retype)
