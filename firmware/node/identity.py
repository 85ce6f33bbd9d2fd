"""Who this node is: number and key, in NVS with a guarded second copy in a file. Read once at the start, by main."""

import struct

import esp32

from node import files

_COPY = "key"


def load():
    """(node number, key of 16 bytes), or (0, None) when neither copy is there. Mends the copy that is missing."""
    inner = _from_nvs()
    outer = _from_file()
    if inner is None and outer is not None:
        _to_nvs(outer)
    if outer is None and inner is not None:
        files.write_guarded(_COPY, struct.pack("<H", inner[0]) + inner[1])
    return inner or outer or (0, None)


def _from_nvs():
    try:
        store = esp32.NVS("nv")
        key = bytearray(16)
        if store.get_blob("key", key) != 16:
            return None
        node = store.get_i32("node")
    except OSError:
        return None
    return (node, bytes(key)) if 0 < node < 0xFFFF else None


def _from_file():
    body = files.read_guarded(_COPY)
    if body is None or len(body) != 18:
        return None
    return struct.unpack("<H", body[:2])[0], body[2:]


def _to_nvs(who):
    try:
        store = esp32.NVS("nv")
        store.set_i32("node", who[0])
        store.set_blob("key", who[1])
        store.commit()
    except OSError:
        pass  # the file copy goes on serving
