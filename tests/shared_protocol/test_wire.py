"""Numbers, texts, TLVs and COBS: round trips, limits, one form only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_protocol import cobs, wire
from shared_protocol.errors import Malformed, OutOfRange, ProtocolError, UnknownType
from shared_protocol.wire import Reader

UV = st.integers(0, 2**28 - 1)
ZZ = st.integers(-(2**27), 2**27 - 1)
TLVS = st.lists(st.tuples(st.integers(0, 2**13).map(lambda n: 2 * n), st.binary(max_size=40)), max_size=5)


def written(put, *args):
    buf = bytearray()
    put(buf, *args)
    return bytes(buf)


@given(UV)
def test_uv_round_trip(value):
    data = written(wire.put_uv, value)
    assert len(data) == max(1, -(-value.bit_length() // 7))
    assert Reader(data).uv() == value


@given(ZZ)
def test_zz_round_trip(value):
    assert Reader(written(wire.put_zz, value)).zz() == value
    assert wire.unzigzag(wire.zigzag(value)) == value


@given(st.none() | st.integers(-(2**27) + 1, 2**27 - 1))
def test_optional_round_trip(value):
    assert Reader(written(wire.put_optional, value)).optional() == value


@given(st.binary(min_size=1, max_size=6))
def test_every_uv_has_one_form(data):
    reader = Reader(data)
    try:
        value = reader.uv()
    except ProtocolError:
        return
    assert written(wire.put_uv, value) == data[: reader.at]


@given(st.integers(1, 6).flatmap(lambda size: st.tuples(st.integers(0, 256**size - 1), st.just(size))))
def test_int_round_trip(pair):
    value, size = pair
    assert Reader(written(wire.put_int, value, size)).uint(size) == value


@given(st.text(max_size=60))
def test_text_round_trip(text):
    assert Reader(written(wire.put_text, text, 255)).text() == text


@given(TLVS)
def test_tlvs_round_trip(tlvs):
    data = written(wire.put_tlvs, tlvs)
    assert Reader(data).tlvs() == tlvs
    for tag, value in reversed(tlvs):
        assert wire.find(tlvs, tag) == next(v for t, v in tlvs if t == tag)
        assert isinstance(value, bytes)
    assert wire.find(tlvs, 2**20) is None


@given(TLVS, st.integers(0, 2**13).map(lambda n: 2 * n + 1))
def test_odd_tlv_must_be_understood(tlvs, tag):
    data = written(wire.put_tlvs, [*tlvs, (tag, b"x")])
    with pytest.raises(UnknownType):
        Reader(data).tlvs()
    assert Reader(data).tlvs(known=(tag,)) == [*tlvs, (tag, b"x")]


@given(st.lists(UV, max_size=6))
def test_tlv_of_numbers(numbers):
    tag, value = wire.tlv(2, *numbers)
    assert tag == 2 and Reader(value).numbers() == numbers


@pytest.mark.parametrize(
    ("put", "args"),
    [
        (wire.put_uv, (-1,)),
        (wire.put_uv, (2**28,)),
        (wire.put_zz, (2**27,)),
        (wire.put_zz, (-(2**27) - 1,)),
        (wire.put_optional, (-(2**27),)),
        (wire.put_int, (256, 1)),
        (wire.put_int, (-1, 4)),
        (wire.put_int, (2**32, 4)),
        (wire.put_bytes, (b"abc", 4)),
        (wire.put_text, ("đ" * 13, 24)),
    ],
)
def test_what_does_not_fit_is_refused(put, args):
    with pytest.raises(OutOfRange):
        written(put, *args)


@given(st.binary(max_size=1100))
def test_cobs_round_trip(data):
    coded = cobs.encode(data)
    assert 0 not in coded and len(coded) <= len(data) + 1 + len(data) // 254
    assert cobs.decode(coded) == data


@pytest.mark.parametrize("size", [253, 254, 255, 508, 509])
def test_cobs_at_its_edges(size):
    for data in (b"\1" * size, b"\0" * size, b"\1" * (size - 1) + b"\0"):
        assert cobs.decode(cobs.encode(data)) == data


@given(st.binary(max_size=600))
def test_cobs_of_any_bytes(data):
    try:
        assert cobs.decode(cobs.encode(cobs.decode(data))) == cobs.decode(data)
    except ProtocolError as error:
        assert error.cause in ("truncated", "malformed")


def test_text_that_is_no_utf8():
    with pytest.raises(Malformed):
        wire.text_of(b"\xff")
