"""Summaries: packed and unpacked, and the same as what is counted from the opened block."""

from hypothesis import given
from hypothesis import strategies as st

from hub.benchmark.farm_signal import sets
from hub.store.summary import gather, on_sets, pack, summarise, unpack
from shared_protocol import registry as g
from shared_protocol.block import encode_block
from shared_protocol.unblock import decode_block

values = st.none() | st.integers(-g.MAX_VALUE, g.MAX_VALUE)


@st.composite
def blocks(draw: st.DrawFn) -> tuple[list[list[int | None]], list[int]]:
    count = draw(st.integers(1, g.MAX_SETS))
    small = st.none() | st.integers(-300, 300)
    kind = draw(st.sampled_from([values, small]))
    columns = draw(st.lists(st.lists(kind, min_size=count, max_size=count), max_size=4))
    return columns, draw(st.lists(st.integers(0, 255), min_size=count, max_size=count))


@given(blocks())
def test_summary_says_what_counting_says(block: tuple[list[list[int | None]], list[int]]) -> None:
    columns, states = block
    packed = pack(summarise(7, columns, states))
    summary = unpack(packed)
    assert (summary.table, summary.sets, len(summary.channels)) == (7, len(states), len(columns))
    for index, column in enumerate(columns):
        good = [v for v in column if v is not None]
        expected = (len(good), min(good, default=0), max(good, default=0), sum(good))
        assert summary.channels[index] == expected
        assert gather([packed, packed], index) == [expected, expected]
    for bit in range(8):
        assert on_sets(packed, bit) == sum(mask >> bit & 1 for mask in states)


def test_a_block_of_the_farm_signal_takes_41_bytes() -> None:
    rows = [(t, tuple(v), states) for t, *v, states in sets(240, 1)]
    block = decode_block(encode_block(1, 1, rows))
    assert len(pack(summarise(block.table, block.columns, block.states))) == 41
