"""The self-test's steps for the network: join the Wi-Fi as the node does, say HELLO to the hub. Loaded by bench."""

import os
import select
import socket
import time

from node import board, identity, settings
from node.finder import Finder, address
from node.radio import Radio
from node.status import VERSION
from shared_protocol import registry as g
from shared_protocol.errors import ProtocolError
from shared_protocol.frame import MAX_FRAME, parse_header
from shared_protocol.handshake import Hello, discover_frame, hello_frame, open_hello_ack, open_offer
from shared_protocol.session import hello_nonce, mac_key
from shared_protocol.wire import find

_JOIN_MS = 60000
_HUB_MS = 8000
_radio = []  # the Radio once it was joined: it stays up between two steps


class _Counted(Radio):
    """A Radio that counts its tries."""

    def _join(self, now):
        Radio._join(self, now)
        if self.networks:
            self.tries = getattr(self, "tries", 0) + 1


def wifi():
    """Join as the node does; how many tries, which status, and ten looks at the signal."""
    networks = settings.load().wifi
    radio = _Counted(networks, 0, lambda n: 0)
    _radio[:] = [radio]
    began = time.ticks_ms()
    ms = 0
    while networks and not radio.up and ms < _JOIN_MS:
        radio.step(ms)
        time.sleep_ms(100)
        ms = time.ticks_diff(time.ticks_ms(), began)
    looks = []
    for _ in range(10 if radio.up else 0):
        looks.append(radio.rssi())
        time.sleep_ms(300)
    found = {"names": [name for name, _ in networks], "joined": radio.up, "tries": getattr(radio, "tries", 0)}
    found.update({"status": radio.status, "ms": ms, "rssi": looks, "heard": [] if radio.up else _heard(networks)})
    yield found


def _heard(networks):
    """[(name, dBm)] of the known networks that a scan hears."""
    import network

    try:
        wlan = network.WLAN(network.STA_IF)
        wlan.disconnect()
        names = [name.encode() for name, _ in networks]  # a neighbour's need not be UTF-8
        return [(found[0].decode(), found[3]) for found in wlan.scan() if bytes(found[0]) in names]
    except (OSError, RuntimeError, ValueError):
        return []


def hub(journal, boot_no):
    """Say HELLO with this node's key to the configured hub and to whoever offers itself; tell what came back."""
    found = {"answer": "none", "offers": [], "asked": 0, "bad": 0, "refused": None, "wall_s": None, "at": None}
    if not _radio or not _radio[0].up:
        found["answer"] = "no_wifi"
        return [found]
    node, key = identity.load()
    if key is None:
        found["answer"] = "no_key"
        return [found]
    line = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    line.setblocking(False)
    try:
        _ask(line, key, _hello(node, key, journal, boot_no), found)
    finally:
        line.close()
    return [found]


def _ask(line, key, greeting, found):
    hub = settings.load().hub
    finder = Finder(hub, os.urandom)
    secret = mac_key(key)
    nonce, hello = greeting
    poll = select.poll()
    poll.register(line, select.POLLIN)
    began = time.ticks_ms()
    asked = -1000
    while found["answer"] == "none" and time.ticks_diff(time.ticks_ms(), began) < _HUB_MS:
        if time.ticks_diff(time.ticks_ms(), began) - asked >= 1000:
            asked = time.ticks_diff(time.ticks_ms(), began)
            _send(line, finder, hello, found)
            if hub:
                _out(line, discover_frame(bytes(8)), address(hub[0], hub[1]))  # is anybody there at all?
        if poll.poll(200):
            _hear(line, finder, hello, (secret, nonce), found)


def _send(line, finder, hello, found):
    for where in finder.candidates():
        found["asked"] += _out(line, hello, where)
    finder.discover(line)


def _out(line, data, where):
    try:
        line.sendto(data, where)
        return 1
    except (OSError, TypeError):
        return 0


def _hear(line, finder, hello, secrets, found):
    """Take one datagram into what was found."""
    try:
        data, source = line.recvfrom(MAX_FRAME + 1)
        type = parse_header(data).type
        if type == g.MSG_OFFER:
            _offered(line, finder, hello, data, source, found)
        elif type == g.MSG_HELLO_ACK:
            _answered(open_hello_ack(secrets[0], data, secrets[1])[1], source, found)
    except ProtocolError:
        found["bad"] += 1
    except OSError:
        pass


def _offered(line, finder, hello, data, source, found):
    _, port, farm = open_offer(data)
    offer = [source[0], port, farm] if isinstance(source, tuple) else ["", port, farm]
    if offer not in found["offers"] and len(found["offers"]) < 8:
        found["offers"].append(offer)
    where = finder.offer(data, source)
    if where is not None:
        _out(line, hello, where)


def _answered(ack, source, found):
    found["at"] = source if isinstance(source, tuple) else None
    if ack.version != 1:
        why = find(ack.tlvs, g.TLV_REFUSED)
        found.update({"answer": "refused", "refused": why[0] if why else None})
        return
    found.update({"answer": "ok", "wall_s": ack.wall_s, "wall_ms": ack.wall_ms})


def _hello(node, key, journal, boot_no):
    """(nonce, frame) of a HELLO that tells no more than the last run did; the hub keeps nothing of it unproved."""
    nonce = hello_nonce(os.urandom(16), boot_no, time.ticks_ms(), key)
    tlvs = [
        (g.TLV_FIRMWARE, VERSION.encode()),
        (g.TLV_MAC, _radio[0].mac()),
        (g.TLV_BOARD, board.load().name.encode()[:32]),
    ]
    uptime_s = time.ticks_ms() // 1000
    hello = Hello(1, 1, journal.id, boot_no, g.RESET_TOOL, uptime_s, journal.first, journal.next, nonce, tlvs)
    return nonce, hello_frame(mac_key(key), node, hello)
