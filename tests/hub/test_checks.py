"""Checks: asked while somebody watches, answers only to what was asked, and when a probe's value stands still."""

from hub.benchmark.scripted import ScriptedNode
from hub.checks import FRESH_S, KEPT_S, STEADY, WATCHED_S
from shared_protocol import registry as g
from shared_protocol.maintenance import (
    CHECK_PROBE,
    CHECK_RADIO,
    CheckResult,
    decode_check,
    encode_check_result,
)
from tests.hub.farm import Farm
from tests.hub.settings.test_changes import greet

ADDRESS = ("10.0.0.1", 4000)


def answer(farm: Farm, node: ScriptedNode, value: int | None, ok: int = 1) -> int:
    """The node answers every CHECK that came; how many there were."""
    asked = [decode_check(body).id for body in farm.sent(node, g.MSG_CHECK)]
    for name in asked:
        rows = [(CHECK_RADIO, 0, 1, -61), (CHECK_PROBE, 3, ok, value)]
        farm.hub.link.receive(node.seal(g.MSG_CHECK_RESULT, encode_check_result(CheckResult(name, rows))), ADDRESS)
    return len(asked)


def watched(farm: Farm, node: ScriptedNode, *values: int | None) -> None:
    """One value a second while somebody watches."""
    for value in values:
        farm.hub.checks.watch(1)
        answer(farm, node, value)
        farm.clock.advance(1)


def ready(farm: Farm) -> ScriptedNode:
    node = farm.add()
    greet(farm, node)
    farm.carrier.sent.clear()
    return node


def test_nobody_asks_unless_somebody_watches(farm: Farm) -> None:
    node = ready(farm)
    farm.hub.tick()
    assert answer(farm, node, 1500) == 0
    farm.hub.checks.watch(1)
    asked = 0
    for _ in range(100):
        asked += answer(farm, node, 1500)
        farm.clock.advance(0.5)
        farm.hub.tick()
    assert asked == WATCHED_S


def test_five_values_within_twenty_millivolts_stand_still(farm: Farm) -> None:
    node = ready(farm)
    watched(farm, node, 1500, 1510, 1520, 1505)
    assert not farm.hub.checks.probe(1, 3).steady
    watched(farm, node, 1512)
    probe = farm.hub.checks.probe(1, 3)
    assert probe.steady and probe.value_mv == 1512
    watched(farm, node, 1533)
    assert not farm.hub.checks.probe(1, 3).steady
    watched(farm, node, *[1530] * STEADY)
    assert farm.hub.checks.probe(1, 3).steady and farm.hub.checks.probe(1, 4).value_mv is None


def test_an_old_value_can_not_be_taken_and_then_is_forgotten(farm: Farm) -> None:
    node = ready(farm)
    watched(farm, node, *[1500] * STEADY)
    farm.clock.advance(FRESH_S)
    probe = farm.hub.checks.probe(1, 3)
    assert probe.value_mv == 1500 and not probe.steady
    farm.clock.advance(KEPT_S)
    assert farm.hub.checks.probe(1, 3).value_mv is None


def test_a_probe_that_does_not_answer_begins_anew(farm: Farm) -> None:
    node = ready(farm)
    watched(farm, node, *[1500] * STEADY)
    farm.hub.checks.watch(1)
    answer(farm, node, None, ok=0)
    assert farm.hub.checks.probe(1, 3).value_mv is None


def test_an_answer_to_nobodys_question_does_not_count(farm: Farm) -> None:
    node = ready(farm)
    rows = [(CHECK_PROBE, 3, 1, 1500)]
    farm.hub.link.receive(node.seal(g.MSG_CHECK_RESULT, encode_check_result(CheckResult(b"none", rows))), ADDRESS)
    assert farm.hub.checks.probe(1, 3).value_mv is None
    farm.hub.link.receive(node.seal(g.MSG_CHECK_RESULT, b"no"), ADDRESS)
    assert farm.hub.rejects.of(1)["truncated"] == 1
