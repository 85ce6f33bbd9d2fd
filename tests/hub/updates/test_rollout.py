"""Rollouts: one node first, the others after it has proved the image; what is shown is what nodes reported."""

import pytest

from hub.errors import NoRelease, NoRollout, NothingToUpdate, Refused, RolloutOpen, UnknownNode
from hub.updates.rollout import AT_ONCE
from shared_protocol import registry as g
from tests.hub.updates.farm import NEW, NEWER, UpdateFarm

WHO = "Anh Tuấn"


def test_one_goes_first_and_the_others_only_when_it_has_proved_itself(farm: UpdateFarm) -> None:
    farm.greet_all()
    made = farm.hub.rollouts.start(WHO)
    assert (made.state, made.stage, made.canary, made.version) == ("running", "canary", 1, "0.2.0")
    farm.run(3)
    assert farm.sent_to() == {1}
    assert farm.states() == {1: "stored", **dict.fromkeys(range(2, 7), "queued")}
    farm.nodes[1].switch()
    farm.greet(1)
    assert farm.states()[1] == "trial"
    farm.run(400)
    assert farm.sent_to() == {1} and farm.states()[1] == "trial"
    farm.nodes[1].confirm()
    farm.tell(1)
    farm.run(3)
    rollout = farm.hub.rollouts.open
    assert rollout is not None and rollout.stage == "rest"
    assert farm.sent_to() == {1, 2, 3, 4}, "three at once"
    assert farm.states() == {1: "proven", **dict.fromkeys((2, 3, 4), "stored"), 5: "queued", 6: "queued"}
    for number in range(2, 7):
        farm.run(3)
        farm.prove(number)
    assert farm.hub.rollouts.open is None and farm.hub.rollouts.newest.state == "done"
    assert {node.image for node in farm.nodes.values()} == {NEW.sha256}
    acts = [(row.who, row.act) for row in farm.hub.store.audit_trail()]
    assert acts == [(WHO, "update_start")]


def test_the_first_node_that_goes_back_stops_everything(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, canary=4)
    farm.run(3)
    farm.nodes[4].switch()
    farm.greet(4)
    farm.nodes[4].roll_back()
    farm.greet(4)
    rollout = farm.hub.rollouts.open
    assert rollout is not None
    assert (rollout.state, rollout.reason, rollout.reason_node) == ("stopped", "rolled_back", 4)
    farm.run(120)
    assert farm.sent_to() == {4}
    farm.farm.settle()
    assert [(row.who, row.act) for row in farm.hub.store.audit_trail()][0] == ("hub", "update_stop")
    farm.hub.rollouts.resume(WHO)
    farm.run(3)
    rollout = farm.hub.rollouts.open
    assert rollout is not None and (rollout.stage, rollout.canary) == ("canary", 1), "another one goes first"
    assert farm.sent_to() == {1, 4} and farm.states()[4] == "rolled_back"


def test_a_rollback_is_noticed_although_the_trial_was_never_seen(farm: UpdateFarm) -> None:
    """The image ends before it has a session."""
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[2])
    farm.run(3)
    farm.nodes[2].switch()
    farm.nodes[2].roll_back()
    farm.greet(2)
    assert farm.states()[2] == "rolled_back"


def test_an_old_rollback_is_not_taken_for_a_new_one(farm: UpdateFarm) -> None:
    """A node says until it accepts the next one that the last update was rolled back."""
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1])
    farm.run(3)
    farm.nodes[1].switch()
    farm.nodes[1].roll_back()
    farm.greet(1)
    farm.tell(1)
    farm.hub.rollouts.cancel(WHO)
    farm.program = NEWER
    farm.restart()
    farm.greet(1)
    farm.hub.rollouts.start(WHO, nodes=[1])
    farm.run(3)
    assert farm.states()[1] == "stored"
    farm.nodes[1].reboot()
    farm.greet(1)
    farm.run(3)
    assert farm.states()[1] == "stored"
    farm.prove(1)


def test_a_hello_that_was_on_its_way_already_is_no_rollback(farm: UpdateFarm) -> None:
    """The node said that it had gone back, in the boot in which it accepts the update, and the hub believes it late."""
    node = farm.nodes[1]
    node.flash.gone_back = True
    farm.greet(1)
    farm.hub.link.receive(node.hello(), ("10.0.0.1", 4001))
    reply, _ = farm.farm.carrier.sent.pop()
    farm.hub.rollouts.start(WHO, nodes=[1])
    farm.run(0.2)
    assert farm.states()[1] == "sending"
    node.script.welcome(reply)
    farm.tell(1)
    farm.run(3)
    assert farm.states()[1] == "stored"


