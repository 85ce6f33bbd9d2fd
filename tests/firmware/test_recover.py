"""What the last run left in its open block: whole sets in their order, and nothing that no encoder would take."""

from __future__ import annotations

import struct
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_protocol.block import encode_block
from tests.support import rig

assert rig.FIRMWARE  # the firmware's modules are importable from here on
from node.recover import recover  # noqa: E402

TIMES = st.lists(st.integers(0, 100_000), max_size=12)


def written(folder: Path, times: list[int]) -> None:
    """An open block of boot 3 with one column."""
    data = struct.pack("<4sIBB", b"NVO1", 3, 1, 1)
    for at in times:
        row = struct.pack("<IiB", at, 300, 0)
        data += row + struct.pack("<I", crc32(row))
    (folder / "open").write_bytes(data)


def climbing(times: list[int]) -> list[int]:
    kept = times[:1]
    for at in times[1:]:
        if at < kept[-1]:
            break
        kept.append(at)
    return kept


@given(TIMES)
def test_rows_are_kept_as_long_as_time_climbs(tmp_path_factory: pytest.TempPathFactory, times: list[int]) -> None:
    folder = tmp_path_factory.getbasetemp()
    written(folder, times)
    found = recover(str(folder))
    assert found is not None
    boot_no, _, _, rows = found
    assert [row[0] for row in rows] == climbing(times)
    if rows:
        assert encode_block(boot_no, 1, rows)
