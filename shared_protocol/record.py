"""Owns the payloads of EVENT and TABLE records. Written by the node's journal, read by the hub's store and the portal.

A record is never changed. Unknown event codes decode to one field, the raw bytes, so that a hub keeps what it does not
know yet. Known events and tables may end with TLVs.
"""

from collections import namedtuple

from shared_protocol import registry as g
from shared_protocol.errors import Malformed, OutOfRange
from shared_protocol.wire import Reader, put_bytes, put_fields, put_int, put_text

Event = namedtuple("Event", ("code", "boot_no", "uptime_s", "fields"))
Table = namedtuple("Table", ("number", "channels", "actuators"))
Channel = namedtuple("Channel", ("id", "kind", "unit", "scale", "place"))
Actuator = namedtuple("Actuator", ("id", "kind", "name"))

# One letter per field, see wire.py: b u8, h u16, w u32, u uv, o None or int, 4 and 8 that many bytes, s text.
FIELDS = {
    g.EVENT_BOOT: "bbs",  # reset_cause, phase before the reset, firmware version
    g.EVENT_TIME: "whb",  # wall_s, wall_ms, source
    g.EVENT_FAULT_START: "bbuo",  # channel, fault, since_uptime_s (first bad reading), raw value rejected
    g.EVENT_FAULT_END: "bbu",  # channel, fault, since_uptime_s
    g.EVENT_ACTUATOR: "bbboo",  # actuator, on, cause, value, limit
    g.EVENT_STOP: "b",  # source
    g.EVENT_STOP_CLEAR: "b",  # source
    g.EVENT_JOURNAL_LOST: "uuu",  # first, last, count
    g.EVENT_SETTINGS: "8",  # hash
    g.EVENT_RECIPE: "8",  # hash
    g.EVENT_COMMAND: "4b",  # id, result code
    g.EVENT_LOCKOUT: "b",  # actuator
    g.EVENT_LOCKOUT_CLEAR: "b",  # actuator
    g.EVENT_CHARGE: "bu",  # actuator, seconds taken before it closes
    g.EVENT_REFUND: "bu",  # actuator, seconds given back at OFF
    g.EVENT_RESET_AT_SWITCH: "bu",  # actuator that had just switched, how often so far
    g.EVENT_NO_EFFECT: "bboo",  # actuator, channel, value before, value after
    g.EVENT_SAFE_MODE: "bb",  # 1 entered, 0 left; bad boots in a row
    g.EVENT_UPDATE: "bsb",  # slot, version, result code
    g.EVENT_JOURNAL_NEW: "wb",  # journal_id that is replaced (0 = none), cause: 0 first use, 1 damaged, 2 by a person
    g.EVENT_TIME_REFUSED: "whb",  # wall_s, wall_ms, source: a jump that was not taken yet
    g.EVENT_SERVICE: "bu",  # 1 begun, 0 over; seconds
    g.EVENT_STUCK: "bboo",  # actuator, channel, value before, value after: it moves although the actuator is off
    g.EVENT_RESPONSE_OK: "bb",  # actuator, TROUBLE_ bit that is over
}


def encode_event(event):
    """Event -> bytes. Raises OutOfRange, also when the code is unknown or the number of fields is wrong."""
    letters = FIELDS.get(event.code)
    if letters is None:
        raise OutOfRange("event")
    buf = bytearray()
    put_fields(buf, "buu", event[:3])
    put_fields(buf, letters, event.fields)
    return bytes(buf)


def decode_event(data):
    """bytes -> Event; fields is a tuple, for an unknown code of one bytes object."""
    r = Reader(data)
    code, boot_no, uptime_s = r.fields("buu")
    letters = FIELDS.get(code)
    if letters is None:
        return Event(code, boot_no, uptime_s, (r.rest(),))
    fields = tuple(r.fields(letters))
    r.tlvs()
    return Event(code, boot_no, uptime_s, fields)


def encode_table(table):
    """Table -> bytes. scale: the value on the wire is in units of 10**scale, -1 = tenths; place, name <= 24 bytes."""
    if len(table.channels) > g.MAX_CHANNELS or len(table.actuators) > g.MAX_ACTUATORS:
        raise OutOfRange("table")
    buf = bytearray()
    put_int(buf, table.number, 1)
    put_int(buf, len(table.channels), 1)
    for channel in table.channels:
        put_bytes(buf, bytes((channel.id, channel.kind, channel.unit, channel.scale & 0xFF)), 4)
        put_text(buf, channel.place, g.MAX_PLACE)
    put_int(buf, len(table.actuators), 1)
    for actuator in table.actuators:
        put_bytes(buf, bytes((actuator.id, actuator.kind)), 2)
        put_text(buf, actuator.name, g.MAX_PLACE)
    return bytes(buf)


def _place(r):
    text = r.text()
    if len(text.encode()) > g.MAX_PLACE:
        raise Malformed("place")
    return text


def decode_table(data):
    """bytes -> Table; channels and actuators are lists."""
    r = Reader(data)
    number = r.u8()
    count = r.u8()
    if count > g.MAX_CHANNELS:
        raise Malformed("channels")
    channels = []
    for _ in range(count):
        channels.append(Channel(r.u8(), r.u8(), r.u8(), (r.u8() ^ 0x80) - 0x80, _place(r)))
    count = r.u8()
    if count > g.MAX_ACTUATORS:
        raise Malformed("actuators")
    actuators = [Actuator(r.u8(), r.u8(), _place(r)) for _ in range(count)]
    r.tlvs()
    return Table(number, channels, actuators)
