"""Where the hub may be. Used by the link; an address counts once its HELLO_ACK verified.

The last one that worked, the configured one, and what answers a broadcast DISCOVER. A host is a number: looking up a
name would block the loop for longer than the watchdog waits.
"""

import socket

from shared_protocol.handshake import discover_frame, open_offer

PORT = 47470
MAX_OFFERS = 8  # that get a HELLO, each round


def address(host, port):
    """What sendto() wants for a numeric host, or None."""
    try:
        return socket.getaddrinfo(host, port)[0][-1]
    except (OSError, IndexError):
        return None


class Finder:
    """`configured` is (host, port) or None; `random_bytes(n)` makes nonces."""

    def __init__(self, configured, random_bytes):
        self.adopt(configured)
        self._random_bytes = random_bytes
        self._nonce = None

    def adopt(self, configured):
        """Take a configured (host, port), or None, and forget what worked before."""
        self._worked = None
        self._heard = []  # what was offered in this round: all of it is tried, so that nobody hides the true hub
        self._configured = configured if configured and _numeric(configured[0]) else None

    def candidates(self):
        """Addresses known before anybody answers, the likeliest first. The network must be up."""
        found = []
        configured = self._configured
        for where in (self._worked, address(configured[0], configured[1]) if configured else None):
            if where is not None and where not in found:
                found.append(where)
        return found

    def discover(self, sock):
        """Ask everybody on the net; where broadcasting is not allowed nothing happens."""
        self._nonce = self._random_bytes(8)
        self._heard = []
        try:
            sock.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_BROADCAST", 0x20), 1)
            sock.sendto(discover_frame(self._nonce), address("255.255.255.255", PORT))
        except (OSError, TypeError):
            pass

    def offer(self, data, source):
        """Where an OFFER wants the HELLO, or None: each address once, and a bounded number a round. ProtocolError."""
        nonce, port, _ = open_offer(data)
        where = (source[0], port) if isinstance(source, tuple) else source
        if nonce != self._nonce or where in self._heard or len(self._heard) >= MAX_OFFERS:
            return None
        self._heard.append(where)
        return where

    def worked(self, where):
        """A hub with our key answered from here."""
        self._worked = where


def _numeric(host):
    return host.replace(".", "").isdigit()
