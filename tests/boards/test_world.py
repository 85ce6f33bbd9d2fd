"""The worlds behind the sensors: they stay physical, answer to their machines, and are the same for the same seed."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boards.simulated.replay import Replay
from boards.simulated.world import Noise, make

HOUR_MS = 3_600_000
KINDS = {
    "worm_house": ("air_temperature", "air_humidity", "bed_temperature", "bed_moisture"),
    "tea_field": ("air_temperature", "air_humidity", "soil_moisture"),
}


@pytest.mark.parametrize("name", sorted(KINDS))
@given(seed=st.integers(0, 10_000), fan=st.booleans(), pump=st.booleans())
def test_values_stay_physical(name: str, seed: int, fan: bool, pump: bool) -> None:
    world = make(name, 0, ["fan", "mister", "pump"], seed)
    world.switch("fan", fan)
    world.switch("pump", pump)
    for hour in range(1, 13):
        world.advance(hour * HOUR_MS)
        for kind in KINDS[name]:
            low, high = (-5, 60) if kind.endswith("temperature") else (0, 100)
            assert low <= world.value(kind, "") <= high


def test_the_same_seed_is_the_same_world() -> None:
    def walk(seed: int) -> list[float]:
        world = make("tea_field", 0, ["pump"], seed)
        world.advance(50 * HOUR_MS)
        return [world.value(kind, "") for kind in KINDS["tea_field"]]

    assert walk(5) == walk(5) != walk(6)


@pytest.mark.parametrize(
    ("name", "machine", "kind"),
    [
        ("worm_house", "mister", "air_humidity"),
        ("worm_house", "pump", "bed_moisture"),
        ("tea_field", "pump", "soil_moisture"),
    ],
)
def test_a_machine_has_its_effect_unless_it_is_blocked(name: str, machine: str, kind: str) -> None:
    def after_an_hour(on: bool, blocked: bool) -> float:
        world = make(name, 12 * HOUR_MS, ["fan", "mister", "pump"], 1)
        world.t_s = 43_200
        world.switch(machine, on)
        world.blocked = (machine,) if blocked else ()
        world.advance(13 * HOUR_MS)
        return world.value(kind, "")

    assert after_an_hour(True, False) > after_an_hour(False, False) + 0.2
    assert after_an_hour(True, True) == after_an_hour(False, False)


def test_an_empty_tank_stops_all_water() -> None:
    world = make("worm_house", 0, ["fan", "mister", "pump"], 1)
    for kind in world.wired:
        world.switch(kind, True)
    assert (world.value("water_level", ""), round(world.value("water_flow", ""), 2)) == (1, 11.22)
    world.dry = True
    assert (world.value("water_level", ""), world.value("water_flow", "")) == (0, 0)
    assert (world.power("fan"), world.power("mister"), world.power("pump")) == (1, 0, 0)


def test_it_rains_now_and_then_on_the_tea_field() -> None:
    world = make("tea_field", 0, [], 4)
    wet = []
    for hour in range(1, 24 * 40):
        world.advance(hour * HOUR_MS)
        wet.append(world.value("rain", ""))
    assert 0 < sum(wet) < len(wet) / 4 and set(wet) == {0, 1}


def test_a_world_comes_back_after_a_power_cut() -> None:
    world = make("worm_house", 0, ["fan"], 3)
    world.advance(HOUR_MS)
    again = make("worm_house", 0, ["fan"], 3)
    again.restore(world.state())
    assert again.state() == world.state()


def test_a_recorded_world_feeds_by_kind_and_place() -> None:
    text = "t_s,air_temperature.a,air_temperature.b,air_humidity\n0,100,200,\n60,101,201,810\n"
    world = make("worm_house", 0, [], 1, Replay(io.StringIO(text), 60))
    assert world.value("air_temperature", "b") == 20.0
    assert world.value("air_temperature", "elsewhere") == 10.0
    assert world.value("air_humidity", "") is None
    assert world.value("bed_moisture", "") is None
    world.advance(60_000)
    assert world.value("air_humidity", "") == 81.0


@given(st.integers(0, 2**31))
def test_noise_is_small_and_centred(seed: int) -> None:
    noise = Noise(seed)
    drawn = [noise.bell() for _ in range(400)]
    assert max(map(abs, drawn)) <= 3.0
    assert abs(sum(drawn) / 400) < 0.3
