"""Any bytes at all end in a message or in one ProtocolError, in every parser, on both interpreters alike."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_protocol import errors, health, unblock
from tests.shared_protocol import on_board, parsers, run_vectors

CAUSES = {"cause:" + leaf.cause for leaf in vars(errors).values() if isinstance(leaf, type)}


def corpus():
    """Valid bytes of every kind from the vectors, to be damaged."""
    found = []
    for name in ("messages", "records", "blocks", "frames", "cobs"):
        text = json.dumps(run_vectors.load(name))
        found += [bytes.fromhex(part) for part in text.split('"') if len(part) > 5 and is_hex(part)]
    return sorted(set(found))


def is_hex(text):
    return len(text) % 2 == 0 and all(letter in "0123456789abcdef" for letter in text)


CORPUS = corpus()


@st.composite
def damaged(draw):
    """A valid sample with a few bytes changed, cut or added."""
    data = bytearray(draw(st.sampled_from(CORPUS)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        data[at : at + draw(st.integers(0, 2))] = draw(st.binary(max_size=2))
    return bytes(data)


ANY = st.binary(max_size=120) | damaged()


@pytest.mark.parametrize("name", sorted(parsers.PARSERS))
@given(data=ANY)
def test_any_bytes(name, data):
    found = parsers.outcome(name, data)
    assert not isinstance(found, str) or found.startswith("hex:") or found in CAUSES


@given(ANY)
def test_bytes_and_memoryview_are_read_alike(data):
    for name in ("block", "now", "records", "event", "table", "sealed", "header"):
        assert parsers.outcome(name, memoryview(data)) == parsers.outcome(name, data)


@given(ANY)
def test_health_never_costs_a_frame(data):
    tlvs = [(tag, data) for tag in range(0, 0x60, 2)]
    assert isinstance(health.health(tlvs), dict) and isinstance(health.rejected(tlvs), dict)


@given(ANY)
def test_fast_and_plain_bit_readers_agree_on_any_bytes(data):
    outcomes = []
    for reader in (unblock.BitReader, unblock.PlainBitReader):
        try:
            outcomes.append(unblock.decode_block(data, reader))
        except errors.ProtocolError as error:
            outcomes.append(error.cause)
    assert outcomes[0] == outcomes[1]


def damage(rng, data):
    data = bytearray(data)
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(data) + 1)
        data[at : at + rng.randrange(3)] = rng.randbytes(rng.randrange(3))
    return bytes(data)


@pytest.mark.parametrize("count", [40, pytest.param(2000, marks=pytest.mark.deep)])
def test_micropython_makes_the_same_of_any_bytes(tmp_path, count):
    rng = random.Random(count)
    with open(tmp_path / "cases", "w", encoding="utf-8", newline="\n") as file:
        for name in sorted(parsers.PARSERS):
            for i in range(count):
                data = damage(rng, rng.choice(CORPUS)) if i % 4 else rng.randbytes(rng.randrange(60))
                case = {"parser": name, "hex": data.hex(), "outcome": parsers.outcome(name, data)}
                file.write(json.dumps(case, ensure_ascii=False) + "\n")
    assert " 0 differ on micropython" in on_board.run("parsers.py", str(tmp_path / "cases"), timeout_s=250)
