"""Section 9: reading blocks with any choice of code and predictor, and their vectors."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

from tests.shared_protocol.peer.numbers import fold, opt, uv, zz

FLAT = [0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 3, 4]
RICE = [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 1, 2]
SHIFTS = [(0, None), (3, None), (2, 4), (3, 5)]


def word(z: int, code: int) -> str:
    """One code word, as a text of 0 and 1."""
    flat, k = FLAT[code], RICE[code]
    if z < 2**flat - 1:
        return f"{z:0{flat}b}"
    rest = z - (2**flat - 1)
    if rest >> k >= 12:
        return "1" * (flat + 12) + f"{rest:024b}"
    return "1" * flat + "1" * (rest >> k) + "0" + (f"{rest & 2**k - 1:0{k}b}" if k else "")


def errors_of(values: list[int], predictor: int) -> list[int]:
    a, b = SHIFTS[predictor]
    level, trend, found = values[0] * 256, 0, []
    for value in values[1:]:
        expected = level + trend
        found.append(value - (expected + 128) // 256)
        d = value * 256 - expected
        level = expected + d // 2**a
        trend += 0 if b is None else d // 2**b
    return found


def runs_of(column: list[int | None]) -> list[tuple[int, int]]:
    """(first set, length) of each run of gaps."""
    found: list[tuple[int, int]] = []
    for i, value in enumerate(column):
        if value is None and found and sum(found[-1]) == i:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        elif value is None:
            found.append((i, 1))
    return found


def column_head(column: list[int | None], predictor: int, code: int) -> tuple[bytes, str]:
    values = [v for v in column if v is not None]
    runs = runs_of(column)
    data = zz(values[0] if values else 0) + bytes([code | (16 if runs else 0) | predictor << 5])
    if runs:
        data += uv(len(runs))
        end = 0
        for first, length in runs:
            data += uv(first - end) + uv(length)
            end = first + length
    bits = "" if code == 15 else "".join(word(fold(e), code) for e in errors_of(values, predictor))
    return data, bits


def block(
    case: dict[str, Any], choices: list[tuple[int, int]], step: int, time_code: int | None = None, listed: bool = False
) -> bytes:
    """Columns of `case`, packed with these (predictor, code); times coded, listed or even."""
    times, states = case["times"], case["states"]
    extras = [b - a - step for a, b in pairwise(times)]
    turns = [(i, bit) for i in range(1, len(states)) for bit in range(8) if (states[i] ^ states[i - 1]) >> bit & 1]
    codec = 1 + (2 if listed else 0) + (4 if turns else 0) + (8 if time_code is not None else 0)
    data = (
        uv(case["boot_no"])
        + bytes([case["table"], len(case["columns"]) << 4 | codec])
        + uv(len(times))
        + uv(times[0])
        + uv(step)
    )
    bits = ""
    if listed:
        odd = [(i + 1, extra) for i, extra in enumerate(extras) if extra]
        places = [0] + [i for i, _ in odd]
        data += uv(len(odd)) + b"".join(uv(i - places[at]) + zz(extra) for at, (i, extra) in enumerate(odd))
    elif time_code is not None:
        data += bytes([time_code])
        bits = "".join(word(fold(extra), time_code) for extra in extras)
    for column, (predictor, code) in zip(case["columns"], choices, strict=True):
        more, more_bits = column_head(column, predictor, code)
        data, bits = data + more, bits + more_bits
    data += bytes([states[0]])
    if turns:
        places = [0] + [i for i, _ in turns]
        data += uv(len(turns)) + b"".join(uv((i - places[at]) * 8 + bit) for at, (i, bit) in enumerate(turns))
    bits += "0" * (-len(bits) % 8)
    return data + bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def rows_block(case: dict[str, Any]) -> bytes:
    times, states, columns = case["times"], case["states"], case["columns"]
    data = uv(case["boot_no"]) + bytes([case["table"], len(columns) << 4]) + uv(len(times)) + uv(times[0])
    last, step, before = [0] * len(columns), 0, 0
    for i, now in enumerate(states):
        if i:
            data += zz(times[i] - times[i - 1] - step)
            step = times[i] - times[i - 1]
        for c, column in enumerate(columns):
            value = column[i]
            data += opt(None if value is None else value - last[c])
            last[c] = last[c] if value is None else value
        data += bytes([now ^ before])
        before = now
    return data


def wandering(rng: random.Random, count: int, start: int, sigma: float, gaps: float = 0.0) -> list[int | None]:
    level, column = float(start), []
    for _ in range(count):
        level += rng.gauss(0, sigma)
        column.append(None if rng.random() < gaps else round(level))
    return column


Case = dict[str, Any]


def case_of(boot_no: int, table: int, times: list[int], columns: list[Any], states: list[int]) -> Case:
    return {"boot_no": boot_no, "table": table, "times": times, "columns": columns, "states": states}


def small_cases() -> list[tuple[str, Case, bytes]]:
    """(note, what is in it, bytes): made by hand; the first two are the examples of the specification."""
    small = case_of(3, 1, [3600, 3660, 3720, 3781], [[274, 275, 275, 274], [812, None, 809, 810]], [1, 1, 3, 2])
    one = case_of(0, 0, [0], [[-1], [None], [4194303]], [255])
    none = case_of(268435455, 255, [268435395, 268435455], [], [0, 0])
    largest = [[-4194303, 4194303, -4194303], [None, None, None]]
    edge = case_of(1, 1, [0, 0, 134217727], largest, [0, 0, 0])
    found = [
        ("an odd time, a gap, two actuators at once", small, block(small, [(0, 1), (1, 8)], 60, listed=True)),
        ("the same in rows", small, rows_block(small)),
        ("one set", one, block(one, [(0, 15)] * 3, 0)),
        ("one set in rows", one, rows_block(one)),
        ("no channels, largest numbers", none, block(none, [], 60)),
        ("largest differences", edge, block(edge, [(0, 3), (0, 15)], 0, listed=True)),
    ]
    jumps = [[0, 5000, 0, -4000000, 4000000, 1], [10, 10, 10, 10, 10, 10]]
    literal = case_of(5, 2, [60 * i for i in range(6)], jumps, [0, 1, 1, 0, 128, 129])
    for code in (0, 7, 8, 11):
        found.append((f"literals, code {code}", literal, block(literal, [(0, code), (0, 15)], 60)))
    return found


def random_cases(rng: random.Random) -> list[tuple[str, Case, bytes]]:
    """Every code with every predictor, then a full block."""
    found = []
    for code in range(12):
        for predictor in range(4):
            count = rng.choice([2, 9, 60])
            sigma = 2.0 ** (RICE[code] + FLAT[code] / 2)
            columns = [wandering(rng, count, 300, sigma), wandering(rng, count, -5, sigma / 4)]
            case = case_of(5, 2, [100 + 60 * i for i in range(count)], columns, [0] * count)
            found.append((f"code {code}, predictor {predictor}", case, block(case, [(predictor, code)] * 2, 60)))
    times = [7]
    while len(times) < 240:
        times.append(times[-1] + rng.choice([59, 60, 60, 61]))
    columns = [wandering(rng, 240, 274, 1, 0.02), wandering(rng, 240, 812, 3, 0.3), [None] * 240]
    columns.append(wandering(rng, 240, 5, 0.1))
    full = case_of(130, 7, times, columns, [rng.getrandbits(8) if i % 50 == 0 else 5 for i in range(240)])
    choices = [(2, 1), (3, 10), (0, 15), (1, 0)]
    return found + [("240 sets, coded times", full, block(full, choices, 60, time_code=1))]


def blocks() -> dict[str, Any]:
    made = small_cases() + random_cases(random.Random(2020))
    accept = [{"note": note, "hex": data.hex(), **case} for note, case, data in made]
    return {"accept": accept, "reject": block_rejects(made[0][2], made[1][2])}


def block_rejects(columns: bytes, rows: bytes) -> list[dict[str, str]]:
    cases = {
        "empty": (b"", "truncated"),
        "no sets": (b"\1\1\1\0\0\0\0", "malformed"),
        "241 sets": (b"\1\1\1" + uv(241) + b"\0\0\0", "malformed"),
        "codec 2": (b"\1\1\2\1\0\0\0", "malformed"),
        "both kinds of times": (b"\1\1\x0b\2\0\0\0\0", "malformed"),
        "nine rows": (b"\1\1\0\x09\0" + bytes(20), "malformed"),
        "cut": (columns[:-1], "truncated"),
        "a byte more": (columns + b"\0", "malformed"),
        "padding": (columns[:-1] + bytes([columns[-1] | 1]), "malformed"),
        "rows, cut": (rows[:-1], "truncated"),
        "rows, a byte more": (rows + b"\0", "malformed"),
        "head bit 7": (b"\1\1\x11\1\0\0" + b"\0\x8f\0", "malformed"),
        "code 12": (b"\1\1\x11\2\0\0" + b"\0\x0c\0\0", "malformed"),
        "code words without values": (b"\1\1\x11\1\0\0" + b"\0\0\0", "malformed"),
        "gaps past the end": (b"\1\1\x11\2\0\0" + b"\0\x1f\1\1\2\0", "malformed"),
        "gap of no length": (b"\1\1\x11\2\0\0" + b"\0\x1f\1\1\0\0", "malformed"),
        "gaps that touch": (b"\1\1\x11\3\0\0" + b"\0\x1f\2\0\1\0\1\0", "malformed"),
        "no gaps after all": (b"\1\1\x11\2\0\0" + b"\0\x1f\0\0", "malformed"),
        "states at set 0": (b"\1\1\5\2\0\0" + b"\0\1\0", "malformed"),
        "states past the end": (b"\1\1\5\2\0\0" + b"\0\1\x10", "malformed"),
        "odd time at set 0": (b"\1\1\3\2\0\0" + b"\1\0\1\0", "malformed"),
        "odd time past the end": (b"\1\1\3\2\0\0" + b"\1\2\1\0", "malformed"),
        "time falls": (b"\1\1\3\2\x05\1" + b"\1\1\3\0", "malformed"),
        "time too large": (b"\1\1\1\2" + uv(268435455) + b"\1\0", "malformed"),
        "value too large": (b"\1\1\x11\1\0\0" + zz(4194304) + b"\x0f\0", "malformed"),
    }
    return [{"name": name, "hex": data.hex(), "cause": cause} for name, (data, cause) in cases.items()]
