"""Owns the choice of cipher and the keyed hash. Used by session and handshake.

`Ccm(key)` is AES-128-CCM, M = 8, L = 2 (RFC 3610); nonce = header + 5 zero bytes, associated data = header:
  .seal(header, body) -> the whole frame, bytes        .open(frame) -> body, bytes; raises BadTag, Truncated
"""

import hashlib

try:
    from shared_protocol.ccm_board import Ccm
except ImportError:  # no cryptolib: this is CPython
    from shared_protocol.ccm_host import Ccm

__all__ = ("Ccm", "hmac_sha256", "same")


def hmac_sha256(key, *parts):
    """HMAC-SHA-256 (RFC 2104) of the joined parts, 32 bytes; the key has at most 64 bytes."""
    key = key + bytes(64 - len(key))
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key))
    for part in parts:
        inner.update(part)
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in key))
    outer.update(inner.digest())
    return outer.digest()


def same(a, b):
    """True when both bytes-likes are equal, in a time that does not depend on where they differ."""
    if len(a) != len(b):
        return False
    difference = 0
    for i in range(len(a)):
        difference |= a[i] ^ b[i]
    return difference == 0
