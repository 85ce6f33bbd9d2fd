"""From an image on its way to a slot: the file `update.img`, its check, laying it out, reading it back. Used by update.

Whatever takes long is a generator that yields how long to wait (ms), so that control goes on in between.
"""

import hashlib
import os

from node import files, image
from shared_protocol import registry as g

STORE = "update.img"
HEAD = 55  # bytes before the image: SHA-256, tag, version, size
_LOOK = 512
_SPARE = 16384  # bytes of flash that stay free beside it
_FULL = 28  # ENOSPC


class Refused(Exception):
    """The image cannot be installed; args: RESULT_ code."""


def code_of(error):
    """RESULT_ code of what the flash says."""
    return g.RESULT_NO_SPACE if error.args and error.args[0] == _FULL else g.RESULT_FLASH


def held(head):
    """How many bytes of the image with this header are on the flash, None = it is not there."""
    try:
        with open(STORE, "rb") as file:
            if file.read(HEAD) != head:
                return None
    except OSError:
        return None
    return files.size(STORE) - HEAD


def made(head, size):
    """Begin to keep an image of `size` bytes; a RESULT_ code."""
    files.remove(STORE)
    flash = os.statvfs(".")
    if flash[0] * flash[3] < size + _SPARE:
        return g.RESULT_NO_SPACE
    try:
        with open(STORE, "wb") as file:
            file.write(head)
    except OSError as error:
        return code_of(error)
    return g.RESULT_OK


def checked(begin):
    """Hash the whole image."""
    total = hashlib.sha256()
    with open(STORE, "rb") as file:
        file.seek(HEAD)
        data = file.read(_LOOK)
        count = 0
        while data:
            total.update(data)
            count += 1
            if count % 16 == 0:
                yield 0
            data = file.read(_LOOK)
    if total.digest() != begin.sha256:
        raise Refused(g.RESULT_BAD_HASH)


def entries(file, size):
    """Yield (size, path) of an index of `size` bytes that begins where the file stands; ValueError when it makes no
    sense. A line at a time: a heap in use has no room for all of it.
    """
    while size:
        line = file.readline()
        size -= len(line)
        count, _, path = line[:-1].partition(b" ")
        if size < 0 or line[-1:] != b"\n" or not count.isdigit() or not _is_path(path):
            raise ValueError
        yield int(count), path.decode()


def _is_path(path):
    """True for a path below the slot, of plain names, that is not the seal."""
    for name in path.split(b"/"):
        if not name or name.startswith(b".") or b"\\" in name or min(name) < 33:
            return False
    return path not in (b"seal", b"seal.tmp")


def unpacked(begin, slot):
    """Lay the image into the slot, its seal last."""
    files.remove(slot + "/seal")
    yield from _emptied(slot)
    with open(STORE, "rb") as index, open(STORE, "rb") as contents:
        try:
            size = _sized(index, begin.size)
            index.seek(HEAD + 6)
            contents.seek(HEAD + 6 + size)
            for count, path in entries(index, size):
                _copy(contents, count, slot + "/" + path)
                yield 0
        except ValueError:
            raise Refused(g.RESULT_MALFORMED)
        index.seek(HEAD + 6)
        with open(slot + "/seal.tmp", "wb") as seal:
            seal.write(begin.sha256 + begin.tag + begin.version)
            while size:
                data = index.read(min(size, _LOOK))
                seal.write(data)
                size -= len(data)
    os.rename(slot + "/seal.tmp", slot + "/seal")
    yield 0


def _sized(file, total):
    """Bytes of the index of an image of `total` bytes; ValueError when it makes no sense."""
    file.seek(HEAD)
    head = file.read(6)
    if len(head) != 6 or not head[:5].isdigit() or head[5:] != b"\n":
        raise ValueError
    size = int(head[:5])
    if 6 + size + sum([count for count, _ in entries(file, size)]) != total:
        raise ValueError
    return size


def _emptied(folder):
    """Remove what lies in a folder, folders below too."""
    for name in files.listing(folder):
        path = folder + "/" + name
        if os.stat(path)[0] & 0x4000:
            yield from _emptied(path)
            os.rmdir(path)
        else:
            os.remove(path)
            yield 0


def _copy(source, size, path):
    """The next `size` bytes of a file become one of their own."""
    at = path.find("/")
    while at > 0:
        if not _exists(path[:at]):
            os.mkdir(path[:at])
        at = path.find("/", at + 1)
    with open(path, "wb") as file:
        while size:
            data = source.read(min(size, _LOOK))
            if not data:
                raise Refused(g.RESULT_MALFORMED)
            file.write(data)
            size -= len(data)


def _exists(path):
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def read_back(begin, slot):
    """Hash the slot as boot.py will; one that is not as announced loses its seal."""
    total = hashlib.sha256()
    try:
        size = files.size(slot + "/seal") - image.SEAL_HEAD
        total.update(b"%05d\n" % size)
        with open(slot + "/seal", "rb") as seal:
            seal.seek(image.SEAL_HEAD)
            _hash(total, seal)
            seal.seek(image.SEAL_HEAD)
            for _, path in entries(seal, size):
                with open(slot + "/" + path, "rb") as file:
                    _hash(total, file)
                yield 0
        sound = total.digest() == begin.sha256
    except (OSError, ValueError):
        sound = False
    if not sound:
        files.remove(slot + "/seal")
        raise Refused(g.RESULT_FLASH)


def _hash(total, file):
    """Hash a file from where it stands to its end."""
    data = file.read(_LOOK)
    while data:
        total.update(data)
        data = file.read(_LOOK)
