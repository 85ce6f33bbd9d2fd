"""Where the hub may be: at most four addresses a round. Used by the link; an address counts once its HELLO_ACK
verified.

The last one that worked, the configured one, what answered a broadcast DISCOVER. Names are looked up once, at the
start.
"""

import socket

from shared_protocol.handshake import discover_frame, open_offer

PORT = 47470
MAX_CANDIDATES = 4


def address(host, port):
    """What sendto() wants for a host, or None. A numeric host never blocks."""
    try:
        return socket.getaddrinfo(host, port)[0][-1]
    except (OSError, IndexError):
        return None


class Finder:
    """`configured` is (host, port) or None; `random_bytes(n)` makes nonces."""

    def __init__(self, configured, random_bytes):
        self.adopt(configured)
        self._random_bytes = random_bytes
        self._worked = None
        self._offered = []
        self._nonce = None

    def adopt(self, configured):
        """Take another configured (host, port), or None."""
        self._configured = configured
        self._address = address(configured[0], configured[1]) if configured and _numeric(configured[0]) else None

    def look_up(self):
        """Once after the first join: the name of the hub, where one was configured instead of a number."""
        if self._configured and self._address is None:
            self._address = address(self._configured[0], self._configured[1])
            self._configured = None

    def candidates(self):
        """Addresses to try, the likeliest first."""
        found = []
        for where in [self._worked, self._address] + self._offered:
            if where is not None and where not in found:
                found.append(where)
        return found[:MAX_CANDIDATES]

    def discover(self, sock):
        """Ask everybody on the net; where broadcasting is not allowed nothing happens."""
        self._nonce = self._random_bytes(8)
        try:
            sock.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_BROADCAST", 0x20), 1)
            sock.sendto(discover_frame(self._nonce), address("255.255.255.255", PORT))
        except (OSError, TypeError):
            pass

    def offer(self, data, source):
        """Take an OFFER frame; raises ProtocolError."""
        nonce, port, _ = open_offer(data)
        if self._nonce is None or nonce != self._nonce:
            return
        where = (source[0], port) if isinstance(source, tuple) else source
        if where not in self._offered:
            self._offered = [where] + self._offered[:1]

    def worked(self, where):
        """A hub with our key answered from here."""
        self._worked = where
        self._offered = []


def _numeric(host):
    return host.replace(".", "").isdigit()
