"""The journal: records under numbers that only grow, in append-only segments on flash. Written by the recorder,
read by the link.

A segment `journal/<first number, 8 digits>` is a header (magic, journal_id) and records back to back:

    sync u8 | kind u8 | length u16 | mark u32 | crc32 u32 | body      CRC over number u32, the first 8 bytes and
    the body

`mark` is the uptime (s) of the last set in a block, of the happening in an event. The number of a record is not
stored: it is the segment's first number plus its place. Each append opens, writes and closes, which littlefs makes
durable as a whole or not at all.
"""

import os
import struct
from binascii import crc32

from node import files

_MAGIC = b"NVJ1"
_HEAD = 8  # magic and journal_id
_FORM = "<BBHII"
_RECORD = 12
_SYNC = 0xA5
SEGMENT_BYTES = 8180  # two littlefs blocks of 4096 with room for the pointers between them
MAX_BODY = 480  # fits one datagram beside the frame's own bytes
_SHORTEST = _RECORD + 1


class Journal:
    """(id, number) names a record for ever. `lost_body(number)` gives what stands for an unreadable record."""

    def __init__(self, folder, max_segments, new_id, lost_body):
        self.folder = folder
        self._max = max(2, max_segments)
        self._lost_body = lost_body
        self.opening = None  # (kind, body) that every segment starts with: the channel table
        self._state = folder + "/state"  # stored u32, lost u32: as old as the newest segment
        body = files.read_guarded(self._state) or bytes(8)
        self.stored, self.lost = struct.unpack("<II", body[:8])
        self._dropped = None  # (first, last, count) of unacknowledged records that had to go
        self._seek = (0, 0, 0)  # segment's first number, number, offset: where reading went on
        self._fresh = True  # the next append starts a segment
        try:
            os.mkdir(folder)
        except OSError:
            pass
        files.sweep(folder)
        self._starts = sorted(int(name) for name in files.listing(folder) if len(name) == 8 and name.isdigit())
        self.id = self._known_id() or new_id
        self.next = 1
        if self._starts:
            self._resume()

    @property
    def first(self):
        """The lowest number still held (= next when nothing is)."""
        return self._starts[0] if self._starts else self.next

    @property
    def segments(self):
        """How many segments there are."""
        return len(self._starts)

    def _path(self, start):
        return "%s/%08d" % (self.folder, start)

    def _known_id(self):
        """journal_id of the newest readable segment, or None."""
        for start in reversed(self._starts):
            data = self._head(start)
            if data:
                return struct.unpack_from("<I", data, 4)[0]
        return None

    def _head(self, start):
        try:
            with open(self._path(start), "rb") as file:
                data = file.read(_HEAD)
        except OSError:
            return None
        return data if len(data) == _HEAD and data[:4] == _MAGIC else None

    def _resume(self):
        """Find the end of the newest segment; behind a damaged tail leave the numbers it may have used."""
        start = self._starts[-1]
        size = os.stat(self._path(start))[6]
        count = 0
        end = _HEAD if self._head(start) else 0
        if end:
            count, end = self._walk(start)
        self.next = start + count
        self._size = end
        self._fresh = end != size or end == 0
        if size > end:
            self.next += (size - end) // _SHORTEST + 1

    def _walk(self, start):
        """(records, bytes) that are sound in a segment."""
        count = 0
        with open(self._path(start), "rb") as file:
            offset = file.seek(_HEAD)
            while True:
                record = _next(file, start + count)
                if record is None:
                    return count, offset
                count += 1
                offset += _RECORD + len(record[1])

    def newest(self, kind):
        """(body, mark) of the newest readable record of a kind, or None. Reads whole segments: for the start only."""
        for start in reversed(self._starts):
            found = None
            if not self._head(start):
                continue
            with open(self._path(start), "rb") as file:
                file.seek(_HEAD)
                number = start
                record = _next(file, number)
                while record:
                    if record[0] == kind:
                        found = record
                    number += 1
                    record = _next(file, number)
            if found:
                return found[1], found[2]
        return None

    def append(self, kind, body, mark):
        """Write one record durably and return its number. OSError: not written, the number is still free."""
        if self._fresh or self._size + _RECORD + len(body) > SEGMENT_BYTES:
            return self._begin(kind, body, mark)
        number = self.next
        data = _packed(number, kind, body, mark)
        try:
            with open(self._path(self._starts[-1]), "ab") as file:
                file.write(data)
        except OSError:
            self._fresh = True  # how much of it is on flash is not known: this segment is closed
            raise
        self._size += len(data)
        self.next = number + 1
        return number

    def _begin(self, kind, body, mark):
        """Start a segment with the channel table and this record, dropping the oldest ones beyond the limit."""
        while len(self._starts) >= self._max:
            self._drop()
        number = start = self.next
        data = _MAGIC + struct.pack("<I", self.id)
        if self.opening and self.opening[0] != kind:
            data += _packed(number, self.opening[0], self.opening[1], mark)
            number += 1
        data += _packed(number, kind, body, mark)
        self._fresh = True
        files.write_guarded(self._state, struct.pack("<II", self.stored, self.lost))
        with open(self._path(start), "wb") as file:
            file.write(data)
        if not self._starts or self._starts[-1] != start:
            self._starts.append(start)
        self._size = len(data)
        self._fresh = False
        self.next = number + 1
        return number

    def make_room(self):
        """Drop the oldest segment because the flash is full; False when only one is left."""
        if len(self._starts) < 2:
            return False
        self._drop()
        return True

    def _drop(self):
        start = self._starts[0]
        files.remove(self._path(start))
        self._starts.pop(0)
        last = self.first - 1
        if last > self.stored:
            first = max(start, self.stored + 1)
            known = self._dropped or (first, last, 0)
            self._dropped = known[0], last, known[2] + last - first + 1
            self.lost += last - first + 1

    def take_dropped(self):
        """(first, last, count) of unacknowledged records dropped since last asked, or None."""
        told = self._dropped
        self._dropped = None
        return told

    def read(self, number):
        """(kind, body) of a held record. What the flash no longer gives is told by an event in its place."""
        if not self.first <= number < self.next:
            raise ValueError(number)
        record = None
        try:
            record = self._read(number)
        except OSError:
            pass
        return record or self._lost_body(number)

    def _read(self, number):
        start = max(s for s in self._starts if s <= number)
        at, offset = start, _HEAD
        if self._seek[0] == start and self._seek[1] <= number:
            at, offset = self._seek[1], self._seek[2]
        with open(self._path(start), "rb") as file:
            if at == start and (file.read(4) != _MAGIC):
                return None
            file.seek(offset)
            while True:
                record = _next(file, at)
                if record is None or at == number:
                    break
                at += 1
                offset += _RECORD + len(record[1])
        self._seek = (start, at, offset)
        return record and (record[0], record[1])

    def acknowledged(self, up_to):
        """A hub holds everything up to this number."""
        self.stored = up_to

    def renew(self, new_id):
        """Start an empty journal under a new id: the hub holds other records under this one's numbers."""
        for start in self._starts:
            files.remove(self._path(start))
        self._starts = []
        self.id = new_id
        self.next = 1
        self.stored = self.lost = 0
        self._fresh = True
        self._seek = (0, 0, 0)


def _packed(number, kind, body, mark):
    """A record as bytes."""
    if len(body) > MAX_BODY:
        raise ValueError(len(body))
    head = struct.pack("<BBHI", _SYNC, kind, len(body), mark)
    return head + struct.pack("<I", _check(number, head, body)) + body


def _check(number, head, body):
    return crc32(body, crc32(head, crc32(struct.pack("<I", number))))


def _next(file, number):
    """(kind, body, mark) of the record at the file's position, or None where the sound ones end."""
    head = file.read(_RECORD)
    if len(head) < _RECORD:
        return None
    sync, kind, length, mark, check = struct.unpack(_FORM, head)
    if sync != _SYNC or length > MAX_BODY:
        return None
    body = file.read(length)
    if len(body) < length or _check(number, head[:8], body) != check:
        return None
    return kind, body, mark
