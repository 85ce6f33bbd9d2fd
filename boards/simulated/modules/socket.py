"""`socket` as on the ESP32: UDP over the PC's network, while the simulated Wi-Fi is up. For the firmware.

Addresses are (ip, port) tuples as on the chip. Broadcasts go to spec["broadcast"]. With the Wi-Fi down sending raises
OSError(118) and what arrived meanwhile is thrown away, as on the air.
"""

import network

from boards.simulated import harness, host

AF_INET = 2
SOCK_STREAM = 1
SOCK_DGRAM = 2
IPPROTO_UDP = 17
SOL_SOCKET = 0xFFF
SO_REUSEADDR = 4
SO_BROADCAST = 0x20
IP_ADD_MEMBERSHIP = 0x400
EAGAIN = 11
HOST_UNREACHABLE = 118

if not host.MICROPYTHON:
    from boards.simulated.fallback import host_socket as _host_socket

    def __getattr__(name):
        return getattr(_host_socket, name)


_addresses = {}
outstanding = [0]


class socket:
    """A non-blocking UDP socket; `outstanding[0]` counts what was sent since something last arrived."""

    def __init__(self, af=AF_INET, type=SOCK_DGRAM, proto=0):
        if type != SOCK_DGRAM:
            raise OSError(93)
        self.raw = host.udp()
        self.raw.setblocking(False)
        self._raws = (self.raw,)
        host.watch(self.raw)

    def setblocking(self, flag):
        """Only non-blocking is of use in one loop; a wait is `select.poll`."""

    def settimeout(self, value):
        """As setblocking."""

    def setsockopt(self, level, option, value):
        if option == SO_REUSEADDR:
            host.reuse(self.raw)

    def bind(self, address):
        ip, port = address
        self.raw.bind(_host_address(ip or "0.0.0.0", port))

    def sendto(self, data, address):
        if not network.station.up():
            raise OSError(HOST_UNREACHABLE)
        ip, port = address
        sent = self.raw.sendto(data, _host_address(ip, port))
        outstanding[0] += 1
        return sent

    def recvfrom(self, size):
        while True:
            if host.readable(self._raws, 0) is None:
                raise OSError(EAGAIN)
            data, sender = host.receive(self.raw, size)
            if network.station.up():
                outstanding[0] -= outstanding[0] > 0
                return data, host.address_tuple(sender)

    def close(self):
        host.forget(self.raw)
        self.raw.close()


def _host_address(ip, port):
    if ip == "255.255.255.255":
        ip, _, given = harness.board.spec["broadcast"].partition(":")
        port = int(given or port)
    if (ip, port) not in _addresses:
        if len(_addresses) >= 8:
            _addresses.clear()
        _addresses[(ip, port)] = host.address(ip, port)
    return _addresses[(ip, port)]


def getaddrinfo(name, port, af=0, type=0, proto=0, flags=0):
    if not network.station.up():
        raise OSError(-202)
    ip = host.address_tuple(host.address(name, port))[0]
    return [(AF_INET, SOCK_DGRAM, 0, "", (ip, port))]
