"""Owns the bodies of the sealed messages of normal running. Used by the node's link, the hub's link and commands.

encode_x(X) -> bytes and decode_x(body) -> X lie beside each other; every body may end with TLVs. Any decode raises only
ProtocolError. Actuator states are a bit mask, bit i = actuator i of the table. Maintenance has a module of its own.
"""

from collections import namedtuple

from shared_protocol.errors import Malformed, OutOfRange
from shared_protocol.portable import const
from shared_protocol.wire import Reader, pack, put_fields, put_int, put_tlvs, put_uv, put_zz, text_of, unpack

_HAS_NOW = const(1)
_PRESENT = const(0x80)

Record = namedtuple("Record", ("sequence", "kind", "data"))
Records = namedtuple("Records", ("records",))
Ack = namedtuple("Ack", ("up_to", "bitmap", "now_counter"))
Nak = namedtuple("Nak", ("of_type", "counter", "code"))
Command = namedtuple("Command", ("id", "not_after_uptime_s", "actuator", "state", "max_on_s", "hold_off_s"))
Result = namedtuple("Result", ("id", "code", "states"))
Stop = namedtuple("Stop", ("id",))
StopClear = namedtuple("StopClear", ("id", "not_after_uptime_s"))
TimeReq = namedtuple("TimeReq", ("uptime_ms",))
TimeResp = namedtuple("TimeResp", ("uptime_ms", "wall_s", "wall_ms"))
Now = namedtuple("Now", ("boot_no", "uptime_s", "table", "values", "actuators", "tlvs"))
Log = namedtuple("Log", ("uptime_s", "level", "text"))


def put_record(buf, sequence, kind, data):
    """Append one record to the bytearray of a RECORDS body; the node fills a frame with it."""
    put_uv(buf, sequence)
    put_int(buf, kind, 1)
    put_uv(buf, len(data))
    buf.extend(data)


def encode_records(message):
    buf = bytearray()
    for sequence, kind, data in message.records:
        put_record(buf, sequence, kind, data)
    return bytes(buf)


def decode_records(body):
    """Records with at least one Record; no TLVs here: the records reach to the end."""
    r = Reader(body)
    records = []
    while r.left:
        records.append(Record(r.uv(), r.u8(), r.take(r.uv())))
    if not records:
        raise Malformed("no record")
    return Records(records)


def encode_ack(message):
    """up_to: it and all below are stored, 0 = none (sequences start at 1). Bitmap: bit i = up_to + 2 + i is stored.

    now_counter: the counter of the NOW that is answered, or None.
    """
    counter = message.now_counter
    buf = bytearray((0 if counter is None else _HAS_NOW,))
    put_uv(buf, message.up_to)
    put_int(buf, message.bitmap, 1)
    if counter is not None:
        put_int(buf, counter, 3)
    return bytes(buf)


def decode_ack(body):
    r = Reader(body)
    flags = r.u8()
    if flags > _HAS_NOW:
        raise Malformed("flags")
    message = Ack(r.uv(), r.u8(), r.u24() if flags else None)
    r.tlvs()
    return message


def acked(ack, sequence):
    """True when the Ack says that this sequence is stored."""
    beyond = sequence - ack.up_to
    return beyond <= 0 or (2 <= beyond <= 9 and bool(ack.bitmap >> beyond - 2 & 1))


def encode_nak(message):
    """code is a RESULT_ number; counter is that of the refused frame."""
    return pack("btb", message)


def decode_nak(body):
    return unpack(Nak, "btb", body)


def encode_command(message):
    """id: 4 random bytes; state STATE_; max_on_s >= 1 for ON; hold_off_s: how long an OFF is held against the rules."""
    return pack("4wbbhh", message)


def decode_command(body):
    """Whether state, lease and deadline are acceptable is judged by the node, which answers with a RESULT code."""
    return unpack(Command, "4wbbhh", body)


def encode_result(message):
    """states: the actual states after the command was judged."""
    return pack("4bb", message)


def decode_result(body):
    return unpack(Result, "4bb", body)


def encode_stop(message):
    """Answered by a RESULT with the same id. Has no deadline: a late STOP still stops."""
    return pack("4", message)


def decode_stop(body):
    return unpack(Stop, "4", body)


def encode_stop_clear(message):
    """Has a deadline, unlike STOP: a held datagram must not release a stop that was pressed again."""
    return pack("4w", message)


def decode_stop_clear(body):
    return unpack(StopClear, "4w", body)


def encode_time_req(message):
    """uptime_ms: 48 bits."""
    return pack("l", message)


def decode_time_req(body):
    return unpack(TimeReq, "l", body)


def encode_time_resp(message):
    """Echoes uptime_ms; wall_s counts from 2020, 0 = not known."""
    return pack("lwh", message)


def decode_time_resp(body):
    return unpack(TimeResp, "lwh", body)


def encode_now(message):
    """values: (value or None, fault, age_s) per channel of the table; actuators: (on, cause, remaining_s, 0 = none)."""
    buf = bytearray()
    put_fields(buf, "uub", message[:3])
    put_int(buf, len(message.values), 1)
    for value, fault, age_s in message.values:
        _put_flagged(buf, value is not None, fault)
        if value is not None:
            put_zz(buf, value)
        put_uv(buf, age_s)
    put_int(buf, len(message.actuators), 1)
    for on, cause, remaining_s in message.actuators:
        _put_flagged(buf, on, cause)
        put_uv(buf, remaining_s)
    put_tlvs(buf, message.tlvs)
    return bytes(buf)


def _put_flagged(buf, flag, code):
    """Append a code of 7 bits and a flag in bit 7."""
    if not 0 <= code < _PRESENT:
        raise OutOfRange("code")
    buf.append(code | _PRESENT if flag else code)


def decode_now(body):
    r = Reader(body)
    boot_no, uptime_s, table = r.fields("uub")
    values = []
    for _ in range(r.u8()):
        head = r.u8()
        value = r.zz() if head & _PRESENT else None
        values.append((value, head & 0x7F, r.uv()))
    actuators = []
    for _ in range(r.u8()):
        head = r.u8()
        actuators.append((head >> 7, head & 0x7F, r.uv()))
    return Now(boot_no, uptime_s, table, values, actuators, r.tlvs())


def encode_log(message):
    """level: a LOG_ number; text: UTF-8 to the end, cut by the caller."""
    buf = bytearray()
    put_fields(buf, "ub", message[:2])
    buf.extend(message.text.encode())
    return bytes(buf)


def decode_log(body):
    r = Reader(body)
    return Log(r.uv(), r.u8(), text_of(r.rest()))
