"""Row 3: an old value shown as fresh. Values carry their age and fault, on the page, in the API, in the records."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from hub.clock import Clock
from hub.service import Hub
from hub.store.series import series
from hub.web import create_app
from hub.web.words import Words
from tests.support import scene
from tests.support.farm import Farm, LocalHub
from tests.support.scene import fan, mister, recipe
from tests.support.table import Row
from tests.web.conftest import text

pytestmark = pytest.mark.slow

BOARD = "worm_house_air"
DHT = "dht22@4"
RULES = recipe(fan(), mister())
VI = Words("vi")
HUMIDITY = 2
FROZEN_S = 12 * 3600
SPEED = 10.0
LOST_AFTER_S = 45.0


class Ahead(Clock):
    """The PC's clock, moved on by a test."""

    ahead_s = 0.0

    def wall(self) -> float:
        return time.time() + self.ahead_s


class ClockedHub(LocalHub):
    """A local hub whose clock a test can move on."""

    clock = Ahead()

    def start(self) -> None:
        self.inner = Hub(self.data, listen=self.address[0], udp=self.address[1], clock=self.clock)
        self.inner.start()


def farm_of(folder: Path, **fields: Any) -> Farm:
    farm = Farm(folder, (BOARD,), local=True, recipe=RULES, **fields)
    farm.hub = ClockedHub(farm.hub.data, farm.hub.address)
    farm.hub.clock = Ahead()
    return farm


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    with farm_of(tmp_path, speed=SPEED) as farm:
        farm.start()
        settled(farm)
        yield farm


def settled(farm: Farm) -> None:
    farm.greeted()
    farm.inner.fleet.move(1, farm.inner.fleet.add_zone("Nhà giun", "worm_house").id)


def humidity(client: FlaskClient) -> dict[str, Any]:
    """What the API says of the humidity."""
    values = client.get("/api/v1/state").get_json()["zones"][0]["values"]
    return dict(next(value for value in values if value["channel"] == HUMIDITY))


def page(client: FlaskClient) -> str:
    """What a farmer reads on the zone's page."""
    return text(client.get("/zones/1").get_data(as_text=True))


def old(age_s: float) -> str:
    """How the page says that a value is old."""
    return VI.say("zone.value_old", ago=VI.ago(age_s)).replace("\u00a0", " ")


def safe(farm: Farm, table: Row, note: str) -> None:
    table.injected()
    table.judged(scene.look(farm.boards[1].folder, BOARD, RULES).judge())
    table.tell(note)
    table.check()


def test_a_frozen_source(tmp_path: Path, table: Row) -> None:
    """The sensor sends one frame for ever. After 12 hours page, API and records call it frozen, and say since when."""
    fields = {"prefill_s": FROZEN_S + 5000, "script": [[600, {DHT: "frozen"}]]}
    with farm_of(tmp_path, **fields) as farm:
        farm.start()
        farm.until(lambda: farm.boards[1].prefilled() == 1.0, "half a day passes")
        settled(farm)
        client = create_app(farm.inner).test_client()
        shown, now_s = humidity(client), time.time()
        assert shown["fault"] == "frozen" and shown["state"] != "ok"
        age_s = now_s - shown["at_s"]
        words = page(client)
        assert VI.first("fault.frozen") in words and old(age_s) in words
        farm.until(lambda: gap_since(farm) is not None, "the records say so")
        since_s = gap_since(farm)
        pins = scene.look(farm.boards[1].folder, BOARD, RULES)
    assert since_s is not None
    believed_s = pins.end_ms / 1000 - age_s - 600
    table.late("a frozen value is believed", believed_s - FROZEN_S, 60)
    table.late("the records' gap against the API's", abs(since_s - (now_s - age_s)), 120)
    table.injected()
    table.judged(pins.judge())
    table.tell("frozen: after 12 h named on page, API and record, with since when")
    table.check()


def gap_since(farm: Farm) -> float | None:
    """Since when the records have a gap called frozen."""
    now_s = time.time()
    found = series(farm.inner.store, 1, HUMIDITY, now_s - 2 * FROZEN_S, now_s)
    return next((gap.from_s for gap in found.gaps if gap.reason == "frozen"), None)


def test_a_dead_source(farm: Farm, table: Row) -> None:
    """From the first bad reading on there is a fault, the age grows, and the moment of the last good value stands."""
    client = create_app(farm.inner).test_client()
    assert humidity(client)["fault"] == ""
    farm.boards[1].set_faults(**{DHT: "timeout"})
    began = time.time()
    farm.until(lambda: humidity(client)["fault"] == "no_answer", "the fault is shown")
    table.late("the fault is shown", (time.time() - began) * SPEED, 30)
    first = humidity(client)["at_s"]
    heard_s = farm.now().uptime_s
    farm.until(lambda: farm.now().uptime_s > heard_s + 120, "minutes pass")
    shown = humidity(client)
    assert shown["at_s"] <= first + 1, "it is not made younger"
    assert VI.first("fault.no_answer") in page(client)
    safe(farm, table, "dead: the fault shows within two samples")


def test_a_silent_node(farm: Farm, table: Row) -> None:
    """The link is cut: within 45 s nothing of the node is shown as known, and the page says how old it is."""
    client = create_app(farm.inner).test_client()
    farm.path.cut()
    shown = humidity(client)
    assert shown["fault"] == "" and isinstance(farm.hub, ClockedHub)
    farm.hub.clock.ahead_s = LOST_AFTER_S + 5
    body = client.get("/api/v1/state").get_json()["zones"][0]
    asked_s = time.time()
    words = page(client)
    answered_s = time.time()  # a busy PC takes seconds for a page
    assert body["state"] == "lost" and not any(machine["known"] for machine in body["machines"])
    assert humidity(client)["at_s"] == shown["at_s"]
    first_s, last_s = (at_s + farm.hub.clock.ahead_s - shown["at_s"] for at_s in (asked_s, answered_s))
    assert any(old(age_s) in words for age_s in range(int(first_s), int(last_s) + 1))
    assert VI.say("state.ok") not in words
    safe(farm, table, "silent: lost after 45 s, old values say how old")
