"""Sections 5 to 8: bodies of messages, events and tables, and their vectors."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from tests.shared_protocol.peer.numbers import hexed, le, opt, text8, tlvs, uv, zz

ID = b"\xde\xad\xbe\xef"
DIGEST = hashlib.sha256(b"recipe").digest()
JOURNAL, REJECTED = uv(1) + uv(300) + uv(0), b"\x05" + uv(2) + b"\x06" + uv(1)
HEALTH = [(10, b"\0"), (64, b"\xc0"), (66, uv(81000)), (68, JOURNAL), (70, REJECTED)]
TROUBLE = b"\1\2" + b"\3\5"  # actuator 1 has no effect; 3 is locked out and moves although it is off


def now_body() -> bytes:
    channels = b"\x80" + zz(274) + uv(2) + b"\x03" + uv(90) + b"\x86" + zz(-3) + uv(0)
    actuators = b"\x8c" + uv(600) + b"\x0f" + uv(0)
    return uv(3) + uv(3600) + b"\x01" + b"\x03" + channels + b"\x02" + actuators + tlvs(*HEALTH)


def ack_body() -> bytes:
    return b"\x01" + uv(299) + b"\x05" + le(17, 3)


def command_body() -> bytes:
    return ID + le(3660, 4) + b"\x01\x01" + le(900, 2) + le(0, 2)


def messages() -> dict[str, Any]:
    accept = [("messages", *case) for case in normal()] + [("maintenance", *case) for case in maintenance()]
    return {
        "accept": [{"module": m, "name": n, "fields": f, "hex": b.hex()} for m, n, f, b in accept],
        "reject": message_rejects(),
    }


def normal() -> list[tuple[str, list[Any], bytes]]:
    """(name, fields, body) of the messages of normal running."""
    event = hexed(uv(5) + uv(3))
    health = [[tag, hexed(value)] for tag, value in HEALTH]
    channels, actuators = [[274, 0, 2], [None, 3, 90], [-3, 6, 0]], [[1, 12, 600], [0, 15, 0]]
    return [
        ("records", [[[41, 2, event], [42, 200, "hex:"]]], uv(41) + b"\2\2\5\3" + uv(42) + b"\xc8\0"),
        ("records", [[[268435455, 1, hexed(bytes(440))]]], uv(268435455) + b"\1" + uv(440) + bytes(440)),
        ("ack", [299, 5, 17], ack_body()),
        ("ack", [0, 0, None], b"\0\0\0"),
        ("nak", [0x3F, 0xABCDEF, 13], b"\x3f" + le(0xABCDEF, 3) + b"\x0d"),
        ("command", [hexed(ID), 3660, 1, 1, 900, 0], command_body()),
        ("command", [hexed(ID), 3660, 3, 2, 0, 0], ID + le(3660, 4) + b"\3\2" + bytes(4)),
        ("result", [hexed(ID), 5, 3], ID + b"\5\3"),
        ("stop", [hexed(ID)], ID),
        ("stop_clear", [hexed(ID), 4294967295], ID + b"\xff\xff\xff\xff"),
        ("time_req", [5000000000], le(5000000000, 6)),
        ("time_resp", [5000000000, 207360000, 999], le(5000000000, 6) + le(207360000, 4) + le(999, 2)),
        ("now", [3, 3600, 1, channels, actuators, health], now_body()),
        ("now", [0, 0, 0, [], [], []], bytes(5)),
        ("now", [0, 0, 0, [], [], [[78, hexed(TROUBLE)]]], bytes(5) + tlvs((78, TROUBLE))),
        ("log", [77, 2, "độ ẩm"], uv(77) + b"\2" + "độ ẩm".encode()),
    ]


def image_tag() -> bytes:
    return hmac.new(bytes(range(16)), b"nv1 image" + b"\0\1\0" + DIGEST, hashlib.sha256).digest()[:16]


def maintenance() -> list[tuple[str, list[Any], bytes]]:
    """(name, fields, body) of the messages of maintenance."""
    name, rows = DIGEST[:8], [[1, 2, 1, -5], [3, 0, 0, None], [9, 4, 1, 1834], [15, 3, 0, None]]
    return [
        ("recipe", [hexed(name), 100, 106, hexed(b"recipe")], name + le(100, 2) + le(106, 2) + le(6, 2) + b"recipe"),
        ("recipe_ack", [hexed(name), 17], name + b"\x11"),
        ("settings", [hexed(name), 0, 0, "hex:"], name + bytes(6)),
        ("settings_ack", [hexed(name), 0], name + b"\0"),
        ("check", [hexed(ID)], ID),
        ("check_result", [hexed(ID), rows], ID + b"\4\1\2\1" + opt(-5) + b"\3\0\0\0\t\4\1" + opt(1834) + b"\x0f\3\0\0"),
        ("service", [hexed(ID), 9, 600], ID + le(9, 4) + le(600, 2)),
        (
            "update_begin",
            [0, 70000, hexed(DIGEST), "hex:000100", hexed(image_tag())],
            b"\0" + le(70000, 3) + DIGEST + b"\0\1\0" + tlvs((0x61, image_tag())),
        ),
        ("update_begin", [1, 70000, hexed(DIGEST), "hex:000100", "hex:"], b"\1" + le(70000, 3) + DIGEST + b"\0\1\0"),
        ("update_chunk", [1, 69632, hexed(bytes(200))], b"\1" + le(69632, 3) + uv(200) + bytes(200)),
        ("update_status", [1, 69832, 18], b"\1" + le(69832, 3) + b"\x12"),
    ]


def message_rejects() -> list[dict[str, str]]:
    """Bodies and their causes; the last one has an unknown elective TLV and is accepted."""
    odd, even = tlvs((4095, b"??")), tlvs((4094, b"??"))
    cases = [
        ("messages", "records", b"", "malformed"),
        ("messages", "records", b"\1\1\5abcd", "truncated"),
        ("messages", "ack", b"\2\0\0", "malformed"),
        ("messages", "ack", b"\1\0\0\0\0", "truncated"),
        ("messages", "command", command_body()[:-1], "truncated"),
        ("messages", "command", command_body() + odd, "unknown_type"),
        ("messages", "command", command_body() + even[:-1], "truncated"),
        ("messages", "now", now_body() + odd, "unknown_type"),
        ("messages", "now", b"\0\0\0\xff", "truncated"),
        ("messages", "log", b"\0\1\xff", "malformed"),
        ("maintenance", "recipe", DIGEST[:8] + le(101, 2) + le(106, 2) + le(6, 2) + b"recipe", "malformed"),
        ("maintenance", "update_chunk", b"\1\0\0\0\5abcd", "truncated"),
        ("maintenance", "update_begin", b"\1" + le(70000, 3) + DIGEST + b"\0\1\0" + tlvs((0x63, b"")), "unknown_type"),
    ]
    found = [{"module": m, "name": n, "hex": b.hex(), "cause": c} for m, n, b, c in cases]
    return found + [{"module": "messages", "name": "stop", "hex": (ID + even).hex(), "cause": ""}]


def records() -> dict[str, Any]:
    h8 = hashlib.sha256(b"settings").digest()[:8]
    events = [
        (1, [2, 4, "0.1.0"], b"\2\4" + text8("0.1.0")),
        (2, [207360000, 125, 1], le(207360000, 4) + le(125, 2) + b"\1"),
        (3, [2, 4, 3500, 999], b"\2\4" + uv(3500) + opt(999)),
        (3, [2, 1, 3500, None], b"\2\1" + uv(3500) + b"\0"),
        (4, [2, 4, 3500], b"\2\4" + uv(3500)),
        (5, [1, 1, 12, 312, 300], b"\1\1\x0c" + opt(312) + opt(300)),
        (5, [1, 0, 10, None, None], b"\1\0\x0a\0\0"),
        (6, [1], b"\1"),
        (7, [2], b"\2"),
        (8, [5, 104, 100], uv(5) + uv(104) + uv(100)),
        (9, [hexed(h8)], h8),
        (10, [hexed(h8)], h8),
        (11, [hexed(b"\xde\xad\xbe\xef"), 1], b"\xde\xad\xbe\xef\1"),
        (12, [3], b"\3"),
        (13, [3], b"\3"),
        (14, [3, 1200], b"\3" + uv(1200)),
        (15, [3, 300], b"\3" + uv(300)),
        (16, [3, 2], b"\3\2"),
        (17, [2, 1, 655, None], b"\2\1" + opt(655) + b"\0"),
        (18, [1, 3], b"\1\3"),
        (19, [1, "0.2.0", 0], b"\1" + text8("0.2.0") + b"\0"),
        (19, [2, "0.2.0", 29], b"\2" + text8("0.2.0") + b"\x1d"),
        (20, [0xDEADBEEF, 2], le(0xDEADBEEF, 4) + b"\2"),
        (21, [207360000, 0, 2], le(207360000, 4) + le(0, 2) + b"\2"),
        (22, [1, 600], b"\1" + uv(600)),
        (23, [2, 1, 655, 702], b"\2\1" + opt(655) + opt(702)),
        (24, [2, 4], b"\2\4"),
    ]
    start = uv(3) + uv(3600)
    bed = [1, [[1, 1, 1, -1, "trần nhà"], [2, 2, 2, -1, ""], [3, 20, 0, 3, "x" * 24]], [[1, 1, "quạt hút"]]]
    table = (
        b"\1\3"
        + b"\1\1\1\xff"
        + text8("trần nhà")
        + b"\2\2\2\xff\0"
        + b"\3\x14\0\3"
        + text8("x" * 24)
        + b"\1\1\1"
        + text8("quạt hút")
    )
    return {
        "events": [{"fields": [c, 3, 3600, f], "hex": (bytes([c]) + start + b).hex()} for c, f, b in events],
        "unknown": {"fields": [222, 3, 3600, ["hex:0102"]], "hex": (b"\xde" + start + b"\1\2").hex()},
        "tables": [{"fields": bed, "hex": table.hex()}, {"fields": [0, [], []], "hex": "000000"}],
        "reject": [
            {"name": "event", "hex": "", "cause": "truncated"},
            {"name": "event", "hex": (b"\1" + start + b"\2\4\x05abc").hex(), "cause": "truncated"},
            {"name": "event", "hex": (b"\1" + start + b"\2\4\2\xc3\x28").hex(), "cause": "malformed"},
            {"name": "event", "hex": (b"\6" + start + b"\1" + tlvs((7, b""))).hex(), "cause": "unknown_type"},
            {"name": "table", "hex": "0110", "cause": "malformed"},
            {"name": "table", "hex": "010009", "cause": "malformed"},
            {"name": "table", "hex": ("0101010101ff19" + "41" * 25), "cause": "malformed"},
        ],
    }
