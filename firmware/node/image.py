"""Which image runs and how it stands: the file `slot` and the seals, as boot.py defines them. Used by main at the
start, by update and by trial.
"""

import sys

from node import files
from shared_protocol import registry as g

SLOT = "slot"
SEAL_HEAD = 51  # bytes of a seal before its index
# Why boot.py went back to the proven slot; a capital letter: the journal has it.
_WHY = {b"f": g.RESULT_FAULT, b"t": g.RESULT_TOO_LATE, b"d": g.RESULT_BAD_HASH}


def running():
    """The slot whose application this is."""
    return "b" if sys.path[0] == "b" else "a"


def other():
    """The slot that an update goes into."""
    return "a" if running() == "b" else "b"


def number(slot):
    """A slot on the wire."""
    return 2 if slot == "b" else 1


def seal(slot):
    """(SHA-256, tag, version of 3 bytes) of a complete slot, else None."""
    try:
        with open(slot + "/seal", "rb") as file:
            data = file.read(SEAL_HEAD)
    except OSError:
        return None
    return (data[:32], data[32:48], data[48:]) if len(data) == SEAL_HEAD else None


def version(sealed):
    """The version in a seal, as text; "" without one."""
    return "%d.%d.%d" % tuple(sealed[2]) if sealed else ""


def on_trial():
    """True while the image that runs is not proven."""
    text = files.read(SLOT) or b""
    return text[2:].isdigit() and text[1:2] == running().encode()


def is_spare():
    """True while this image stands in for the proven one, whose slot boot.py found damaged."""
    return not on_trial() and (files.read(SLOT) or b"a")[:1] != running().encode()


def rolled_back():
    """(slot, RESULT_ code) of an update that boot.py took back and the journal does not know yet, else None."""
    text = files.read(SLOT) or b""
    code = _WHY.get(text[2:])
    return None if code is None else (text[1:2].decode(), code)


def tell_rollback(recorder):
    """Journal such an update, once; a damaged slot that was proven, at each start that passes over it."""
    found = rolled_back()
    if found:
        slot, code = found
        recorder.event(g.EVENT_UPDATE, (number(slot), version(seal(slot)), code))
        text = files.read(SLOT)
        try:
            files.write(SLOT, text[:2] + text[2:].upper())
        except OSError:
            pass  # told again at the next start
    elif is_spare():
        recorder.event(g.EVENT_UPDATE, (number(other()), version(seal(other())), g.RESULT_BAD_HASH))


def update_begins():
    """The image that runs is the proven one from now on, also where it was a spare: what is laid into the other slot
    must never start without a trial. The value of TLV_IMAGE then. OSError when the flash refuses.
    """
    if is_spare() or (files.read(SLOT) or b"")[2:].isalpha():
        files.write(SLOT, running().encode())
    return standing()


def standing():
    """The value of TLV_IMAGE."""
    sealed = seal(running())
    state = g.IMAGE_PROVEN
    if on_trial():
        state = g.IMAGE_ON_TRIAL
    elif is_spare():
        state = g.IMAGE_SPARE
    elif (files.read(SLOT) or b"")[2:].isalpha():
        state = g.IMAGE_ROLLED_BACK
    return (sealed[0][:8] if sealed else bytes(8)) + bytes((state,))
