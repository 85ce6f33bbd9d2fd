"""The host under a simulated board: what differs between MicroPython's unix port and CPython (for boards.simulated).

Everything here is captured before run.py swaps the file system and the built-in modules, so that the simulator keeps
its own door to the PC: files, clock, sockets, sudden death.
"""

import gc as real_gc  # noqa: F401  (for board_gc and harness)
import os
import sys

MICROPYTHON = sys.implementation.name == "micropython"

if MICROPYTHON:
    import uselect
    import usocket
    import utime
    from vfs import VfsPosix

    _root = VfsPosix()  # without a root: with one its rename() mixes up the two names
    ticks_us = utime.ticks_us
    sleep_us = utime.sleep_us
    unix_s = utime.time
    system = os.system
    _poll = uselect.poll()

    def open_file(path, mode="r"):
        return _root.open(path, mode)

    def rename(old, new):
        _root.rename(old, new)

    def remove(path):
        _root.remove(path)

    def modified(path):
        """(modification time, size) of a host file; None when it does not exist."""
        try:
            stat = _root.stat(path)
        except OSError:
            return None
        return stat[8], stat[6]

    def address(text, port):
        return usocket.getaddrinfo(text, port)[0][-1]

    def address_tuple(opaque):
        family, ip, port = usocket.sockaddr(opaque)
        return usocket.inet_ntop(family, ip), port

    def udp():
        return usocket.socket(usocket.AF_INET, usocket.SOCK_DGRAM)

    def receive(raw, size):
        return raw.recvfrom(size)

    def reuse(raw):
        raw.setsockopt(usocket.SOL_SOCKET, usocket.SO_REUSEADDR, 1)

    def watch(raw):
        _poll.register(raw, uselect.POLLIN)

    def forget(raw):
        _poll.unregister(raw)

    def readable(raws, timeout_ms):
        """One of these watched raw sockets that holds a datagram, after at most timeout_ms; None when there is none."""
        for item in _poll.ipoll(timeout_ms):
            if item[0] in raws:
                return item[0]

    def die():
        """End this process at once, as a reset or a power cut does: no `finally`, no flush."""
        system("kill -9 $PPID")
        while True:
            utime.sleep_us(10000)

else:
    import select
    import socket
    import time

    open_file = open
    rename = os.replace
    remove = os.remove

    def ticks_us():
        return time.monotonic_ns() // 1000

    def sleep_us(us):
        time.sleep(us / 1e6)

    unix_s = time.time

    def modified(path):
        """(modification time, size) of a host file; None when it does not exist."""
        try:
            stat = os.stat(path)
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size

    def address(text, port):
        return (socket.gethostbyname(text), port)

    def address_tuple(pair):
        return pair[:2]

    def udp():
        return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)

    def receive(raw, size):
        """recvfrom, past the news that an earlier datagram found nobody (Windows)."""
        while True:
            try:
                return raw.recvfrom(size)
            except ConnectionResetError:
                continue

    def reuse(raw):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)

    def watch(raw):
        """Nothing is registered on CPython."""

    forget = watch

    def readable(raws, timeout_ms):
        """One of these raw sockets that holds a datagram, after at most timeout_ms; None when there is none."""
        if not raws:
            time.sleep(timeout_ms / 1000)
            return None
        found = select.select(raws, [], [], timeout_ms / 1000)[0]
        return found[0] if found else None

    def die():
        """End this process at once, as a reset or a power cut does: no `finally`, no flush."""
        os._exit(0)


def replace_file(path, text):
    """Write a whole host file so that a reader sees the old or the new text, never half of it."""
    with open_file(path + ".tmp", "w") as file:
        file.write(text)
    rename(path + ".tmp", path)


def read_file(path):
    """A host file's text, or None."""
    try:
        with open_file(path) as file:
            return file.read()
    except OSError:
        return None


def read_tail(path, size):
    """The last size bytes of a host file as text, "" when there is no file."""
    found = modified(path)
    if found is None:
        return ""
    with open_file(path, "rb") as file:
        file.seek(max(0, found[1] - size))
        return file.read().decode()
