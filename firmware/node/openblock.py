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

from node import files

_MAGIC = b"NVO1"
_HEAD = "<4sIBB"
_HEAD_BYTES = 10
_GAP = -0x80000000


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
        self._values = [array("i", (0 for _ in range(capacity))) for _ in range(columns)]
        self._states = bytearray(capacity)

    def __len__(self):
        return self._count

    def __getitem__(self, row):
        if not 0 <= row < self._count:
            raise IndexError(row)
        return self._times[row], tuple([_value(column[row]) for column in self._values]), self._states[row]

    def add(self, uptime_s, values, states):
        """Keep one set and make it durable. OSError: it is in memory only, and on flash with the next one that
        succeeds.
        """
        row = self._count
        self._times[row] = uptime_s
        for i in range(self._columns):
            self._values[i][row] = _GAP if values[i] is None else values[i]
        self._states[row] = states
        self._count = row + 1
        sound, self._sound = self._sound, False
        data = bytearray()
        if not sound:
            data.extend(struct.pack(_HEAD, _MAGIC, self.boot_no, self.table, self._columns))
        for i in range(row if sound else 0, row + 1):
            data.extend(self._packed(i))
        with open(self.path, "ab" if sound else "wb") as file:
            file.write(data)
        self._sound = True

    def _packed(self, row):
        """A set as bytes."""
        numbers = [column[row] for column in self._values]
        data = struct.pack(self._form, self._times[row], *numbers, self._states[row])
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


def recover(folder):
    """(boot_no, table, columns, rows) that the last run left in its open block, or None. Stops at the first
    damaged set.
    """
    data = files.read(folder + "/open")
    if data is None or len(data) < _HEAD_BYTES or data[:4] != _MAGIC:
        return None
    _, boot_no, table, columns = struct.unpack_from(_HEAD, data, 0)
    form = "<I%diB" % columns
    size = struct.calcsize(form)
    rows = []
    for at in range(_HEAD_BYTES, len(data) - size - 3, size + 4):
        if struct.unpack_from("<I", data, at + size)[0] != crc32(data[at : at + size]):
            break
        found = struct.unpack_from(form, data, at)
        rows.append((found[0], tuple([_value(v) for v in found[1:-1]]), found[-1]))
    return boot_no, table, columns, rows


def _value(number):
    return None if number == _GAP else number
