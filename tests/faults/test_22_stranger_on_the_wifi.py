"""Row 22: someone on the Wi-Fi plays with the relays. Frames are sealed, the page asks who it is: no relay moves."""

import json
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.service import Hub
from hub.web import create_app
from shared_protocol import registry as g
from shared_protocol.handshake import nosess_frame, offer_frame
from tests.support import noise
from tests.support.farm import Farm
from tests.support.lossy import DOWN, UP, Address, Frame
from tests.support.scene import finish
from tests.support.table import Row

pytestmark = pytest.mark.slow

FAN = 1
FAN_PIN, ON_LEVEL = 25, 0
QUIET: dict[str, Any] = {"rules": []}  # No rule switches: every edge is somebody's order.
SPEED = 10.0


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """Two boards with a relay each; the fan of node 1 was switched on and off again by its people."""
    with Farm(tmp_path, ("worm_house_air", "worm_house_air"), local=True, speed=SPEED, recipe=QUIET) as farm:
        farm.start()
        for node in farm.boards:
            farm.greeted(node)
            order(farm, node, True)
        order(farm, 1, False)
        yield farm


def order(farm: Farm, node: int, on: bool) -> None:
    """Switch a fan and wait for the node's word."""
    ticket = farm.inner.commands.send(node, FAN, on, 900 if on else 1, "test")
    farm.until(lambda: farm.inner.commands.ticket(ticket.id).state != "sending", "the order is answered")
    assert farm.inner.commands.ticket(ticket.id).state == "done"


def edges(farm: Farm, node: int = 1) -> list[int]:
    """The levels that the fan's pin took, in order."""
    lines = [json.loads(line) for line in farm.boards[node].trace().read_text().splitlines()]
    return [line["level"] for line in lines if line.get("pin") == FAN_PIN]


def address(farm: Farm, node: int) -> Address:
    return farm.path.seen(UP, node=node)[-1].node_at


def attack(farm: Farm, frames: list[bytes], node: int = 1) -> None:
    """Send frames to a node as if the hub had, slowly enough that it reads them all."""
    for n, data in enumerate(frames):
        farm.path.to_node(data, address(farm, node))
        if n % 4 == 3:
            time.sleep(0.02)


def unmoved(farm: Farm, before: list[int], node: int = 1) -> None:
    """No pin moved, and the node still obeys its own hub."""
    heard_s = farm.now(node).uptime_s
    farm.until(lambda: farm.now(node).uptime_s > heard_s + 20, "the node goes on reporting")
    assert edges(farm, node) == before
    assert not farm.now(node).actuators[0].on
    order(farm, node, True)
    assert edges(farm, node) == [*before, ON_LEVEL]


def sent_to(farm: Farm, node: int) -> list[Frame]:
    return [f for f in farm.path.seen(DOWN, node=node) if f.sealed]


def counted(farm: Farm, cause: str, least: int, node: int = 1) -> None:
    """The node's page tells how many such frames the node refused."""
    farm.until(lambda: int(farm.now(node).health.get(f"rejected_{cause}", 0)) >= least, f"{least} × {cause} are told")


def test_the_relay_works_at_all(farm: Farm) -> None:
    assert edges(farm)[-2:] == [ON_LEVEL, 1 - ON_LEVEL]
    assert edges(farm, 2)[-1] == ON_LEVEL


def test_replayed_orders(farm: Farm, table: Row) -> None:
    before, frames = edges(farm), [f.data for f in sent_to(farm, 1)]
    assert g.MSG_COMMAND in {f.type for f in sent_to(farm, 1)}
    attack(farm, frames * 3)
    counted(farm, "replayed", len(frames))
    unmoved(farm, before)
    finish(table, farm, 3 * len(frames), "replayed")


def test_orders_of_another_node(farm: Farm, table: Row) -> None:
    """Node 2 was told to switch on: the same bytes, also under node 1's number and session, mean nothing to node 1."""
    before, session = edges(farm), sent_to(farm, 1)[-1].data[4:5]
    theirs = [f.data for f in sent_to(farm, 2) if f.type == g.MSG_COMMAND]
    attack(farm, theirs + [d[:2] + (1).to_bytes(2, "little") + session + d[5:] for d in theirs])
    counted(farm, "not_ours", len(theirs))
    counted(farm, "bad_tag", len(theirs))
    unmoved(farm, before)
    finish(table, farm, 2 * len(theirs), "another node's")


def test_reflected_frames(farm: Farm, table: Row) -> None:
    before = edges(farm)
    attack(farm, [f.data for f in farm.path.seen(UP, node=1)][-30:])
    counted(farm, "reflected", 5)
    unmoved(farm, before)
    finish(table, farm, 30, "reflected")


