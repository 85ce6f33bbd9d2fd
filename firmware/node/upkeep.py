"""Rare work that the hub asks for: new SETTINGS, a CHECK of the parts, SERVICE. Loaded by main when the first one
comes.

New settings are on trial: when no session comes about within 5 minutes the older slot counts again. No reset is needed.
"""

import gc
import hashlib
import os

from node import files, settings
from node.reset import PHASE_RESTART
from shared_protocol import maintenance as m
from shared_protocol import registry as g
from shared_protocol.messages import Result, encode_result

TRIAL = "trial"  # this file is there while the newest settings are not proven
SERVICE = "service"  # seconds that the next start stays in maintenance
TRIAL_MS = 300000
_LOOK_MS = 5000
_MAX_TEXT = 4096


class Upkeep:
    """A part of the main loop as long as it lives; `node` is main's Node."""

    def __init__(self, node):
        self._node = node
        self._text = None  # pieces of SETTINGS
        self._hash = None
        self._trial_ends = None
        self._taken = False  # stored, but not in force yet
        self.due = 0
        if files.read(TRIAL) is not None:
            self._begin_trial()

    def _begin_trial(self):
        node = self._node
        self._sessions = node.status.sessions
        self._trial_ends = node.clock.now() + TRIAL_MS

    def step(self, now):
        """Watch a trial; a session proves the settings."""
        self.due = now + _LOOK_MS
        if self._taken:
            self._taken = False
            self._node.adopt(settings.load())
            self._begin_trial()
        elif self._trial_ends is None:
            self.due = now + TRIAL_MS
        elif self._node.status.sessions > self._sessions:
            files.remove(TRIAL)
            self._trial_ends = None
        elif now >= self._trial_ends:
            self._trial_ends = None
            settings.drop_newest()
            files.remove(TRIAL)
            self._node.adopt(settings.load())

    def handle(self, link, header, body):
        """True when the message was one of these; it is answered then. Raises ProtocolError."""
        if header.type == g.MSG_SETTINGS:
            self._settings(link, m.decode_settings(body))
        elif header.type == g.MSG_CHECK:
            rows = self._check()
            link.send(g.MSG_CHECK_RESULT, m.encode_check_result(m.CheckResult(m.decode_check(body).id, rows)))
        elif header.type == g.MSG_SERVICE:
            self._service(link, m.decode_service(body))
        else:
            return False
        return True

    # settings

    def _settings(self, link, piece):
        """Collect the pieces in order; the last one is answered with what came of them."""
        if piece.total > _MAX_TEXT:
            code = g.RESULT_NO_SPACE
        elif piece.offset == 0:
            self._text = bytearray(piece.chunk)
            self._hash = piece.hash
            code = None
        elif self._text is None or piece.hash != self._hash or piece.offset > len(self._text):
            code = g.RESULT_BAD_OFFSET
        else:
            self._text[piece.offset :] = piece.chunk
            code = None
        if code is None and len(self._text) < piece.total:
            code = g.RESULT_OK
        elif code is None:
            code = self._store(bytes(self._text))
        link.send(g.MSG_SETTINGS_ACK, m.encode_settings_ack(m.SettingsAck(piece.hash, code)))

    def _store(self, text):
        self._text = None
        node = self._node
        if hashlib.sha256(text).digest()[:8] != self._hash:
            return g.RESULT_BAD_HASH
        if node.settings.hash == self._hash:
            return g.RESULT_OK
        try:
            files.write(TRIAL, b"1")
            settings.store(text, node.settings.serial + 1)
        except ValueError:
            files.remove(TRIAL)
            return g.RESULT_MALFORMED
        except OSError:
            return g.RESULT_FLASH
        node.recorder.event(g.EVENT_SETTINGS, (self._hash,))
        self._taken = True  # in force from the next step, after this was answered
        self.due = 0
        return g.RESULT_OK

    # the self-test

    def _check(self):
        """Rows of CHECK_RESULT; no output is switched by it."""
        node = self._node
        rows = [(m.CHECK_SENSOR, c.id, 0 if c.fault else 1, c.value) for c in node.sense.channels]
        if hasattr(os, "statvfs"):
            found = os.statvfs(".")
            rows.append((m.CHECK_FLASH, 0, 1, found[0] * found[3] // 1024))
        if hasattr(gc, "mem_free"):
            rows.append((m.CHECK_HEAP, 0, 1, gc.mem_free()))
        rssi = node.radio.rssi()
        rows.append((m.CHECK_RADIO, 0, 0 if rssi is None else 1, rssi))
        rows.append((m.CHECK_SETTINGS, 0, 1 if node.settings.serial else 0, None))
        journal = node.recorder.journal
        rows.append((m.CHECK_JOURNAL, 0, 0 if node.recorder.failed else 1, journal.next - journal.first))
        rows.append((m.CHECK_STOP_INPUT, 0, 0 if node.stop.pressed else 1, None))
        return rows

    # service

    def _service(self, link, order):
        """Answer, then leave the main loop: everything off, no watchdog, for a bounded time after a reset."""
        late = self._node.clock.now() // 1000 > order.not_after_uptime_s
        code = g.RESULT_TOO_LATE if late else g.RESULT_OK
        link.send(g.MSG_RESULT, encode_result(Result(order.id, code, self._node.actuators.states)))
        if late:
            return
        self._node.recorder.event(g.EVENT_SERVICE, (1, order.seconds))
        files.write(SERVICE, b"%d" % order.seconds)
        self._node.leave(PHASE_RESTART)
