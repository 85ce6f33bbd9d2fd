"""The farm signal: a seeded, plausible sensor signal for measuring encodings and stores; used by the benchmarks.

`sets(n, seed)` yields tuples (t, air temperature, air humidity, soil 1, soil 2, actuator states):
seconds, then tenths of a degree or of a percent, then a bit mask. Spacing is 60 s; with `late=True`
one set in twenty comes a second late. Plain Python, no imports beyond the standard library.
"""

import math
import random
from collections.abc import Iterator

FIRST = (274, 812, 431, 387)


def sets(
    n: int, seed: int, noise: float = 1.0, late: bool = False, t0: int = 0
) -> Iterator[tuple[int, int, int, int, int, int]]:
    """n sets of the signal with this seed; `t0` is the first one's time, seconds."""
    rng = random.Random(seed)
    phase = rng.random() * 2 * math.pi
    states = 0b01
    t = t0
    for i in range(n):
        swing = math.sin(2 * math.pi * i / 240 + phase) - math.sin(phase)
        jitter = [rng.gauss(0, sigma * noise) if i else 0.0 for sigma in (0.07, 0.25, 0.12, 0.12)]
        values = (
            27.4 + 1.5 * swing + jitter[0],
            81.2 - 3.0 * swing + jitter[1],
            43.1 - 0.004 * i + jitter[2],
            38.7 - 0.003 * i + jitter[3],
        )
        if i and rng.random() < 0.02:
            states ^= 0b01
        if i and rng.random() < 0.01:
            states ^= 0b10
        air, humidity, soil_1, soil_2 = (round(10 * v) for v in values)
        yield t, air, humidity, soil_1, soil_2, states
        t += 61 if late and rng.random() < 0.05 else 60
