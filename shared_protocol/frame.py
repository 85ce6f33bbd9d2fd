"""Owns the frame: eight bytes of header, body, tag; one datagram each. Used by session, handshake and both links.

0  version (high nibble, 1) and flags: 8 hub → node, 4 acknowledge, 2 zero, 1 sealed
1  type          2  node u16          4  session u8          5  counter u24          8  body, then the tag
"""

import binascii
import struct
from collections import namedtuple

from shared_protocol.errors import BadTag, BadVersion, Malformed, OutOfRange, Truncated
from shared_protocol.portable import const

HEADER = const(8)
TAG = const(8)
CRC = const(4)
MAX_FRAME = const(508)
MAX_BODY = const(492)  # MAX_FRAME - HEADER - TAG

TO_NODE = const(8)
WANT_ACK = const(4)
SEALED = const(1)

_VERSION = const(0x10)
_ZERO = const(2)

Header = namedtuple("Header", ("version", "flags", "type", "node", "session", "counter"))


def pack_header(type, node, session, counter, flags=0):
    """8 bytes. Raises OutOfRange (struct.pack would truncate on MicroPython)."""
    if not (0 <= type <= 0xFF and 0 <= node <= 0xFFFF and 0 <= session <= 0xFF and 0 <= counter <= 0xFFFFFF):
        raise OutOfRange("header")
    return struct.pack("<BBHBHB", _VERSION | flags, type, node, session, counter & 0xFFFF, counter >> 16)


def parse_header(data):
    """Header of a frame (bytes-like). Raises Truncated, Malformed, BadVersion. Says nothing about authenticity."""
    size = len(data)
    if size < HEADER:
        raise Truncated("header")
    if size > MAX_FRAME:
        raise Malformed("frame is longer than 508 bytes")
    first, type, node, session, low, high = struct.unpack_from("<BBHBHB", data, 0)
    if first >> 4 != 1:
        raise BadVersion("major version")
    if first & _ZERO:
        raise Malformed("flags")
    return Header(first >> 4, first & 15, type, node, session, low | high << 16)


def pack_clear(type, node, session, body, flags=0):
    """A clear frame (NOSESS, DISCOVER, OFFER): never trusted, CRC-32 against accidents only. Counter 0."""
    if len(body) > MAX_BODY:
        raise OutOfRange("body")
    data = pack_header(type, node, session, 0, flags) + body
    return data + struct.pack("<I", binascii.crc32(data))


def open_clear(data):
    """(Header, body bytes) of a clear frame. Raises Truncated, Malformed, BadVersion, BadTag."""
    header = parse_header(data)
    if header.flags & SEALED:
        raise Malformed("sealed")
    at = len(data) - CRC
    if at < HEADER:
        raise Truncated("checksum")
    if binascii.crc32(data[:at]) != struct.unpack_from("<I", data, at)[0]:
        raise BadTag("checksum")
    return header, bytes(data[HEADER:at])
