"""The actuators together: staggering, charges that survive resets, lock-out, orders and their answers, the stop."""

from __future__ import annotations

from typing import Any

import pytest

from shared_protocol import registry as g
from tests.support.rig import Rig

FAN, MISTER, PUMP, BUZZER = 1, 2, 3, 4
LONG_AGO_S = 400


def hot_fan(**keys: Any) -> dict[str, Any]:
    return {"actuator": FAN, "sensors": [1], "on_above": 300, "off_above": 285, **keys}


def dry_mister(**keys: Any) -> dict[str, Any]:
    return {"actuator": MISTER, "sensors": [2], "on_below": 700, "off_below": 750, **keys}


def rig(*rules: dict[str, Any], **values: int) -> Rig:
    """A rig that has been running for a while, with good readings."""
    made = Rig(*rules)
    made.values = {1: 250, 2: 800} | {int(k[1:]): v for k, v in values.items()}
    made.advance(LONG_AGO_S)
    return made


def test_switching_on_is_staggered_and_off_is_not() -> None:
    node = rig(hot_fan(), dry_mister(), {"actuator": PUMP, "sensors": [2], "on_below": 700, "off_below": 750})
    node.values = {1: 310, 2: 600}
    node.advance(20)
    ons = [edge.t for edge in node.log]
    assert len(ons) == 3 and ons[1] - ons[0] >= 1 and ons[2] - ons[1] >= 1
    node.stop()
    assert [edge.t for edge in node.log[3:]] == [node.t] * 3


def test_what_is_apart_is_never_on_together() -> None:
    node = rig(hot_fan(apart=[MISTER], settle_s=30), dry_mister(max_on_s=60, rest_s=60))
    node.show(2, 600)
    node.show(1, 310)
    node.advance(3600)
    for start, end in node.runs(FAN):
        assert not any(a < end + 30 and start < b + 30 for a, b in node.runs(MISTER) if a < start)
    assert node.runs(FAN) and node.runs(MISTER)


def test_the_cap_holds_over_power_cuts() -> None:
    node = rig(dry_mister(cap_s=900, max_on_s=300, rest_s=60), c2=600)
    for _ in range(30):
        node.advance(200)
        node.reboot("power")
    assert sum(end - start for start, end in node.runs(MISTER)) <= 900
    assert node.cause(MISTER) in (g.CAUSE_DAILY_CAP, g.CAUSE_BOOT, g.CAUSE_IDLE)
    node.advance(60)
    assert node.cause(MISTER) == g.CAUSE_DAILY_CAP


def test_a_pump_whose_charge_cannot_be_kept_does_not_run() -> None:
    node = rig(dry_mister(cap_s=900), hot_fan(), c2=800)
    node.flash.broken = True
    node.show(2, 600)
    node.show(1, 310)
    node.advance(60)
    assert not node.on(MISTER) and node.on(FAN), "worms need air even when the flash is worn out"


def test_a_reset_in_mid_run_is_rested_from_by_everybody() -> None:
    node = rig(dry_mister(max_on_s=300), c2=600)
    node.advance(10)
    assert node.on(MISTER)
    node.reboot("power")
    assert node.command(MISTER, g.STATE_ON) == g.RESULT_REST
    node.advance(61)
    assert node.on(MISTER)


def test_two_resets_at_the_same_switching_lock_it_out_until_a_person_unlocks_it() -> None:
    node = rig(hot_fan(fault="on"), c1=310)
    for _ in range(2):
        node.advance(100)
        node.command(FAN, g.STATE_OFF, hold_s=1)
        node.reboot("brownout")
    assert node.told(g.EVENT_LOCKOUT) == [(FAN,)]
    node.advance(1000)
    assert not node.on(FAN) and node.cause(FAN) == g.CAUSE_LOCKOUT
    assert node.command(FAN, g.STATE_ON) == g.RESULT_LOCKOUT
    assert node.actuators.find(FAN).trouble == g.TROUBLE_LOCKED
    node.reboot("power")
    node.advance(1000)
    assert node.cause(FAN) == g.CAUSE_LOCKOUT, "it is kept"
    assert node.command(FAN, g.STATE_UNLOCK) == g.RESULT_OK
    node.advance(100)
    assert node.on(FAN) and node.told(g.EVENT_LOCKOUT_CLEAR) == [(FAN,)]


