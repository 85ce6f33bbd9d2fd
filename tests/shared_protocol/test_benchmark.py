"""The benchmark `wire` runs, counts whole blocks, and its other encodings are encoded as they should be."""

import pytest

from hub.benchmark import wire
from shared_protocol.block import encode_block


def test_figures():
    figures = wire.run(quick=True)
    assert figures["bytes_per_set_60"] <= 2.0 and figures["bytes_per_set_240"] <= 1.75
    assert figures["order_0_entropy_of_deltas_60"] < figures["bytes_per_set_60"] < figures["protobuf_packed_delta_60"]
    for name in wire.OTHERS:
        assert figures[f"{name}_60"] > 0
    assert figures["ip_bytes_for_60_sets"] < 214
    assert all(isinstance(value, (int, float, str)) for value in figures.values())


def test_blocks_are_counted_whole():
    rows = wire.farm(60, 0)
    assert wire.ours(rows) == len(encode_block(1, 1, rows))
    assert [len(part) for part in wire.cut(wire.farm(130, 0), 60)] == [60, 60]


@pytest.mark.parametrize(("value", "size"), [(0, 1), (63, 1), (64, 2), (-64, 1), (-65, 2), (8191, 2), (8192, 3)])
def test_varint(value, size):
    assert wire.varint(value) == size


def test_cayenne_and_messagepack_of_one_set():
    rows = wire.farm(1, 0)
    assert wire.cayenne_lpp(rows) == 27
    assert wire.messagepack(rows) == 2 + 1 + 3 + 3 + 3 + 3 + 1
