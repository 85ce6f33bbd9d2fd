"""Reads what the last run left in its open block. Loaded by the recorder at the start, and forgotten after."""

import struct
from binascii import crc32

from node import files
from node.openblock import GAP, HEAD, MAGIC
from shared_protocol.portable import const

_HEAD_BYTES = const(10)


def recover(folder):
    """(boot_no, table, columns, rows) that the last run left in its open block, or None. Stops at the first set that
    is damaged or earlier than the one before.
    """
    data = files.read(folder + "/open")
    if data is None or len(data) < _HEAD_BYTES or data[:4] != MAGIC:
        return None
    _, boot_no, table, columns = struct.unpack_from(HEAD, data, 0)
    form = "<I%diB" % columns
    size = struct.calcsize(form)
    rows = []
    for at in range(_HEAD_BYTES, len(data) - size - 3, size + 4):
        if struct.unpack_from("<I", data, at + size)[0] != crc32(data[at : at + size]):
            break
        found = struct.unpack_from(form, data, at)
        if rows and found[0] < rows[-1][0]:
            break  # no block takes time that falls: such a file must not end every start
        rows.append((found[0], tuple([None if v == GAP else v for v in found[1:-1]]), found[-1]))
    return boot_no, table, columns, rows
