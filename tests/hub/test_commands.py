"""Orders: repeated until answered, never after their deadline, done only when the node says so; stops that hold."""

import contextlib

import pytest

from hub.benchmark.scripted import ScriptedNode
from hub.commands import LIFE_S, LONGEST_S
from hub.errors import DiskFull, Refused, UnknownNode, UnknownTicket
from shared_protocol.messages import Command, Result, decode_command, decode_stop, decode_stop_clear, encode_result
from shared_protocol.wire import find
from tests.hub.farm import Farm, g


@pytest.fixture
def node(farm: Farm) -> ScriptedNode:
    made = farm.add(uptime_s=1000)
    farm.greet(made)
    farm.ship_all(made)
    farm.answers(made, made.now())
    farm.carrier.sent.clear()
    return made


def wait(farm: Farm, seconds: float) -> None:
    """Let time pass in the ticker's steps."""
    for _ in range(round(seconds / 0.05)):
        farm.clock.advance(0.05)
        farm.hub.tick()


def commands(farm: Farm, node: ScriptedNode) -> list[Command]:
    return [decode_command(body) for body in farm.sent(node, g.MSG_COMMAND)]


def answer(farm: Farm, node: ScriptedNode, identity: bytes, code: int = g.RESULT_OK, states: int = 1) -> None:
    farm.say(node.seal(g.MSG_RESULT, encode_result(Result(identity, code, states))))


def test_on_is_a_lease_with_the_nodes_own_deadline(farm: Farm, node: ScriptedNode) -> None:
    farm.clock.advance(7)
    ticket = farm.hub.commands.send(1, 1, True, 900, "Lan")
    (command,) = commands(farm, node)
    assert command == Command(bytes.fromhex(ticket.id), 1007 + LIFE_S, 1, 1, 900, 0)
    assert ticket.state == "sending" and ticket.until_s is None


def test_off_is_held(farm: Farm, node: ScriptedNode) -> None:
    farm.hub.commands.send(1, 2, False, 300, "Lan")
    (command,) = commands(farm, node)
    assert (command.actuator, command.state, command.max_on_s, command.hold_off_s) == (2, 0, 0, 300)


def test_done_only_after_the_node_said_so_and_then_live_shows_it(farm: Farm, node: ScriptedNode) -> None:
    ticket = farm.hub.commands.send(1, 1, True, 900, "Lan")
    wait(farm, 1)
    assert farm.hub.commands.ticket(ticket.id).state == "sending"
    assert not farm.now().actuators[0].on
    answer(farm, node, bytes.fromhex(ticket.id))
    done = farm.hub.commands.ticket(ticket.id)
    assert (done.state, done.code, done.until_s) == ("done", "ok", farm.clock.wall() + 900)
    shown = farm.now().actuators[0]
    assert shown.on and shown.cause == "manual_on" and shown.until_s == done.until_s
    farm.carrier.sent.clear()
    wait(farm, 5)
    assert not commands(farm, node)


def test_repeated_every_200_ms_then_every_second_with_one_id_until_the_deadline(farm: Farm, node: ScriptedNode) -> None:
    ticket = farm.hub.commands.send(1, 1, True, 60, "Lan")
    wait(farm, 2)
    fast = commands(farm, node)
    wait(farm, LIFE_S - 2.1)
    slow = commands(farm, node)
    assert 8 <= len(fast) <= 11 and LIFE_S - 4 <= len(slow) <= LIFE_S - 1
    assert {(c.id.hex(), c.not_after_uptime_s) for c in fast + slow} == {(ticket.id, 1000 + LIFE_S)}
    wait(farm, 2)
    assert not commands(farm, node)
    failed = farm.hub.commands.ticket(ticket.id)
    assert (failed.state, failed.code) == ("failed", "no_answer")


def test_a_late_answer_changes_no_ended_ticket(farm: Farm, node: ScriptedNode) -> None:
    ticket = farm.hub.commands.send(1, 1, True, 60, "Lan")
    wait(farm, LIFE_S + 1)
    answer(farm, node, bytes.fromhex(ticket.id))
    assert farm.hub.commands.ticket(ticket.id).state == "failed"


