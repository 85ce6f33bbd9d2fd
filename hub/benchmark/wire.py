"""Benchmark `wire`: bytes per set in a reading block, beside other encodings of the same sets, and the time it takes.

A set is four values, two actuator states and the time. Blocks are counted whole: boot number, table, times, states and
all. The seeded farm signal over 50 seeds, and the recorded logs of tests/data. Protobuf is encoded by hand (varints and
tags as its specification has them); SenML, RFC 8428, by `json` and `cbor2`; MessagePack by `msgpack`.
"""

import csv
import json
import math
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cbor2
import msgpack

from hub.benchmark.farm_signal import sets
from shared_protocol import registry as g
from shared_protocol.block import encode_block
from shared_protocol.frame import HEADER, TAG, WANT_ACK
from shared_protocol.messages import (
    Ack,
    Now,
    Record,
    Records,
    decode_now,
    encode_ack,
    encode_now,
    encode_records,
)
from shared_protocol.session import Session
from shared_protocol.unblock import decode_block

SEEDS, QUICK_SEEDS = 50, 5
IP_UDP = 28  # bytes of an IPv4 and a UDP header
BOARD_FACTOR = 50  # how much slower an ESP32 is than MicroPython on this PC
ROOT = Path(__file__).resolve().parents[2]
LOGS = ROOT / "tests" / "data"

Row = tuple[int, tuple[int | None, ...], int]
Rows = Sequence[Row]
Encoding = Callable[[Rows], int]


def run(quick: bool = False) -> dict[str, Any]:
    """The figures, bytes per set unless the name says otherwise; `quick` takes 5 seeds and less time."""
    seeds = QUICK_SEEDS if quick else SEEDS
    figures: dict[str, Any] = {}
    for count in (60, 240):
        figures[f"bytes_per_set_{count}"] = mean(ours, [farm(count, seed) for seed in range(seeds)])
    figures["bytes_per_set_60_late"] = mean(ours, [farm(60, seed, late=True) for seed in range(seeds)])
    samples = [farm(60, seed) for seed in range(seeds)]
    for name, encoding in OTHERS.items():
        figures[f"{name}_60"] = mean(encoding, samples)
    figures["order_0_entropy_of_deltas_240"] = mean(entropy, [farm(240, seed) for seed in range(seeds)])
    for name in ("office_10s", "room_60s"):
        figures |= log_figures(name, quick)
    return figures | {"ip_bytes_for_60_sets": on_the_air(samples)} | speeds(quick)


def farm(count: int, seed: int, late: bool = False) -> list[Row]:
    """The seeded farm signal as rows."""
    return [(t, (a, h, s1, s2), states) for t, a, h, s1, s2, states in sets(count, seed, late=late)]


def mean(encoding: Encoding, samples: Sequence[Rows]) -> float:
    """Bytes per set over all samples."""
    return sum(encoding(rows) for rows in samples) / sum(len(rows) for rows in samples)


def log_figures(name: str, quick: bool) -> dict[str, float]:
    """A recorded log cut into blocks, beside what else is worth comparing."""
    with open(LOGS / f"{name}.csv", encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))[1:]
    rows: list[Row] = [(int(t), tuple(int(v) if v else None for v in values), 0) for t, *values in lines]
    rows = rows[: 2400 if quick else None]
    found = {}
    for count in (60, 240):
        found[f"{name}_bytes_per_set_{count}"] = mean(ours, cut(rows, count))
    for other in ("messagepack", "protobuf_packed_delta", "order_0_entropy_of_deltas"):
        found[f"{name}_{other}_60"] = mean(OTHERS[other], cut(rows, 60))
    return found


def cut(rows: Rows, count: int) -> list[Rows]:
    """Runs of `count` rows, without the incomplete last one."""
    return [rows[at : at + count] for at in range(0, len(rows) - count + 1, count)]


# Encodings: rows -> bytes


def ours(rows: Rows) -> int:
    """A reading block."""
    return len(encode_block(1, 1, rows))


NAMES = ("ta", "ha", "s1", "s2")
SENML_UNITS = ("Cel", "%RH", "%", "%")


def senml_json(rows: Rows) -> int:
    """One pack; base name and base time in its first record, values in plain units."""
    pack: list[dict[str, Any]] = []
    for t, values, states in rows:
        pack += [{"n": n, "u": u, "t": t, "v": tenth(v)} for n, u, v in zip(NAMES, SENML_UNITS, values, strict=False)]
        pack += [{"n": f"a{bit}", "t": t, "vb": bool(states >> bit & 1)} for bit in range(2)]
    pack[0] |= {"bn": "urn:dev:mac:246f28aabbcc:", "bt": 1790000000}
    return len(json.dumps(pack, separators=(",", ":")))


def tenth(value: int | None) -> float | None:
    return None if value is None else value / 10


def senml_cbor(rows: Rows) -> int:
    """The same with SenML's integer labels and decimal fractions."""
    pack: list[dict[int, Any]] = []
    for t, values, states in rows:
        pack += [
            {0: n, 1: u, 6: t, 2: cbor2.CBORTag(4, [-1, v])}
            for n, u, v in zip(NAMES, SENML_UNITS, values, strict=False)
        ]
        pack += [{0: f"a{bit}", 6: t, 4: bool(states >> bit & 1)} for bit in range(2)]
    pack[0] |= {-2: "urn:dev:mac:246f28aabbcc:", -3: 1790000000}
    return len(cbor2.dumps(pack))


def keyed_json(rows: Rows) -> int:
    """One object per set."""
    made = [
        {"t": 1790000000 + t} | dict(zip(NAMES, map(tenth, values), strict=False)) | {"a": states}
        for t, values, states in rows
    ]
    return len(json.dumps(made, separators=(",", ":")))


