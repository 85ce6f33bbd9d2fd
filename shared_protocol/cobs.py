"""Owns COBS, the framing of frames on a serial line: no zero byte inside, one zero byte after each frame.

Cheshire and Baker, "Consistent Overhead Byte Stuffing", 1999. Used by the serial carrier; UDP needs no framing.
"""

from shared_protocol.errors import Malformed, Truncated


def encode(data):
    """bytes-like -> bytes without any zero byte; the caller writes a zero between frames."""
    out = bytearray(1)
    at = 0  # where the length of the present run belongs
    for byte in data:
        if len(out) - at == 255:
            out[at] = 255
            at = len(out)
            out.append(0)
        if byte:
            out.append(byte)
        else:
            out[at] = len(out) - at
            at = len(out)
            out.append(0)
    out[at] = len(out) - at
    return bytes(out)


def decode(data):
    """What lay between two zeros -> the frame. Raises Truncated, Malformed. A run of 254 may end the frame."""
    if not data:
        raise Truncated("empty")
    out = bytearray()
    at = 0
    while at < len(data):
        code = data[at]
        run = data[at + 1 : at + code]
        if not code or 0 in run:
            raise Malformed("zero inside")
        if len(run) < code - 1:
            raise Truncated("run")
        out.extend(run)
        at += code
        if code < 255 and at < len(data):
            out.append(0)
    return bytes(out)