def test_a_second_try_can_be_rolled_back_too(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    for _ in range(2):
        farm.run(3)
        assert farm.states()[1] == "stored"
        farm.nodes[1].switch()
        farm.nodes[1].roll_back()
        farm.greet(1)
        farm.tell(1)
        assert farm.states() == {1: "rolled_back", 2: "queued"}
        farm.hub.rollouts.retry(1, WHO)
        assert farm.states()[1] == "queued"
        farm.hub.rollouts.resume(WHO)


@pytest.mark.parametrize(
    ("code", "name"),
    [(g.RESULT_NO_SPACE, "no_space"), (g.RESULT_NOT_ALLOWED, "not_allowed"), (g.RESULT_FLASH, "flash")],
)
def test_a_refusal_stops_it_and_has_its_reason(farm: UpdateFarm, code: int, name: str) -> None:
    farm.greet_all()
    farm.nodes[1].refuses = code
    farm.hub.rollouts.start(WHO)
    farm.run(60)
    rollout = farm.hub.rollouts.open
    assert rollout is not None and (rollout.state, rollout.reason, rollout.reason_node) == ("stopped", "refused", 1)
    target = farm.hub.rollouts.of(1)
    assert target is not None and (target.state, target.code) == ("refused", name)
    assert farm.sent_to() == {1}


def test_a_node_that_was_refused_can_be_tried_again(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.nodes[1].refuses = g.RESULT_NO_SPACE
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    farm.run(3)
    farm.nodes[1].refuses = None
    with pytest.raises(Refused):
        farm.hub.rollouts.retry(2, WHO)
    farm.hub.rollouts.retry(1, WHO)
    farm.hub.rollouts.resume(WHO)
    farm.run(3)
    farm.prove(1)
    farm.run(3)
    farm.prove(2)
    assert farm.hub.rollouts.newest.state == "done"


def test_a_node_that_is_silent_is_updated_when_it_comes_back(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.pass_s(60, 1)
    for number in (1, 3):
        farm.tell(number)
    assert {one.node: one.standing for one in farm.hub.rollouts.candidates()}[2] == "silent"
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    farm.run(3)
    farm.prove(1)
    farm.nodes[2].script.session = None
    farm.pass_s(50, 1)
    assert farm.states() == {1: "proven", 2: "waiting"}
    farm.greet(2)
    farm.run(3)
    assert farm.states()[2] == "stored"


def test_silent_nodes_keep_nobody_waiting(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO)
    farm.run(3)
    farm.prove(1)
    for number in (2, 3, 4):
        farm.nodes[number].script.session = None
    farm.run(60)
    assert {5, 6} <= farm.sent_to()
    assert [farm.states()[number] for number in (2, 5, 6)] == ["waiting", "stored", "stored"]


def test_no_more_than_three_have_an_image_that_is_not_proved_on_them(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO)
    farm.run(3)
    farm.prove(1)
    farm.run(3)
    for number in (2, 3, 4):
        farm.nodes[number].switch()
        farm.greet(number)
    farm.run(300)
    assert farm.sent_to() == {1, 2, 3, 4} and AT_ONCE == 3


def test_nodes_that_need_a_cable_are_named_and_stop_nothing(farm: UpdateFarm) -> None:
    farm.nodes[1].knows_updates = False
    farm.greet_all()
    standing = {one.node: one.standing for one in farm.hub.rollouts.candidates()}
    assert standing == {1: "cable", **dict.fromkeys(range(2, 7), "ready")}
    made = farm.hub.rollouts.start(WHO)
    assert made.canary == 2 and farm.states()[1] == "cable"
    farm.run(3)
    assert farm.sent_to() == {2}
    with pytest.raises(Refused):
        farm.hub.rollouts.skip(1, WHO)


def test_only_nodes_with_another_image_get_it(farm: UpdateFarm) -> None:
    farm.nodes[1].flash.runs = farm.nodes[2].flash.runs = NEW.sha256
    farm.greet_all()
    made = farm.hub.rollouts.start(WHO, nodes=[1, 2, 3])
    assert [target.node for target in made.targets] == [3]
    farm.hub.rollouts.cancel(WHO)
    with pytest.raises(NothingToUpdate):
        farm.hub.rollouts.start(WHO, nodes=[1, 2])


def test_what_makes_no_sense_is_refused_by_cause(farm: UpdateFarm) -> None:
    with pytest.raises(NothingToUpdate):
        farm.hub.rollouts.start(WHO)  # nobody was ever heard
    farm.greet_all()
    with pytest.raises(UnknownNode):
        farm.hub.rollouts.start(WHO, nodes=[99])
    for act in (farm.hub.rollouts.pause, farm.hub.rollouts.resume, farm.hub.rollouts.cancel):
        with pytest.raises(NoRollout):
            act(WHO)
    farm.hub.rollouts.start(WHO, nodes=[1])
    with pytest.raises(RolloutOpen):
        farm.hub.rollouts.start(WHO, nodes=[2])
    with pytest.raises(Refused):
        farm.hub.rollouts.resume(WHO)
    with pytest.raises(UnknownNode):
        farm.hub.rollouts.skip(2, WHO)
    farm.hub.rollouts.cancel(WHO)
    farm.hub.releases.current = None
    assert farm.hub.rollouts.candidates() == []
    with pytest.raises(NoRelease):
        farm.hub.rollouts.start(WHO)
