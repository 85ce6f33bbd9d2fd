"""Owns AES-CCM on MicroPython, which has AES in ECB and CBC mode only. Chosen by crypt.py where there is a cryptolib.

One ECB call makes all counter blocks, one CBC call the whole MAC, both in place in two static buffers; hence not
re-entrant: one thread. RFC 3610 with M = 8, L = 2: B0 = 59 | nonce 13 | length 2, A_i = 01 | nonce 13 | i 2.
"""

from cryptolib import aes

from shared_protocol.errors import BadTag, Truncated
from shared_protocol.portable import const

_BLOCKS = const(32)  # one for the tag, 31 for at most 492 bytes
_MAX_BODY = const(492)
_ECB = const(1)
_CBC = const(2)

_mac = bytearray(16 * (_BLOCKS + 1))  # B0, associated data, text; after CBC the MAC is in the last block
_stream = bytearray(16 * _BLOCKS)
_zero = bytes(16)
_NONCE_END = bytes(5)
_mac_view = memoryview(_mac)
_stream_view = memoryview(_stream)


def _fill_stream(ecb, nonce, size):
    """Counter blocks 0 … for `size` bytes of text, encrypted in place: 16 bytes for the tag, then the key stream."""
    end = 16 * (1 + (size + 15) // 16)
    at = 0
    while at < end:
        _stream_view[at : at + 16] = _zero
        _stream[at] = 1
        _stream_view[at + 1 : at + 14] = nonce
        _stream[at + 15] = at >> 4
        at += 16
    view = _stream_view[:end]
    ecb.encrypt(view, view)


def _tag_of(key, nonce, header, text, size):
    """The 8 bytes before encryption of the MAC, as a memoryview of the static buffer."""
    end = 32 + (size + 15) // 16 * 16
    _mac_view[0:16] = _zero
    _mac_view[16:32] = _zero
    _mac[0] = 0x59
    _mac_view[1:14] = nonce
    _mac[14] = size >> 8
    _mac[15] = size & 0xFF
    _mac[17] = 8
    _mac_view[18:26] = header
    if size:
        _mac_view[end - 16 : end] = _zero
        _mac_view[32 : 32 + size] = text
    view = _mac_view[:end]
    aes(key, _CBC, _zero).encrypt(view, view)
    return _mac_view[end - 16 : end - 8]


class Ccm:
    """One direction of a session."""

    def __init__(self, key):
        self._key = bytes(key)
        self._ecb = aes(self._key, _ECB)

    def seal(self, header, body, nonce=None):
        """The frame: header, ciphertext, tag; a body of at most 492 bytes. `nonce` is for the vectors of RFC 3610."""
        size = len(body)
        nonce = nonce or header + _NONCE_END
        frame = bytearray(16 + size)
        frame[0:8] = header
        tag = _tag_of(self._key, nonce, header, body, size)
        _fill_stream(self._ecb, nonce, size)
        stream = _stream
        for i in range(size):
            frame[8 + i] = body[i] ^ stream[16 + i]
        for i in range(8):
            frame[8 + size + i] = tag[i] ^ stream[i]
        return bytes(frame)

    def open(self, frame, nonce=None):
        """The body. Raises Truncated, BadTag; nothing of the text is released before the tag matched."""
        size = len(frame) - 16
        if size < 0 or size > _MAX_BODY:
            raise Truncated("tag")
        header = bytes(frame[:8])
        nonce = nonce or header + _NONCE_END
        _fill_stream(self._ecb, nonce, size)
        stream = _stream
        body = bytearray(size)
        for i in range(size):
            body[i] = frame[8 + i] ^ stream[16 + i]
        tag = _tag_of(self._key, nonce, header, body, size)
        difference = 0
        for i in range(8):
            difference |= tag[i] ^ stream[i] ^ frame[8 + size + i]
        if difference:
            raise BadTag("tag")
        return bytes(body)