def test_a_refusal_says_why(farm: Farm, node: ScriptedNode) -> None:
    ticket = farm.hub.commands.send(1, 1, True, 60, "Lan")
    answer(farm, node, bytes.fromhex(ticket.id), g.RESULT_DAILY_CAP, 0)
    refused = farm.hub.commands.ticket(ticket.id)
    assert (refused.state, refused.code) == ("refused", "daily_cap")


def test_another_node_cannot_answer(farm: Farm, node: ScriptedNode) -> None:
    other = farm.add(2)
    farm.greet(other)
    ticket = farm.hub.commands.send(1, 1, True, 60, "Lan")
    answer(farm, other, bytes.fromhex(ticket.id))
    assert farm.hub.commands.ticket(ticket.id).state == "sending"


def test_a_node_that_restarted_gets_no_order_of_its_former_life(farm: Farm, node: ScriptedNode) -> None:
    ticket = farm.hub.commands.send(1, 1, True, 60, "Lan")
    node.boot_no, node.uptime_s, node.nonce = 2, 3, b"nonce--2"
    farm.greet(node)
    farm.carrier.sent.clear()
    wait(farm, 1)
    assert not commands(farm, node)
    assert farm.hub.commands.ticket(ticket.id).code == "restarted"


def test_an_order_waits_for_a_new_session_within_its_life(farm: Farm, node: ScriptedNode) -> None:
    farm.hub.commands.send(1, 1, True, 60, "Lan")
    wait(farm, 3)
    node.nonce = b"nonce--2"
    farm.greet(node)
    farm.carrier.sent.clear()
    wait(farm, 1.05)
    assert commands(farm, node)


def test_a_node_never_heard_fails_at_once(farm: Farm) -> None:
    farm.add()
    ticket = farm.hub.commands.send(1, 1, True, 60, "Lan")
    assert (ticket.state, ticket.code) == ("failed", "not_heard")


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_S + 1])
def test_on_without_an_end_is_refused(farm: Farm, node: ScriptedNode, seconds: int) -> None:
    with pytest.raises(Refused):
        farm.hub.commands.send(1, 1, True, seconds, "Lan")


def test_unknown_things_are_named(farm: Farm) -> None:
    with pytest.raises(UnknownNode):
        farm.hub.commands.send(5, 1, True, 60, "Lan")
    with pytest.raises(UnknownTicket):
        farm.hub.commands.ticket("00000000")


def test_every_act_is_in_the_audit_trail(farm: Farm, node: ScriptedNode) -> None:
    farm.hub.commands.send(1, 1, True, 60, "Lan")
    farm.hub.commands.stop(None, "Minh")
    farm.hub.commands.clear_stop(1, "Minh")
    assert [(line.who, line.act) for line in farm.hub.store.audit_trail()] == [
        ("Minh", "clear_stop"),
        ("Minh", "stop"),
        ("Lan", "on"),
    ]


# -- stop


def stop_seen(node: ScriptedNode, latched: bool) -> bytes:
    return node.now(tlvs=[(g.TLV_STOP, bytes((latched,)))])


def test_stop_goes_to_every_node_until_it_is_reported(farm: Farm, node: ScriptedNode) -> None:
    two = farm.add(2)
    farm.greet(two)
    farm.carrier.sent.clear()
    tickets = farm.hub.commands.stop(None, "Lan")
    assert [ticket.node for ticket in tickets] == [1, 2]
    first = farm.carrier.sent.copy()
    assert len(first) == 2
    (body,) = farm.sent(node, g.MSG_STOP)
    answer(farm, node, decode_stop(body).id, states=0)
    assert farm.hub.commands.ticket(tickets[0].id).state == "done"
    farm.say(stop_seen(node, True))
    assert farm.now().stop
    farm.carrier.sent.clear()
    wait(farm, LIFE_S + 10)  # node 2 never answers: it goes out for ever
    assert not farm.sent(node, g.MSG_STOP)
    wait(farm, 3)
    assert len(farm.sent(two, g.MSG_STOP)) >= 2
    assert farm.hub.commands.ticket(tickets[1].id).state == "failed"
    assert farm.hub.commands.stopped(2)


