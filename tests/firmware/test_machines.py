"""The whole node with what hangs on it: a tank that runs empty, a water meter, a relay whose motor resets the board."""

from __future__ import annotations

import pytest

from shared_protocol import registry as g
from shared_protocol.wire import find
from tests.firmware.peer import Peer
from tests.firmware.running import START_S, Starter, edges, events

pytestmark = pytest.mark.slow

FAN, PUMP = 1, 3  # actuators of worm_house
FAN_PIN, PUMP_PIN = 25, 19
LEVEL, FLOW = 4, 5  # places of its channels in the table
PUMP_FLOW = 102  # tenths of a litre per minute, of the simulated house


def value(peer: Peer, place: int) -> int | None:
    return peer.nows[-1].values[place][0] if peer.nows else None


def test_a_pump_moves_water_until_the_tank_is_empty(start: Starter) -> None:
    rule = {"actuator": PUMP, "sensors": [4], "needs": 5, "needs_min": 1, "max_on_s": 600}
    process, peer = start("worm_house", recipe={"rules": [rule]})
    assert peer.run(10, lambda: (value(peer, LEVEL), value(peer, FLOW)) == (1, 0))
    peer.command(PUMP, 1, 600)
    assert peer.run(10, lambda: abs((value(peer, FLOW) or 0) - PUMP_FLOW) <= 2)
    process.set_faults(tank="empty")
    assert peer.run(10, lambda: value(peer, LEVEL) == 0 and peer.lease(PUMP - 1)[:2] == (0, g.CAUSE_NO_SUPPLY))
    assert peer.run(10, lambda: value(peer, FLOW) == 0)
    peer.command(PUMP, 1, 600)
    assert peer.run(5, lambda: peer.results[-1].code == g.RESULT_NO_SUPPLY)
    assert edges(process, PUMP_PIN) == [0, 1]


def trouble(peer: Peer) -> bytes | None:
    return find(peer.nows[-1].tlvs, g.TLV_TROUBLE)


def test_a_motor_that_resets_the_board_twice_is_locked_out_until_somebody_unlocks_it(start: Starter) -> None:
    rule = {"actuator": FAN, "sensors": [1], "on_above": -300, "off_above": -300, "min_off_s": 0}
    process, peer = start("worm_house", wait=False, recipe={"rules": [rule]}, script=([0, {"reset_at_switch@25": 2}],))
    assert peer.run(START_S, lambda: peer.nows and trouble(peer) == bytes((FAN, g.TROUBLE_LOCKED)))
    assert peer.nows[-1].boot_no == 3 and find(peer.hellos[-1].tlvs, g.TLV_RESETS)[3] == 2, "brown-outs"
    assert peer.run(10, lambda: [e.fields[0] for e in events(peer, g.EVENT_LOCKOUT)] == [FAN])
    peer.command(FAN, 1, 60)
    assert peer.run(5, lambda: peer.results and peer.results[-1].code == g.RESULT_LOCKOUT)
    assert edges(process, FAN_PIN) == [0, 0]
    peer.command(FAN, g.STATE_UNLOCK, 0)
    assert peer.run(5, lambda: peer.results[-1].code == g.RESULT_OK and trouble(peer) is None)
    assert peer.run(60, lambda: peer.lease()[0] == 1), "its rule may switch it again"
    assert [e.fields[0] for e in events(peer, g.EVENT_LOCKOUT_CLEAR)] == [FAN]
