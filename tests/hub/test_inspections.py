"""Inspections: ten looks at a node joined into one, losses counted, a relay clicked by an ordinary order, all kept."""

from dataclasses import replace

import pytest

from hub.benchmark.scripted import ScriptedNode
from hub.inspections import CLICK_S, EVERY_S, PATIENCE_S, READS, VISIT_S, Line, MachineRuns, NoMachine, NotClicked
from hub.live import ActuatorNow
from shared_protocol import registry as g
from shared_protocol.maintenance import (
    CHECK_FAULT,
    CHECK_RADIO,
    CHECK_SENSOR,
    CheckResult,
    decode_check,
    encode_check_result,
)
from shared_protocol.messages import Result, decode_command, encode_result
from tests.hub.farm import Farm
from tests.hub.settings.test_changes import greet

ADDRESS = ("10.0.0.1", 4000)
Rows = list[tuple[int, int, int, int | None]]


def ready(farm: Farm) -> ScriptedNode:
    node = farm.add()
    greet(farm, node)
    farm.carrier.sent.clear()
    return node


def answer(farm: Farm, node: ScriptedNode, rows: Rows) -> int:
    """The node answers every CHECK that came; how many there were."""
    asked = [decode_check(body).id for body in farm.sent(node, g.MSG_CHECK)]
    for name in asked:
        farm.hub.link.receive(node.seal(g.MSG_CHECK_RESULT, encode_check_result(CheckResult(name, rows))), ADDRESS)
    return len(asked)


def second(farm: Farm) -> None:
    farm.clock.advance(EVERY_S)
    farm.hub.tick()


def run(farm: Farm, node: ScriptedNode, *answers: Rows | None) -> None:
    """An inspection whose questions are answered so; None = the question or its answer is lost."""
    farm.hub.inspections.begin(1, "Anh Tuấn")
    for rows in answers:
        if rows is None:
            farm.carrier.sent.clear()
        else:
            assert answer(farm, node, rows) == 1
        second(farm)
    farm.clock.advance(PATIENCE_S)
    farm.hub.tick()
    farm.settle()


def with_machine(farm: Farm, on: bool = False) -> None:
    fan = ActuatorNow(1, "fan", "Quạt", on, "idle", None, None, None, None)
    farm.hub.live.change(1, lambda now: replace(now, actuators=(fan,)))


def obey(farm: Farm, node: ScriptedNode, code: int = g.RESULT_OK) -> int:
    """The node answers the newest order; for how many seconds it asked."""
    order = decode_command(farm.sent(node, g.MSG_COMMAND)[-1])
    farm.hub.link.receive(node.seal(g.MSG_RESULT, encode_result(Result(order.id, code, 1))), ADDRESS)
    farm.hub.tick()
    return int(order.max_on_s)


def test_ten_answers_are_joined_row_by_row(farm: Farm) -> None:
    node = ready(farm)
    good: Rows = [(CHECK_SENSOR, 1, 1, 300), (CHECK_RADIO, 0, 1, -61)]
    bad: Rows = [(CHECK_SENSOR, 1, 0, None), (CHECK_FAULT, 1, 0, g.FAULT_CHECKSUM), (CHECK_RADIO, 0, 1, -70)]
    run(farm, node, *[good] * 4, bad, *[[(CHECK_SENSOR, 1, 1, 305), (CHECK_RADIO, 0, 1, -64)]] * (READS - 5))
    found = farm.hub.inspections.newest(1)
    assert found is not None and (found.state, found.asked, found.answered) == ("done", READS, READS)
    assert found.lines == (
        Line(CHECK_SENSOR, 1, True, 305, READS, READS - 1, 300, 305),
        Line(CHECK_RADIO, 0, True, -64, READS, READS, -70, -61),
        Line(CHECK_FAULT, 1, False, g.FAULT_CHECKSUM, 1, 0, g.FAULT_CHECKSUM, g.FAULT_CHECKSUM),
    )
    assert farm.hub.store.audit_trail(1)[0].act == "inspect"


def test_it_is_over_as_soon_as_all_is_answered(farm: Farm) -> None:
    node = ready(farm)
    farm.hub.inspections.begin(1, "Anh Tuấn")
    for _ in range(READS):
        assert farm.hub.inspections.newest(1).state == "running"  # type: ignore[union-attr]
        answer(farm, node, [(CHECK_RADIO, 0, 1, -61)])
        second(farm)
    assert farm.hub.inspections.newest(1).state == "done"  # type: ignore[union-attr]


