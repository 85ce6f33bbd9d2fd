"""The application of a node: the table of its parts and the loop that steps them. Started by the two lines of /main.py.

The rescue window first (node/visit.py), before any watchdog is armed. Whatever ends the loop, every output is off after
it.
"""

import gc

if hasattr(gc, "threshold"):
    gc.threshold(4096)  # what stays lies close together: garbage of loading never spreads over the heap

import os
import sys
import time

import machine
from node import files
from node.actuators import Actuators
from node.clock import Clock
from node.finder import Finder
from node.journal import Journal
from node.led import Led
from node.ledger import Ledger
from node.link import Link
from node.orders import Orders
from node.output import Output
from node.radio import Radio
from node.recorder import Recorder, last_boot_no, lost_body
from node.reset import PHASE_ENDED, PHASE_FAILED, PHASE_RUNNING, Reset
from node.sense import Sense
from node.shipper import Shipper
from node.status import VERSION, Status
from node.stop import Stop
from node.watchdog import Watchdog

from shared_protocol import registry as g

LOOSE_GC = 8192  # bytes between two collections once all is loaded
RESTART_MS = 1000
LONGEST_WAIT_MS = 1000
SEGMENT = 8192  # bytes that a journal segment takes on flash
RESERVE = 950272  # bytes for two slots, an update on its way, all else and littlefs (docs/firmware.md)
MOST_SEGMENTS = 128
_ON_PURPOSE = (g.RESET_SOFT, g.RESET_TOOL, g.RESET_UPDATE)
MOST_TRACES = 10  # on the console; a part that fails for ever must not block on the UART


class Node:
    """All parts, wired. `parts` are stepped in this order; `link` is where the loop waits."""

    def __init__(self):
        from node import board as boards
        from node import identity, image, recipes, settings

        self.clock = clock = Clock()
        self.board = board = boards.load()
        self.settings = wanted = settings.load()
        self.recipe = recipe = recipes.load(board)
        journal = Journal("journal", segments(), number(os.urandom(4)) or 1, lost_body)
        self.reset = reset = Reset(last_boot_no(journal), image.rolled_back() is not None)
        self.recorder = recorder = Recorder(journal, clock, reset.boot_no)
        recorder.begin(*boards.tables(board))
        first_use = journal.next <= 2
        self.sense = Sense(board.channels, wanted, recorder, clock, self._sampled)
        self.actuators = actuators = Actuators(
            board.actuators,
            [Output(entry) for entry in board.actuators],
            recipe,
            self.sense.readings,
            clock,
            Ledger([entry["id"] for entry in board.actuators]),
            recorder.event,
            self._switching,
        )
        reset.endured = actuators.endured
        self.sense.states = lambda: actuators.states
        self.stop = stop = Stop(board.stop_pin, actuators, recorder)
        self.radio = radio = Radio(wanted.wifi, clock.now(), lambda n: number(os.urandom(2)) % n)
        standing = image.standing()
        self.status = Status(standing, board, wanted, recipe, reset, self.sense, actuators, stop, recorder, radio)
        orders = Orders(actuators, stop, recorder, clock)
        self.finder = Finder(wanted.hub, os.urandom)
        shipper = Shipper(journal)
        self.link = Link(
            identity.load(),
            clock,
            self.status,
            shipper,
            orders,
            self.sense,
            recorder,
            stop,
            radio,
            self.finder,
            os.urandom,
            self._maintain,
        )
        led = Led(board.led, self.link, lambda: stop.latched or reset.safe_mode)
        self.watchdog = watchdog = Watchdog(self.sense, actuators)
        self.failures = 0
        self.parts = [self.sense, actuators, stop, recorder, radio, self.link, reset, led, watchdog]
        self.phase = PHASE_FAILED
        self.leaving = False
        self._begin(first_use)
        forget(*["node." + name for name in ("board", "identity", "image", "settings", "recipes", "parse", "slots")])
        forget("node.recover", "node.drivers")

    def _begin(self, first_use):
        """What the journal must know of this start, and who watches over a trial."""
        from node import image

        reset = self.reset
        if first_use:
            self.recorder.event(g.EVENT_JOURNAL_NEW, (0, 0))
        self.recorder.event(g.EVENT_BOOT, (reset.cause, reset.phase, VERSION))
        if reset.switched and reset.cause not in _ON_PURPOSE:
            count = self.actuators.blame(reset.switched)
            self.recorder.event(g.EVENT_RESET_AT_SWITCH, (reset.switched, count))
        if reset.safe_mode:
            self.recorder.event(g.EVENT_SAFE_MODE, (1, reset.bad))
            self.actuators.safe_mode()
        image.tell_rollback(self.recorder)
        if files.read("trial") is not None:
            self.helper("upkeep", "Upkeep")
        if self.status.image[8] == g.IMAGE_ON_TRIAL:
            self.helper("trial", "Trial")
        elif files.size("update.img"):
            self.helper("update", "Update").go_on()
        reset.enter(PHASE_RUNNING)

    def _sampled(self):
        self.actuators.due = 0

    def _switching(self, id):
        """An output is about to change: remembered first, since the spike of a motor may reset the board."""
        self.reset.switching(id, self.clock.now())

    def _maintain(self, link, header, body):
        """Rare messages: True when it was one. Their code is loaded when the first one comes."""
        type = header.type
        if not g.MSG_RECIPE <= type <= g.MSG_UPDATE_STATUS:
            return False
        if type >= g.MSG_UPDATE_BEGIN:
            helper = self.helper("update", "Update")
        elif type == g.MSG_CHECK:
            helper = self.helper("selftest", "Selftest")
        else:
            helper = self.helper("upkeep", "Upkeep")
        return helper.handle(link, header, body)

    def helper(self, module, kind):
        """The part for one kind of rare work, class `kind` of node/<module>, loaded when it is first needed."""
        for part in self.parts:
            if part.__class__.__name__ == kind:
                return part
        gc.collect()
        part = getattr(__import__("node." + module, None, None, (kind,)), kind)(self)
        self.parts.append(part)
        return part

    def dismiss(self, part, *modules):
        """Its work is done for now: give its RAM back."""
        self.parts.remove(part)
        forget(*modules)

    def adopt(self, found):
        """Take new settings into all parts; no output is touched by it."""
        self.settings = self.status.settings = found
        self.sense.adopt(found)
        self.radio.adopt(found.wifi)
        self.finder.adopt(found.hub)
        self.link.now_s = found.now_s
        self.link.renew()

    def adopt_recipe(self, recipe):
        """Take another recipe into the actuators; no output is touched by it."""
        self.actuators.adopt(recipe)
        self.recipe = self.status.recipe = recipe

    def leave(self, phase):
        """End the loop and restart."""
        self.phase = phase
        self.leaving = True

    def loop(self):
        """Step what is due, then wait for the next, until somebody asks to leave. A part that fails is told to the
        hub and tried again.
        """
        clock, link, parts = self.clock, self.link, self.parts
        seen = written = sampled = -1
        while not self.leaving:
            now = clock.now()
            due = now + LONGEST_WAIT_MS
            for part in parts:
                if part.due <= now:
                    self._step(part, now)
                if part.due < due:
                    due = part.due
            changes = self.actuators.changed + self.sense.changed
            if changes != seen or self.recorder.changed != written:
                if changes != seen:
                    link.wake()
                seen, written = changes, self.recorder.changed
                link.due = 0
                continue
            if self.sense.sampled_ms != sampled:
                sampled = self.sense.sampled_ms
                gc.collect()
            now = self._passed(now)
            link.wait(due - now)

    def _step(self, part, now):
        try:
            part.step(now)
        except Exception as error:
            part.due = now + LONGEST_WAIT_MS
            if self.failures < MOST_TRACES:
                complain(error)
            self.failures += 1
            self.link.log(now, g.LOG_ERROR, repr(error) + " in " + type(part).__name__)

    def _passed(self, began):
        """The time; a pass of the loop since `began` is counted."""
        now = self.clock.now()
        self.status.loop_ms = max(self.status.loop_ms, now - began)
        return now


