"""Commands: what people asked an actuator to do, until its node reported it; made by the page, sent by the link.

A command carries the node's own deadline: a datagram that was held somewhere is refused by the node alone. It is sent
again every 200 ms for two seconds, then every second, always with the same id, which the node obeys once. A stop stays
with the hub until it is cleared, goes out until the node reports it, and is told again at every HELLO.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from hub.clock import Clock
from hub.errors import HubError, Refused, UnknownTicket
from hub.fleet import Fleet
from hub.live import Live, NodeNow
from hub.store import Store
from shared_protocol import registry as g
from shared_protocol.messages import Command, Stop, StopClear, encode_command, encode_stop, encode_stop_clear
from shared_protocol.names import RESULTS

LIFE_S = g.COMMAND_LIFE_S  # how long an order may travel: a farmer waits no longer, and then it must not happen
FAST_S = g.COMMAND_FAST_MS / 1000
FAST_EVERY_S = g.COMMAND_RETRY_MS / 1000
SLOW_EVERY_S = g.COMMAND_SLOW_MS / 1000
LONGEST_S = 0xFFFF  # what the frame's field holds: 18 hours
REMEMBERED = 256  # tickets that can still be asked for

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ticket:
    """One order. `state` is "sending" | "done" | "refused" | "failed"; "done" only after the node reported it.

    `code` is the node's result by name ("" while sending); for "failed" it is "no_answer", "not_heard" (nothing heard
    from the node since the hub started) or "restarted" (the node restarted meanwhile). `until_s` is the automatic end
    (unix seconds). `kind`: "switch", "unlock" (the end of a lock-out), "stop" or "clear"; for the last two `actuator`
    is 0, and `on` is False for all but a switch to ON.
    """

    id: str
    node: int
    actuator: int
    on: bool
    state: str
    code: str
    until_s: float | None
    asked_s: float
    by: str
    kind: str = "switch"


class Sender(Protocol):
    """What the link gives: False when the node has no session now."""

    def __call__(self, node: int, type: int, body: bytes) -> bool: ...


@dataclass
class _Order:
    """A ticket under way."""

    ticket: Ticket
    type: int
    body: Callable[[int], bytes]  # the message for a deadline in the node's uptime
    boot_no: int | None  # of the node when it was asked; None: any will do
    from_s: float  # monotonic
    next_s: float
    seconds: int = 0


class Commands:
    """Orders under way and the last ones that ended. Thread-safe."""

    def __init__(
        self,
        fleet: Fleet,
        live: Live,
        store: Store,
        clock: Clock,
        random: Callable[[int], bytes],
        lock: threading.RLock,
    ) -> None:
        """`lock` is shared with the link, which calls from under it and is called under it."""
        self._fleet, self._live, self._store = fleet, live, store
        self._clock, self._random = clock, random
        self._lock = lock
        self._tickets: OrderedDict[str, Ticket] = OrderedDict()
        self._orders: dict[str, _Order] = {}
        self._stopped = fleet.stopped()
        self._sent_stop_s: dict[int, float] = {}
        self._clear_codes: dict[int, str] = {}  # node → why it would not let go its stop, by name
        self.sender: Sender | None = None  # set by the service

    # -- for the page

    def send(self, node: int, actuator: int, on: bool, seconds: int, by: str) -> Ticket:
        """Ask for an absolute state: ON for at most `seconds`, or OFF and held off for `seconds` (0 = not held).

        Raises UnknownNode; Refused when ON has no end.
        """
        self._fleet.node(node)
        if not (1 if on else 0) <= seconds <= LONGEST_S:
            raise Refused(detail=f"{seconds} s is not a time that a machine may be held")
        identity = self._random(4)

        def body(deadline: int) -> bytes:
            on_s, off_s = (seconds, 0) if on else (0, seconds)
            return bytes(encode_command(Command(identity, deadline, actuator, int(on), on_s, off_s)))

        ticket = self._open(identity, node, actuator, on, by)
        uptime = self._live.uptime(node)
        if uptime is None:
            ticket = self._close(ticket, "failed", "not_heard")
        else:
            order = _Order(ticket, g.MSG_COMMAND, body, uptime.boot_no, self._now(), self._now(), seconds)
            ticket = self._start(order)
        self._write(by, "on" if on else "off", f"node {node} actuator {actuator} for {seconds} s")
        return ticket

    def unlock(self, node: int, actuator: int, by: str) -> Ticket:
        """End the lock-out of an actuator whose switching reset its node twice. Raises UnknownNode."""
        self._fleet.node(node)
        identity = self._random(4)

        def body(deadline: int) -> bytes:
            return bytes(encode_command(Command(identity, deadline, actuator, g.STATE_UNLOCK, 0, 0)))

        ticket = self._open(identity, node, actuator, False, by, "unlock")
        uptime = self._live.uptime(node)
        if uptime is None:
            ticket = self._close(ticket, "failed", "not_heard")
        else:
            ticket = self._start(_Order(ticket, g.MSG_COMMAND, body, uptime.boot_no, self._now(), self._now()))
        self._write(by, "unlock", f"node {node} actuator {actuator}")
        return ticket

    def ticket(self, ticket_id: str) -> Ticket:
        """How an order stands. Raises UnknownTicket."""
        found = self._tickets.get(ticket_id)
        if found is None:
            raise UnknownTicket()
        return found

    def stop(self, node: int | None = None, by: str = "") -> list[Ticket]:
        """Everything off and latched, on one node or on all; stays until `clear_stop`."""
        numbers = self._numbers(node)
        with self._lock:
            self._stopped.update(numbers)
            for order in [o for o in self._orders.values() if o.type == g.MSG_COMMAND and o.ticket.node in numbers]:
                self._end(order, "refused", "stopped")  # it must not arrive after the stop is cleared
            tickets = [self._stop_one(number, by) for number in numbers]
        self._keep(numbers, True, by)
        return tickets

    def clear_stop(self, node: int | None = None, by: str = "") -> list[Ticket]:
        """Let go a stop, on one node or on all."""
        numbers = self._numbers(node)
        with self._lock:
            self._stopped.difference_update(numbers)
            for order in [o for o in self._orders.values() if o.type == g.MSG_STOP and o.ticket.node in numbers]:
                self._end(order, "refused", "cleared")
        self._keep(numbers, False, by)
        return [self._clear_one(number, by) for number in numbers]

    def stopped(self, node: int) -> bool:
        """Whether the hub holds this node's stop (the node's own state is in Live)."""
        return node in self._stopped

    def clear_refused(self, node: int) -> str:
        """Why a node refused to let go its stop the last time it was asked, by name; "" when it did not."""
        return self._clear_codes.get(node, "")

    # -- for the link and the service

    def result(self, node: int, result: Any) -> Ticket | None:
        """A node answered; the ticket if that made it done."""
        with self._lock:
            order = self._orders.get(result.id.hex())
            if order is None or order.ticket.node != node:
                return None
            code = RESULTS.get(result.code, f"result_{result.code}")
            if order.type == g.MSG_STOP_CLEAR:
                self._clear_codes[node] = "" if result.code == g.RESULT_OK else code
            if result.code != g.RESULT_OK:
                self._end(order, "refused", code)
                return None
            until_s = self._clock.wall() + order.seconds if order.seconds else None
            return self._end(order, "done", code, until_s)

    def tick(self) -> None:
        """Send again what is due, give up what is too late; call it some times a second."""
        with self._lock:
            for order in list(self._orders.values()):
                self._push(order)
            for node in self._stopped:
                self._insist(node)

    # -- inside

    def _now(self) -> float:
        return self._clock.monotonic()

    def _open(self, identity: bytes, node: int, actuator: int, on: bool, by: str, kind: str = "switch") -> Ticket:
        ticket = Ticket(identity.hex(), node, actuator, on, "sending", "", None, self._clock.wall(), by, kind)
        self._tickets[ticket.id] = ticket
        while len(self._tickets) > REMEMBERED:
            self._tickets.popitem(last=False)
        return ticket

    def _close(self, ticket: Ticket, state: str, code: str, until_s: float | None = None) -> Ticket:
        ticket = replace(ticket, state=state, code=code, until_s=until_s)
        if ticket.id in self._tickets:
            self._tickets[ticket.id] = ticket
        return ticket

    def _start(self, order: _Order) -> Ticket:
        with self._lock:
            self._orders[order.ticket.id] = order
            self._push(order)
            return self._tickets.get(order.ticket.id, order.ticket)

    def _end(self, order: _Order, state: str, code: str, until_s: float | None = None) -> Ticket:
        self._orders.pop(order.ticket.id, None)
        return self._close(order.ticket, state, code, until_s)

    def _push(self, order: _Order) -> None:
        """Send an order if it is due, end it if it is too late or its node lives another life."""
        now_s, node = self._now(), order.ticket.node
        uptime = self._live.uptime(node)
        if order.boot_no is not None and uptime is not None and uptime.boot_no != order.boot_no:
            self._end(order, "failed", "restarted")
        elif now_s >= order.from_s + LIFE_S:
            self._end(order, "failed", "no_answer")
        elif now_s >= order.next_s and uptime is not None:
            order.next_s = now_s + (FAST_EVERY_S if now_s - order.from_s < FAST_S else SLOW_EVERY_S)
            self._send(node, order.type, order.body(uptime.at(order.from_s) + LIFE_S))

    def _send(self, node: int, type: int, body: bytes) -> None:
        if self.sender is not None:
            self.sender(node, type, body)

    def _stop_one(self, node: int, by: str) -> Ticket:
        identity = self._random(4)
        ticket = self._open(identity, node, 0, False, by, "stop")
        body = bytes(encode_stop(Stop(identity)))
        order = _Order(ticket, g.MSG_STOP, lambda _: body, None, self._now(), self._now())
        if self._live.uptime(node) is None:
            self._send(node, g.MSG_STOP, body)
        return self._start(order)

    def _clear_one(self, node: int, by: str) -> Ticket:
        self._clear_codes.pop(node, None)
        identity = self._random(4)
        ticket = self._open(identity, node, 0, False, by, "clear")
        uptime = self._live.uptime(node)
        if uptime is None:
            return self._close(ticket, "failed", "not_heard")

        def body(deadline: int) -> bytes:
            return bytes(encode_stop_clear(StopClear(identity, deadline)))

        return self._start(_Order(ticket, g.MSG_STOP_CLEAR, body, uptime.boot_no, self._now(), self._now()))

    def _insist(self, node: int) -> None:
        """A held stop that its node does not report goes out every second, when no fresh order does it anyway."""
        now = self._live.node(node)
        ordered = any(o.type == g.MSG_STOP and o.ticket.node == node for o in self._orders.values())
        if ordered or not _running(now) or self._now() < self._sent_stop_s.get(node, 0.0) + SLOW_EVERY_S:
            return
        self._sent_stop_s[node] = self._now()
        self._send(node, g.MSG_STOP, bytes(encode_stop(Stop(self._random(4)))))

    def _numbers(self, node: int | None) -> list[int]:
        """The nodes meant. Raises UnknownNode."""
        return [n.number for n in self._fleet.nodes()] if node is None else [self._fleet.node(node).number]

    def _keep(self, numbers: list[int], stopped: bool, by: str) -> None:
        """Keep a stop over a restart. A store in trouble must not hold up a stop: it holds in memory."""
        try:
            self._fleet.set_stopped(numbers, stopped)
        except HubError as error:
            log.error("the stop of %s is kept in memory only: %s", numbers, error)
        self._write(by, "stop" if stopped else "clear_stop", f"nodes {numbers}")

    def _write(self, by: str, act: str, detail: str) -> None:
        try:
            self._store.audit(by, act, detail)
        except HubError as error:
            log.error("not in the audit trail: %s %s %s (%s)", by, act, detail, error)


def _running(now: NodeNow | None) -> bool:
    """Whether a node was heard and does not report the stop."""
    return now is not None and now.heard_s is not None and not now.stop
