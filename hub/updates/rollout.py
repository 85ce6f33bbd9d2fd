"""The rollout: an image goes to one node first and to the others when that one has proved it; asked by the page, fed by
the link.

What a node is said to have done is what it reported: UPDATE_STATUS for what it received, TLV_IMAGE of its HELLO for
what it runs and whether it went back, NOW without TLV_TRIAL for a trial that is over. The first node that refuses the
image or goes back to the one before stops the rollout. It is kept in the store and goes on after a restart of the hub.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace

from hub.clock import Clock
from hub.errors import NoRelease, NoRollout, Refused, RolloutOpen
from hub.fleet import Fleet
from hub.link.link import Link
from hub.live import Live
from hub.store import Store
from hub.updates import plan
from hub.updates.choice import Choice
from hub.updates.inventory import ON_TRIAL, ROLLED_BACK, Inventory, Running
from hub.updates.plan import Candidate, Plans, Rollout, Target
from hub.updates.release import Releases, name_of
from hub.updates.sender import BEGUN, STORED, Image, Sender
from shared_protocol import registry as g
from shared_protocol.names import RESULTS

AT_ONCE = 3  # nodes between their first chunk and the end of their trial: what a bad image can reach at most
HUB = "hub"  # who stops a rollout by itself, in the audit trail
BEGUN_WITH = (plan.SENDING, plan.STORED)  # by its UPDATE_BEGIN a node forgets the rollbacks of former updates
NO_IMAGE = "no_image"  # the disk has lost or damaged the image


class Rollouts:
    """All rollouts; at most one is open. Its state is guarded by the link's lock, under which the link calls it."""

    def __init__(
        self,
        store: Store,
        fleet: Fleet,
        live: Live,
        link: Link,
        releases: Releases,
        inventory: Inventory,
        clock: Clock,
        lock: threading.RLock,
    ) -> None:
        self._store, self._live, self._link = store, live, link
        self._plans = Plans(store, self._changed)
        self._releases, self._inventory, self._clock, self._lock = releases, inventory, clock, lock
        self._choice = Choice(fleet, inventory, live, releases, clock)
        self._acts = threading.Lock()  # one person at a time; never held by the link
        self._begun_in: dict[int, int] = {}  # node → boot in which it last said what it has of the image
        self.sender = Sender(clock, link.send, self._key, lock, self._told)
        link.on(g.MSG_UPDATE_STATUS, self.sender.status)
        link.on_nak(self.sender.refused)
        link.on_session(self.session)

    # -- for the page

    @property
    def newest(self) -> Rollout | None:
        """The last one that was begun."""
        with self._lock:
            return self._shown(self._plans.newest) if self._plans.newest else None

    @property
    def open(self) -> Rollout | None:
        """The one that is not over."""
        with self._lock:
            return self._shown(self._plans.open) if self._plans.open else None

    def all(self) -> list[Rollout]:
        """Newest first."""
        with self._lock:
            return [self._shown(one) for one in self._plans.all()]

    def one(self, number: int) -> Rollout | None:
        """A rollout by its id."""
        return next((one for one in self.all() if one.id == number), None)

    def of(self, node: int) -> Target | None:
        """A node's place in the newest rollout that has it."""
        return next((found for one in self.all() if (found := one.target(node)) is not None), None)

    def candidates(self) -> list[Candidate]:
        """How each node stands to the program of this hub; none while there is no program."""
        return self._choice.candidates()

    def start(self, who: str, nodes: Sequence[int] | None = None, canary: int | None = None) -> Rollout:
        """Update these nodes, or all that need it and can take it over the air; the canary goes first.

        Raises NoRelease, RolloutOpen, UnknownNode, NothingToUpdate.
        """
        with self._acts:
            if (found := self.open) is not None:
                raise RolloutOpen(version=found.version)
            release = self._releases.current
            if release is None:
                raise NoRelease()
            picked = self._choice.pick(nodes)
            first = self._choice.first(picked, canary)
            made = self._plans.insert(plan.begun(release, picked, first, who, self._clock.wall()))
            with self._lock:
                self._plans.append(made)
            self._store.audit(who, "update_start", f"version {made.version} nodes {[one.node for one in picked]}")
            self._releases.keep_only([made.sha256])
        self.tick()
        return self._now()

    def pause(self, who: str) -> Rollout:
        """Send no more; a node that has the whole image goes on by itself. Raises NoRollout, Refused."""
        return self._act(who, "update_pause", self._pause)

    def resume(self, who: str) -> Rollout:
        """Go on after a pause or a stop; what failed stays failed. Raises NoRollout, Refused."""
        return self._act(who, "update_resume", self._resume)

    def cancel(self, who: str) -> Rollout:
        """End it; a node that has the whole image goes on by itself. Raises NoRollout."""
        return self._act(who, "update_cancel", lambda: self._end(plan.CANCELLED))

    def retry(self, node: int, who: str) -> Rollout:
        """Try once more with a node that failed. Raises NoRollout, UnknownNode, Refused."""
        return self._act(who, "update_retry", lambda: self._again(node), node)

    def skip(self, node: int, who: str) -> Rollout:
        """Leave a node out. Raises NoRollout, UnknownNode, Refused."""
        return self._act(who, "update_skip", lambda: self._leave_out(node), node)

    # -- for the service

    def tick(self) -> None:
        """End trials that are over, begin what is next; call it some times a second."""
        with self._lock:
            rollout = self._plans.open
            if rollout is None:
                return
            for target in rollout.targets:
                if target.state == plan.TRIAL:
                    self._look(target)
            if self._newest.state == plan.RUNNING:
                self._advance()
        self.sender.tick()

    def session(self, node: int) -> None:
        """A node greeted: the inventory has what it runs. Under the link's lock."""
        target = self._plans.open.target(node) if self._plans.open else None
        if target is not None:
            self._look(target)
        self.sender.session(node)

    # -- people's acts

    def _act(self, who: str, act: str, change: Callable[[], None], node: int | None = None) -> Rollout:
        with self._acts:
            with self._lock:
                if self._plans.open is None:
                    raise NoRollout()
                change()
            self._store.audit(who, act, f"version {self._newest.version}" + (f" node {node}" if node else ""))
        self.tick()
        return self._now()

    def _pause(self) -> None:
        if self._newest.state != plan.RUNNING:
            raise Refused(detail="the update does not run")
        self._halt()
        self._plans.change(state=plan.PAUSED)

    def _resume(self) -> None:
        if self._newest.state == plan.RUNNING:
            raise Refused(detail="the update runs already")
        self._plans.change(state=plan.RUNNING, reason="", reason_node=None)

    def _again(self, node: int) -> None:
        if self._plans.target(node).state not in (*plan.FAILED, plan.SKIPPED):
            raise Refused(detail="this node has not failed")
        self._move(node, plan.QUEUED)

    def _leave_out(self, node: int) -> None:
        if self._plans.target(node).state in plan.ENDED:
            raise Refused(detail="this node is through")
        self.sender.cancel(node)
        self._move(node, plan.SKIPPED)

    # -- what nodes report, under the link's lock

    def _look(self, target: Target) -> None:
        """What a node runs says how far it is."""
        running = self._inventory.of(target.node)
        if running is None or target.state in plan.ENDED:
            return
        if not running.image:
            self._leave(target.node, plan.CABLE)
        elif running.image == name_of(self._newest.sha256):
            if running.image_state == ON_TRIAL:
                self._leave(target.node, plan.TRIAL)
            else:
                self._leave(target.node, plan.PROVEN)
        elif target.state == plan.TRIAL or (target.state in BEGUN_WITH and self._went_back(running)):
            self._fail(target.node, plan.ROLLED_BACK, "")

    def _went_back(self, running: Running) -> bool:
        """Whether a node says so of this update: in a later boot than the one in which it took UPDATE_BEGIN. A HELLO of
        the same boot may have been on its way already.
        """
        return running.image_state == ROLLED_BACK and self._boot(running.node) > self._begun_in.get(running.node, 0)

    def _boot(self, node: int) -> int:
        now = self._live.node(node)
        return now.boot_no if now else 0

    def _told(self, node: int, word: str, code: str) -> None:
        """The sender tells what became of a transfer."""
        target = self._newest.target(node)
        if target is None or target.state in plan.ENDED:
            return
        if word in (BEGUN, STORED):
            self._begun_in[node] = self._boot(node)
            self._move(node, plan.SENDING if word == BEGUN else plan.STORED)
        elif code == RESULTS[g.RESULT_UNKNOWN_TYPE]:
            self._leave(node, plan.CABLE)
        else:
            self._fail(node, plan.REFUSED, code)

    def _leave(self, node: int, state: str) -> None:
        """Nothing more is to be sent to this node."""
        self.sender.cancel(node)
        self._move(node, state)

    def _fail(self, node: int, state: str, code: str) -> None:
        """A node did not take it: nobody else gets it before a person has looked."""
        self.sender.cancel(node)
        self._move(node, state, code)
        self._stop(state, node)

    def _stop(self, reason: str, node: int | None) -> None:
        self._halt()
        self._plans.change(state=plan.STOPPED, reason=reason, reason_node=node)
        self._store.audit_later(HUB, "update_stop", f"version {self._newest.version} node {node}: {reason}")

    # -- what comes next, under the link's lock

    def _advance(self) -> None:
        """Begin with the nodes whose turn it is; end when none is left."""
        self._drop_retired()
        left = [target for target in self._newest.targets if target.state not in plan.ENDED]
        if not left:
            self._end(plan.DONE)
            return
        for target in left:
            if not self._choice.heard(target.node):
                self.sender.cancel(target.node)  # others go first; it is offered again when it is back
        for target in self._turn(left):
            if not self.sender.offered(target.node) and target.state != plan.TRIAL:
                self._offer(target.node)

    def _drop_retired(self) -> None:
        """Leave out who was taken out of the fleet meanwhile, silent or not."""
        for target in self._newest.targets:
            known = self._link.keyring.get(target.node, self._clock.monotonic())
            if target.state not in plan.ENDED and (known is None or known.retired):
                self._leave(target.node, plan.SKIPPED)

    def _turn(self, left: list[Target]) -> list[Target]:
        """Whose turn it is: the canary alone, then AT_ONCE of those that are heard."""
        if self._newest.stage == "canary":
            if not any(target.node == self._newest.canary for target in left):
                self._plans.change(canary=next((t.node for t in left if self._choice.heard(t.node)), left[0].node))
            left = [target for target in left if target.node == self._newest.canary]
        under_way = [target for target in left if self._under_way(target)]
        others = [target for target in left if target not in under_way and self._choice.heard(target.node)]
        others.sort(key=lambda target: target.state == plan.QUEUED)  # those that have begun go on first
        return under_way + others[: max(0, AT_ONCE - len(under_way))]

    def _under_way(self, target: Target) -> bool:
        """Whether a node takes one of the places: it receives, or has what it has not proved yet."""
        if target.state in (plan.STORED, plan.TRIAL):
            return True
        return self.sender.offered(target.node)

    def _offer(self, node: int) -> None:
        rollout = self._newest
        data = self._releases.image(rollout.sha256)
        if data is None:
            self._stop(NO_IMAGE, None)
            return
        version = bytes(int(part) for part in rollout.version.split("."))
        self.sender.offer(node, Image(data, rollout.sha256, version))

    def _halt(self) -> None:
        """Take back all transfers."""
        for target in self._newest.targets:
            self.sender.cancel(target.node)

    def _end(self, state: str) -> None:
        self._halt()
        self._plans.change(state=state, ended_s=self._clock.wall())

    # -- inside

    def _key(self, node: int) -> bytes | None:
        known = self._link.keyring.get(node, self._clock.monotonic())
        return None if known is None else known.key

    @property
    def _newest(self) -> Rollout:
        """The newest one, where there is one."""
        found = self._plans.newest
        assert found is not None
        return found

    def _move(self, node: int, state: str, code: str = "") -> None:
        self._plans.move(node, state, code, self._clock.wall())

    def _changed(self, node: int) -> None:
        """The page has something new to show."""
        if self._live.node(node) is not None:
            self._live.change(node, lambda now: now)

    def _now(self) -> Rollout:
        with self._lock:
            return self._shown(self._newest)

    def _shown(self, rollout: Rollout) -> Rollout:
        """A rollout with what only memory knows: bytes, who is heard, who keeps us waiting."""
        if rollout is not self._newest or rollout.state not in plan.OPEN:
            return replace(rollout, targets=tuple(replace(t, size=rollout.size) for t in rollout.targets))
        return replace(rollout, targets=tuple(self._shown_target(rollout, target) for target in rollout.targets))

    def _shown_target(self, rollout: Rollout, target: Target) -> Target:
        heard, sent = self._choice.heard(target.node), self.sender.sent(target.node)
        state = target.state
        turn = rollout.stage == "rest" or target.node == rollout.canary
        unanswered = not heard or self.sender.offered(target.node)
        if state == plan.SENDING:
            state = plan.SENDING if self.sender.under_way(target.node) else plan.WAITING
        elif state == plan.QUEUED and turn and unanswered:
            state = plan.WAITING
        if state in (plan.STORED, plan.TRIAL, plan.PROVEN, plan.ROLLED_BACK):
            sent = rollout.size
        return replace(target, state=state, sent=sent or 0, size=rollout.size, heard=heard)