def test_lost_answers_are_counted_and_one_is_enough(farm: Farm) -> None:
    node = ready(farm)
    run(farm, node, None, [(CHECK_RADIO, 0, 1, -80)], *[None] * (READS - 2))
    found = farm.hub.inspections.newest(1)
    assert found is not None and (found.state, found.asked, found.answered) == ("done", READS, 1)


def test_a_node_that_does_not_answer_fails_with_its_reason(farm: Farm) -> None:
    node = ready(farm)
    run(farm, node, *[None] * READS)
    found = farm.hub.inspections.newest(1)
    assert found is not None and (found.state, found.code) == ("failed", "no_answer")


def test_a_node_that_was_never_heard_fails_at_once(farm: Farm) -> None:
    farm.add()
    found = farm.hub.inspections.begin(1, "Anh Tuấn")
    assert (found.state, found.code, found.asked) == ("failed", "not_heard", 0)


def test_a_second_begin_joins_the_first_and_a_late_answer_does_not_count(farm: Farm) -> None:
    node = ready(farm)
    first = farm.hub.inspections.begin(1, "Anh Tuấn")
    assert farm.hub.inspections.begin(1, "Chị Hoa").asked_s == first.asked_s
    kept = list(farm.carrier.sent)
    run(farm, node, *[None] * READS)
    farm.carrier.sent.extend(kept)
    answer(farm, node, [(CHECK_RADIO, 0, 1, -61)])
    assert farm.hub.inspections.newest(1).answered == 0  # type: ignore[union-attr]


def test_what_was_found_outlives_a_restart_with_its_date(farm: Farm) -> None:
    node = ready(farm)
    run(farm, node, *[[(CHECK_SENSOR, 1, 1, 300)]] * READS)
    with_machine(farm)
    farm.hub.inspections.click(1, 1, "Anh Tuấn")
    obey(farm, node)
    farm.hub.inspections.heard(1, 1, False)
    before = farm.hub.inspections.newest(1)
    farm.settle()
    farm.close()
    farm.open()
    assert farm.hub.inspections.newest(1) == before and farm.hub.inspections.history(1) == [before]
    assert before is not None and before.click(1).heard is False  # type: ignore[union-attr]


def test_a_click_is_an_order_of_two_seconds_and_done_when_the_node_said_so(farm: Farm) -> None:
    node = ready(farm)
    run(farm, node, *[[(CHECK_SENSOR, 1, 1, 300)]] * READS)
    with_machine(farm)
    clicked = farm.hub.inspections.click(1, 1, "Anh Tuấn")
    assert clicked.click(1).state == "sending"  # type: ignore[union-attr]
    with pytest.raises(NotClicked):
        farm.hub.inspections.heard(1, 1, True)
    assert obey(farm, node) == CLICK_S
    assert farm.hub.inspections.newest(1).click(1).state == "done"  # type: ignore[union-attr]
    assert farm.hub.inspections.heard(1, 1, True).click(1).heard is True  # type: ignore[union-attr]


def test_a_veto_of_the_node_is_what_the_click_says(farm: Farm) -> None:
    node = ready(farm)
    with_machine(farm)
    farm.hub.inspections.click(1, 1, "Anh Tuấn")
    obey(farm, node, g.RESULT_INTERLOCK)
    click = farm.hub.inspections.newest(1).click(1)  # type: ignore[union-attr]
    assert (click.state, click.code) == ("refused", "interlock")  # type: ignore[union-attr]
    with pytest.raises(NotClicked):
        farm.hub.inspections.heard(1, 1, True)


def test_what_runs_is_not_clicked_nor_what_does_not_exist(farm: Farm) -> None:
    ready(farm)
    with_machine(farm, on=True)
    with pytest.raises(MachineRuns):
        farm.hub.inspections.click(1, 1, "Anh Tuấn")
    with pytest.raises(NoMachine):
        farm.hub.inspections.click(1, 9, "Anh Tuấn")
    assert farm.hub.inspections.newest(1) is None


def test_a_click_of_another_visit_begins_a_new_inspection(farm: Farm) -> None:
    node = ready(farm)
    run(farm, node, *[[(CHECK_SENSOR, 1, 1, 300)]] * READS)
    first = farm.hub.inspections.newest(1)
    farm.clock.advance(VISIT_S + 1)
    with_machine(farm)
    second_one = farm.hub.inspections.click(1, 1, "Anh Tuấn")
    assert first is not None and second_one.asked_s > first.asked_s and second_one.state == "running"
