"""The recorder: turns sets and happenings into journal records. A part of the main loop; sense, actuators and link
call it.

A block closes at 240 sets or when the next ones would take it over 440 bytes, when the hub asks, and at a reboot.
"""

import gc

from node import files
from node.openblock import OpenBlock, Slice
from shared_protocol import registry as g
from shared_protocol.block import MAX_ROWS, encode_block
from shared_protocol.portable import const
from shared_protocol.record import Event, Table, decode_event, encode_event, encode_table
from shared_protocol.wire import Reader

_FULL = 28  # ENOSPC
_FIRST_LOOK = 32  # sets before a block is first measured
_AIM = 425  # bytes: a block is measured again where it is expected to reach this
_IDLE_MS = 3600000
_CELLS = const(960)  # values that the open block holds at most: what more columns add, no frame could carry


def lost_body(number):
    """(kind, body) that stands in the link for a record the flash no longer gives."""
    return g.RECORD_EVENT, encode_event(Event(g.EVENT_JOURNAL_LOST, 0, 0, (number, number, 1)))


def last_boot_no(journal):
    """The boot number of the newest event in the journal, 0 when there is none."""
    found = journal.newest(g.RECORD_EVENT)
    return decode_event(found[0]).boot_no if found else 0


class Recorder:
    """Owns the journal's writing end. `failures` counts writes that the flash refused."""

    def __init__(self, journal, clock, boot_no):
        self.journal = journal
        self.boot_no = boot_no
        self.table = 0
        self.due = 0
        self.failures = 0
        self.changed = 0  # counts new records
        self.failed = False  # the last write did not succeed
        self._clock = clock
        self._block = None
        self._look_at = _FIRST_LOOK

    def begin(self, channels, actuators):
        """At the start: close what the last run left open, then name the channel table in force."""
        self._adopt()
        path = self.journal.folder + "/table"
        known = files.read_guarded(path)
        number = known[1] if known else 1
        body = encode_table(Table(number, channels, actuators))
        sealed = known is not None and known[0] == 1
        if known is None or known[1:] != body:
            if known:
                number = number % 255 + 1
                body = encode_table(Table(number, channels, actuators))
            files.write_guarded(path, b"\x00" + body)
            sealed = False
        self.table = number
        self.journal.opening = g.RECORD_TABLE, body
        if not sealed:
            self._append(g.RECORD_TABLE, body, 0)
            files.write_guarded(path, b"\x01" + body)
        self._most = min(g.MAX_SETS, _CELLS // max(1, len(channels)))
        self._block = OpenBlock(self.journal.folder, self._most, len(channels), self.boot_no, number)

    def _adopt(self):
        """Journal the sets of the last run that are not in the journal yet."""
        from node.recover import recover

        left = recover(self.journal.folder)
        if left is None:
            return
        boot_no, table, _, rows = left
        known = files.read_guarded(self.journal.folder + "/table")
        if known:
            self.journal.opening = g.RECORD_TABLE, known[1:]
        newest = self.journal.newest(g.RECORD_BLOCK)
        if newest and Reader(newest[0]).uv() == boot_no:
            rows = [row for row in rows if row[0] > newest[1]]
        if rows:
            self._pack(boot_no, table, rows)
        files.remove(self.journal.folder + "/open")

    def event(self, code, fields, uptime_s=None):
        """Journal an event of now (or of an earlier uptime)."""
        now_s = self._clock.now() // 1000
        when = now_s if uptime_s is None else uptime_s
        self._append(g.RECORD_EVENT, encode_event(Event(code, self.boot_no, when, fields)), now_s)

    def set(self, uptime_s, values, states):
        """Keep one set of readings, None = gap; closes the block when it is full."""
        block = self._block
        try:
            block.add(uptime_s, values, states)
            self.failed = False
        except OSError as error:
            self._refused(error)
        if len(block) >= self._most:
            self.close()
        elif len(block) >= self._look_at:
            self._measure()

    def _measure(self):
        """Close when the block is near its limit, else say at how many sets to look again."""
        count = len(self._block)
        try:
            size = len(encode_block(self.boot_no, self.table, self._block))
        except MemoryError:
            size = _AIM
        ahead = (_AIM - size) * count // size
        if ahead < 1:
            self.close()
        else:
            self._look_at = count + max(1, ahead * 7 // 8)

    def close(self):
        """Make the open block a record (several, where it does not fit one)."""
        block = self._block
        if not len(block):
            return
        try:
            self._pack(self.boot_no, self.table, block)
        finally:
            block.clear()
            self._look_at = _FIRST_LOOK

    def _pack(self, boot_no, table, rows):
        """Append rows as one block, or as two halves where one would be too long or the heap too small."""
        count = len(rows)
        try:
            short = [rows[i] for i in range(count)] if count <= MAX_ROWS else rows
            body = encode_block(boot_no, table, short)
        except MemoryError:
            body = None
            gc.collect()
        if count > 1 and (body is None or len(body) > g.MAX_BLOCK):
            self._pack(boot_no, table, Slice(rows, 0, count // 2))
            self._pack(boot_no, table, Slice(rows, count // 2, count))
        elif body is not None:
            self._append(g.RECORD_BLOCK, body, rows[count - 1][0])

    def renew(self, new_id):
        """Leave the journal for an empty one under another id; the open block goes into the new one."""
        old_id = self.journal.id
        self.journal.renew(new_id)
        self.event(g.EVENT_JOURNAL_NEW, (old_id, 1))

    def _append(self, kind, body, mark):
        """Append, making room on a full flash; a refusal is counted and told when the flash works again."""
        for _ in range(4):
            try:
                self.journal.append(kind, body, mark)
                self.failed = False
                self.changed += 1
                return
            except OSError as error:
                if not self._refused(error):
                    return

    def _refused(self, error):
        """True when room was made and another try makes sense."""
        self.failed = True
        if error.args and error.args[0] == _FULL and self.journal.make_room():
            return True
        self.failures += 1
        return False

    def step(self, now):
        """Journal what the journal had to drop."""
        lost = self.journal.take_dropped()
        if lost:
            self.event(g.EVENT_JOURNAL_LOST, lost)
        self.due = now + _IDLE_MS
