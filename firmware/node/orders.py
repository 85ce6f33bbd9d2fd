"""What the hub orders: COMMAND, STOP, STOP_CLEAR, and the memory of the last ones. Called by the link."""

from shared_protocol import registry as g
from shared_protocol.messages import Result, decode_command, decode_stop, decode_stop_clear, encode_result


class Orders:
    """A duplicate is answered again and never acts again."""

    def __init__(self, actuators, stop, recorder, clock):
        self._actuators = actuators
        self._stop = stop
        self._recorder = recorder
        self._clock = clock
        self._done = []  # (id, result code), the newest last
        self._void_s = -1  # orders with this deadline or an earlier one were given before the last stop

    def obey(self, type, body):
        """Body of the RESULT for a COMMAND, STOP or STOP_CLEAR. Raises ProtocolError."""
        if type == g.MSG_COMMAND:
            order = decode_command(body)
            act = self._command
        elif type == g.MSG_STOP:
            order = decode_stop(body)
            act = self._latch
        else:
            order = decode_stop_clear(body)
            act = self._clear
        code = self._known(order.id)
        if code is None:
            code = act(order)
            self._done = self._done[1 - g.REMEMBERED_COMMANDS :] + [(order.id, code)]
        return encode_result(Result(order.id, code, self._actuators.states))

    def _known(self, id):
        for done, code in self._done:
            if done == id:
                return code
        return None

    def _late(self, order):
        """True after its deadline, and for one that a stop has overtaken: it must not act when the stop is cleared."""
        return self._clock.now() // 1000 > order.not_after_uptime_s or order.not_after_uptime_s <= self._void_s

    def _command(self, order):
        if self._late(order):
            code = g.RESULT_TOO_LATE
        else:
            code = self._actuators.command(order.actuator, order.state, order.max_on_s, order.hold_off_s)
        self._recorder.event(g.EVENT_COMMAND, (order.id, code))
        return code

    def _latch(self, order):
        if not self._stop.latched:
            self._void_s = self._clock.now() // 1000 + g.COMMAND_LIFE_S
        self._stop.latch(g.STOP_HUB)
        return g.RESULT_OK

    def _clear(self, order):
        if self._clock.now() // 1000 > order.not_after_uptime_s:
            return g.RESULT_TOO_LATE
        return self._stop.clear(g.STOP_HUB)
