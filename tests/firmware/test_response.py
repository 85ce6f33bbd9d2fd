"""The response check: ran but no effect; moves although off."""

from __future__ import annotations

from typing import Any

from node import parse
from node.control import History, switched
from node.response import Response

from shared_protocol import registry as g
from shared_protocol import units as u
from tests.firmware.test_control import Reading

CHECK = {"check_channel": 2, "check_by": 30, "check_s": 100, "stuck_by": 50}


class Watch:
    """A response check with the actuator it watches."""

    def __init__(self, **keys: Any) -> None:
        self.rule = parse.rule({"actuator": 1, **CHECK, **keys}, {"id": 1, "kind": u.ACTUATOR_MISTER})
        self.history = History(0)
        self.response = Response()

    def at(self, now: int, value: int | None) -> Any:
        return self.response.step(now, self.rule, self.history, {2: Reading(value, now)})

    def switch(self, now: int, state: int) -> None:
        switched(now, self.history, state, g.CAUSE_BELOW)


def test_an_effect_in_time_is_no_news() -> None:
    watch = Watch()
    watch.switch(0, 1)
    assert [watch.at(0, 600), watch.at(50, 629), watch.at(99, 630), watch.at(200, 600)] == [None] * 4


def test_no_effect_is_told_once_and_its_end_too() -> None:
    watch = Watch()
    watch.switch(0, 1)
    assert [watch.at(0, 600), watch.at(99, 629)] == [None] * 2
    assert watch.at(100, 629) == (g.EVENT_NO_EFFECT, 600, 629)
    assert watch.at(200, 600) is None and watch.response.trouble == g.TROUBLE_NO_EFFECT
    watch.switch(300, 0)
    watch.at(300, 600)
    watch.switch(1000, 1)
    watch.at(1000, 600)
    assert watch.at(1050, 631) == (g.EVENT_RESPONSE_OK, g.TROUBLE_NO_EFFECT, None)
    assert watch.response.trouble == 0


def test_an_effect_downwards() -> None:
    watch = Watch(check_by=-20)
    watch.switch(0, 1)
    watch.at(0, 300)
    assert watch.at(100, 281) == (g.EVENT_NO_EFFECT, 300, 281)


def test_moves_although_off() -> None:
    watch = Watch()
    watch.switch(0, 0)
    assert [watch.at(now, 600 + now) for now in (0, 50, 99)] == [None] * 3, "it may still calm down"
    watch.at(100, 700)
    assert watch.at(150, 750) == (g.EVENT_STUCK, 700, 750)
    assert watch.at(160, 810) is None, "told once"
    assert watch.at(259, 811) is None
    assert watch.at(260, 811) == (g.EVENT_RESPONSE_OK, g.TROUBLE_STUCK, None)


def test_a_level_such_as_the_flow_of_a_welded_relay() -> None:
    watch = Watch(check_level=1, check_by=5, stuck_by=2, check_s=10)
    watch.switch(0, 1)
    assert [watch.at(0, 0), watch.at(5, 40)] == [None] * 2
    watch.switch(20, 0)
    assert [watch.at(20, 40), watch.at(30, 40)] == [None] * 2
    assert watch.at(31, 40) == (g.EVENT_STUCK, 40, 40)
    watch.at(40, 0)
    assert watch.at(60, 0) == (g.EVENT_RESPONSE_OK, g.TROUBLE_STUCK, None)


def test_without_a_value_nothing_is_judged() -> None:
    watch = Watch()
    watch.switch(0, 1)
    watch.at(0, 600)
    assert [watch.at(100, None), watch.at(150, 600), watch.at(180, 600)] == [None] * 3
