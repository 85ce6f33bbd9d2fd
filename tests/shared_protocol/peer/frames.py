"""Sections 2 and 3: keys, frames, handshake, and their vectors. Ciphers by `cryptography`, hashes by hashlib."""

from __future__ import annotations

import hashlib
import hmac
import zlib
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from tests.shared_protocol.peer.bodies import DIGEST, ack_body, image_tag, now_body
from tests.shared_protocol.peer.numbers import hexed, le, text8, tlvs, uv

K = bytes(range(16))
NN, NH = b"abcdefgh", b"ABCDEFGH"
NODE, SESSION = 7, 9


def mac(key: bytes, *parts: bytes) -> bytes:
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


K_MAC, K_KDF = mac(K, b"nv1 hello")[:16], mac(K, b"nv1 kdf")[:16]
KEYS = mac(K_KDF, b"nv1 sess", le(NODE, 2), le(SESSION, 1), NN, NH)
K_UP, K_DOWN = KEYS[:16], KEYS[16:]


def head(type_: int, flags: int, node: int = NODE, session: int = SESSION, counter: int = 0) -> bytes:
    return bytes([0x10 + flags, type_]) + le(node, 2) + le(session, 1) + le(counter, 3)


def sealed(key: bytes, header: bytes, body: bytes) -> bytes:
    return header + AESCCM(key, tag_length=8).encrypt(header + bytes(5), body, header)


def clear(header: bytes, body: bytes) -> bytes:
    return header + body + le(zlib.crc32(header + body), 4)


