"""The checker's decoder reads what the node's encoder writes, and knows nothing of it."""

import ast
import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_protocol.block import COLUMNS, ROWS, encode_block
from tests.support import blocks

OURS = {"shared_protocol", "firmware", "hub", "boards", "flash_tools"}
VALUE = st.none() | st.integers(-400, 1400) | st.integers(-0x3FFFFF, 0x3FFFFF)


@st.composite
def rows(draw: st.DrawFn, most: int) -> list[tuple[int, tuple[int | None, ...], int]]:
    """Sets at a mostly regular distance, wandering values, gaps, actuators that switch."""
    width = draw(st.integers(0, 6))
    steps = draw(st.lists(st.just(60) | st.integers(0, 5000), min_size=1, max_size=most))
    at, found = draw(st.integers(0, 1 << 20)), []
    for step in steps:
        at += step
        found.append((at, tuple(draw(VALUE) for _ in range(width)), draw(st.sampled_from((0, 1, 3, 0x85)))))
    return found


def same(block: blocks.DecodedBlock, given_rows: list[tuple[int, tuple[int | None, ...], int]]) -> bool:
    return [(s.uptime_s, s.values, s.states) for s in block.sets] == given_rows


@given(rows(8), st.integers(0, 0x0FFFFFFF), st.integers(0, 255))
def test_rows(sets: list[tuple[int, tuple[int | None, ...], int]], boot_no: int, table: int) -> None:
    block = blocks.decode(encode_block(boot_no, table, sets, ROWS))
    assert (block.boot_no, block.table) == (boot_no, table)
    assert same(block, sets)


@given(rows(240))
def test_columns(sets: list[tuple[int, tuple[int | None, ...], int]]) -> None:
    assert same(blocks.decode(encode_block(3, 1, sets, COLUMNS)), sets)


@given(st.binary(max_size=60))
def test_any_bytes_end_in_sets_or_in_bad_block(data: bytes) -> None:
    with contextlib.suppress(blocks.BadBlock):
        assert blocks.decode(data).sets


@pytest.mark.parametrize("name", ["blocks.py", "checker.py"])
def test_the_checker_imports_nothing_of_the_project(name: str) -> None:
    tree = ast.parse(Path(__file__).with_name(name).read_text("utf-8"))
    names = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {(n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert not names & OURS
