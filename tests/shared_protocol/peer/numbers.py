"""Section 1 of the specification: numbers, texts, TLVs, and their vectors."""

from __future__ import annotations

from typing import Any


def uv(value: int) -> bytes:
    groups = [value & 127]
    while value := value >> 7:
        groups.append(value & 127)
    return bytes([g | 128 for g in groups[:-1]] + groups[-1:])


def zz(value: int) -> bytes:
    return uv(fold(value))


def fold(value: int) -> int:
    return 2 * value if value >= 0 else -2 * value - 1


def opt(value: int | None) -> bytes:
    return uv(0) if value is None else uv(fold(value) + 1)


def le(value: int, size: int) -> bytes:
    return value.to_bytes(size, "little")


def text8(text: str) -> bytes:
    data = text.encode()
    return le(len(data), 1) + data


def tlvs(*pairs: tuple[int, bytes]) -> bytes:
    return b"".join(uv(tag) + uv(len(value)) + value for tag, value in pairs)


def hexed(data: bytes) -> str:
    return "hex:" + data.hex()


def wire() -> dict[str, Any]:
    numbers = [0, 1, 5, 63, 64, 127, 128, 129, 300, 16383, 16384, 2097151, 2097152, 268435455]
    signed = [0, -1, 1, -2, 2, -64, 63, 64, 812, -134217728, 134217727]
    accept = [{"kind": "uv", "value": n, "hex": uv(n).hex()} for n in numbers]
    accept += [{"kind": "zz", "value": n, "hex": zz(n).hex()} for n in signed]
    accept += [
        {"kind": "optional", "value": n, "hex": opt(n).hex()} for n in [None, 0, -1, 1, 312, -134217727, 134217727]
    ]
    reject = [
        ("", "truncated"),
        ("80", "truncated"),
        ("ffff", "truncated"),
        ("8000", "malformed"),
        ("808000", "malformed"),
    ]
    reject += [("ffffffff00", "malformed"), ("ffffffffff", "malformed"), ("80808080", "malformed")]
    return {"accept": accept, "reject": [{"kind": "uv", "hex": h, "cause": c} for h, c in reject]}


def cobs() -> dict[str, Any]:
    """Examples of Cheshire and Baker, as Wikipedia lists them, without the closing zero."""
    run = bytes(range(1, 255))
    pairs = [
        (b"\0", b"\1\1"),
        (b"\0\0", b"\1\1\1"),
        (b"\0\x11\0", b"\1\2\x11\1"),
        (b"\x11\x22\0\x33", b"\3\x11\x22\2\x33"),
        (b"\x11\x22\x33\x44", b"\5\x11\x22\x33\x44"),
        (b"\x11\0\0\0", b"\2\x11\1\1\1"),
        (run, b"\xff" + run),
        (b"\0" + run, b"\1\xff" + run),
        (run + b"\xff", b"\xff" + run + b"\2\xff"),
        (run[1:] + b"\xff\0", b"\xff" + run[1:] + b"\xff\1\1"),
        (run[2:] + b"\xff\0\1", b"\xfe" + run[2:] + b"\xff\2\1"),
        (b"", b"\1"),
    ]
    reject = [
        ("", "truncated"),
        ("00", "malformed"),
        ("0500", "malformed"),
        ("0511", "truncated"),
        ("02110500", "malformed"),
    ]
    return {
        "accept": [{"data": d.hex(), "coded": c.hex()} for d, c in pairs],
        "reject": [{"hex": h, "cause": c} for h, c in reject],
    }
