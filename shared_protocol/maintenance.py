"""Owns the bodies of the sealed messages of maintenance. Loaded by either side only when one of them is needed.

Recipes and settings travel in pieces and are named by a hash of 8 bytes: SHA-256 of the whole, cut. Every body may end
with TLVs. Any decode raises only ProtocolError.
"""

from collections import namedtuple

from shared_protocol.crypt import hmac_sha256
from shared_protocol.errors import Malformed
from shared_protocol.portable import const
from shared_protocol.registry import TLV_IMAGE_TAG
from shared_protocol.wire import Reader, find, pack, put_bytes, put_fields, put_int, put_tlvs, put_uv, unpack

# What a row of CHECK_RESULT tells about.
CHECK_SENSOR = const(1)  # value: the reading
CHECK_ACTUATOR = const(2)  # ok: its pin reads back its order; value: 1 = on
CHECK_FLASH = const(3)  # value: bytes free in KiB
CHECK_HEAP = const(4)  # value: bytes free
CHECK_RADIO = const(5)  # value: dBm
CHECK_SETTINGS = const(6)
CHECK_JOURNAL = const(7)  # value: records held
CHECK_STOP_INPUT = const(8)
CHECK_PROBE = const(9)  # value: what a soil probe gives out, mV
CHECK_FAULT = const(10)  # value: FAULT_ number of a channel
CHECK_CLOCK = const(11)  # ok: the wall time is known
CHECK_RESETS = const(12)  # which: RESET_ cause of the last one; value: bad boots in a row
CHECK_RECIPE = const(13)  # value: its rules
CHECK_LOST = const(14)  # value: journal records dropped unsent
CHECK_IMAGE = const(15)  # which: IMAGE_ state of what runs; not ok: IMAGE_SPARE
CHECK_JOINS = const(16)  # value: Wi-Fi joins since boot
CHECK_IDF_HEAP = const(17)  # value: bytes free outside MicroPython's heap

Recipe = namedtuple("Recipe", ("hash", "offset", "total", "chunk"))
RecipeAck = namedtuple("RecipeAck", ("hash", "code"))
Settings = namedtuple("Settings", ("hash", "offset", "total", "chunk"))
SettingsAck = namedtuple("SettingsAck", ("hash", "code"))
Check = namedtuple("Check", ("id",))
CheckResult = namedtuple("CheckResult", ("id", "rows"))
Service = namedtuple("Service", ("id", "not_after_uptime_s", "seconds"))
UpdateBegin = namedtuple("UpdateBegin", ("slot", "size", "sha256", "version", "tag"))
UpdateChunk = namedtuple("UpdateChunk", ("slot", "offset", "data"))
UpdateStatus = namedtuple("UpdateStatus", ("slot", "next_offset", "code"))


def _encode_piece(message):
    """hash 8, offset u16, total u16, length u16, chunk: a piece of a text of `total` bytes."""
    buf = bytearray()
    put_fields(buf, "8hh", message[:3])
    put_int(buf, len(message.chunk), 2)
    buf.extend(message.chunk)
    return bytes(buf)


def _decode_piece(make, body):
    r = Reader(body)
    message = make(*r.fields("8hh"), r.take(r.u16()))
    if message.offset + len(message.chunk) > message.total:
        raise Malformed("piece")
    r.tlvs()
    return message


def encode_recipe(message):
    return _encode_piece(message)


def decode_recipe(body):
    return _decode_piece(Recipe, body)


def encode_recipe_ack(message):
    """hash 8, RESULT code u8."""
    return pack("8b", message)


def decode_recipe_ack(body):
    return unpack(RecipeAck, "8b", body)


def encode_settings(message):
    return _encode_piece(message)


def decode_settings(body):
    return _decode_piece(Settings, body)


def encode_settings_ack(message):
    """hash 8, RESULT code u8."""
    return pack("8b", message)


def decode_settings_ack(body):
    return unpack(SettingsAck, "8b", body)


def encode_check(message):
    """id 4: run the self-test."""
    return pack("4", message)


def decode_check(body):
    return unpack(Check, "4", body)


def encode_check_result(message):
    """id 4, count u8, rows of (what u8, which u8, ok u8, value optional).

    what: a CHECK_ number; which: channel or actuator, else 0; ok: 1 = passed.
    """
    buf = bytearray()
    put_bytes(buf, message.id, 4)
    put_int(buf, len(message.rows), 1)
    for row in message.rows:
        put_fields(buf, "bbbo", row)
    return bytes(buf)


def decode_check_result(body):
    r = Reader(body)
    name = r.take(4)
    rows = [tuple(r.fields("bbbo")) for _ in range(r.u8())]
    r.tlvs()
    return CheckResult(name, rows)


def encode_service(message):
    """id 4, not_after_uptime_s u32, seconds u16: restart into maintenance for at most so long; answered by RESULT."""
    return pack("4wh", message)


def decode_service(body):
    return unpack(Service, "4wh", body)


def image_tag(key, version, sha256):
    """What proves to one node that its hub made an image: 16 bytes, of K, the version (3 bytes) and the SHA-256."""
    return hmac_sha256(key, b"nv1 image", version, sha256)[:16]


def encode_update_begin(message):
    """slot u8, size u24, sha256 32 bytes of the whole image, version 3 bytes (major, minor, patch), TLV_IMAGE_TAG."""
    buf = bytearray()
    put_fields(buf, "bt", message[:2])
    put_bytes(buf, message.sha256, 32)
    put_bytes(buf, message.version, 3)
    if message.tag:
        put_tlvs(buf, ((TLV_IMAGE_TAG, message.tag),))
    return bytes(buf)


def decode_update_begin(body):
    """The tag is empty when the body has none."""
    r = Reader(body)
    fields = r.u8(), r.u24(), r.take(32), r.take(3)
    return UpdateBegin(*fields, find(r.tlvs((TLV_IMAGE_TAG,)), TLV_IMAGE_TAG) or b"")


def encode_update_chunk(message):
    """slot u8, offset u24, length uv, data."""
    buf = bytearray()
    put_fields(buf, "bt", message[:2])
    put_uv(buf, len(message.data))
    buf.extend(message.data)
    return bytes(buf)


def decode_update_chunk(body):
    r = Reader(body)
    message = UpdateChunk(r.u8(), r.u24(), r.take(r.uv()))
    r.tlvs()
    return message


def encode_update_status(message):
    """slot u8, next_offset u24 (where the next chunk goes), RESULT code u8."""
    return pack("btb", message)


def decode_update_status(body):
    return unpack(UpdateStatus, "btb", body)
