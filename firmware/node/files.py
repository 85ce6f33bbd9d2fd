"""Small whole files that survive a power cut: written beside, renamed over, guarded by a CRC. Used by settings,
key and counters.
"""

import os
import struct
from binascii import crc32

_FULL = 28  # ENOSPC
_rename = getattr(os, "replace", os.rename)  # CPython on Windows refuses to rename over a file


def read(path):
    """The whole file, or None when there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def write(path, data):
    """Replace the file by `data` in one step; OSError when the flash refuses. A full one keeps nothing of it."""
    try:
        with open(path + ".tmp", "wb") as file:
            file.write(data)
        _rename(path + ".tmp", path)
    except OSError as error:
        if error.args and error.args[0] == _FULL:
            remove(path + ".tmp")
        raise


def read_guarded(path):
    """The body of a file that ends in the CRC-32 of it, or None when it is missing or damaged."""
    data = read(path)
    if data is None or len(data) < 4 or struct.unpack_from("<I", data, len(data) - 4)[0] != crc32(data[:-4]):
        return None
    return data[:-4]


def write_guarded(path, body):
    """Write `body` with its CRC-32 behind it."""
    write(path, body + struct.pack("<I", crc32(body)))


def size(path):
    """Bytes of a file, 0 when there is none."""
    try:
        return os.stat(path)[6]
    except OSError:
        return 0


def remove(path):
    """Delete the file if it is there."""
    try:
        os.remove(path)
    except OSError:
        pass


def listing(folder):
    """Names in a folder, an empty list when there is none."""
    try:
        return os.listdir(folder)
    except OSError:
        return []


def sweep(folder):
    """Delete what a power cut left half written."""
    for name in listing(folder):
        if name.endswith(".tmp"):
            remove(folder + "/" + name)
