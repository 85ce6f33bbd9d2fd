"""Orders: an order that a stop has overtaken never acts, one given after it does."""

from __future__ import annotations

import pytest
from node.orders import Orders

from shared_protocol import registry as g
from shared_protocol.messages import (
    Command,
    Stop,
    StopClear,
    decode_result,
    encode_command,
    encode_stop,
    encode_stop_clear,
)
from tests.support.rig import Rig

FAN = 1


class Latch:
    """The node's stop without its flash."""

    def __init__(self, rig: Rig) -> None:
        self.rig, self.latched = rig, False

    def latch(self, source: int) -> None:
        self.latched = True
        self.rig.stop()

    def clear(self, source: int) -> int:
        self.latched = False
        self.rig.stop(False)
        return g.RESULT_OK


class Recorder:
    """Takes events and forgets them."""

    def event(self, code: int, fields: object) -> None: ...


@pytest.mark.parametrize(("asked_s", "code"), [(99, g.RESULT_TOO_LATE), (102, g.RESULT_OK)])
def test_an_order_that_was_held_up_while_a_stop_came_and_went(asked_s: int, code: int) -> None:
    """Stopped at 100 s and cleared at 103 s; the order arrives at 104 s, within its own life."""
    rig = Rig({"actuator": FAN})
    orders = Orders(rig.actuators, Latch(rig), Recorder(), rig.clock)
    rig.advance(100 - rig.clock.up_ms / 1000)
    orders.obey(g.MSG_STOP, encode_stop(Stop(b"stop")))
    rig.advance(3)
    orders.obey(g.MSG_STOP, encode_stop(Stop(b"sto2")))  # said again while latched: not a new stop
    orders.obey(g.MSG_STOP_CLEAR, encode_stop_clear(StopClear(b"cler", 120)))
    rig.advance(1)
    order = Command(b"held", asked_s + g.COMMAND_LIFE_S, FAN, g.STATE_ON, 60, 0)
    assert decode_result(orders.obey(g.MSG_COMMAND, encode_command(order))).code == code
    assert rig.on(FAN) == (code == g.RESULT_OK)