# RFC 3610, section 8: packet vectors 1 to 3, the ones with 8 bytes of associated data and a tag of 8
RFC_KEY = "c0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
RFC_3610 = [
    (
        "00000003020100a0a1a2a3a4a5",
        "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e",
        "588c979a61c663d2f066d0c2c0f989806d5f6b61dac38417e8d12cfdf926e0",
    ),
    (
        "00000004030201a0a1a2a3a4a5",
        "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
        "72c91a36e135f8cf291ca894085c87e3cc15c439c9e43a3ba091d56e10400916",
    ),
    (
        "00000005040302a0a1a2a3a4a5",
        "08090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
        "51b1e5f44a197d1da46b0f8e2d282ae871e838bb64da8596574adaa76fbd9fb0c5",
    ),
]
# RFC 4231, section 4: cases 1, 2, 3, 4 (keys of at most 64 bytes)
RFC_4231 = [
    ("0b" * 20, b"Hi There".hex(), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
    (
        b"Jefe".hex(),
        b"what do ya want for nothing?".hex(),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    ),
    ("aa" * 20, "dd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
    (
        "0102030405060708090a0b0c0d0e0f10111213141516171819",
        "cd" * 50,
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
    ),
]


def crypto() -> dict[str, Any]:
    nonce = hashlib.sha256(bytes(range(16)) + le(3, 4) + le(123456, 4) + K).digest()[:8]
    return {
        "rfc3610": [
            {"key": RFC_KEY, "nonce": n, "aad": "0001020304050607", "text": t, "sealed": s} for n, t, s in RFC_3610
        ],
        "rfc4231": [{"key": k, "data": d, "mac": m} for k, d, m in RFC_4231],
        "keys": {
            **{"k": K.hex(), "node": NODE, "session": SESSION, "nn": NN.hex(), "nh": NH.hex()},
            **{"k_mac": K_MAC.hex(), "k_kdf": K_KDF.hex(), "k_up": K_UP.hex(), "k_down": K_DOWN.hex()},
        },
        "image": {"k": K.hex(), "version": "000100", "sha256": DIGEST.hex(), "tag": image_tag().hex()},
        "nonce": {"random": bytes(range(16)).hex(), "boot_no": 3, "ticks": 123456, "nn": nonce.hex()},
    }


HELLO_TLVS = [
    (2, b"0.1.0"),
    (8, bytes.fromhex("246f28aabbcc")),
    (10, b"\0"),
    (14, uv(4) + uv(1) + uv(0) + uv(2) + uv(3)),
]
ACK_TLVS = [(34, uv(4711)), (36, b"")]


def hello() -> dict[str, Any]:
    body = bytes([1, 1]) + le(0xDEADBEEF, 4) + le(3, 4) + bytes([1]) + le(77, 4) + uv(1) + uv(300) + NN
    header = head(1, 0, session=0)
    data = header + body + tlvs(*HELLO_TLVS)
    fields = [1, 1, 0xDEADBEEF, 3, 1, 77, 1, 300, hexed(NN), [[t, hexed(v)] for t, v in HELLO_TLVS]]
    return {"k_mac": K_MAC.hex(), "node": NODE, "fields": fields, "frame": (data + mac(K_MAC, data)[:8]).hex()}


def hello_ack(version: int, wall_s: int, wall_ms: int, pairs: list[tuple[int, bytes]]) -> dict[str, Any]:
    session = SESSION if version else 0
    body = bytes([version]) + le(wall_s, 4) + le(wall_ms, 2) + NH + tlvs(*pairs)
    data = head(2, 8, session=session) + body
    fields = [version, wall_s, wall_ms, hexed(NH), [[t, hexed(v)] for t, v in pairs]]
    frame = data + mac(K_MAC, data, NN)[:8]
    return {
        "k_mac": K_MAC.hex(),
        "node": NODE,
        "session": session,
        "nn": NN.hex(),
        "fields": fields,
        "frame": frame.hex(),
    }


def frames() -> dict[str, Any]:
    greeting = b"\x05\x01xin ch\xc3\xa0o"
    up = [(0x80, 4, 0, now_body()), (0x10, 0, 1, b""), (0x81, 0, 0xF00000, greeting), (0x80, 4, 2, bytes(492))]
    down = [(0x11, 0, 0, ack_body()), (0x20, 0, 0xFFFFFE, bytes(range(14)))]
    return {
        "hello": [hello()],
        "hello_ack": [
            hello_ack(1, 207360000, 125, ACK_TLVS),
            hello_ack(0, 0, 0, [(38, bytes([22])), (40, bytes([1, 1]))]),
        ],
        "nosess": {"node": NODE, "session": SESSION, "frame": clear(head(3, 8), b"").hex()},
        "discover": {"nonce": NN.hex(), "frame": clear(head(5, 0, 0xFFFF, 0), NN).hex()},
        "offer": {
            **{"nonce": NN.hex(), "port": 47470, "name": "Nhà Vườn Riti"},
            "frame": clear(head(6, 8, 0xFFFF, 0), NN + le(47470, 2) + text8("Nhà Vườn Riti")).hex(),
        },
        "up": [sealed_case(K_UP, 0, *case) for case in up],
        "down": [sealed_case(K_DOWN, 8, *case) for case in down],
        "reject": frame_rejects(),
    }


def sealed_case(key: bytes, direction: int, type_: int, flags: int, counter: int, body: bytes) -> dict[str, Any]:
    header = head(type_, 1 | direction | flags, counter=counter)
    frame = sealed(key, header, body)
    return {"type": type_, "flags": flags, "counter": counter, "body": body.hex(), "frame": frame.hex()}


def frame_rejects() -> list[dict[str, str]]:
    """Datagrams that a hub's Session(7, 9) must reject, with the cause."""
    good = sealed(K_UP, head(0x80, 5), b"body")
    cases = {
        "empty": (b"", "truncated"),
        "header only in part": (good[:7], "truncated"),
        "no room for a tag": (good[:15], "truncated"),
        "cut": (good[:-1], "bad_tag"),
        "body bit": (good[:9] + bytes([good[9] ^ 1]) + good[10:], "bad_tag"),
        "header bit": (good[:1] + b"\x81" + good[2:], "bad_tag"),
        "counter bit": (good[:5] + b"\1" + good[6:], "bad_tag"),
        "major 2": (b"\x25" + good[1:], "bad_version"),
        "bit 1": (b"\x17" + good[1:], "malformed"),
        "not sealed": (b"\x14" + good[1:], "malformed"),
        "too long": (good + bytes(500), "malformed"),
        "another node": (sealed(K_UP, head(0x80, 5, node=8), b"body"), "not_ours"),
        "another session": (sealed(K_UP, head(0x80, 5, session=8), b"body"), "not_ours"),
        "reflected": (sealed(K_DOWN, head(0x11, 9), b"body"), "reflected"),
        "reflected, turned round": (sealed(K_DOWN, head(0x11, 1), b"body"), "bad_tag"),
        "node's key under the hub's direction": (sealed(K_UP, head(0x80, 13), b"body"), "reflected"),
    }
    return [{"name": name, "frame": data.hex(), "cause": cause} for name, (data, cause) in cases.items()]
