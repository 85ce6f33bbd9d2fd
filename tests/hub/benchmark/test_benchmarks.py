"""The hub's benchmarks run and keep their promises of size; speeds are only there."""

import pytest
from click.testing import CliRunner

from hub.benchmark import control, ingest, season, store
from hub.benchmark.farm_signal import sets
from hub.cli.benchmark import command


@pytest.mark.slow
def test_store_keeps_a_reading_in_less_than_a_byte() -> None:
    """Four days: the empty tables still weigh a third of it."""
    figures = store.run(quick=True)
    assert figures["bytes_per_reading"] <= 0.90 < figures["plain_table_bytes_per_reading"]
    assert figures["bytes_per_reading"] <= figures["bytes_per_reading_60_set_blocks"] <= 1


@pytest.mark.slow
def test_ingest_answers_everything() -> None:
    figures = ingest.run(quick=True)
    assert figures["now_frames_lost"] == 0
    assert figures["readings_per_s"] > 0 and figures["ack_p99_ms"] > 0


def test_the_signal_is_the_same_for_the_same_seed() -> None:
    assert list(sets(50, 3, late=True)) == list(sets(50, 3, late=True))
    assert list(sets(2, 1))[1][0] == 60


@pytest.mark.slow
def test_the_node_keeps_the_worm_house_better_than_plain_control() -> None:
    figures = control.run(quick=True)
    assert figures["in_band_share"] > figures["plain_in_band_share"]
    assert figures["faulted_in_band_share"] > 0.9 and figures["hours_above_35"] == 0
    assert 0 < figures["switches_per_day"] <= 40
    assert {"plain_faulted_in_band_share", "always_on_in_band_share", "hours_above_33", "litres_per_day"} <= set(
        figures
    )
    assert figures["control_step_ms"] == "no MicroPython here" or figures["control_step_ms"] > 0


def test_faults_of_a_season_are_the_same_for_the_same_seed() -> None:
    assert season.fault_plan(3, 90) == season.fault_plan(3, 90) != season.fault_plan(4, 90)
    assert all(begin < end for _, begin, end in season.fault_plan(1, 90).dead)


def test_a_season_without_mains_is_one_without_machines() -> None:
    day = season.DAY_S
    dark = season.live(season.PlainControl(fan=1), 1, 1, season.Faults(dark=((0, day),)))
    assert (dark.switches, dark.litres) == (0, 0) and dark.steps == day // season.STEP_S


def test_a_frozen_sensor_gives_what_it_gave_and_a_dead_one_nothing() -> None:
    faults = season.Faults(dead=(("bed", 100, 200),), frozen=(("air", 100, 200),))
    senses, house = season.Senses(1, faults), season.House()
    held = senses.read(100, house)
    house.air_t = 40.0
    assert senses.read(150, house)["air"] == held["air"] and held["bed"] is None
    assert senses.read(200, house)["air"] != held["air"]


def test_days_and_seeds_are_for_control() -> None:
    refused = CliRunner().invoke(command, ["wire", "--days", "3"])
    assert refused.exit_code == 2 and "for control" in refused.output
