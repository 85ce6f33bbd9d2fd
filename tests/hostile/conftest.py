"""A real hub in this process, with a good node that works beside the hostile traffic."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.service import Hub
from tests.support.farm import free_port
from tests.support.peer import ScriptedNode

GOOD, OTHER = 1, 2


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """Nodes 1 and 2 are known to it."""
    hub = Hub(tmp_path / "hub", listen="127.0.0.1", udp=free_port())
    for number in (GOOD, OTHER):
        hub.fleet.add(f"Thiết bị {number}", number=number, key=secrets.token_bytes(16))
    hub.start()
    yield hub
    hub.stop()


def scripted(hub: Hub, number: int = GOOD, seed: int = 1) -> ScriptedNode:
    """A node that has its true key."""
    return ScriptedNode(
        number, hub.fleet.key(number), ("127.0.0.1", hub.port), seed=seed, mac=bytes((2, 0, 0, 0, 0, number))
    )


@pytest.fixture
def good(hub: Hub) -> Iterator[ScriptedNode]:
    """Node 1, in session; it has a table and an event stored."""
    with scripted(hub) as node:
        node.join()
        node.ship([node.event(), node.event()])
        yield node
