"""Calibrations: checked, kept with day and name, counting only once their node has them; their drift."""

import json

import pytest

from hub.settings.calibration import Drift, ProbeOutside, SmallSpan, check, counting, drift
from shared_protocol import registry as g
from tests.hub.farm import Farm
from tests.hub.settings.test_changes import NEW, greet, take


@pytest.mark.parametrize(
    ("dry", "wet", "refusal"),
    [(2400, 1901, SmallSpan), (1100, 2400, SmallSpan), (3001, 1100, ProbeOutside), (2400, 299, ProbeOutside)],
)
def test_ends_that_no_probe_has(farm: Farm, dry: int, wet: int, refusal: type[Exception]) -> None:
    farm.add()
    with pytest.raises(refusal):
        farm.hub.calibrations.make(1, 3, dry, wet, "Anh Tuấn")
    assert not farm.hub.calibrations.history(1, 3) and not farm.hub.changes.of(1)


def test_the_smallest_span_and_the_outermost_ends_are_good() -> None:
    check(3000, 300)
    check(1600, 1100)


def test_the_old_one_counts_until_the_node_has_the_new_one(farm: Farm) -> None:
    node = farm.add()
    greet(farm, node)
    farm.hub.calibrations.make(1, 3, 2400, 1100, "Anh Tuấn")
    sent = json.loads(take(farm, node))
    day = int(farm.clock.wall() - g.EPOCH_2020) // 86400
    assert sent == {"patch": 1, "calibration": {"3": [2_400_000, 1_100_000, day]}}
    farm.clock.advance(3)
    greet(farm, node, NEW)
    farm.clock.advance(400 * 86400)
    farm.hub.calibrations.make(1, 3, 2350, 1160, "Chị Hoa")
    history = farm.hub.calibrations.history(1, 3)
    held = counting(history)
    assert held is not None and (held.dry_mv, held.who) == (2400, "Anh Tuấn") and drift(history) is None
    greet(farm, node, NEW)
    take(farm, node, leads_to=b"newest--")
    history = farm.hub.calibrations.history(1, 3)
    held = counting(history)
    assert held is not None and (held.dry_mv, held.who) == (2350, "Chị Hoa") and drift(history) == Drift(-50, 60)
    farm.clock.advance(310)
    greet(farm, node, NEW)  # no session came about: the node went back
    held = counting(farm.hub.calibrations.history(1, 3))
    assert held is not None and held.dry_mv == 2400
