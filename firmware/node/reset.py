"""Why the node started, and what it was doing before: RTC memory that outlives a reset, and the counters of boots.
Used by main.

RTC memory: magic, phase u8, actuator u8 (0 = none switched in the last 10 s), bad boots in a row u8, CRC-32; on a trial
of a new image boot.py puts a letter behind it. boot.py reads the phase, so neither form nor numbers may change.
"""

import struct
from binascii import crc32

import machine

from node import files
from shared_protocol import registry as g

PHASE_NONE = 0
PHASE_STARTING = 1
PHASE_RUNNING = 2
PHASE_ENDED = 3  # left in order: Ctrl-C, service
PHASE_RESTART = 4  # asked for a reset itself
PHASE_FAILED = 5  # an exception ended the loop
PHASE_UPDATE = 6  # asked for a reset into another image

BAD_BOOTS = 3  # so many in a row lead to safe mode
_PROVEN_MS = 600000  # a run this long ends the row
_SWITCH_MS = 10000
_COUNTERS = "boots"
_FORM = "<I5H"  # boot number; resets by power, watchdog, panic, brownout, other
_MAGIC = b"NR"


def left():
    """Remember that a person or a tool took over before there was a Reset: the reset that follows is theirs."""
    machine.RTC().memory(_guarded(bytes((PHASE_ENDED, 0, 0))))


def _guarded(state):
    data = _MAGIC + state
    return data + struct.pack("<I", crc32(data))


class Reset:
    """Attributes: cause (RESET_ number), phase before it, switched (actuator id or 0), bad (bad boots in a row),
    boot_no, counts.
    """

    def __init__(self, last_boot_no, rolled_back=False):
        self.due = 0
        self.endured = None  # called with the actuator's id once the node outlived its switching by 10 s
        self._rtc = machine.RTC()
        self._now = [PHASE_STARTING, 0, 0]
        self._switched_ms = 0
        kept = self._recall()
        if rolled_back:
            kept = PHASE_UPDATE, 0, 0  # what the other image did is not this one's
        self.phase, self.switched, self.bad = kept or (PHASE_NONE, 0, 0)
        self.cause = classify(machine.reset_cause(), kept is not None, self.phase)
        self.bad = min(self.bad + 1, 255) if self.cause in (g.RESET_WATCHDOG, g.RESET_PANIC) else 0
        self.boot_no, self.counts = self._count(last_boot_no)
        self._now[2] = self.bad
        self._keep()

    @property
    def safe_mode(self):
        """True after three bad boots in a row."""
        return self.bad >= BAD_BOOTS

    def _recall(self):
        data = bytes(self._rtc.memory())[:9]
        if len(data) != 9 or data[:2] != _MAGIC or struct.unpack_from("<I", data, 5)[0] != crc32(data[:5]):
            return None
        return data[2], data[3], data[4]

    def _keep(self):
        self._rtc.memory(_guarded(bytes(self._now)))

    def _count(self, last_boot_no):
        body = files.read_guarded(_COUNTERS)
        known = struct.unpack(_FORM, body) if body and len(body) == struct.calcsize(_FORM) else (0, 0, 0, 0, 0, 0)
        boot_no = max(known[0], last_boot_no) + 1
        counts = list(known[1:])
        which = self.cause - 1 if g.RESET_POWER <= self.cause <= g.RESET_BROWNOUT else 4
        counts[which] = min(counts[which] + 1, 65535)
        try:
            files.write_guarded(_COUNTERS, struct.pack(_FORM, boot_no, *counts))
        except OSError:
            pass  # the journal's BOOT event carries the number too
        return boot_no, counts

    def enter(self, phase):
        """Remember what the node is doing, for the next start."""
        self._now[0] = phase
        self._keep()

    def switching(self, actuator, now):
        """Remember which actuator just switched."""
        self._now[1] = actuator
        self._switched_ms = now
        self._keep()
        self.due = now + _SWITCH_MS

    def step(self, now):
        """Forget the switching after 10 s, and the row of bad boots after 10 minutes of running."""
        if self._now[1] and now - self._switched_ms >= _SWITCH_MS:
            actuator, self._now[1] = self._now[1], 0
            self._keep()
            if self.endured:
                self.endured(actuator)
        if self._now[2] and now >= _PROVEN_MS:
            self._now[2] = 0
            self._keep()
        self.due = now + _PROVEN_MS


def classify(hardware, kept, phase):
    """RESET_ number from machine.reset_cause(), which a watchdog makes unreliable, and what RTC memory kept."""
    if hardware == machine.SOFT_RESET:
        return g.RESET_SOFT
    if hardware == machine.PWRON_RESET:
        return g.RESET_BROWNOUT if kept and phase == PHASE_RUNNING else g.RESET_POWER
    if phase == PHASE_UPDATE:
        return g.RESET_UPDATE
    if phase == PHASE_RESTART or phase == PHASE_ENDED:
        return g.RESET_TOOL
    if hardware == machine.WDT_RESET:
        return g.RESET_WATCHDOG
    return g.RESET_PANIC if kept else g.RESET_UNKNOWN
