"""Zones and nodes: the truth for names, and every wrong input named."""

import contextlib
import logging
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import (
    BadBand,
    BadKey,
    BadKind,
    BadName,
    HubError,
    NameTaken,
    NotANumber,
    NumberTaken,
    UnknownNode,
    UnknownZone,
)
from hub.fleet import Fleet, Node, Zone, _named
from hub.store import Store


@pytest.fixture
def fleet(store: Store) -> Fleet:
    return Fleet(store)


def test_a_key_is_in_no_log_line(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = bytes(range(65, 81))
    fleet.add("Nhà giun", None, 7, key)
    assert fleet.key(7) == key
    assert not [form for form in (key.decode(), key.hex(), str(key)) if form in caplog.text]


def test_zones_are_kept_in_their_order(fleet: Fleet) -> None:
    house, tea = fleet.add_zone("Nhà giun", "worm_house"), fleet.add_zone("Đồi chè", "tea_field")
    assert fleet.zones() == [house, tea] == [Zone(1, "Nhà giun", "worm_house"), Zone(2, "Đồi chè", "tea_field")]
    assert fleet.rename_zone(1, "Nhà giun 2").name == "Nhà giun 2"
    with pytest.raises(NameTaken):
        fleet.add_zone("Đồi chè")
    with pytest.raises(NameTaken):
        fleet.rename_zone(1, "Đồi chè")
    with pytest.raises(BadKind):
        fleet.add_zone("X", "spaceship")
    with pytest.raises(UnknownZone):
        fleet.zone(9)


def test_nodes_get_the_next_number_and_a_key_of_their_own(fleet: Fleet) -> None:
    one, two, five = fleet.add("a"), fleet.add("b"), fleet.add("c", number=5)
    assert [one.number, two.number, five.number, fleet.add("d").number] == [1, 2, 5, 6]
    assert len(fleet.key(1)) == 16 and fleet.key(1) != fleet.key(2)
    assert fleet.add("e", key=bytes(16)).mac is None and fleet.key(7) == bytes(16)


def test_a_node_is_renamed_moved_and_retired_and_its_number_is_not_given_again(fleet: Fleet) -> None:
    zone = fleet.add_zone("Nhà giun")
    fleet.add("a", zone.id)
    assert fleet.rename(1, "b").name == "b" and fleet.move(1, None).zone_id is None
    retired = fleet.retire(1)
    assert retired.retired_s and fleet.nodes() == [] and fleet.nodes(include_retired=True) == [retired]
    assert fleet.add("c").number == 2
    with pytest.raises(NumberTaken):
        fleet.add("d", number=1)


@pytest.mark.parametrize(
    ("wrong", "cause"),
    [
        (lambda f: f.add(""), BadName),
        (lambda f: f.add("two\nlines"), BadName),
        (lambda f: f.add("x" * 65), BadName),
        (lambda f: f.add("a", zone_id=3), UnknownZone),
        (lambda f: f.add("a", number=0), NotANumber),
        (lambda f: f.add("a", number=0xFFFF), NotANumber),
        (lambda f: f.add("a", key=b"short"), BadKey),
        (lambda f: f.rename(9, "a"), UnknownNode),
        (lambda f: f.retire(9), UnknownNode),
        (lambda f: f.key(9), UnknownNode),
        (lambda f: f.set_band(9, "air_temperature", 1, 2), UnknownZone),
    ],
)
def test_wrong_input_is_named_and_changes_nothing(fleet: Fleet, wrong: object, cause: type[HubError]) -> None:
    with pytest.raises(cause) as error:
        wrong(fleet)  # type: ignore[operator]
    assert str(error.value) and error.value.code.startswith("error.")
    assert fleet.nodes() == []


def test_names_are_kept_in_normal_form(fleet: Fleet) -> None:
    assert fleet.add("  Nha\u0300 Vu\u031bo\u031b\u0300n ").name == "Nhà Vườn"


@given(st.text())
def test_any_text_is_a_name_or_a_bad_name(text: str) -> None:
    with contextlib.suppress(BadName):
        assert 1 <= len(_named(text)) <= 64


def test_bands_by_kind(fleet: Fleet) -> None:
    zone = fleet.add_zone("Nhà giun")
    fleet.set_band(zone.id, "air_temperature", 180, 300)
    fleet.set_band(zone.id, "air_temperature", 200, 300)
    assert fleet.bands(zone.id) == {"air_temperature": (200, 300)}
    with pytest.raises(BadBand):
        fleet.set_band(zone.id, "air_temperature", 300, 300)


def test_the_farm_has_a_name(fleet: Fleet) -> None:
    assert fleet.farm_name == ""
    fleet.farm_name = "HTX Riti"
    assert fleet.farm_name == "HTX Riti"


def test_a_command_line_beside_the_hub_sees_and_changes_the_same(fleet: Fleet, store: Store, tmp_path: Path) -> None:
    other = Fleet.open(store.path.parent)
    other.add("a")
    assert [node.name for node in fleet.nodes()] == ["a"]
    other.close()


def test_a_node_never_shows_its_key(fleet: Fleet) -> None:
    assert not any("key" in name for name in Node.__dataclass_fields__)
