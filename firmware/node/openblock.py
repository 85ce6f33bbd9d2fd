"""The open block: the sets since the last closed one, on flash as they come and in columns for packing. Used by
the recorder.

`<folder>/open` starts with magic, boot_no u32, table u8, columns u8; then each set: uptime u32, values i32 (a gap
is the
lowest), states u8, CRC-32. The first set of a block replaces the file, the others are appended, each made durable
at once.
"""

import struct
from array import array
from binascii import crc32

from shared_protocol.portable import const

MAGIC = b"NVO1"
HEAD = "<4sIBB"
GAP = -0x80000000
_SHORT_GAP = const(-0x8000)


class OpenBlock:
    """Behaves as the list of rows (uptime_s, values tuple, states) that the encoder wants."""

    def __init__(self, folder, capacity, columns, boot_no, table):
        self.path = folder + "/open"
        self.boot_no = boot_no
        self.table = table
        self._form = "<I%diB" % columns
        self._columns = columns
        self._count = 0
        self._sound = False  # the file holds all sets of this block
        self._times = array("I", (0 for _ in range(capacity)))
        self._values = [array("h", (0 for _ in range(capacity))) for _ in range(columns)]
        self._wide = bytearray(columns)  # 1: this column's values did not fit 16 bits
        self._states = bytearray(capacity)

    def __len__(self):
        return self._count

    def __getitem__(self, row):
        if not 0 <= row < self._count:
            raise IndexError(row)
        return self._times[row], tuple([self._value(i, row) for i in range(self._columns)]), self._states[row]

    def _value(self, i, row):
        """A value, None = gap."""
        found = self._values[i][row]
        return None if found == (GAP if self._wide[i] else _SHORT_GAP) else found

    def _put(self, i, row, value):
        """Keep a value; a column becomes wide with the first one that needs it."""
        if not self._wide[i] and value is not None and not _SHORT_GAP < value <= 0x7FFF:
            self._values[i] = array("i", (GAP if v == _SHORT_GAP else v for v in self._values[i]))
            self._wide[i] = 1
        self._values[i][row] = (GAP if self._wide[i] else _SHORT_GAP) if value is None else value

    def add(self, uptime_s, values, states):
        """Keep one set and make it durable. OSError: it is in memory only, and on flash with the next one that
        succeeds.
        """
        row = self._count
        self._times[row] = uptime_s
        for i in range(self._columns):
            self._put(i, row, values[i])
        self._states[row] = states
        self._count = row + 1
        sound, self._sound = self._sound, False
        data = bytearray()
        if not sound:
            data.extend(struct.pack(HEAD, MAGIC, self.boot_no, self.table, self._columns))
        for i in range(row if sound else 0, row + 1):
            data.extend(self._packed(i))
        with open(self.path, "ab" if sound else "wb") as file:
            file.write(data)
        self._sound = True

    def _packed(self, row):
        """A set as bytes."""
        time, values, states = self[row]
        data = struct.pack(self._form, time, *[GAP if value is None else value for value in values], states)
        return data + struct.pack("<I", crc32(data))

    def clear(self):
        """Begin anew; the file is replaced by the next set, so that nothing is lost in between."""
        self._count = 0
        self._sound = False


class Slice:
    """Rows `first` to `last` - 1 of an OpenBlock or list, as the encoder wants them."""

    def __init__(self, rows, first, last):
        self._rows = rows
        self._first = first
        self._count = last - first

    def __len__(self):
        return self._count

    def __getitem__(self, row):
        if not 0 <= row < self._count:
            raise IndexError(row)
        return self._rows[self._first + row]
