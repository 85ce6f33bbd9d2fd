"""A text in two CRC'd slots on flash, `<name>.a` and `<name>.b`: the newer sound one counts. Used by settings, recipes
and upkeep.

A slot is `%08x ` of the CRC-32 of the rest, then `<serial>` newline text.
"""

from binascii import crc32

from node import files


def _read(path):
    """(serial, text) of a sound slot, or None."""
    data = files.read(path)
    try:
        if data is None or int(data[:8], 16) != crc32(data[9:]):
            return None
        end = data.index(b"\n", 9)
        return int(data[9:end]), data[end + 1 :]
    except ValueError:
        return None


def _sound(name):
    """[(serial, path)] of the sound slots, the newest first."""
    sound = [(_read(path), path) for path in (name + ".a", name + ".b")]
    return sorted([(slot[0], path) for slot, path in sound if slot], key=lambda slot: -slot[0])


def texts(name):
    """Yield (serial, text) of the sound slots, the newest first; one text at a time is in memory."""
    for _, path in _sound(name):
        slot = _read(path)
        if slot:
            yield slot


def store(name, text, kept):
    """Write a text as the newest, over the slot that is not `kept` (the serial in force); its serial. OSError by the
    flash: the others are as they were.
    """
    sound = _sound(name)
    serial = max([kept] + [slot[0] for slot in sound]) + 1
    free = [name + ".a", name + ".b"]
    for known, path in sound:
        if known == kept:
            free.remove(path)
            break
    rest = b"%d\n" % serial + text
    files.write(free[0], b"%08x " % crc32(rest) + rest)
    return serial


def drop(name, serial):
    """Forget the slot with this serial."""
    for known, path in _sound(name):
        if known == serial:
            files.remove(path)
