"""Bodies of all messages, handshake, events and tables: what goes in comes out; what does not fit is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_protocol import frame, handshake, health, maintenance, messages, names, record
from shared_protocol import registry as g
from shared_protocol.errors import OutOfRange
from shared_protocol.wire import Reader, tlv

U8, U16, U24, U32 = (st.integers(0, 256**size - 1) for size in (1, 2, 3, 4))
UV, CODE = st.integers(0, 2**28 - 1), st.integers(0, 127)
ZZ = st.integers(-(2**27), 2**27 - 1)
OPT = st.none() | st.integers(-(2**27) + 1, 2**27 - 1)
ID, HASH = st.binary(min_size=4, max_size=4), st.binary(min_size=8, max_size=8)
TEXT = st.text(max_size=8)
TLVS = st.lists(st.tuples(U8.map(lambda n: 2 * n), st.binary(max_size=9)), max_size=4)


def tuples(*parts):
    return st.tuples(*parts)


def pieces():
    return st.tuples(HASH, st.integers(0, 200), st.binary(max_size=60)).map(
        lambda p: (p[0], p[1], p[1] + len(p[2]) + 5, p[2])
    )


RECORD = tuples(UV, U8, st.binary(max_size=50)).map(lambda fields: messages.Record(*fields))
VALUES = st.lists(tuples(st.none() | ZZ, CODE, UV), max_size=15)
STATES = st.lists(tuples(st.integers(0, 1), CODE, UV), max_size=8)
BODIES = {
    "Records": tuples(st.lists(RECORD, min_size=1, max_size=6)),
    "Ack": tuples(UV, U8, st.none() | U24),
    "Nak": tuples(U8, U24, U8),
    "Command": tuples(ID, U32, U8, U8, U16, U16),
    "Result": tuples(ID, U8, U8),
    "Stop": tuples(ID),
    "StopClear": tuples(ID, U32),
    "TimeReq": tuples(st.integers(0, 2**48 - 1)),
    "TimeResp": tuples(st.integers(0, 2**48 - 1), U32, U16),
    "Now": tuples(UV, UV, U8, VALUES, STATES, TLVS),
    "Log": tuples(UV, U8, st.text(max_size=80)),
    "Recipe": pieces(),
    "RecipeAck": tuples(HASH, U8),
    "Settings": pieces(),
    "SettingsAck": tuples(HASH, U8),
    "Check": tuples(ID),
    "CheckResult": tuples(ID, st.lists(tuples(U8, U8, U8, OPT), max_size=9)),
    "Service": tuples(ID, U32, U16),
    "UpdateBegin": tuples(U8, U24, *(st.binary(min_size=n, max_size=n) for n in (32, 3)), st.binary(max_size=16)),
    "UpdateChunk": tuples(U8, U24, st.binary(max_size=300)),
    "UpdateStatus": tuples(U8, U24, U8),
}


def snake(name):
    return "".join(("_" if c.isupper() and i else "") + c.lower() for i, c in enumerate(name))


def module_of(name):
    return messages if hasattr(messages, name) else maintenance


@pytest.mark.parametrize("name", sorted(BODIES))
@given(data=st.data())
def test_round_trip(name, data):
    module = module_of(name)
    message = getattr(module, name)(*data.draw(BODIES[name]))
    encoded = getattr(module, "encode_" + snake(name))(message)
    assert isinstance(encoded, bytes)
    assert getattr(module, "decode_" + snake(name))(encoded) == message


def test_every_message_has_a_round_trip_here():
    made = {n for m in (messages, maintenance) for n in vars(m) if n.startswith("encode_")}
    assert made == {"encode_" + snake(name) for name in BODIES}


@given(TLVS)
def test_bodies_may_end_with_elective_tlvs(tlvs):
    body = messages.encode_stop(messages.Stop(b"abcd"))
    more = messages.encode_now(messages.Now(0, 0, 0, [], [], tlvs))[5:]
    assert messages.decode_stop(body + more) == messages.Stop(b"abcd")


@given(UV, st.sets(st.integers(1, 12)))
def test_acked_reads_the_bitmap_as_it_is_defined(up_to, ahead):
    ahead -= {1}
    bitmap = sum(1 << beyond - 2 for beyond in ahead if beyond <= 9)
    ack = messages.Ack(up_to, bitmap, None)
    for beyond in range(-3, 13):
        assert messages.acked(ack, up_to + beyond) == (beyond <= 0 or (beyond in ahead and beyond <= 9))


@pytest.mark.parametrize(
    "message",
    [
        messages.Command(b"abc", 0, 0, 0, 0, 0),
        messages.Command(b"abcd", 2**32, 0, 0, 0, 0),
        messages.Command(b"abcd", 0, 0, 0, 65536, 0),
        messages.Now(0, 0, 0, [(0, 128, 0)], [], []),
        messages.Now(0, 0, 0, [], [(1, -1, 0)], []),
        messages.Ack(2**28, 0, None),
    ],
)
def test_what_does_not_fit_is_refused(message):
    with pytest.raises(OutOfRange):
        getattr(messages, "encode_" + snake(type(message).__name__))(message)


@given(tuples(U8, U8, U32, U32, U8, U32, UV, UV, HASH, TLVS))
def test_hello_round_trip(fields):
    hello = handshake.Hello(*fields)
    header, found = handshake.open_hello(b"k" * 16, handshake.hello_frame(b"k" * 16, 7, hello))
    assert found == hello and (header.node, header.session, header.counter) == (7, 0, 0)


@given(tuples(U8, U32, U16, HASH, TLVS), HASH)
def test_hello_ack_round_trip(fields, nonce):
    ack = handshake.HelloAck(*fields)
    data = handshake.hello_ack_frame(b"k" * 16, 7, 200, ack, nonce)
    header, found = handshake.open_hello_ack(b"k" * 16, data, nonce)
    assert found == ack and (header.node, header.session) == (7, 200)


@given(HASH, U16, st.text(max_size=16))
def test_offer_round_trip(nonce, port, farm):
    assert handshake.open_offer(handshake.offer_frame(nonce, port, farm)) == (nonce, port, farm)
    assert handshake.open_discover(handshake.discover_frame(nonce)) == nonce


@given(U16, U8)
def test_nosess_round_trip(node, number):
    assert handshake.open_nosess(handshake.nosess_frame(node, number)) == (node, number)


@given(tuples(U8, U16, U8, st.integers(0, 2**24 - 1), st.sampled_from([0, 4, 8, 13])))
def test_header_round_trip(fields):
    header = frame.parse_header(frame.pack_header(*fields))
    assert (header.type, header.node, header.session, header.counter, header.flags) == fields


@pytest.mark.parametrize(
    "fields", [(256, 0, 0, 0), (0, 65536, 0, 0), (0, 0, 256, 0), (0, 0, 0, 1 << 24), (0, -1, 0, 0)]
)
def test_header_is_never_cut_silently(fields):
    with pytest.raises(OutOfRange):
        frame.pack_header(*fields)


LETTERS = {"b": U8, "h": U16, "w": U32, "u": UV, "o": OPT, "4": ID, "8": HASH, "s": TEXT}


@pytest.mark.parametrize("code", sorted(record.FIELDS))
@given(data=st.data())
def test_event_round_trip(code, data):
    fields = data.draw(st.tuples(*(LETTERS[letter] for letter in record.FIELDS[code])))
    event = record.Event(code, data.draw(UV), data.draw(UV), fields)
    assert record.decode_event(record.encode_event(event)) == event


def test_every_event_has_fields_and_a_name():
    assert set(record.FIELDS) == set(names.EVENTS)


@pytest.mark.parametrize("event", [record.Event(99, 0, 0, ()), record.Event(g.EVENT_STOP, 0, 0, ())])
def test_event_without_its_fields_is_refused(event):
    with pytest.raises(OutOfRange):
        record.encode_event(event)


CHANNEL = tuples(U8, U8, U8, st.integers(-128, 127), TEXT.filter(lambda t: len(t.encode()) <= 24))
ACTUATOR = tuples(U8, U8, TEXT.filter(lambda t: len(t.encode()) <= 24))


@given(U8, st.lists(CHANNEL, max_size=15), st.lists(ACTUATOR, max_size=8))
def test_table_round_trip(number, channels, actuators):
    channels = [record.Channel(*channel) for channel in channels]
    table = record.Table(number, channels, [record.Actuator(*actuator) for actuator in actuators])
    assert record.decode_table(record.encode_table(table)) == table


def test_table_that_is_too_large_is_refused():
    with pytest.raises(OutOfRange):
        record.encode_table(record.Table(1, [record.Channel(1, 1, 1, 0, "")] * 16, []))


def test_health_says_what_hello_and_now_carry():
    tlvs = [
        (g.TLV_FIRMWARE, b"0.1.0"),
        (g.TLV_MAC, bytes.fromhex("246f28aabbcc")),
        (g.TLV_RSSI, b"\xc0"),
        tlv(g.TLV_JOURNAL, 1, 300, 0),
        tlv(g.TLV_HEAP_FREE, 81000),
        (g.TLV_STOP, b"\1"),
        (g.TLV_TRIAL, b"\1"),
        (g.TLV_IMAGE, bytes(range(8)) + b"\2"),
        (0x7FE, b"later"),
    ]
    assert health.health(tlvs) == {
        "version": "0.1.0",
        "mac": "24:6f:28:aa:bb:cc",
        "rssi_dbm": -64,
        "journal_first": 1,
        "journal_next": 300,
        "journal_dropped": 0,
        "heap_free": 81000,
        "stop": 1,
        "trial": 1,
        "image": "0001020304050607",
        "image_state": g.IMAGE_ROLLED_BACK,
    }


def test_rejected_frames_are_counted_by_cause():
    tlvs = [(g.TLV_REJECTED, b"\5\2\6\x81\1\x63\1")]
    assert health.rejected(tlvs) == {"bad_tag": 2, "replayed": 129, "cause_99": 1}
    assert Reader(tlvs[0][1]).u8() == 5