def forget(*names):
    """Give back the RAM of modules that are needed rarely; who needs one again loads it again."""
    for name in names:
        package, _, leaf = name.rpartition(".")
        if sys.modules.pop(name, None) and hasattr(sys.modules[package], leaf):
            delattr(sys.modules[package], leaf)


def number(data):
    """Bytes as an unsigned number."""
    return int.from_bytes(data, "little")


def segments():
    """How many journal segments the flash has room for."""
    if not hasattr(os, "statvfs"):
        return MOST_SEGMENTS
    found = os.statvfs(".")
    return max(4, min(MOST_SEGMENTS, (found[1] * found[2] - RESERVE) // SEGMENT))


def visited():
    """People and tools first; their code leaves afterwards. True when somebody wants the REPL."""
    from node import visit

    forget("node.visit")
    return visit.wants_repl()


def run():
    """Start the node; returns only to the REPL."""
    if visited():
        return
    gc.collect()
    node = None
    phase = PHASE_FAILED
    try:
        node = Node()
        if hasattr(gc, "threshold"):
            gc.threshold(LOOSE_GC)
        node.loop()
        phase = node.phase
    except KeyboardInterrupt:
        phase = PHASE_ENDED
        raise
    except Exception as error:
        complain(error)
    finally:
        if node:
            node.actuators.off()
            node.recorder.close()
            node.reset.enter(phase)
    time.sleep_ms(RESTART_MS)
    machine.reset()


def complain(error):
    """Show on the console what failed."""
    print_exception = getattr(sys, "print_exception", None)
    if print_exception:
        print_exception(error)
    else:
        print("failed:", repr(error))


if __name__ == "main":
    run()
