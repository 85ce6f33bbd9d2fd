"""Rollouts that are held up: by a pause, by the rate, by a restart of the hub, by what changed meanwhile."""

import pytest

from hub.updates.sender import CHUNK, GAP_S
from shared_protocol import registry as g
from tests.hub.updates.farm import NEW, NEWER, UpdateFarm
from tests.hub.updates.node import UpdateNode

WHO = "Anh Tuấn"


def test_a_pause_holds_the_next_chunk_back(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1])
    farm.run(0.2)
    farm.hub.rollouts.pause(WHO)
    farm.carry()
    sent = len(farm.sent)
    farm.run(60)
    assert len(farm.sent) == sent and farm.states() == {1: "waiting"}
    farm.hub.rollouts.resume(WHO)
    farm.run(3)
    assert farm.states() == {1: "stored"}
    offsets = [body[1] for _, _, kind, body in farm.sent if kind == g.MSG_UPDATE_CHUNK]
    assert len(offsets) == -(-len(NEW.data) // CHUNK), "it went on where it had stopped"


def test_a_pause_does_not_hide_what_a_node_reports(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    farm.run(3)
    farm.hub.rollouts.pause(WHO)
    farm.nodes[1].switch()
    farm.greet(1)
    farm.nodes[1].confirm()
    farm.tell(1)
    farm.run(1)
    assert farm.states() == {1: "proven", 2: "queued"} and farm.sent_to() == {1}


def test_the_rate_is_bounded(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1])
    farm.run(3)
    times = [at_s for at_s, _, kind, _ in farm.sent if kind == g.MSG_UPDATE_CHUNK]
    assert all(after - before >= GAP_S - 1e-6 for before, after in zip(times, times[1:], strict=False))


def test_a_restart_of_the_hub_changes_nothing(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    farm.run(0.2)
    farm.restart()
    assert farm.states() == {1: "waiting", 2: "queued"}
    farm.greet_all()
    farm.run(3)
    assert farm.states() == {1: "stored", 2: "queued"}
    farm.nodes[1].switch()
    farm.greet(1)
    farm.restart()
    assert farm.states()[1] == "trial"
    farm.nodes[1].confirm()
    farm.greet_all()
    farm.run(3)
    assert farm.states() == {1: "proven", 2: "stored"}
    farm.restart()
    farm.greet_all()
    farm.run(3)
    farm.prove(2)
    farm.restart()
    rollout = farm.hub.rollouts.newest
    assert rollout is not None and rollout.state == "done" and farm.hub.rollouts.open is None


def test_a_rollback_during_a_restart_of_the_hub_is_noticed(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    farm.run(3)
    farm.restart()
    farm.nodes[1].switch()
    farm.nodes[1].roll_back()
    farm.greet_all()
    farm.run(3)
    rollout = farm.hub.rollouts.open
    assert rollout is not None and (rollout.reason, rollout.reason_node) == ("rolled_back", 1)
    assert 2 not in farm.sent_to()


def test_a_hub_with_a_newer_program_ends_the_rollout_that_it_began(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    farm.run(0.2)
    farm.program = NEWER
    farm.restart()
    farm.greet_all()
    farm.run(3)
    farm.prove(1)
    farm.run(3)
    farm.prove(2)
    assert {farm.nodes[n].image for n in (1, 2)} == {NEW.sha256}
    assert {one.standing for one in farm.hub.rollouts.candidates()} == {"ready"}


def test_an_image_that_the_disk_lost_stops_the_rollout(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1])
    farm.run(0.2)
    farm.program = NEWER
    file = farm.farm.folder / "programs" / NEW.sha256.hex()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    farm.restart()
    farm.greet(1)
    farm.run(1)
    rollout = farm.hub.rollouts.open
    assert rollout is not None and (rollout.state, rollout.reason) == ("stopped", "no_image")


def test_a_node_that_is_retired_meanwhile_is_left_out(farm: UpdateFarm) -> None:
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    farm.run(3)
    farm.hub.fleet.retire(2)
    farm.run(3)
    farm.prove(1)
    farm.run(1)
    assert farm.states() == {1: "proven", 2: "skipped"} and farm.hub.rollouts.newest.state == "done"


@pytest.mark.parametrize("received", [False, True])
def test_a_silent_node_that_is_retired_holds_nobody_up(farm: UpdateFarm, received: bool) -> None:
    """It died, and somebody took it out of the fleet: its turn may never come."""
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    farm.run(3)
    farm.prove(1)
    farm.run(3 if received else 0)
    farm.nodes[2].script.session = None
    farm.run(60)
    assert farm.states() == {1: "proven", 2: "stored" if received else "waiting"}
    farm.hub.fleet.retire(2)
    farm.run(3)
    assert farm.states() == {1: "proven", 2: "skipped"} and farm.hub.rollouts.newest.state == "done"


def test_a_board_that_is_replaced_meanwhile_can_go_back_too(farm: UpdateFarm) -> None:
    """The new board counts its boots from the beginning."""
    farm.nodes[1].boots = 50
    farm.nodes[1].reboot()
    farm.greet_all()
    farm.hub.rollouts.start(WHO, nodes=[1, 2])
    farm.run(0.2)
    assert farm.states()[1] == "sending"
    farm.hub.fleet.release_mac(1)
    farm.hub.link.keyring.refresh(farm.clock.monotonic())
    node = farm.nodes[1] = UpdateNode(1, farm.nodes[1].key)
    node.script.mac, node.script.journal_id, node.script.uptime_s = b"\2\0\0\0\0\x99", 0x777, 600
    farm.greet(1)
    farm.run(3)
    assert farm.states()[1] == "stored"
    node.switch()
    node.roll_back()
    farm.greet(1)
    assert farm.states()[1] == "rolled_back"


def test_the_page_hears_of_changes(farm: UpdateFarm) -> None:
    farm.greet_all()
    before = farm.hub.live.version
    farm.hub.rollouts.start(WHO, nodes=[1])
    farm.run(3)
    started = farm.hub.live.version
    farm.hub.rollouts.cancel(WHO)
    assert before < started < farm.hub.live.version


def test_no_key_is_in_any_log_line(farm: UpdateFarm, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    farm.greet_all()
    farm.hub.rollouts.start(WHO)
    farm.run(3)
    farm.prove(1)
    assert farm.nodes[1].key.hex() not in caplog.text and str(farm.nodes[1].key) not in caplog.text