def test_a_switching_that_was_endured_ends_the_row() -> None:
    node = rig(hot_fan(), c1=310)
    node.advance(100)
    for _ in range(4):
        node.command(FAN, g.STATE_OFF, hold_s=1)
        node.reboot("brownout")
        node.advance(200)
        node.command(FAN, g.STATE_OFF, hold_s=1)
        node.advance(100)
        node.advance(100)
    assert not node.told(g.EVENT_LOCKOUT)


@pytest.mark.parametrize(
    "keys, code",
    [
        ({"needs": 5, "needs_min": 1}, g.RESULT_NO_SUPPLY),
        ({"min_off_s": 9000}, g.RESULT_MIN_OFF),
        ({"apart": [FAN]}, g.RESULT_INTERLOCK),
        ({"sensors": [6]}, g.RESULT_FAULT),
        ({"sensors": [6], "by_hand": 1}, g.RESULT_OK),
    ],
)
def test_a_refused_order_says_why_and_is_forgotten(keys: dict[str, Any], code: int) -> None:
    node = rig({"actuator": MISTER, "sensors": [2], **keys}, hot_fan(), c1=310, c5=0)
    node.values[6] = None
    node.advance(100)
    assert node.command(MISTER, g.STATE_ON, 60) == code
    assert node.on(MISTER) == (code == g.RESULT_OK)


def test_orders_that_make_no_sense() -> None:
    node = rig(hot_fan())
    assert node.command(99, g.STATE_ON) == g.RESULT_NO_ACTUATOR
    assert node.command(FAN, 3) == g.RESULT_BAD_STATE
    assert node.command(FAN, g.STATE_ON, 0) == g.RESULT_NO_LEASE


def test_a_lease_is_cut_to_what_the_rule_allows() -> None:
    node = rig(hot_fan(lease_s=120))
    assert node.command(FAN, g.STATE_ON, 9999) == g.RESULT_OK
    node.advance(200)
    assert [round(end - start) for start, end in node.runs(FAN)] == [120]


def test_a_lease_ends_at_a_reboot() -> None:
    node = rig(hot_fan())
    node.command(FAN, g.STATE_ON, 600)
    node.reboot("power")
    node.advance(500)
    assert not node.on(FAN)


def test_a_person_cannot_hold_off_a_fan_that_fails_on() -> None:
    node = rig(hot_fan(fault="on"))
    node.values[1] = None
    node.advance(100)
    assert node.on(FAN)
    assert node.command(FAN, g.STATE_OFF, hold_s=600) == g.RESULT_FAULT
    assert node.on(FAN)
    node.stop()
    assert not node.on(FAN)


def test_an_actuator_whose_law_fails_goes_off_and_the_others_go_on() -> None:
    node = rig(hot_fan(), dry_mister(), c1=310)
    node.advance(10)
    assert node.on(FAN)
    node.actuators.find(FAN).rule = None
    node.values[2] = 600
    with pytest.raises(AttributeError):
        node.advance(30)
    assert not node.on(FAN)
    with pytest.raises(AttributeError):
        node.advance(30)
    assert node.on(MISTER)


def test_every_change_is_journaled_with_its_cause_and_grounds() -> None:
    node = rig(hot_fan(), c1=250)
    node.show(1, 310)
    node.show(1, 280)
    assert node.told(g.EVENT_ACTUATOR) == [
        (FAN, 1, g.CAUSE_ABOVE, 310, 300),
        (FAN, 0, g.CAUSE_SATISFIED, 280, 285),
    ]


def test_the_tank_is_empty() -> None:
    node = rig(dry_mister(check_channel=2, check_by=20, check_s=120), c2=600)
    node.advance(200)
    assert node.told(g.EVENT_NO_EFFECT) == [(MISTER, 2, 600, 600)]
    assert node.actuators.find(MISTER).trouble == g.TROUBLE_NO_EFFECT
    node.show(2, 800)
    node.advance(10)
    node.show(2, 600)
    node.advance(20)
    node.show(2, 640)
    assert node.told(g.EVENT_RESPONSE_OK) == [(MISTER, g.TROUBLE_NO_EFFECT)]


def test_another_recipe_touches_no_output() -> None:
    node = rig(hot_fan(), c1=290)
    node.command(FAN, g.STATE_ON, 600)
    edges = len(node.log)
    node.adopt(hot_fan(on_above=320, off_above=310))
    assert node.on(FAN) and len(node.log) == edges
    node.advance(650)
    assert not node.on(FAN)
