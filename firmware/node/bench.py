"""The self-test over USB: tries one part after another while main is stopped. Loaded only by `nhavuon check`.

`run(step, …)` prints one JSON object a line, each with `what`. It judges nothing, which is the work of
flash_tools/check, and prints nothing secret. Every output is off after each step.
"""

import gc
import hashlib
import json
import os
import struct
import sys
from binascii import hexlify

import esp32
import machine

from node import bench_net, bench_parts, board, files, identity, recipes, settings
from node.journal import Journal
from node.status import VERSION

_WDT_MS = 600000  # a person may think for so long between two steps
_SCRATCH = "check.tmp"
_PIECE = 512
_PIECES = 16


def run(step, *given):
    """Run one step and print what it found."""
    machine.WDT(timeout=_WDT_MS).feed()
    for found in STEPS[step](*given):
        found["what"] = found.get("what", step)
        print(json.dumps(found))
    gc.collect()


def _facts():
    """Who and what this board is."""
    wired = board.load()
    node, key = identity.load()
    release = ".".join([str(part) for part in sys.implementation[1][:3]])
    yield {
        "board": wired.name,
        "node": node,
        "key": key is not None,
        "copy": files.read_guarded("key") is not None,
        "mac": hexlify(machine.unique_id()).decode(),
        "version": VERSION,
        "micropython": release,
    }
    yield {
        "what": "wiring",
        "channels": wired.channels,
        "actuators": wired.actuators,
        "led": wired.led is not None,
        "button": wired.button is not None,
        "stop": wired.stop_pin is not None,
    }


def _settings():
    """What was provisioned, without the passwords."""
    wired = board.load()
    found = settings.load()
    recipe = recipes.load(wired)
    yield {
        "serial": found.serial,
        "wifi": [name for name, _ in found.wifi],
        "hub": found.hub,
        "calibrated": sorted(found.calibration),
        "recipe": recipe.name if recipe.serial else None,
        "hash": hexlify(recipe.hash).decode(),
        "responses": [(rule.actuator, rule.check_channel) for rule in recipe.rules.values() if rule.check_channel],
    }


def _resets():
    """The counters of boots, and what RTC memory kept of the last run."""
    body = files.read_guarded("boots")
    known = struct.unpack_from("<I5H", body) if body and len(body) >= 14 else (0, 0, 0, 0, 0, 0)
    kept = bytes(machine.RTC().memory())
    row = kept[4] if len(kept) >= 9 and kept[:2] == b"NR" else 0
    yield {"boot": known[0], "counts": known[1:], "bad": row, "cause": machine.reset_cause()}


def _heap():
    gc.collect()
    regions = _idf_heap()
    yield {
        "free": gc.mem_free() if hasattr(gc, "mem_free") else None,
        "taken": gc.mem_alloc() if hasattr(gc, "mem_alloc") else None,
        "idf_free": sum([region[1] for region in regions]),
        "idf_largest": max([region[2] for region in regions] or [0]),
    }


def _idf_heap():
    return esp32.idf_heap_info(esp32.HEAP_DATA) if hasattr(esp32, "idf_heap_info") else []


def _flash():
    """Room, and a file written, read back and deleted."""
    pieces = [os.urandom(_PIECE) for _ in range(4)]
    error = None
    same = False
    try:
        with open(_SCRATCH, "wb") as file:
            for n in range(_PIECES):
                file.write(pieces[n % 4])
        with open(_SCRATCH, "rb") as file:
            same = all([file.read(_PIECE) == pieces[n % 4] for n in range(_PIECES)]) and not file.read(1)
    except OSError as failed:
        error = failed.args[0] if failed.args else -1
    files.remove(_SCRATCH)
    room = os.statvfs("/") if hasattr(os, "statvfs") else (0,) * 10
    yield {"block": room[0], "blocks": room[2], "free": room[3], "same": same, "error": error}


def _journal():
    """What is held, and whether the newest record can be read. Nothing is written."""
    lost = []
    journal = _open_journal(lost)
    if journal.next > journal.first:
        journal.read(journal.next - 1)
    found = {"first": journal.first, "next": journal.next, "lost": journal.lost, "unreadable": bool(lost)}
    found["begun"] = bool(journal.segments)
    yield found


def _open_journal(lost):
    return Journal("journal", 2, 1, lambda number: lost.append(number) or (0, b""))


def _image():
    """The hash over the files of the slot that runs, as its seal names them."""
    chosen = files.read("slot") or b"a"
    slot = sys.path[0] if sys.path[0] in ("a", "b") else chosen[:1].decode()
    seal = files.read(slot + "/seal")
    if seal is None:
        yield {"slot": slot, "sealed": False}
        return
    index = seal[51:]
    total = hashlib.sha256(b"%05d\n" % len(index))
    total.update(index)
    missing = 0
    for line in index.decode().split("\n"):
        size, _, name = line.partition(" ")
        if name and not _add(total, slot + "/" + name, int(size)):
            missing += 1
    sha256 = total.digest()
    sound = not missing and sha256 == seal[:32]
    yield {
        "slot": slot,
        "sealed": True,
        "sound": sound,
        "missing": missing,
        "sha256": hexlify(seal[:32]).decode(),
        "version": tuple(seal[48:51]),
        "spare": not chosen[2:].isdigit() and slot != chosen[:1].decode(),
    }


def _add(total, path, size):
    """Put a file into the hash; False when it is not there or has another size."""
    try:
        with open(path, "rb") as file:
            data = file.read(_PIECE)
            while data:
                total.update(data)
                size -= len(data)
                data = file.read(_PIECE)
    except OSError:
        return False
    return size == 0


def _hub():
    return bench_net.hub(_open_journal([]), next(_resets())["boot"])


STEPS = {
    "facts": _facts,
    "settings": _settings,
    "resets": _resets,
    "heap": _heap,
    "flash": _flash,
    "journal": _journal,
    "image": _image,
    "sensors": bench_parts.sensors,
    "buses": bench_parts.buses,
    "relay": bench_parts.relay,
    "led": bench_parts.led,
    "button": bench_parts.button,
    "stop": bench_parts.stop,
    "wifi": bench_net.wifi,
    "hub": _hub,
}
__all__ = ("run",)  # called from outside: what nothing reaches is left out of an image
