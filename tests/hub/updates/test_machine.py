"""Rollouts under everything that a farm does to them: frames lost, doubled and out of order, power cuts on both sides,
bad images, people who pause and resume. Hypothesis chooses; scripted nodes are the judges.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from hub.errors import HubError
from hub.updates import plan
from hub.updates.rollout import AT_ONCE
from shared_protocol import registry as g
from tests.hub.updates.farm import NEW, UpdateFarm

WHO = "Anh Tuấn"
COUNT = 5


class Rollouts(RuleBasedStateMachine):
    """A hub, five nodes and their wires."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.farm = UpdateFarm(self.folder, COUNT)
        self.left_out: set[int] = set()  # by people: then another node goes first
        self.halted_at: int | None = None  # how many messages were sent when nothing more might be

    def teardown(self) -> None:
        try:
            self.heal()
        finally:
            self.farm.close()
            shutil.rmtree(self.folder)

    # -- what happens

    @initialize(bad=st.sets(st.integers(1, COUNT), max_size=2), busy=st.sets(st.integers(1, COUNT), max_size=2))
    def begin(self, bad: set[int], busy: set[int]) -> None:
        self.bad = bad
        for number in bad:
            self.farm.nodes[number].bad.add(NEW.sha256)
        for number in busy:
            self.farm.nodes[number].busy = True
        self.farm.greet_all()
        self.farm.hub.rollouts.start(WHO)

    @rule(seconds=st.sampled_from([0.05, 0.3, 1.1, 12.0, 50.0]))
    def time(self, seconds: float) -> None:
        self.farm.pass_s(seconds, 0.05 if seconds < 2 else 1.0)

    @rule(index=st.integers(0, 30))
    def arrives_at_a_node(self, index: int) -> None:
        if self.farm.down:
            self.farm.deliver_down(index % len(self.farm.down))

    @rule(index=st.integers(0, 30))
    def arrives_at_the_hub(self, index: int) -> None:
        if self.farm.up:
            self.farm.deliver_up(index % len(self.farm.up))

    @rule()
    def all_arrives(self) -> None:
        self.farm.carry()

    @rule(seconds=st.sampled_from([1, 5]))
    def all_is_well_for_a_while(self, seconds: int) -> None:
        self.farm.run(seconds)

    @rule(up=st.booleans(), index=st.integers(0, 30))
    def lost(self, up: bool, index: int) -> None:
        wire = self.farm.up if up else self.farm.down
        if wire:
            del wire[index % len(wire)]

    @rule(up=st.booleans(), index=st.integers(0, 30))
    def doubled(self, up: bool, index: int) -> None:
        wire = self.farm.up if up else self.farm.down
        if wire:
            wire.append(wire[index % len(wire)])

    @rule(number=st.integers(1, COUNT), torn=st.integers(0, 900))
    def power_cut(self, number: int, torn: int) -> None:
        self.farm.nodes[number].tear(torn)

    @rule(number=st.integers(1, COUNT))
    def greets(self, number: int) -> None:
        self.farm.greet(number)

    @rule(number=st.integers(1, COUNT))
    def tells(self, number: int) -> None:
        self.farm.tell(number)

    @rule(number=st.integers(1, COUNT))
    def switches(self, number: int) -> None:
        self.farm.nodes[number].switch()

    @rule(number=st.integers(1, COUNT))
    def ends_its_trial(self, number: int) -> None:
        node = self.farm.nodes[number]
        if number in self.bad:
            node.roll_back()
        else:
            node.confirm()

    @rule()
    def hub_restarts(self) -> None:
        self.farm.restart()

    @rule()
    def pause(self) -> None:
        self._try(lambda: self.farm.hub.rollouts.pause(WHO))

    @rule()
    def resume(self) -> None:
        self.halted_at = None
        self._try(lambda: self.farm.hub.rollouts.resume(WHO))

    @rule(number=st.integers(1, COUNT))
    def skip(self, number: int) -> None:
        self._try(lambda: self.farm.hub.rollouts.skip(number, WHO))

    @rule(number=st.integers(1, COUNT))
    def retry(self, number: int) -> None:
        self._try(lambda: self.farm.hub.rollouts.retry(number, WHO))

    @staticmethod
    def _try(act: Callable[[], object]) -> None:
        try:
            act()
        except HubError:
            return

    # -- what must hold

    @invariant()
    def the_nodes_have_nothing_to_object(self) -> None:
        assert not [mistake for node in self.farm.nodes.values() for mistake in node.mistakes]

    @invariant()
    def what_is_shown_has_happened(self) -> None:
        name = NEW.sha256[:8].hex()
        for number, state in self.farm.states().items():
            history = self.farm.nodes[number].flash.history
            if state == plan.PROVEN:
                assert f"proven {name}" in history, (number, history)
            if state == plan.ROLLED_BACK:
                assert f"rolled_back {name}" in history, (number, history)
            if state == plan.TRIAL:
                assert f"trial {name}" in history, (number, history)

    @invariant()
    def a_bad_image_reaches_few(self) -> None:
        """Whoever has it without having proved it: the canary alone at first, later AT_ONCE at most."""
        rollout = self.farm.hub.rollouts.newest
        if rollout is None:
            return
        holding = [t.node for t in rollout.targets if t.state in (plan.STORED, plan.TRIAL)]
        assert len(holding) <= AT_ONCE
        if not any(node.flash.history for node in self.farm.nodes.values()):
            begun = {number for _, number, kind, _ in self.farm.sent if kind == g.MSG_UPDATE_CHUNK}
            self.left_out |= {t.node for t in rollout.targets if t.state == plan.SKIPPED}
            assert len(begun - self.left_out) <= 1, "nobody has proved anything yet"

    @invariant()
    def who_stands_still_sends_nothing(self) -> None:
        rollout = self.farm.hub.rollouts.newest
        if rollout is None or rollout.state == plan.RUNNING:
            self.halted_at = None
            return
        self.farm.collect()
        if self.halted_at is None:
            self.farm.carry()
            self.halted_at = len(self.farm.sent)
        self.farm.carry()
        assert len(self.farm.sent) == self.halted_at

    # -- and in the end

    def heal(self) -> None:
        """Everything arrives from now on, and somebody resumes what stopped: every node ends on a complete image."""
        farm = self.farm
        if not farm.hub.rollouts.newest:
            return
        for node in farm.nodes.values():
            node.busy = False
        for _ in range(2 * COUNT + 4):
            rollout = farm.hub.rollouts.open
            if rollout is None:
                break
            if rollout.state != plan.RUNNING:
                farm.hub.rollouts.resume(WHO)
            farm.greet_all()
            farm.run(3)
            for number, node in farm.nodes.items():
                if node.switch():
                    farm.greet(number)
                if number in self.bad and node.roll_back() or node.confirm():
                    farm.greet(number)
            farm.run(2)
        states = farm.states()
        assert farm.hub.rollouts.open is None, (states, farm.hub.rollouts.open)
        for number, state in states.items():
            node = farm.nodes[number]
            if number in self.bad:
                assert state in (plan.ROLLED_BACK, plan.SKIPPED), (number, state)
            else:
                assert state in (plan.PROVEN, plan.SKIPPED), (number, state)
            if state == plan.PROVEN:
                assert node.flash.runs == NEW.sha256


TestRollouts = Rollouts.TestCase
TestRollouts.settings = settings(stateful_step_count=40, deadline=None)
