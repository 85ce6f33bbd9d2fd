"""What the tests of updates share: a hub with six nodes, none of which saw anything wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.updates.farm import UpdateFarm
from tests.support.fakes import FakeClock


@pytest.fixture
def farm(tmp_path: Path, clock: FakeClock) -> Iterator[UpdateFarm]:
    made = UpdateFarm(tmp_path / "data", 6, clock)
    yield made
    made.close()
    assert not [mistake for node in made.nodes.values() for mistake in node.mistakes]
