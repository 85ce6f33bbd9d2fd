"""The serial port of a bench board, as a tool on this PC opens it: rfc2217:// (with DTR and RTS), socket:// or a pty.

A port carries bytes both ways, one client at a time. `unplug` takes it away, `plug` brings it back under its name.
"""

import contextlib
import os
import select
import socket
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path

import serial.rfc2217

from tests.support.usb_board.runner import write_all

ACCEPT_S = 0.1
PIECE = 4096
LEAVING_LOOKS = 6
Feed = Callable[[bytes], None]
Lines = Callable[[bool, bool], None]


class SocketPort:
    """Plain TCP, as an emulator or a serial server offers it: no lines."""

    scheme = "socket"

    def __init__(self, folder: Path, feed: Feed, lines: Lines) -> None:
        self._feed, self._lines = feed, lines
        self._listener: socket.socket | None = None
        self._client: socket.socket | None = None
        self._number = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._number}"

    def plug(self) -> None:
        if self._listener is not None:
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self._number))
        listener.listen(2)
        listener.settimeout(ACCEPT_S)
        self._number = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), name="bench port", daemon=True).start()

    def unplug(self) -> None:
        listener, self._listener = self._listener, None
        client, self._client = self._client, None
        for each in (listener, client):
            if each is not None:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _accept(self, listener: socket.socket) -> None:
        while self._listener is listener:
            try:
                client, _ = listener.accept()
            except TimeoutError:
                continue
            except OSError:
                return
            if self._busy():
                client.close()  # busy, as a serial server says it
                continue
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.settimeout(None)
            self._client = client
            threading.Thread(target=self._serve, args=(client,), name="bench client", daemon=True).start()

    def _busy(self) -> bool:
        """Another client is there, and not just leaving."""
        for _ in range(LEAVING_LOOKS):
            if self._client is None:
                return False
            time.sleep(0.05)
        return True

    def _serve(self, client: socket.socket) -> None:
        self._greet(client)
        with contextlib.suppress(OSError):
            while data := client.recv(PIECE):
                self._received(data)
        if self._client is client:
            self._client = None
            self._left()
        client.close()

    def _greet(self, client: socket.socket) -> None:
        """Nothing to negotiate."""

    def _left(self) -> None:
        """Nothing hangs on an open port."""

    def _received(self, data: bytes) -> None:
        self._feed(data)

    def send(self, data: bytes) -> None:
        """To the client; lost when there is none, as behind a USB bridge."""
        client = self._client
        if client is not None:
            with contextlib.suppress(OSError), self._lock:
                client.sendall(data)


class Rfc2217Port(SocketPort):
    """A serial server that carries the lines too (pyserial's PortManager); it is its own `serial` and `connection`."""

    scheme = "rfc2217"
    baudrate, bytesize, parity, stopbits = 115200, 8, "N", 1
    rtscts = xonxoff = dsrdtr = break_condition = False
    cts = dsr = cd = True
    ri = False

    def __init__(self, folder: Path, feed: Feed, lines: Lines) -> None:
        super().__init__(folder, feed, lines)
        self._dtr = self._rts = False
        self._manager: serial.rfc2217.PortManager | None = None

    def _greet(self, client: socket.socket) -> None:
        self._manager = serial.rfc2217.PortManager(self, self)

    def _left(self) -> None:
        self._dtr = self._rts = False
        self._lines(False, False)

    def _received(self, data: bytes) -> None:
        assert self._manager is not None
        plain = b"".join(self._manager.filter(data))
        if plain:
            self._feed(plain)

    def send(self, data: bytes) -> None:
        if self._manager is not None:
            super().send(data.replace(b"\xff", b"\xff\xff"))

    def write(self, data: bytes) -> None:
        """The manager's own words to the client."""
        super().send(bytes(data))

    def reset_input_buffer(self) -> None:
        """Nothing is buffered here."""

    reset_output_buffer = reset_input_buffer

    @property
    def dtr(self) -> bool:
        return self._dtr

    @dtr.setter
    def dtr(self, value: bool) -> None:
        self._dtr = value
        self._lines(self._dtr, self._rts)

    @property
    def rts(self) -> bool:
        return self._rts

    @rts.setter
    def rts(self, value: bool) -> None:
        self._rts = value
        self._lines(self._dtr, self._rts)


class PtyPort:
    """A device file of this PC, folder/ttyUSB0; a pty knows no lines."""

    def __init__(self, folder: Path, feed: Feed, lines: Lines) -> None:
        self._feed = feed
        self._link = folder / "ttyUSB0"
        self._near: int | None = None
        self._wire = threading.Lock()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        return str(self._link)

    def plug(self) -> None:
        if self._thread is not None:
            return
        near, far = os.openpty()
        os.set_blocking(near, False)
        tty.setraw(far)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(far))
        os.close(far)
        self._near = near
        self._ending.clear()
        self._thread = threading.Thread(target=self._serve, args=(near,), name="bench pty", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        if self._thread is None:
            return
        self._ending.set()
        self._link.unlink(missing_ok=True)
        thread, self._thread = self._thread, None
        if threading.current_thread() is not thread:
            thread.join(5)

    def _serve(self, near: int) -> None:
        poll = select.poll()
        poll.register(near, select.POLLIN)
        while not self._ending.is_set():
            found = poll.poll(50)
            if found and not found[0][1] & select.POLLIN:
                self._ending.wait(0.02)  # nobody has opened it
            elif found:
                with contextlib.suppress(OSError):
                    self._feed(os.read(near, PIECE))
        with self._wire:
            self._near = None
            os.close(near)

    def send(self, data: bytes) -> None:
        with self._wire:
            if self._near is not None and _opened(self._near):
                write_all(self._near, data)


def _opened(near: int) -> bool:
    """Somebody has the far end open."""
    poll = select.poll()
    poll.register(near, 0)
    return not poll.poll(0)


KINDS: dict[str, type[SocketPort] | type[PtyPort]] = {"socket": SocketPort, "rfc2217": Rfc2217Port, "pty": PtyPort}