def test_a_held_stop_is_told_at_every_hello_also_after_a_restart(farm: Farm, node: ScriptedNode) -> None:
    farm.hub.commands.stop(1, "Lan")
    farm.close()
    farm.open()
    assert farm.hub.commands.stopped(1)
    node.nonce = b"nonce--2"
    assert find(farm.greet(node).tlvs, g.TLV_STOP) == b"\1"  # type: ignore[attr-defined]
    farm.hub.commands.clear_stop(1, "Lan")
    node.nonce = b"nonce--3"
    assert find(farm.greet(node).tlvs, g.TLV_STOP) is None  # type: ignore[attr-defined]


def test_clearing_is_an_act_with_a_deadline(farm: Farm, node: ScriptedNode) -> None:
    farm.hub.commands.stop(1, "Lan")
    farm.say(stop_seen(node, True))
    farm.carrier.sent.clear()
    (ticket,) = farm.hub.commands.clear_stop(1, "Lan")
    (body,) = farm.sent(node, g.MSG_STOP_CLEAR)
    clear = decode_stop_clear(body)
    assert clear.not_after_uptime_s == 1000 + LIFE_S
    answer(farm, node, clear.id, states=0)
    assert farm.hub.commands.ticket(ticket.id).state == "done"
    assert not farm.hub.commands.stopped(1)
    wait(farm, 3)
    assert not farm.sent(node, g.MSG_STOP)


def test_a_stop_that_the_node_latched_by_itself_is_shown_and_not_repeated(farm: Farm, node: ScriptedNode) -> None:
    farm.say(stop_seen(node, True))
    assert farm.now().stop and not farm.hub.commands.stopped(1)


def test_a_stop_works_while_nothing_can_be_stored(farm: Farm, node: ScriptedNode) -> None:
    farm.hub.store.write(lambda db: db.execute("PRAGMA max_page_count = 1").fetchone())
    filler = "x" * 200_000
    with contextlib.suppress(DiskFull):
        farm.hub.store.audit("test", filler)
    assert farm.hub.commands.stop(1, "y" * 50_000)
    assert farm.hub.commands.stopped(1)
    assert farm.sent(node, g.MSG_STOP)


def test_unlock_ends_a_lock_out_and_claims_nothing_about_the_machine(farm: Farm, node: ScriptedNode) -> None:
    before = farm.now().actuators
    ticket = farm.hub.commands.unlock(1, 2, "Anh Tuấn")
    (command,) = commands(farm, node)
    assert command == Command(bytes.fromhex(ticket.id), 1000 + LIFE_S, 2, g.STATE_UNLOCK, 0, 0)
    answer(farm, node, bytes.fromhex(ticket.id), states=0)
    assert farm.hub.commands.ticket(ticket.id).state == "done" and farm.now().actuators == before
    assert ("Anh Tuấn", "unlock") in [tuple(row) for row in farm.hub.store.rows("SELECT who, act FROM audit")]


def test_a_node_whose_button_is_still_pressed_is_remembered_until_it_lets_go(farm: Farm, node: ScriptedNode) -> None:
    for code, said in ((g.RESULT_STOPPED, "stopped"), (g.RESULT_OK, "")):
        farm.carrier.sent.clear()
        (ticket,) = farm.hub.commands.clear_stop(1, "Lan")
        assert farm.hub.commands.clear_refused(1) == "", "not known before it answered"
        answer(farm, node, bytes.fromhex(ticket.id), code)
        assert farm.hub.commands.clear_refused(1) == said


def test_a_result_alone_tells_that_the_stop_holds_and_that_it_was_let_go(farm: Farm, node: ScriptedNode) -> None:
    for order, holds in ((farm.hub.commands.stop, True), (farm.hub.commands.clear_stop, False)):
        farm.carrier.sent.clear()
        (ticket,) = order(1, "Lan")
        assert farm.now().stop is not holds
        answer(farm, node, bytes.fromhex(ticket.id), states=0)
        assert farm.now().stop is holds
