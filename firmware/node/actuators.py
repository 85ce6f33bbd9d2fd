"""The actuators: their pins, and when each goes on or off. A part of the main loop; commands come from orders.

Switching off never waits; switching on is staggered, one each second, so that relays and motors don't start together.
"""

from machine import Pin

from node import control
from node.settings import rule_of
from shared_protocol import registry as g

STAGGER_S = 1
_NEVER_MS = 3600000


class Actuator:
    """One output: `entry` is its dict of the board file, `rule` a control.Rule."""

    def __init__(self, entry, rule, now):
        self.id = entry["id"]
        self.kind = entry["kind"]
        self.name = entry["name"]
        self.rule = rule
        self.history = control.History(now)
        self._on_level = 1 if entry.get("on_level", 1) else 0
        drive = Pin.OPEN_DRAIN if entry.get("drive") == "open_drain" else Pin.OUT
        self._pin = Pin(entry["pin"], drive, value=1 - self._on_level)

    def drive(self, on):
        """Set the output."""
        self._pin.value(self._on_level if on else 1 - self._on_level)


class Actuators:
    """All outputs of the node. `tell(actuator, value, limit)` hears every change after it was made."""

    def __init__(self, entries, rules, readings, clock, tell):
        now = clock.now() // 1000
        self.due = 0
        self.changed = 0  # counts switchings, so that the link can tell at once
        self.decided_ms = 0
        self._clock = clock
        self._readings = readings
        self._tell = tell
        self._last_on = -STAGGER_S
        self.all = [Actuator(entry, rule_of(entry, _rule_for(rules, entry["id"])), now) for entry in entries]

    def adopt(self, entries, rules):
        """Take changed rules without touching an output."""
        for actuator, entry in zip(self.all, entries):
            actuator.rule = rule_of(entry, _rule_for(rules, actuator.id))
        self.due = 0

    def find(self, id):
        """The Actuator with this id, or None."""
        for actuator in self.all:
            if actuator.id == id:
                return actuator
        return None

    @property
    def states(self):
        """Bit mask of what is on, bit i = i-th of the table."""
        mask = 0
        for i in range(len(self.all)):
            mask |= self.all[i].history.on << i
        return mask

    def step(self, now):
        """Decide for each and switch; then sleep until time alone may change something."""
        now_s = now // 1000
        due_s = now_s + _NEVER_MS // 1000
        for actuator in self.all:
            self._settle(actuator, now_s)
            moment = control.next_change(now_s, self._readings, actuator.rule, actuator.history)
            if actuator.history.cause == g.CAUSE_STAGGER:
                moment = self._last_on + STAGGER_S
            if moment is not None and moment < due_s:
                due_s = moment
        self.decided_ms = now
        self.due = due_s * 1000

    def _settle(self, actuator, now_s):
        history = actuator.history
        state, cause = control.decide(now_s, self._readings, actuator.rule, history)
        if state and not history.on and now_s - self._last_on < STAGGER_S:
            state, cause = 0, g.CAUSE_STAGGER
        if state == history.on and (cause == history.cause or not state):
            history.cause = cause
            return
        value, limit = control.grounds(self._readings, actuator.rule, history, cause)
        if cause == g.CAUSE_MANUAL_ON:
            limit = history.lease_until - now_s
        if state == history.on:
            history.cause = cause  # it stays on for another reason, which is told too
        else:
            self._switch(actuator, state, cause, now_s)
        self._tell(actuator, value, limit)

    def _switch(self, actuator, state, cause, now_s):
        actuator.drive(state)
        control.switched(now_s, actuator.history, state, cause)
        self.changed += 1
        if state:
            self._last_on = now_s

    def command(self, id, state, max_on_s, hold_off_s):
        """Obey a person; a RESULT_ code. ON is a lease of at most the actuator's limit, OFF may be held."""
        actuator = self.find(id)
        if actuator is None:
            return g.RESULT_NO_ACTUATOR
        if state > 1:
            return g.RESULT_BAD_STATE
        now_s = self._clock.now() // 1000
        if state:
            return self._lease(actuator, now_s, max_on_s)
        history = actuator.history
        history.lease_until = 0
        history.hold_until = now_s + hold_off_s
        if history.on:
            self._switch(actuator, 0, g.CAUSE_MANUAL_OFF, now_s)
            self._tell(actuator, None, hold_off_s)
        self.step(self._clock.now())
        return g.RESULT_OK

    def _lease(self, actuator, now_s, max_on_s):
        history = actuator.history
        if max_on_s < 1:
            return g.RESULT_NO_LEASE
        if history.stopped:
            return g.RESULT_STOPPED
        if history.safe_mode:
            return g.RESULT_SAFE_MODE
        if not history.on and control.resting(now_s, actuator.rule, history, True):
            return g.RESULT_REST
        ends = now_s + max_on_s
        if actuator.rule.max_on_s:
            ends = min(ends, (history.since if history.on else now_s) + actuator.rule.max_on_s)
        history.lease_until = ends
        history.hold_until = 0
        self.step(self._clock.now())
        return g.RESULT_OK

    def stop(self, stopped):
        """Latch or release the stop; with it everything is off before this returns."""
        for actuator in self.all:
            actuator.history.stopped = stopped
            actuator.history.lease_until = 0
        self.step(self._clock.now())

    def safe_mode(self):
        """Only the fault states from now on."""
        for actuator in self.all:
            actuator.history.safe_mode = True

    def off(self):
        """Every output off, whatever the state of the rest: for the end of the program."""
        for actuator in self.all:
            actuator.drive(0)


def _rule_for(rules, id):
    for rule in rules:
        if rule.get("actuator") == id:
            return rule
    return None
