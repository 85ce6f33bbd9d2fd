"""Reading blocks: any rows come back; both bit readers agree; the packing is as tight as promised."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hub.benchmark.farm_signal import sets
from shared_protocol import block, unblock
from shared_protocol.errors import OutOfRange, ProtocolError

VALUE = st.integers(-block._MAX_VALUE, block._MAX_VALUE) | st.integers(-50, 1000)


@st.composite
def walks(draw, count):
    """A column as sensors make it: steps, noise, runs of gaps."""
    level = draw(VALUE)
    small = draw(st.sampled_from([0, 1, 3, 40, 5000]))
    column = []
    for _ in range(count):
        level = max(-block._MAX_VALUE, min(block._MAX_VALUE, level + draw(st.integers(-small, small))))
        column.append(level)
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, count - 1))
        stop = draw(st.integers(start, count))
        column[start:stop] = [None] * (stop - start)
    return column


@st.composite
def blocks(draw, most=40):
    """(boot_no, table, rows)."""
    count = draw(st.integers(1, most))
    columns = [draw(st.lists(st.none() | VALUE, min_size=count, max_size=count) | walks(count)) for _ in "ab"]
    columns = columns[: draw(st.integers(0, 2))]
    steps = draw(st.lists(st.sampled_from([60, 60, 60, 61, 59, 0, 86400]), min_size=count, max_size=count))
    states = draw(st.lists(st.sampled_from([0, 1, 3, 255]), min_size=count, max_size=count))
    uptime_s, rows = draw(st.integers(0, 2**20)), []
    for i in range(count):
        uptime_s += steps[i]
        rows.append((uptime_s, tuple(column[i] for column in columns), states[i]))
    return draw(st.integers(0, 2**28 - 1)), draw(st.integers(0, 255)), rows


def assert_same(data, boot_no, table, rows):
    found = unblock.decode_block(data)
    assert found == unblock.decode_block(data, unblock.PlainBitReader)
    assert (found.boot_no, found.table) == (boot_no, table)
    assert found.times == [row[0] for row in rows]
    assert found.states == [row[2] for row in rows]
    assert found.columns == [[row[1][c] for row in rows] for c in range(len(rows[0][1]))]


@given(blocks(), st.sampled_from([None, block.ROWS, block.COLUMNS]))
def test_round_trip(made, codec):
    boot_no, table, rows = made
    if codec == block.ROWS and len(rows) > block.MAX_ROWS:
        codec = None
    assert_same(block.encode_block(boot_no, table, rows, codec), *made)


@given(st.integers(0, 11), st.lists(st.integers(0, 2**24 - 1) | st.integers(0, 99), min_size=1, max_size=60))
def test_every_code_on_any_numbers(code, numbers):
    buf = bytearray()
    bits = block._Bits(buf)
    bits.put_coded(numbers, code)
    bits.close()
    flat, k = block.CODES[code]
    assert len(buf) == -(-sum(block._bits_of(number, flat, k) for number in numbers) // 8)
    for reader in (unblock.BitReader, unblock.PlainBitReader):
        found = reader(bytes(buf))
        assert found.signed(len(numbers), code) == [unblock.unzigzag(number) for number in numbers]
        found.close()


@given(st.lists(VALUE, min_size=1, max_size=60), st.integers(0, 3))
@example([-block._MAX_VALUE, block._MAX_VALUE] * 30, 2)
def test_every_predictor_restores(values, number):
    shifts = block.PREDICTORS[number]
    errors = [unblock.unzigzag(error) for error in block._residuals(values, *shifts)]
    assert unblock._restore(values[0], errors, *shifts) == values


@given(st.lists(VALUE, min_size=2, max_size=60))
@example([-block._MAX_VALUE, block._MAX_VALUE] * 30)
def test_chosen_errors_always_fit_in_24_bits(values):
    _, left = block._best_predictor(values)
    assert max(left) < 1 << 24


def row(uptime_s=0, values=(1,), states=0):
    return uptime_s, values, states


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [row()] * 241,
        [row(5), row(4)],
        [row(), row(values=(1, 2))],
        [row(values=(1 << 22,))],
        [row(values=(-(1 << 22),))],
        [row(states=256)],
        [row(states=-1)],
        [row(values=(0,) * 16)],
        [row(uptime_s=1 << 28)],
    ],
)
def test_rows_that_cannot_be_a_block_are_refused(rows):
    with pytest.raises(OutOfRange):
        block.encode_block(1, 1, rows)


def test_nine_rows_are_no_rows_block():
    with pytest.raises(OutOfRange):
        block.encode_block(1, 1, [row()] * 9, block.ROWS)


@given(blocks(most=20), st.data())
def test_truncated_blocks_are_rejected(made, data):
    encoded = block.encode_block(*made)
    with pytest.raises(ProtocolError):
        unblock.decode_block(encoded[: data.draw(st.integers(0, len(encoded) - 1))])
    with pytest.raises(ProtocolError):
        unblock.decode_block(encoded + b"\0")


def farm_rows(count, seed, **how):
    return [(item[0], item[1:5], item[5]) for item in sets(count, seed, **how)]


@pytest.mark.parametrize(("count", "most"), [(60, 1.75), (240, 1.55)])
def test_bytes_per_set_of_the_reference_signal(count, most):
    """The promise is 2.00 and 1.75; what was reached is held here, so that it only falls."""
    sizes = [len(block.encode_block(1, 1, farm_rows(count, seed))) for seed in range(20)]
    assert sum(sizes) / len(sizes) / count <= most


@pytest.mark.parametrize("late", [False, True])
def test_the_reference_signal_comes_back(late):
    for seed in range(10):
        rows = farm_rows(240, seed, late=late)
        assert_same(block.encode_block(1, 1, rows), 1, 1, rows)


def test_a_dead_channel_and_a_still_one_cost_almost_nothing():
    rows = [(60 * i, (274, None), 0) for i in range(240)]
    assert len(block.encode_block(1, 1, rows)) <= 20
