"""The UDP carrier: one socket on the LAN, read by one blocking thread; made by the service.

Blocking, because asyncio's UDP on Windows ends at the first port-unreachable; here that is one ConnectionResetError,
and the next datagram follows.
"""

import errno
import logging
import socket
import threading

from hub.carriers.base import Address, Carrier, Receive
from hub.errors import DataUnreadable, HubError, PortInUse

# Bytes asked of the system: a burst of 50 nodes while the page holds the processor.
RECEIVE_BUFFER = 4 << 20
LARGEST = 2048  # more than a frame, so that an overlong datagram is seen and refused, not cut
WAKE_S = 0.5  # how long `recvfrom` waits before it looks whether to end

log = logging.getLogger(__name__)


class AddressRefused(DataUnreadable):
    """The address to listen on is not one of this PC's."""

    code = "error.bad_address"
    text = "This PC has no address {address} ({detail}). Listen on 0.0.0.0, or on an address it has."


class UdpCarrier(Carrier):
    """A UDP socket bound to (host, port); port 0 lets the system choose."""

    def __init__(self, host: str, port: int) -> None:
        self._wanted = (host, port)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()

    @property
    def port(self) -> int:
        """The port in use. Only after `start`."""
        assert self._socket is not None
        return int(self._socket.getsockname()[1])

    def start(self, receive: Receive) -> None:
        """Raises PortInUse, AddressRefused."""
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            made.bind(self._wanted)
        except OSError as error:
            made.close()
            raise self._refused(error) from error
        made.settimeout(WAKE_S)
        self._socket = made
        self._ending.clear()
        self._thread = threading.Thread(target=self._run, args=(made, receive), name="udp", daemon=True)
        self._thread.start()

    def _refused(self, error: OSError) -> HubError:
        if error.errno in (errno.EADDRINUSE, errno.EACCES, getattr(errno, "WSAEADDRINUSE", -1)):
            return PortInUse(port=self._wanted[1])
        return AddressRefused(address=self._wanted[0], detail=error.strerror or str(error))

    def _run(self, source: socket.socket, receive: Receive) -> None:
        while not self._ending.is_set():
            try:
                data, address = source.recvfrom(LARGEST)
            except (TimeoutError, ConnectionResetError):
                continue
            except OSError as error:
                if self._ending.is_set():
                    return
                log.warning("UDP receive: %s", error)  # an overlong datagram on Windows, an interface that went away
                self._ending.wait(0.01)
                continue
            try:
                receive(data, address)
            except Exception:
                log.exception("a datagram of %d bytes from %s", len(data), address)

    def send(self, frame: bytes, address: Address) -> bool:
        """Send a frame; False when it certainly did not leave."""
        if self._socket is None:
            return False
        try:
            self._socket.sendto(frame, address)
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End the thread and free the port."""
        self._ending.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        if self._socket is not None:
            self._socket.close()
