"""Every output at its boot level first, then the slot whose application runs. Fixed: no update ever changes this file.

What it promises every application that will ever lie in a slot:

- Outputs are at their boot level before anything else runs (level before direction: no glitch).
- Only a slot runs whose files are what its seal says and whose seal was made with this node's key. For a damaged slot
  the other one runs; when neither is sound nothing runs, the outputs stay as they are, and the console says so.
- The file `slot` says `a` or `b`: that one is proven. `ab0`: a is proven, b is on trial and ended badly 0 times. The
  third bad end of a trial (watchdog, crash, exception) brings the proven slot back, and so do 30 minutes in one run
  without the application writing `b`. Power, a tool, a person or a soft reset never count. The file then says `abf`
  (b ended badly), `abt` (30 minutes) or `abd` (damaged), and RTC memory is wiped.

A seal is the SHA-256 of the image (32 bytes), its tag (16), version (3) and index: a line `<size> <path>` per file.
RTC memory is the application's 9 bytes (`NR`, phase, …: node/reset.py), on a trial followed by one letter of this
file: J judged, S the application was started, E left by a person, F failed.
"""

from machine import Pin  # noqa: F401, I001

# pins
# end pins

import hashlib
import os
import sys
from binascii import crc32

import esp32
import machine

BAD_ENDS = 3
TRIAL_MS = 1800000
HANG_MS = 60000  # from the start of the application until its own watchdog takes over
NOTHING = b"\x00" * 9


def ended_badly(cause, memory):
    """True when the last run of a trial ended by itself: `cause` of the reset by the chip, `memory` of the RTC."""
    if cause != machine.WDT_RESET and cause != machine.HARD_RESET:
        return False
    if len(memory) > 9:
        return memory[9:10] in (b"S", b"F")
    if memory[:2] == b"NR":
        return memory[2] in (1, 2, 5)  # starting, running, failed
    return cause == machine.WDT_RESET


def judged(text, bad):
    """What the file `slot` must say at this start: `text` is what it says, `bad` how the last run of a trial ended."""
    if text[:2] not in (b"ab", b"ba") or len(text) != 3:
        return b"b" if text == b"b" else b"a"
    if not on_trial(text) or not bad:
        return text
    count = text[2] - 47
    return text[:2] + (b"f" if count >= BAD_ENDS else b"%d" % count)


def on_trial(text):
    """True when the file `slot` names a slot on trial."""
    return text[2:] in (b"0", b"1", b"2")


def choose(text, sound):
    """(slot that runs, b"" for none; what the file `slot` must say): `sound(slot)` tells whether one can run."""
    if on_trial(text):
        if sound(text[1:2]):
            return text[1:2], text
        text = text[:2] + b"d"
    proven = text[:1]
    for slot in (proven, b"b" if proven == b"a" else b"a"):
        if sound(slot):
            return slot, text
    return b"", text


def is_sound(slot):
    """True when the slot's files are what its seal says and the seal fits a copy of the key; a board without a key
    takes any whole slot.
    """
    try:
        folder = slot.decode() + "/"
        seal = read(folder + "seal")
        total = hashlib.sha256(b"%05d\n" % len(seal[51:]))
        total.update(seal[51:])
        buffer = memoryview(bytearray(512))
        for line in seal[51:].split(b"\n")[:-1]:
            size, path = line.split(b" ", 1)
            left = int(size)
            with open(folder + path.decode(), "rb") as file:
                count = file.readinto(buffer)
                while count:
                    total.update(buffer[:count])
                    left -= count
                    count = file.readinto(buffer)
            if left:
                return False
        digest = total.digest()
        tags = [tag(key, seal[48:51] + digest) for key in keys()]  # noqa: F821
        return len(seal) > 51 and digest == seal[:32] and (not tags or seal[32:48] in tags)
    except Exception:  # whatever it is, this slot cannot run, and the other one must have its chance
        return False


def tag(key, text):
    """HMAC-SHA-256 of "nv1 image" and text, 16 bytes."""
    key = key + bytes(48)
    inner = hashlib.sha256(bytes([byte ^ 0x36 for byte in key]))
    inner.update(b"nv1 image" + text)
    outer = hashlib.sha256(bytes([byte ^ 0x5C for byte in key]))
    outer.update(inner.digest())
    return outer.digest()[:16]


def keys():
    """The copies of the node's key: NVS, and the file `key`."""
    found = []
    key = bytearray(16)
    try:
        if esp32.NVS("nv").get_blob("key", key) == 16:
            found.append(bytes(key))
    except OSError:
        pass
    copy = read("key")
    if len(copy) == 22 and crc32(copy[:18]) == int.from_bytes(copy[18:], "little"):
        found.append(copy[2:18])
    return found


def read(path):
    """The whole file, empty when there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def note(text):
    """Replace the file `slot`: a power cut leaves the old or the new one. A flash that refuses leaves the old one."""
    try:
        with open("slot.tmp", "wb") as file:
            file.write(text)
        os.rename("slot.tmp", "slot")
    except OSError as error:
        print("boot.py:", repr(error))


def mark(letter):
    """Put this file's letter behind what the application keeps in RTC memory."""
    memory = machine.RTC()
    memory.memory((memory.memory() + NOTHING)[:9] + letter)


def give_up(timer):
    """30 minutes of a trial are over: back to the proven slot, unless the application was confirmed meanwhile."""
    if on_trial(read("slot")):
        note(read("slot")[:2] + b"t")
        machine.RTC().memory(b"")
        machine.reset()


def start():
    """Run the application (called by main.py)."""
    if not running:
        print("Nothing runs: neither /a nor /b is whole. Outputs stay off. On the PC: nhavuon rescue")
        print("Không chạy gì: cả /a lẫn /b đều hỏng. Các ngõ ra vẫn tắt. Trên máy tính: nhavuon rescue")
    elif not on_trial(standing):
        __import__("main")
    else:
        machine.Timer(0).init(mode=machine.Timer.ONE_SHOT, period=TRIAL_MS, callback=give_up)
        machine.WDT(timeout=HANG_MS).feed()
        mark(b"S")
        letter = b"E"
        try:
            __import__("main")
            machine.WDT(timeout=2 * TRIAL_MS).feed()  # it ended in order: somebody is at the console
        except Exception as error:
            sys.print_exception(error)
            letter = b"F"
        finally:
            mark(letter)
        if letter == b"F":
            machine.reset()


before = read("slot")
standing = judged(before, ended_badly(machine.reset_cause(), machine.RTC().memory()))
running, standing = choose(standing, is_sound)
if standing != (before or b"a"):
    note(standing)
if on_trial(standing):
    mark(b"J")
elif on_trial(before):
    machine.RTC().memory(b"")
if running:
    sys.path.insert(0, running.decode())
del before, ended_badly, judged, choose, is_sound, tag, keys
if not on_trial(standing):
    del note, mark, give_up, read, NOTHING  # only a trial needs them