def test_truncated_and_flipped_orders(farm: Farm, table: Row) -> None:
    before, luck = edges(farm), random.Random(61)
    frame = next(f.data for f in sent_to(farm, 1) if f.type == g.MSG_COMMAND)
    attack(farm, [frame[:length] for length in range(len(frame))])
    attack(farm, [noise.mutated(luck, frame, [frame]) for _ in range(150)])
    counted(farm, "truncated", 8)
    counted(farm, "bad_tag", 50)
    unmoved(farm, before)
    finish(table, farm, len(frame) + 150, "cut short, flipped")


def test_forged_frames_and_floods(farm: Farm, table: Row) -> None:
    """Noise behind plausible headers, welcomes that nobody asked for, sessions said to be unknown, offers."""
    before, luck = edges(farm), random.Random(62)
    session = sent_to(farm, 1)[-1].data[4]
    welcome = [f.data for f in farm.path.seen(DOWN, g.MSG_HELLO_ACK, 1)]
    forged = list(noise.frames(luck, 300, [f.data for f in sent_to(farm, 1)], (1,)))
    attack(farm, forged + welcome * 20 + [offer_frame(luck.randbytes(8), 9, "x") for _ in range(100)])
    attack(farm, [nosess_frame(1, session) for _ in range(50)])
    counted(farm, "bad_tag", 20)
    unmoved(farm, before)
    finish(table, farm, len(forged), "forged: no relay moves")


def test_frames_replayed_at_the_hub(farm: Farm, table: Row) -> None:
    """What nodes said, said again to the hub: nothing is stored again, nothing shown changes."""
    frames = [f for f in farm.path.seen(UP, node=1) if f.sealed]
    records = farm.inner.store.rows("SELECT count(*) FROM record")
    for frame in frames:
        farm.path.to_hub(frame.data, frame.node_at)
    for frame in sent_to(farm, 1):
        farm.path.to_hub(frame.data, address(farm, 1))
    farm.until(lambda: farm.now().rejected.get("replayed", 0) >= len(frames), "replays are counted")
    farm.until(lambda: farm.now().rejected.get("reflected", 0) >= 5, "reflections are counted")
    assert farm.inner.store.rows("SELECT count(*) FROM record")[0][0] - records[0][0] <= 2, "its own events at most"
    assert farm.report().complete
    finish(table, farm, len(frames), "at the hub: nothing stored twice")


class Page:
    """The hub's site, asked by somebody who never signed in."""

    def __init__(self, folder: Path) -> None:
        self.hub = Hub(folder / "hub", listen="127.0.0.1", udp=0)
        self.hub.fleet.add("Thiết bị 1", self.hub.fleet.add_zone("Nhà trùn", "worm_house").id)
        self.hub.start()
        self.app: Flask = create_app(self.hub)
        self.client: FlaskClient = self.app.test_client()

    def routes(self, methods: set[str]) -> list[tuple[str, str]]:
        """(method, path) of every route, its arguments filled in."""
        urls = self.app.url_map.bind("localhost")
        return [
            (method, urls.build(rule.endpoint, dict.fromkeys(rule.arguments, 1), method=method))
            for rule in self.app.url_map.iter_rules()
            for method in sorted(methods & (rule.methods or set()))
        ]

    def contents(self) -> list[str]:
        """Everything in the store, the audit trail apart."""
        dump = self.hub.store.database.raw().iterdump()
        return [line for line in dump if not line.startswith('INSERT INTO "audit"')]


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    page = Page(tmp_path)
    yield page
    page.hub.stop()


FORMS: list[dict[str, Any]] = [
    {},
    {"data": {"on": "1", "seconds": "300", "name": "x", "role": "manager", "pin": "123456", "secret": "123456"}},
    {"json": {"node": 1, "actuator": 1, "on": True, "seconds": 300}},
]


def test_every_act_on_the_page_without_a_session_is_refused(page: Page) -> None:
    before = page.contents()
    acts = page.routes({"POST", "PUT", "PATCH", "DELETE"})
    assert len(acts) >= 10
    for method, path in acts:
        for form in FORMS:
            answer = page.client.open(path, method=method, **form)
            refused = answer.status_code in (400, 401, 403, 404, 405, 415) or (
                answer.status_code in (302, 303) and "/sign-in" in answer.headers["Location"]
            )
            assert refused, f"{method} {path}: {answer.status}"
    assert page.contents() == before


def test_no_page_without_a_session_tells_a_key(page: Page) -> None:
    key = page.hub.fleet.key(1)
    for _, path in page.routes({"GET"}):
        body = page.client.get(path).get_data()
        assert key not in body and key.hex().encode() not in body, path
