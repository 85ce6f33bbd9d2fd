"""The actuators: when each goes on or off, and why. A part of the main loop; commands come from orders.

Switching off never waits; switching on is staggered, one each second, so that relays and motors don't start together,
and is charged in the ledger before the relay closes.
"""

from node import control
from node.ledger import STRIKES
from node.response import Response
from shared_protocol import registry as g
from shared_protocol.portable import const

STAGGER_MS = const(1000)
_HOLD_S = const(65535)
_DAY_MIN = const(1440)
_FIRST_WEEKDAY = const(2)  # 2020-01-01 was a Wednesday
# What a person is told whose order a limit forbids.
_REFUSALS = {
    g.CAUSE_STOP: g.RESULT_STOPPED,
    g.CAUSE_LOCKOUT: g.RESULT_LOCKOUT,
    g.CAUSE_NO_SUPPLY: g.RESULT_NO_SUPPLY,
    g.CAUSE_INTERLOCK: g.RESULT_INTERLOCK,
    g.CAUSE_MAX_ON: g.RESULT_MAX_ON,
    g.CAUSE_REST: g.RESULT_REST,
    g.CAUSE_DAILY_CAP: g.RESULT_DAILY_CAP,
    g.CAUSE_SETTLE: g.RESULT_SETTLE,
    g.CAUSE_MIN_OFF: g.RESULT_MIN_OFF,
    g.CAUSE_SAFE_MODE: g.RESULT_SAFE_MODE,
}


class Actuator:
    """What one output switches: `entry` is its dict of the board file, `output` has `drive(on)`."""

    def __init__(self, entry, output, now_s):
        self.id = entry["id"]
        self.kind = entry["kind"]
        self.name = entry["name"]
        self.rule = None
        self.history = control.History(now_s)
        self.response = Response()
        self.drive = output.drive

    @property
    def trouble(self):
        """TROUBLE_ bits."""
        return self.response.trouble | (g.TROUBLE_LOCKED if self.history.locked else 0)


