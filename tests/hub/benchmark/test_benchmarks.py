"""The hub's benchmarks run and keep their promises of size; speeds are only there."""

import pytest

from hub.benchmark import ingest, store
from hub.benchmark.farm_signal import sets


@pytest.mark.slow
def test_store_keeps_a_reading_in_less_than_seven_tenths_of_a_byte() -> None:
    figures = store.run(quick=True)
    assert figures["bytes_per_reading"] <= 0.70 < figures["plain_table_bytes_per_reading"]
    assert figures["bytes_per_reading"] <= figures["bytes_per_reading_60_set_blocks"] <= 1


@pytest.mark.slow
def test_ingest_answers_everything() -> None:
    figures = ingest.run(quick=True)
    assert figures["now_frames_lost"] == 0
    assert figures["readings_per_s"] > 0 and figures["ack_p99_ms"] > 0


def test_the_signal_is_the_same_for_the_same_seed() -> None:
    assert list(sets(50, 3, late=True)) == list(sets(50, 3, late=True))
    assert list(sets(2, 1))[1][0] == 60
