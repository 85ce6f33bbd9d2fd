"""Row 13: the hub's address changes; nodes must not strand. Identity is the key, broadcast finds the hub again."""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared_protocol.errors import ProtocolError
from shared_protocol.handshake import offer_frame, open_discover
from tests.support.farm import Farm, LocalHub, free_port
from tests.support.scene import finish
from tests.support.table import Row

pytestmark = pytest.mark.slow

# Linux has all of 127.0.0.0/8; elsewhere only the port moves.
ELSEWHERE = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
SPEED = 10.0
MINUTE_S = 60


@pytest.fixture
def ear() -> int:
    """The port at which the broadcasts of the simulated LAN arrive, in the place of 47470."""
    return free_port(ELSEWHERE)


@pytest.fixture
def farm(tmp_path: Path, ear: int) -> Iterator[Farm]:
    """A node that has met the hub at its configured address, where nobody will be from now on."""
    with Farm(tmp_path, speed=SPEED, local=True, broadcast=f"{ELSEWHERE}:{ear}") as farm:
        farm.start()
        farm.greeted()
        farm.path.cut()
        yield farm


def away_s(farm: Farm, address: tuple[str, int], discovery: int | None = None) -> float:
    """Move the hub, wait for the node; how long it was away by its own clock, less the time without any hub."""
    assert isinstance(farm.hub, LocalHub)
    farm.greeted()
    before_s, began = farm.now().uptime_s, time.monotonic()
    farm.hub.stop()
    farm.hub.address, farm.hub.discovery = address, discovery
    farm.hub.start()
    without_hub_s = (time.monotonic() - began) * SPEED
    farm.greeted()
    return farm.now().uptime_s - before_s - without_hub_s


def test_to_another_address(farm: Farm, ear: int, table: Row) -> None:
    assert away_s(farm, (ELSEWHERE, ear)) < MINUTE_S
    finish(table, farm, 1, "moved to another address")


def test_to_another_address_and_port(farm: Farm, ear: int, table: Row) -> None:
    """The hub also hears the port that nodes broadcast to."""
    assert away_s(farm, (ELSEWHERE, free_port()), discovery=ear) < MINUTE_S
    finish(table, farm, 1, "to another port")


def test_and_back_again(farm: Farm, ear: int, table: Row) -> None:
    """After a move the configured address still counts: nothing was overwritten by what was found."""
    first = farm.hub.address
    away_s(farm, (ELSEWHERE, ear))
    farm.path.mend()
    assert away_s(farm, first) < MINUTE_S
    finish(table, farm, 2, "and back")


def test_an_impostor_answers_first_and_last(farm: Farm, ear: int, table: Row) -> None:
    """Offers that lead nowhere, before and after the true one: the node still finds the hub that has its key."""
    moved = (ELSEWHERE, free_port(ELSEWHERE))
    with impostor(ear, moved[1]) as offered:
        away_s(farm, moved)
    assert offered[0] > 0
    finish(table, farm, 6, "six false offers")


@contextmanager
def impostor(at: int, true: int) -> Iterator[list[int]]:
    """Sits where broadcasts arrive: answers DISCOVER with the true port between three false ones on either side."""
    offered, ending = [0], threading.Event()
    false = [free_port(ELSEWHERE) for _ in range(6)]
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.bind((ELSEWHERE, at))
    ear.settimeout(0.1)

    def run() -> None:
        while not ending.is_set():
            try:
                data, sender = ear.recvfrom(600)
                nonce = open_discover(data)
            except (TimeoutError, ProtocolError):
                continue
            for port in (*false[:3], true, *false[3:]):
                ear.sendto(offer_frame(nonce, port, "HTX"), sender)
            offered[0] += 1

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield offered
    finally:
        ending.set()
        thread.join()
        ear.close()