def messagepack(rows: Rows) -> int:
    """An array of arrays of integers."""
    return len(msgpack.packb([[t, *values, states] for t, values, states in rows]))


def varint(value: int) -> int:
    """Bytes of a protobuf varint, zigzag."""
    folded = 2 * value if value >= 0 else -2 * value - 1
    return max(1, -(-folded.bit_length() // 7))


def protobuf_rows(rows: Rows) -> int:
    """repeated message with one sint32 per field: tag and length of each row, a tag per field."""
    return sum(2 + sum(1 + varint(v) for v in (t, *values, states) if v is not None) for t, values, states in rows)


def protobuf_packed_delta(rows: Rows) -> int:
    """One packed repeated sint32 of differences per column: a tag and a length each."""
    total = 0
    for column in columns(rows):
        body = sum(varint(v - before) for v, before in zip(column, [0, *column], strict=False))
        total += 1 + (1 if body < 128 else 2) + body
    return total


def columns(rows: Rows) -> list[list[int]]:
    """Times, then each channel, then states; a gap repeats the value before, which flatters the others."""
    made = [[t for t, _, _ in rows]]
    for channel in range(len(rows[0][1])):
        column: list[int] = []
        for _, values, _ in rows:
            value = values[channel]
            column.append(value if value is not None else column[-1] if column else 0)
        made.append(column)
    return [*made, [states for _, _, states in rows]]


def cayenne_lpp(rows: Rows) -> int:
    """Channel, type, value: temperature 2, humidity 1 (halves of a percent), analogue 2 + 2, digital 1 + 1, time 4."""
    return len(rows) * ((2 + 2) + (2 + 1) + 2 * (2 + 2) + 2 * (2 + 1) + (2 + 4))


def entropy(rows: Rows) -> int:
    """Order-0 entropy of the differences of the value columns alone: no times, no states, no head."""
    bits = 0.0
    for column in columns(rows)[1:-1]:
        seen = Counter(b - a for a, b in zip(column, column[1:], strict=False))
        total = sum(seen.values())
        bits -= sum(n * math.log2(n / total) for n in seen.values())
    return math.ceil(bits / 8)


OTHERS: dict[str, Encoding] = {
    "senml_json": senml_json,
    "senml_cbor": senml_cbor,
    "keyed_json": keyed_json,
    "cayenne_lpp": cayenne_lpp,
    "protobuf_rows": protobuf_rows,
    "messagepack": messagepack,
    "protobuf_packed_delta": protobuf_packed_delta,
    "order_0_entropy_of_deltas": entropy,
}


def on_the_air(samples: Sequence[Rows]) -> float:
    """Bytes of IP that 60 sets take: the RECORDS frame and its ACK, headers and tags included."""
    total = 0
    for rows in samples:
        record = Record(1000, g.RECORD_BLOCK, encode_block(1, 1, rows))
        bodies = (encode_records(Records([record])), encode_ack(Ack(1000, 0, None)))
        total += sum(IP_UDP + HEADER + len(body) + TAG for body in bodies)
    return total / len(samples)


# Speed


def speeds(quick: bool) -> dict[str, Any]:
    """How fast the hub reads, and how long a board packs 60 sets: 100 ms is the most it should take."""
    rounds = 200 if quick else 2000
    block = encode_block(1, 1, farm(60, 1))
    found: dict[str, Any] = {"hub_decodes_60_sets_us": best(lambda: decode_block(block), rounds) * 1e6}
    found["hub_opens_nows_per_s"] = opened_per_s(rounds)
    packed = packing_ms(10 if quick else 50)
    found["micropython_packs_60_sets_ms"] = packed if packed is not None else "no MicroPython here"
    if packed is not None:
        found["esp32_packs_60_sets_ms_estimated"] = packed * BOARD_FACTOR
    return found


def best(work: Callable[[], Any], rounds: int) -> float:
    """Seconds of one call, the best of five series."""
    series = []
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(rounds // 5):
            work()
        series.append((time.perf_counter() - begin) / (rounds // 5))
    return min(series)


def opened_per_s(rounds: int) -> int:
    """NOW frames that the hub opens and decodes in a second."""
    keys = bytes(range(16)), bytes(range(16, 32))
    node, hub = Session(7, 9, *keys, False), Session(7, 9, keys[1], keys[0], True)
    body = encode_now(Now(1, 3600, 1, [(274, 0, 1)] * 4, [(1, g.CAUSE_ABOVE, 60)] * 2, [(g.TLV_RSSI, b"\xc0")]))
    frames = iter([node.seal(g.MSG_NOW, body, WANT_ACK) for _ in range(rounds)])
    return round(1 / best(lambda: decode_now(hub.open(next(frames))[1]), rounds))


PACKING = """
import json, sys, time
from shared_protocol.block import encode_block
with open(sys.argv[1]) as file:
    rows = json.load(file)
times = []
for _ in range(int(sys.argv[2])):
    begin = time.ticks_us()
    encode_block(1, 1, rows)
    times.append(time.ticks_diff(time.ticks_us(), begin))
print(min(times))
"""


def packing_ms(rounds: int) -> float | None:
    """Milliseconds that MicroPython takes here to pack 60 sets; None where there is no MicroPython."""
    program = shutil.which("micropython", path=sysconfig.get_path("scripts"))
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as place:
        script, data = Path(place) / "packing.py", Path(place) / "rows.json"
        script.write_text(PACKING, encoding="utf-8")
        data.write_text(json.dumps(farm(60, 1)), encoding="utf-8")
        env = dict(os.environ, MICROPYPATH=f".frozen:{ROOT}")
        command = [program, str(script), str(data), str(rounds)]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    return int(done.stdout) / 1000