class Actuators:
    """All of the node: `outputs` in the order of the board file's `entries`.

    `tell(code, fields)` journals an event; `before(id)` is called before an output changes.
    """

    def __init__(self, entries, outputs, recipe, readings, clock, ledger, tell, before):
        now_s = clock.now() // 1000
        self.due = 0
        self.changed = 0  # counts switchings, so that the link can tell at once
        self.decided_ms = 0
        self._clock = clock
        self._readings = readings
        self._ledger = ledger
        self._tell = tell
        self._before = before
        self._last_on = -STAGGER_MS
        self._now = 0  # uptime of this step (ms)
        self._moment = control.Moment()
        self.all = [Actuator(entry, output, now_s) for entry, output in zip(entries, outputs)]
        self._fellows = {actuator.id: actuator.history for actuator in self.all}
        for actuator in self.all:
            account = ledger.account(actuator.id)
            actuator.history.overran = account.cut
            actuator.history.locked = account.strikes >= STRIKES
        self.adopt(recipe)

    def adopt(self, recipe):
        """Take the rules of a Recipe without touching an output."""
        self._utc_offset_min = recipe.utc_offset_min
        for actuator in self.all:
            actuator.rule = recipe.rules[actuator.id]
            actuator.response = Response()
            history = actuator.history
            history.asks = history.auto = history.seen = 0
            history.pulse_from = None
            if history.on:
                self._limit(actuator, history.since)
                self._charge(actuator, self._clock.now() // 1000)
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
        """Decide for each and switch; then sleep until time alone may change something. One that fails goes off."""
        moment = self._look(now)
        now_s = moment.now
        due_s = now_s + control.LOOK_S
        changed = self.changed
        failure = None
        for actuator in self.all:
            try:
                self._settle(actuator, moment)
                due_s = min(due_s, control.next_change(now_s, actuator.rule, actuator.history, self._fellows))
                if actuator.history.cause == g.CAUSE_STAGGER:
                    due_s = min(due_s, (self._last_on + STAGGER_MS + 999) // 1000)
            except Exception as error:
                actuator.drive(0)
                if actuator.history.on:
                    control.switched(now_s, actuator.history, 0, g.CAUSE_MAX_ON)  # it rests before it may fail again
                failure = error
        if self.changed != changed:
            due_s = now_s  # its fellows look again at what it did
        self.due = max(due_s, now_s + 1) * 1000
        if failure:
            raise failure
        self.decided_ms = now

    def _look(self, now):
        """The Moment of uptime `now` (ms)."""
        self._now = now
        moment = self._moment
        moment.now = now // 1000
        wall_ms = self._clock.wall_ms(now)
        if wall_ms is None:
            moment.minute = -1
        else:
            minutes = wall_ms // 60000 + self._utc_offset_min
            moment.minute = minutes % _DAY_MIN
            moment.day = (minutes // _DAY_MIN + _FIRST_WEEKDAY) % 7
        return moment

    def _settle(self, actuator, moment):
        history = actuator.history
        rule = actuator.rule
        control.observe(moment, self._readings, rule, history)
        if not history.on:
            self._limit(actuator, moment.now)
        state, cause = control.decide(moment, rule, history, self._fellows)
        if state and not history.on and self._now - self._last_on < STAGGER_MS:
            state, cause = 0, g.CAUSE_STAGGER
        if state != history.on:
            self._change(actuator, state, cause, moment)
        elif state and cause != history.cause:
            self._report(actuator, cause, control.grounds(moment, rule, history, cause))
        else:
            history.cause = cause
        if rule.check_channel:
            news = actuator.response.step(moment.now, rule, history, self._readings)
            if news:
                self._inform(actuator, *news)

    def _limit(self, actuator, now_s):
        """What is left of the cap, or was when it went on."""
        cap_s, history = actuator.rule.cap_s, actuator.history
        history.left_s = None
        if cap_s:
            own_s = self._ledger.account(actuator.id).charge if history.on else 0
            history.left_s = max(0, cap_s + own_s - self._ledger.used(actuator.id, now_s))

    def _change(self, actuator, state, cause, moment):
        """Switch: on only when its charge is kept, off before anything is written."""
        history = actuator.history
        now_s = moment.now
        found = control.grounds(moment, actuator.rule, history, cause)
        if state and not self._charge(actuator, now_s):
            self._ledger.account(actuator.id).charge = 0
            history.cause = g.CAUSE_DAILY_CAP
            return
        self._before(actuator.id)
        actuator.drive(state)
        ran_s = now_s - history.since
        control.switched(now_s, history, state, cause)
        self.changed += 1
        if state:
            self._last_on = self._now
        else:
            self._refund(actuator, ran_s, now_s)
        self._report(actuator, cause, found)

    def _charge(self, actuator, now_s):
        """Take the longest that this run may last; False where it could not be kept and a cap depends on it."""
        rule, left_s = actuator.rule, actuator.history.left_s
        longest = [seconds for seconds in (rule.max_on_s, left_s) if seconds]
        seconds = min(longest) if longest else 1
        if actuator.history.on:  # the rules changed in mid-run
            seconds = max(seconds, now_s - actuator.history.since)
        kept = self._ledger.charge(actuator.id, seconds, now_s)
        if left_s is None:
            return True
        if kept:
            self._tell(g.EVENT_CHARGE, (actuator.id, seconds))
        return kept

    def _refund(self, actuator, ran_s, now_s):
        """Book what it ran."""
        charge = self._ledger.account(actuator.id).charge
        self._ledger.settle(actuator.id, ran_s, now_s, actuator.history.overran)
        if actuator.rule.cap_s:
            self._tell(g.EVENT_REFUND, (actuator.id, max(0, charge - ran_s)))

    def _report(self, actuator, cause, found):
        """Journal the state with its cause and grounds."""
        history = actuator.history
        history.cause = cause
        self._tell(g.EVENT_ACTUATOR, (actuator.id, history.on, cause) + found)

    def _inform(self, actuator, code, before, after):
        """Journal what the response check found."""
        fields = (actuator.id, before) if code == g.EVENT_RESPONSE_OK else (actuator.id, actuator.rule.check_channel)
        self._tell(code, fields if code == g.EVENT_RESPONSE_OK else fields + (before, after))
        self.changed += 1

    def command(self, id, state, max_on_s, hold_off_s):
        """Obey a person; a RESULT_ code. ON is a lease and OFF is held, within the rule's limits."""
        actuator = self.find(id)
        if actuator is None:
            return g.RESULT_NO_ACTUATOR
        history, rule = actuator.history, actuator.rule
        now_s = self._clock.now() // 1000
        if state == g.STATE_OFF:
            history.lease_until = 0
            history.hold_until = now_s + max(1, min(hold_off_s, rule.hold_s or _HOLD_S))
        elif state == g.STATE_ON:
            if max_on_s < 1:
                return g.RESULT_NO_LEASE
            history.lease_until = now_s + min(max_on_s, rule.lease_s)
            history.hold_until = 0
        elif state == g.STATE_UNLOCK:
            self._unlock(actuator, now_s)
        else:
            return g.RESULT_BAD_STATE
        self.step(self._clock.now())
        return g.RESULT_OK if state == g.STATE_UNLOCK else self._outcome(history, state)

    def _outcome(self, history, state):
        """RESULT_ code of an order that was tried; what was refused is forgotten."""
        if history.on == state or history.cause == g.CAUSE_STAGGER:
            return g.RESULT_OK
        history.lease_until = history.hold_until = 0
        return _REFUSALS.get(history.cause, g.RESULT_FAULT)

    def _unlock(self, actuator, now_s):
        """A person says that the cause of the resets is mended."""
        self._ledger.strike(actuator.id, 0, now_s)
        if actuator.history.locked:
            actuator.history.locked = False
            self._tell(g.EVENT_LOCKOUT_CLEAR, (actuator.id,))

    def blame(self, id):
        """The node was reset right after this actuator switched: the count, and at the second time it is locked out."""
        actuator = self.find(id)
        if actuator is None:
            return 0
        now_s = self._clock.now() // 1000
        count = min(self._ledger.account(id).strikes + 1, 127)
        self._ledger.strike(id, count, now_s)
        if count >= STRIKES and not actuator.history.locked:
            actuator.history.locked = True
            self._tell(g.EVENT_LOCKOUT, (id,))
        return count

    def endured(self, id):
        """This actuator switched and the node is still there 10 s later; after one on and one off it is trusted."""
        account = self._ledger.account(id)
        account.endured += 1
        if account.strikes and account.endured >= 2 and not self.find(id).history.locked:
            self._ledger.strike(id, 0, self._clock.now() // 1000)

    def stop(self, stopped):
        """Latch or release the stop; with it everything is off before anything is written."""
        if stopped:
            self.off()
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
