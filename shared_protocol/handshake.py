"""Owns how a session is found and made: DISCOVER, OFFER, HELLO, HELLO_ACK, NOSESS. Used by both links.

HELLO and HELLO_ACK are readable and authenticated: the tag is HMAC-SHA-256(K_mac, header | body [| nn]) cut to 8 bytes.
The head of these frames stays version 1 for ever; `vmin`, `vmax` and `version` inside say what the session will speak.
"""

from collections import namedtuple

from shared_protocol.crypt import hmac_sha256, same
from shared_protocol.errors import BadTag, Malformed, Truncated
from shared_protocol.frame import HEADER, SEALED, TAG, TO_NODE, open_clear, pack_clear, pack_header, parse_header
from shared_protocol.portable import const
from shared_protocol.registry import MSG_DISCOVER, MSG_HELLO, MSG_HELLO_ACK, MSG_NOSESS, MSG_OFFER, NODE_DISCOVERY
from shared_protocol.wire import Reader, pack, put_fields, put_tlvs

MAX_FARM_NAME = const(64)

_HELLO = "bbwwbwuu8"  # the letters are explained in wire.py
_HELLO_ACK = "bwh8"
_OFFER = "8hs"

Hello = namedtuple(
    "Hello",
    ("vmin", "vmax", "journal_id", "boot_no", "reset_cause", "uptime_s", "first_held", "next", "nonce", "tlvs"),
)
HelloAck = namedtuple("HelloAck", ("version", "wall_s", "wall_ms", "nonce", "tlvs"))


def _authenticated(key, header, body, extra):
    frame = header + body
    return frame + hmac_sha256(key, frame, extra)[:TAG]


def _check(key, data, type, direction, extra):
    """Header and Reader of the body after the tag was verified."""
    header = parse_header(data)
    if header.type != type or header.flags & (SEALED | TO_NODE) != direction:
        raise Malformed("not this kind of frame")
    end = len(data) - TAG
    if end < HEADER:
        raise Truncated("tag")
    if not same(hmac_sha256(key, data[:end], extra)[:TAG], data[end:]):
        raise BadTag("tag")
    return header, Reader(data[HEADER:end])


def encode_hello(hello):
    """Hello -> body bytes. `nonce` is nn, 8 bytes; `journal_id`, `boot_no` u32; `first_held`, `next` sequences."""
    buf = bytearray()
    put_fields(buf, _HELLO, hello[:9])
    put_tlvs(buf, hello.tlvs)
    return bytes(buf)


def decode_hello(r):
    """Reader -> Hello."""
    return Hello(*r.fields(_HELLO), r.tlvs())


def encode_hello_ack(ack):
    """HelloAck -> body bytes. wall_s counts from 2020, 0 = the hub does not know the time; version 0 = refused."""
    buf = bytearray()
    put_fields(buf, _HELLO_ACK, ack[:4])
    put_tlvs(buf, ack.tlvs)
    return bytes(buf)


def decode_hello_ack(r):
    """Reader -> HelloAck."""
    return HelloAck(*r.fields(_HELLO_ACK), r.tlvs())


def hello_frame(mac, node, hello):
    """The HELLO datagram; `mac` is K_mac."""
    return _authenticated(mac, pack_header(MSG_HELLO, node, 0, 0), encode_hello(hello), b"")


def open_hello(mac, data):
    """(Header, Hello). The caller looked up K_mac by parse_header(data).node. Raises any ProtocolError."""
    header, reader = _check(mac, data, MSG_HELLO, 0, b"")
    return header, decode_hello(reader)


def hello_ack_frame(mac, node, session, ack, node_nonce):
    """The HELLO_ACK datagram; its header carries the new session's number. `node_nonce` is the HELLO's nn."""
    return _authenticated(mac, pack_header(MSG_HELLO_ACK, node, session, 0, TO_NODE), encode_hello_ack(ack), node_nonce)


def open_hello_ack(mac, data, node_nonce):
    """(Header, HelloAck). Raises any ProtocolError; BadTag also when it answers another HELLO."""
    header, reader = _check(mac, data, MSG_HELLO_ACK, TO_NODE, node_nonce)
    return header, decode_hello_ack(reader)


def nosess_frame(node, session):
    """Clear: the hub does not know this session. It only hastens the next HELLO."""
    return pack_clear(MSG_NOSESS, node, session, b"", TO_NODE)


def discover_frame(nonce):
    """Clear, broadcast: is there a hub? `nonce` 8 bytes."""
    return pack_clear(MSG_DISCOVER, NODE_DISCOVERY, 0, pack("8", (nonce,)))


def offer_frame(nonce, port, farm_name):
    """Clear: a hub is here. Echoes the nonce; the address is the datagram's source, the port is UDP."""
    return pack_clear(MSG_OFFER, NODE_DISCOVERY, 0, pack(_OFFER, (nonce, port, farm_name)), TO_NODE)


def _clear_body(data, type, direction):
    header, body = open_clear(data)
    if header.type != type or header.flags & TO_NODE != direction:
        raise Malformed("not this kind of frame")
    return header, Reader(body)


def open_nosess(data):
    """(node, session)."""
    header, reader = _clear_body(data, MSG_NOSESS, TO_NODE)
    reader.tlvs()
    return header.node, header.session


def open_discover(data):
    """The nonce, 8 bytes."""
    _, reader = _clear_body(data, MSG_DISCOVER, 0)
    nonce = reader.take(8)
    reader.tlvs()
    return nonce


def open_offer(data):
    """(nonce, port, farm name)."""
    _, reader = _clear_body(data, MSG_OFFER, TO_NODE)
    nonce, port, farm_name = reader.fields(_OFFER)
    reader.tlvs()
    return nonce, port, farm_name
