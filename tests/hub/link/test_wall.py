"""The hub's time: given when it can be right, and only then."""

from hub.link.wall import AHEAD_S, BUILT_S
from shared_protocol.messages import decode_time_resp
from tests.hub.farm import Farm, g, rows


def test_a_clock_older_than_the_program_gives_no_time(farm: Farm) -> None:
    farm.clock.set_wall(1_546_300_800)  # 2019
    node = farm.add()
    ack = farm.greet(node)
    assert (ack.wall_s, ack.wall_ms) == (0, 0)  # type: ignore[attr-defined]
    ((_, body),) = farm.answers(node, node.time_request())
    assert decode_time_resp(body)[1:] == (0, 0)
    assert not farm.hub.clock_trusted
    farm.clock.set_wall(BUILT_S + 1)
    assert farm.hub.clock_trusted


def test_a_clock_older_than_the_newest_record_gives_no_time(farm: Farm) -> None:
    node = farm.add(uptime_s=7200)
    node.put_time(farm.clock.wall(), 7200)
    node.put_block(rows(3600))
    farm.greet(node)
    farm.ship_all(node)
    newest = farm.hub.store.newest_s() or 0.0
    farm.close()
    farm.clock.set_wall(newest - AHEAD_S - 1)
    farm.open()
    assert not farm.hub.clock_trusted
    farm.clock.set_wall(newest - AHEAD_S + 1)
    assert farm.hub.clock_trusted


def test_a_clock_set_back_while_running_is_noticed(farm: Farm) -> None:
    node = farm.add(uptime_s=7200)
    node.put_time(farm.clock.wall(), 7200)
    farm.greet(node)
    farm.ship_all(node)
    farm.clock.advance(61)
    farm.hub.tick()
    farm.clock.set_wall(farm.clock.wall() - 7200)
    assert not farm.hub.clock_trusted
    node.nonce = b"nonce--2"
    assert farm.greet(node).wall_s == 0  # type: ignore[attr-defined]


def test_records_made_before_the_time_was_known_are_dated_by_it(farm: Farm) -> None:
    node = farm.add(uptime_s=2 * 3600)
    node.put_block(rows(0, 120))
    farm.greet(node)
    node.put_time(farm.clock.wall())
    farm.ship_all(node)
    (boot,) = farm.hub.store.timeline(1).boots
    assert abs(boot.from_s - (farm.clock.wall() - 7200)) < 2 and not boot.estimated
    assert boot.from_s > g.EPOCH_2020
