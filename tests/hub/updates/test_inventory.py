"""The inventory: what nodes say of themselves is known after a restart of the hub, and is never more than they said."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.updates.inventory import Running
from shared_protocol import registry as g
from tests.hub.updates.farm import NEW, UpdateFarm
from tests.hub.updates.node import OLD
from tests.support.fakes import FakeClock


@pytest.fixture
def farm(tmp_path: Path, clock: FakeClock) -> Iterator[UpdateFarm]:
    made = UpdateFarm(tmp_path / "data", 2, clock)
    yield made
    made.close()


def test_what_a_node_said_is_kept(farm: UpdateFarm, clock: FakeClock) -> None:
    assert farm.hub.inventory.of(1) is None and farm.hub.inventory.all() == {}
    farm.greet(1)
    said = Running(1, "esp32_devkitc", "02:00:00:00:00:01", "0.1.0", OLD[:8].hex(), "proven", clock.wall())
    assert farm.hub.inventory.of(1) == said
    farm.restart()
    assert farm.hub.inventory.all() == {1: said}


def test_a_trial_and_its_end(farm: UpdateFarm) -> None:
    node = farm.nodes[1]
    node.flash.trial = NEW.sha256
    farm.greet(1)
    assert state(farm) == (NEW.sha256[:8].hex(), "on_trial")
    farm.tell(1)
    farm.pass_s(1)
    assert state(farm) == (NEW.sha256[:8].hex(), "on_trial")
    node.confirm()
    farm.tell(1)
    farm.pass_s(1)
    assert state(farm) == (NEW.sha256[:8].hex(), "proven")
    farm.restart()
    assert state(farm) == (NEW.sha256[:8].hex(), "proven")


def test_a_node_that_went_back(farm: UpdateFarm) -> None:
    farm.nodes[1].flash.gone_back = True
    farm.greet(1)
    assert state(farm) == (OLD[:8].hex(), "rolled_back")


def test_a_node_that_runs_its_spare_image_since_the_proven_one_is_damaged(farm: UpdateFarm) -> None:
    farm.nodes[1].state = g.IMAGE_SPARE
    farm.greet(1)
    farm.tell(1)
    farm.pass_s(1)
    assert state(farm) == (OLD[:8].hex(), "spare")
    farm.restart()
    assert state(farm) == (OLD[:8].hex(), "spare")


def test_an_older_program_says_nothing_of_its_image(farm: UpdateFarm) -> None:
    """Also when a newer one had: somebody flashed it back over USB."""
    farm.greet(1)
    farm.nodes[1].knows_updates = False
    farm.greet(1)
    assert state(farm) == ("", "")
    health = farm.hub.live.node(1)
    assert health is not None and not {"image", "image_state"} & set(health.health)


def test_a_now_with_a_trial_that_no_hello_spoke_of_proves_nothing(farm: UpdateFarm) -> None:
    farm.greet(1)
    node = farm.nodes[1].script
    farm.hub.link.receive(node.now(tlvs=[(g.TLV_TRIAL, b"\1")]), ("10.0.0.1", 4001))
    farm.pass_s(1)
    assert state(farm) == (OLD[:8].hex(), "proven")


def state(farm: UpdateFarm) -> tuple[str, str]:
    found = farm.hub.inventory.of(1)
    assert found is not None
    return found.image, found.image_state
