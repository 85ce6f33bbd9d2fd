"""A dead node is replaced by a new board: a new key and journal under the same number, and its history goes on."""

import pytest

from hub.benchmark.scripted import ScriptedNode
from hub.errors import BadKey, Refused, UnknownNode
from hub.store.events import node_events
from hub.store.runs import runs
from hub.store.series import series
from shared_protocol.errors import ProtocolError
from tests.hub.farm import KEY, Farm, g, rows

DAY = 86_400
HOUR = 3600
NEW_KEY = bytes(range(100, 116))
NEW_MAC = b"\x02\0\0\0\0\x77"


@pytest.fixture
def old(farm: Farm) -> ScriptedNode:
    """A node that was up for a day, in a zone, and has shipped all of it; its fan ran in the last hour."""
    zone = farm.hub.fleet.add_zone("Nhà giun", "worm_house")
    node = farm.add(uptime_s=DAY)
    farm.hub.fleet.move(1, zone.id)
    node.put_time(farm.clock.wall(), DAY)
    for hour in range(24):
        node.put_block(rows(HOUR * hour + 60))
    switch(node, 1, DAY - 1800)
    switch(node, 0, DAY - 1200)
    farm.greet(node)
    farm.ship_all(node)
    return node


def switch(node: ScriptedNode, on: int, uptime_s: int) -> None:
    node.put_event(g.EVENT_ACTUATOR, 1, on, g.CAUSE_ABOVE, 312, 300, uptime_s=uptime_s)


def replaced(farm: Farm, key: bytes = NEW_KEY) -> ScriptedNode:
    """Announced and provisioned; an hour later the new board starts with an empty flash."""
    farm.hub.fleet.replace(1, key)
    farm.clock.advance(HOUR)
    farm.hub.link.keyring.tick(farm.clock.monotonic())
    node = ScriptedNode(1, key, journal_id=0x9999, mac=NEW_MAC, nonce=b"new-one1")
    node.put_table()
    return node


def test_the_history_goes_on_under_a_new_journal(farm: Farm, old: ScriptedNode) -> None:
    new = replaced(farm)
    new.uptime_s = HOUR
    farm.clock.advance(HOUR)
    new.put_time(farm.clock.wall(), HOUR)
    new.put_block(rows(60, 59, base=300))
    switch(new, 1, 600)
    switch(new, 0, 900)
    farm.greet(new)
    farm.ship_all(new)
    now_s = farm.clock.wall()
    told = series(farm.hub.store, 1, 1, now_s - 26 * HOUR, now_s)
    assert len(told.points) == 2, "the day before, and the hour after"
    (gap,) = told.gaps
    assert gap.to_s - gap.from_s == pytest.approx(HOUR, abs=180)
    means = [point.mean for point in told.points[0]], [point.mean for point in told.points[1]]
    assert max(means[0]) < 290 < min(means[1])
    fan = runs(farm.hub.store, 1, 1, now_s - 26 * HOUR, now_s)
    assert [round(run.to_s - run.from_s) for run in fan if run.to_s is not None][-2:] == [600, 300]
    assert [event.code for event in node_events(farm.hub.store, 1)].count("actuator") == 4
    journals = farm.hub.store.rows("SELECT journal_id FROM journal WHERE node = 1 ORDER BY id")
    assert [number for (number,) in journals] == [old.journal_id, 0x9999]


def test_name_zone_and_number_stay_and_the_board_is_bound_anew(farm: Farm, old: ScriptedNode) -> None:
    before = farm.hub.fleet.node(1)
    assert before.mac == old.mac.hex(":")
    new = replaced(farm)
    farm.greet(new)
    farm.settle()
    after = farm.hub.fleet.node(1)
    assert (after.number, after.name, after.zone_id, after.added_s) == (1, before.name, before.zone_id, before.added_s)
    assert after.mac == NEW_MAC.hex(":")
    assert farm.hub.fleet.key(1) == NEW_KEY


def test_the_old_board_is_out_at_once(farm: Farm, old: ScriptedNode) -> None:
    """Its session, its HELLO, and frames that somebody recorded."""
    recorded = old.now()
    new = replaced(farm)
    heard = farm.now().heard_s
    for frame in (recorded, old.now()):
        farm.say(frame)
    old.nonce = b"old-one2"
    assert farm.say(old.hello()) == []
    assert farm.now().heard_s == heard
    assert farm.now().rejected["no_session"] == 2 and farm.now().rejected["bad_tag"] == 1
    farm.greet(new)
    farm.say(old.hello())
    farm.settle()
    assert farm.hub.fleet.node(1).mac == NEW_MAC.hex(":")


def test_the_hub_speaks_no_more_under_the_old_key(farm: Farm, old: ScriptedNode) -> None:
    assert farm.hub.link.send(1, g.MSG_ACK, b"\0\0\0")
    new = replaced(farm)
    assert not farm.hub.link.send(1, g.MSG_ACK, b"\0\0\0")
    farm.greet(new)
    farm.carrier.sent.clear()
    assert farm.hub.link.send(1, g.MSG_ACK, b"\0\0\0")
    frame, _ = farm.carrier.sent[-1]
    with pytest.raises(ProtocolError):
        old.open(frame)


def test_a_new_key_alone_keeps_the_board(farm: Farm, old: ScriptedNode) -> None:
    farm.hub.fleet.rekey(1, NEW_KEY)
    assert farm.hub.fleet.node(1).mac == old.mac.hex(":")
    farm.hub.link.keyring.refresh(farm.clock.monotonic())
    old.key, old.nonce = NEW_KEY, b"same-one"
    farm.greet(old)
    assert farm.hub.link.send(1, g.MSG_ACK, b"\0\0\0")


def test_each_key_is_another_one(farm: Farm, old: ScriptedNode) -> None:
    keys = {farm.hub.fleet.key(1)}
    for act in (farm.hub.fleet.rekey, farm.hub.fleet.replace):
        act(1)
        keys.add(farm.hub.fleet.key(1))
    assert len(keys) == 3 and all(len(key) == 16 for key in keys)


def test_what_makes_no_sense_changes_nothing(farm: Farm, old: ScriptedNode) -> None:
    for act in (farm.hub.fleet.rekey, farm.hub.fleet.replace):
        with pytest.raises(UnknownNode):
            act(9)
        with pytest.raises(BadKey):
            act(1, b"short")
        assert farm.hub.fleet.key(1) == KEY
    farm.hub.fleet.retire(1)
    with pytest.raises(Refused):
        farm.hub.fleet.replace(1)
    assert farm.hub.fleet.key(1) == KEY


def test_a_node_that_moves_takes_its_history_along(farm: Farm, old: ScriptedNode) -> None:
    zone = farm.hub.fleet.add_zone("Nhà giun 2", "worm_house")
    now_s = farm.clock.wall()
    before = series(farm.hub.store, 1, 1, now_s - DAY, now_s)
    assert farm.hub.fleet.move(1, zone.id).zone_id == zone.id
    assert series(farm.hub.store, 1, 1, now_s - DAY, now_s) == before
    farm.say(old.now())
    assert farm.now().channels, "its session goes on"
