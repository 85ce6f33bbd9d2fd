"""The UDP carrier on a real socket."""

import queue
import socket

import pytest

from hub.carriers.base import Address
from hub.carriers.udp import AddressRefused, UdpCarrier
from hub.errors import PortInUse

LOCAL = "127.0.0.1"


def test_frames_come_and_go() -> None:
    heard: queue.Queue[tuple[bytes, Address]] = queue.Queue()
    carrier = UdpCarrier(LOCAL, 0)
    carrier.start(lambda data, address: heard.put((data, address)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.settimeout(10)
        for data in (b"", b"x", bytes(508), bytes(1400)):
            peer.sendto(data, (LOCAL, carrier.port))
            got, address = heard.get(timeout=10)
            assert got == data
            assert carrier.send(data + b"!", address) and peer.recv(2048) == data + b"!"
    carrier.stop()


def test_a_receiver_that_raises_does_not_end_the_carrier() -> None:
    heard: queue.Queue[bytes] = queue.Queue()

    def receive(data: bytes, _: Address) -> None:
        heard.put(data)
        raise RuntimeError("a mistake of ours")

    carrier = UdpCarrier(LOCAL, 0)
    carrier.start(receive)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        for data in (b"1", b"2"):
            peer.sendto(data, (LOCAL, carrier.port))
            assert heard.get(timeout=10) == data
    carrier.stop()


def test_a_port_in_use_is_named() -> None:
    one = UdpCarrier(LOCAL, 0)
    one.start(lambda data, address: None)
    with pytest.raises(PortInUse, match=str(one.port)):
        UdpCarrier(LOCAL, one.port).start(lambda data, address: None)
    one.stop()


def test_an_address_of_another_pc_is_refused() -> None:
    with pytest.raises(AddressRefused, match=r"192\.0\.2\.1"):
        UdpCarrier("192.0.2.1", 0).start(lambda data, address: None)


def test_sending_before_start_and_after_stop_is_no_error() -> None:
    carrier = UdpCarrier(LOCAL, 0)
    assert not carrier.send(b"x", (LOCAL, 9))
    carrier.start(lambda data, address: None)
    carrier.stop()
    assert not carrier.send(b"x", (LOCAL, 9))
