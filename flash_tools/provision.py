"""Owns what makes a board this node: number and key, Wi-Fi, hub, recipe (used by the flash run and rescue).

A board that was this node before keeps calibrations, intervals, recipe and journal; one that was another loses them.
Key and passwords go over the cable in code that the raw REPL does not echo; nothing here prints or logs them, and what
is read back are hashes.
"""

import hashlib
import json
import zlib
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from boards.board import Board
from flash_tools import image
from flash_tools.errors import HalfWritten
from flash_tools.remote import Remote

PERSONAL = ("/journal", "/ledger", "/boots", "/recipe.a", "/recipe.b", "/key", "/trial", "/service", "/stop")

READ_NUMBER = """\
_n = 0
try:
    import esp32
    _n = esp32.NVS('nv').get_i32('node')
except (ImportError, OSError):
    pass
if not 0 < _n < 65535:
    try:
        from binascii import crc32
        _f = open('/key', 'rb')
        _k = _f.read()
        _f.close()
        if len(_k) == 22 and crc32(_k[:18]) == int.from_bytes(_k[18:], 'little'):
            _n = int.from_bytes(_k[:2], 'little')
    except OSError:
        pass
print(_n)
"""

WRITE_NVS = """\
import esp32
from binascii import a2b_base64
_s = esp32.NVS('nv')
_s.set_i32('node', {node})
_s.set_blob('key', a2b_base64('{key}'))
_s.commit()
"""

HASH_NVS = """\
import esp32, hashlib
from binascii import hexlify
_s = esp32.NVS('nv')
_b = bytearray(16)
_n = _s.get_blob('key', _b)
print(hexlify(hashlib.sha256(b'%d ' % _s.get_i32('node') + _b[:_n]).digest()).decode())
"""


@dataclass(frozen=True)
class Identity:
    """Who a board becomes. wifi: (name, password) in the order they are tried; None = those that it has.
    Neither key nor wifi appear in repr.
    """

    number: int
    key: bytes = field(repr=False)
    hub: tuple[str, int]
    wifi: Sequence[tuple[str, str]] | None = field(repr=False, default=None)


def number_on(remote: Remote) -> int:
    """The node's number that the board says, 0 when it is none yet."""
    found = remote.ask(READ_NUMBER, int)
    return found if 0 < found < 0xFFFF else 0


def files(remote: Remote, board: Board, who: Identity) -> dict[str, bytes]:
    """{path: content} of what is this node's alone and can be compared by hash, the key's copy last."""
    mine = number_on(remote) == who.number
    serial, before = newest(remote, "settings") if mine else (0, {})
    settings = {**board.settings, **before, "hub": list(who.hub)}
    if who.wifi is not None:
        settings["wifi"] = [list(network) for network in who.wifi]
    wanted = {"/settings.a": slot(serial, settings, before)}
    if board.recipe and not (mine and newest(remote, "recipe")[0]):
        wanted["/recipe.a"] = image.slot_bytes(1, board.recipe)
    wanted["/key"] = image.key_bytes(who.number, who.key)
    return wanted


def slot(serial: int, settings: Mapping[str, Any], before: Mapping[str, Any]) -> bytes:
    """The slot of these settings: a new serial only when they differ from those before."""
    same = image.canonical(settings) == image.canonical(before)
    return image.slot_bytes(serial if same and serial else serial + 1, settings)


def newest(remote: Remote, name: str) -> tuple[int, dict[str, Any]]:
    """(serial, document) of the sound slot with the higher serial on the board; (0, {}) when there is none."""
    found: list[tuple[int, dict[str, Any]]] = [(0, {})]
    for path in (f"/{name}.a", f"/{name}.b"):
        data = remote.get(path)
        if data is not None:
            found += _parsed(data)
    return max(found, key=lambda one: one[0])


def _parsed(data: bytes) -> list[tuple[int, dict[str, Any]]]:
    head, _, rest = data.partition(b" ")
    serial, _, text = rest.partition(b"\n")
    try:
        if int(head, 16) != zlib.crc32(rest):
            return []
        document = json.loads(text)
        return [(int(serial), document)] if isinstance(document, dict) else []
    except ValueError:
        return []


def forget_another(remote: Remote, number: int) -> bool:
    """Delete what belongs to the node that this board was before; True when it was another one."""
    before = number_on(remote)
    if before == number:
        return False
    for path in PERSONAL:
        remote.remove(path)
    return before != 0


def write_nvs(remote: Remote, who: Identity) -> None:
    """Number and key into NVS, read back by hash. HalfWritten."""
    remote.run(WRITE_NVS.format(node=who.number, key=b64encode(who.key).decode()))
    if remote.run(HASH_NVS).strip() != hashlib.sha256(b"%d " % who.number + who.key).hexdigest():
        raise HalfWritten(file="NVS nv")


def settle(remote: Remote) -> None:
    """The settings just written are the only ones, and proven."""
    for path in ("/settings.b", "/trial"):
        remote.remove(path)
