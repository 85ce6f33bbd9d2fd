"""The hub as one process on a real socket: start, work, stop, start again."""

import socket
from pathlib import Path

import pytest

from hub.benchmark.scripted import ScriptedNode
from hub.errors import PortInUse
from hub.service import Hub
from tests.hub.farm import KEY, rows

LOCAL = "127.0.0.1"


def test_a_node_over_udp_and_a_restart_in_between(tmp_path: Path) -> None:
    node = ScriptedNode(1, KEY)
    node.put_table()
    for i in range(4):
        node.put_block(rows(3600 * i))
    hub = Hub(tmp_path, listen=LOCAL, udp=0)
    hub.fleet.add("a", number=1, key=KEY)
    for life in range(2):
        hub.start()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.settimeout(10)
            wire.connect((LOCAL, hub.port))
            node.nonce = b"nonce--%d" % life
            wire.send(node.hello())
            node.welcome(wire.recv(2048))
            for sequence in sorted(node.journal)[: 2 + 9 * life]:
                wire.send(node.records(sequence))
                while sequence in node.journal:
                    node.take_ack(wire.recv(2048))
        hub.stop()
        if not life:
            assert len(node.journal) == 3
            hub = Hub(tmp_path, listen=LOCAL, udp=0)
    assert not node.journal
    hub = Hub(tmp_path, listen=LOCAL, udp=0)
    assert hub.store.rows("SELECT up_to FROM journal") == [(5,)]
    hub.stop()


def test_a_second_hub_on_the_port_says_so_and_lets_go_of_its_data(tmp_path: Path) -> None:
    one = Hub(tmp_path / "one", listen=LOCAL, udp=0)
    one.start()
    two = Hub(tmp_path / "two", listen=LOCAL, udp=one.port)
    with pytest.raises(PortInUse):
        two.start()
    one.stop()
    again = Hub(tmp_path / "two", listen=LOCAL, udp=0)
    again.start()
    again.stop()
