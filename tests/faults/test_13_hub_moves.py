"""Row 13: the hub's address changes; nodes must not strand. Identity is the key, broadcast finds the hub again."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared_protocol.errors import ProtocolError
from shared_protocol.handshake import offer_frame, open_discover
from tests.support.farm import Farm, LocalHub, free_port

DISCOVERY = 47470
SPEED = 10.0
MINUTE_S = 60


def lan() -> str:
    """A loopback address of this test's own: where the broadcasts of its simulated LAN arrive."""
    return f"127.{20 + os.getpid() % 200}.{os.getpid() // 200 % 250}.9"


def away_s(farm: Farm, address: tuple[str, int], discovery: int | None = DISCOVERY) -> float:
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


def test_to_another_address(tmp_path: Path) -> None:
    with Farm(tmp_path, speed=SPEED, local=True, broadcast=lan()) as farm:
        farm.start()
        farm.path.cut()  # The configured address is nobody's from now on, but for what was found by broadcast.
        farm.path.mend()
        farm.greeted()
        farm.path.cut()
        assert away_s(farm, (lan(), DISCOVERY)) < MINUTE_S


def test_to_another_address_and_port(tmp_path: Path) -> None:
    with Farm(tmp_path, speed=SPEED, local=True, broadcast=lan()) as farm:
        farm.start()
        farm.greeted()
        farm.path.cut()
        assert away_s(farm, (lan(), free_port())) < MINUTE_S


def test_and_back_again(tmp_path: Path) -> None:
    """After a move the configured address still counts: nothing was overwritten by what was found."""
    with Farm(tmp_path, speed=SPEED, local=True, broadcast=lan()) as farm:
        first = farm.hub.address
        farm.start()
        farm.greeted()
        farm.path.cut()
        away_s(farm, (lan(), DISCOVERY))
        farm.path.mend()
        assert away_s(farm, first) < MINUTE_S


def test_an_impostor_answers_first_and_last(tmp_path: Path) -> None:
    """Offers that lead nowhere, before and after the true one: the node still finds the hub that has its key."""
    with Farm(tmp_path, speed=SPEED, local=True, broadcast=lan()) as farm:
        farm.start()
        farm.greeted()
        moved = (lan(), free_port())
        with impostor(moved) as offered:
            farm.path.cut()
            away_s(farm, moved, discovery=None)
        assert offered[0] > 0
        assert farm.now().channels


@contextmanager
def impostor(true: tuple[str, int]) -> Iterator[list[int]]:
    """Sits where broadcasts arrive: answers DISCOVER with the true port between three false ones on either side."""
    offered, ending = [0], threading.Event()
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        ear.bind((lan(), DISCOVERY))
    except OSError as error:
        pytest.skip(f"no second loopback address ({error}); on macOS: sudo ifconfig lo0 alias {lan()}")
    ear.settimeout(0.1)
    false = [free_port() for _ in range(6)]

    def run() -> None:
        while not ending.is_set():
            try:
                data, sender = ear.recvfrom(600)
                nonce = open_discover(data)
            except (TimeoutError, ProtocolError):
                continue
            for port in (*false[:3], true[1], *false[3:]):
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
