"""Owns how single numbers, texts and TLVs lie in bytes. Used by every encoder and decoder of shared_protocol.

Little-endian. uv: groups of seven bits, low group first, bit 7 = more follow, at most four groups, shortest form
only. zz: signed, as uv of 0, -1, 1, -2 … = 0, 1, 2, 3 …  TLV: tag uv, length uv, value; odd tags must be understood.
"""

from shared_protocol.errors import Malformed, OutOfRange, Truncated, UnknownType
from shared_protocol.portable import const

_MAX_UV = const(0x0FFFFFFF)
# Letters of a body's fields. Beside these: u uv, o optional signed, 4 and 8 that many bytes, s text.
_SIZES = {"b": 1, "h": 2, "t": 3, "w": 4, "l": 6}


def zigzag(value):
    """int -> int >= 0."""
    return value << 1 if value >= 0 else (-value << 1) - 1


def unzigzag(value):
    """int >= 0 -> int."""
    return value >> 1 if not value & 1 else -(value + 1 >> 1)


def put_uv(buf, value):
    """Append 0 <= value < 2**28 to the bytearray. Raises OutOfRange."""
    if not 0 <= value <= _MAX_UV:
        raise OutOfRange("uv")
    while value > 0x7F:
        buf.append(value & 0x7F | 0x80)
        value >>= 7
    buf.append(value)


def put_zz(buf, value):
    """Append -2**27 <= value < 2**27, zigzag. Raises OutOfRange."""
    put_uv(buf, zigzag(value))


def put_optional(buf, value):
    """Append an int like put_zz, one higher; None is 0."""
    put_uv(buf, 0 if value is None else zigzag(value) + 1)


def put_int(buf, value, size):
    """Append an unsigned int of `size` bytes. Raises OutOfRange (struct.pack would truncate on MicroPython)."""
    if value < 0 or value >> 8 * size:
        raise OutOfRange("int")
    buf.extend(value.to_bytes(size, "little"))


def put_bytes(buf, data, size):
    """Append exactly `size` bytes. Raises OutOfRange."""
    if len(data) != size:
        raise OutOfRange("bytes")
    buf.extend(data)


def put_text(buf, text, limit):
    """Append length u8 and UTF-8 of at most `limit` (<= 255) bytes. Raises OutOfRange."""
    data = text.encode()
    if len(data) > limit:
        raise OutOfRange("text")
    buf.append(len(data))
    buf.extend(data)


def put_tlvs(buf, tlvs):
    """Append an iterable of (tag int, value bytes)."""
    for tag, value in tlvs:
        put_uv(buf, tag)
        put_uv(buf, len(value))
        buf.extend(value)


def put_fields(buf, letters, values):
    """Append one value per letter. Raises OutOfRange, also when their number differs."""
    if len(letters) != len(values):
        raise OutOfRange("fields")
    for i in range(len(letters)):
        letter = letters[i]
        value = values[i]
        if letter in _SIZES:
            put_int(buf, value, _SIZES[letter])
        elif letter == "u":
            put_uv(buf, value)
        elif letter == "o":
            put_optional(buf, value)
        elif letter == "s":
            put_text(buf, value, 255)
        else:
            put_bytes(buf, value, int(letter))


def pack(letters, values):
    """The body of a message that is nothing but these fields."""
    buf = bytearray()
    put_fields(buf, letters, values)
    return bytes(buf)


def unpack(make, letters, body):
    """The reverse: make(*fields); elective TLVs may follow. Raises Truncated, Malformed, UnknownType."""
    r = Reader(body)
    message = make(*r.fields(letters))
    r.tlvs()
    return message


def tlv(tag, *numbers):
    """(tag, the numbers as uv one after another)."""
    buf = bytearray()
    for number in numbers:
        put_uv(buf, number)
    return tag, bytes(buf)


def find(tlvs, tag):
    """Value (bytes) of the first TLV with this tag, or None."""
    for have, value in tlvs:
        if have == tag:
            return value
    return None


def text_of(data):
    """bytes -> str. Raises Malformed when it is not UTF-8."""
    try:
        return str(data, "utf-8")
    except ValueError:  # UnicodeError on both interpreters
        raise Malformed("text")


class Reader:
    """Reads a bytes-like object from its beginning; every length is checked first. Raises Truncated, Malformed."""

    def __init__(self, data):
        self.data = data
        self.at = 0
        self.size = len(data)

    @property
    def left(self):
        """How many bytes are not read yet."""
        return self.size - self.at

    def u8(self):
        at = self.at
        if at >= self.size:
            raise Truncated("u8")
        self.at = at + 1
        return self.data[at]

    def take(self, count):
        """The next `count` bytes, as bytes."""
        at = self.at
        if count > self.size - at:
            raise Truncated("take")
        self.at = at + count
        return bytes(self.data[at : at + count])

    def rest(self):
        """All bytes that are left."""
        return self.take(self.size - self.at)

    def uint(self, size):
        """Unsigned int of `size` bytes."""
        return int.from_bytes(self.take(size), "little")

    def u16(self):
        return self.uint(2)

    def u24(self):
        return self.uint(3)

    def u32(self):
        return self.uint(4)

    def uv(self):
        byte = self.u8()
        if byte < 0x80:
            return byte
        value = byte & 0x7F
        shift = 7
        while shift < 28:
            byte = self.u8()
            if byte < 0x80:
                if not byte:
                    raise Malformed("uv is longer than needed")
                return value | byte << shift
            value |= (byte & 0x7F) << shift
            shift += 7
        raise Malformed("uv has more than 4 groups")

    def zz(self):
        return unzigzag(self.uv())

    def optional(self):
        """int or None, see put_optional."""
        value = self.uv()
        return unzigzag(value - 1) if value else None

    def text(self):
        """str after its length u8."""
        return text_of(self.take(self.u8()))

    def fields(self, letters):
        """One value per letter, a list."""
        found = []
        for letter in letters:
            if letter in _SIZES:
                found.append(self.uint(_SIZES[letter]))
            elif letter == "u":
                found.append(self.uv())
            elif letter == "o":
                found.append(self.optional())
            elif letter == "s":
                found.append(self.text())
            else:
                found.append(self.take(int(letter)))
        return found

    def numbers(self):
        """All that is left, as a list of uv."""
        found = []
        while self.at < self.size:
            found.append(self.uv())
        return found

    def tlvs(self, known=()):
        """All that is left, as a list of (tag, bytes). Raises UnknownType for an odd tag that is not in `known`."""
        found = []
        while self.at < self.size:
            tag = self.uv()
            value = self.take(self.uv())
            if tag & 1 and tag not in known:
                raise UnknownType("TLV")
            found.append((tag, value))
        return found
