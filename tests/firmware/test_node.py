"""The whole node on the simulated board, in MicroPython, against a scripted hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from boards.simulated.process import NodeProcess
from shared_protocol import registry as g
from shared_protocol.wire import Reader, find
from tests.firmware.peer import Peer
from tests.firmware.running import KEY, NODE, START_S, Starter, edges, events, power_cycle, sets


def test_first_meeting(start: Starter) -> None:
    process, peer = start(prefill_s=1800, settings={"sample_s": 10, "set_s": 60})
    assert peer.run(10, lambda: peer.records and peer.numbers()[-1] + 1 >= peer.hellos[-1].next)
    hello, now = peer.hellos[-1], peer.nows[-1]
    assert (hello.boot_no, hello.reset_cause, hello.first_held) == (1, g.RESET_POWER, 1)
    assert hello.uptime_s >= 1800
    assert [value is not None for value, _, _ in now.values] == [True, True]
    assert peer.numbers() == list(range(1, peer.numbers()[-1] + 1))
    kinds = [peer.records[peer.journal_id, number][0] for number in peer.numbers()]
    assert kinds[0] == g.RECORD_TABLE and not peer.clashes
    assert [e.fields[0] for e in events(peer, g.EVENT_BOOT)] == [g.RESET_POWER]
    assert events(peer, g.EVENT_TIME)[0].fields == (peer.wall_s, 250, g.TIME_HELLO_ACK)


def test_blocks_hold_what_the_sensors_gave(start: Starter) -> None:
    process, peer = start(prefill_s=3600, settings={"sample_s": 10, "set_s": 60})
    peer.ack_tlvs = [(g.TLV_CLOSE_NOW, b"")]
    peer.session = None  # the hub forgot: NOSESS, HELLO, and the open block is asked for
    assert peer.run(30, lambda: len(sets(peer)) >= 59)
    given: dict[int, dict[int, int]] = {}
    for line in process.produced().read_text("utf-8").splitlines():
        truth = json.loads(line)
        given.setdefault(truth["t_ms"] // 1000, {})[truth["channel"]] = truth["value"]
    for (_, uptime), values in sets(peer).items():
        nearest = min(given, key=lambda t_s: abs(t_s - uptime))
        assert abs(nearest - uptime) <= 1
        assert values == (given[nearest][1], given[nearest][2])


def test_lease_switches_and_ends(start: Starter) -> None:
    process, peer = start()
    peer.command(1, 1, 4)
    assert peer.run(5, lambda: peer.lease()[0] == 1)
    assert peer.lease()[1] == g.CAUSE_MANUAL_ON and 1 <= peer.lease()[2] <= 4
    assert peer.results[-1].code == g.RESULT_OK and peer.results[-1].states == 1
    assert peer.run(8, lambda: peer.lease()[0] == 0)
    assert peer.lease()[1] == g.CAUSE_LEASE_OVER
    assert peer.run(5, lambda: len(events(peer, g.EVENT_ACTUATOR)) == 2)
    on, off = events(peer, g.EVENT_ACTUATOR)
    assert on.fields[:3] == (1, 1, g.CAUSE_MANUAL_ON) and on.fields[4] == 4
    assert off.fields[:3] == (1, 0, g.CAUSE_LEASE_OVER) and off.uptime_s - on.uptime_s == 4
    assert len(edges(process, 25)) == 2


def test_a_copy_of_a_command_is_answered_and_does_nothing(start: Starter) -> None:
    process, peer = start()
    id = peer.command(1, 1, 3)
    assert peer.run(5, lambda: peer.results)
    assert peer.run(8, lambda: peer.lease()[0] == 0 and peer.lease()[1] == g.CAUSE_LEASE_OVER)
    peer.command(1, 1, 3, id=id)
    assert peer.run(5, lambda: len(peer.results) == 2)
    assert (peer.results[1].code, peer.results[1].states) == (g.RESULT_OK, 0)
    assert len(edges(process, 25)) == 2


def test_a_late_command_is_refused(start: Starter) -> None:
    _, peer = start()
    peer.command(1, 1, 3, late_s=-1)
    peer.command(9, 1, 3)
    peer.command(1, 1, 0)
    assert peer.run(5, lambda: len(peer.results) == 3)
    codes = [result.code for result in peer.results]
    assert codes == [g.RESULT_TOO_LATE, g.RESULT_NO_ACTUATOR, g.RESULT_NO_LEASE]


def test_stop_is_latched_over_a_power_cut(start: Starter) -> None:
    process, peer = start()
    peer.command(1, 1, 60)
    assert peer.run(5, lambda: peer.lease()[0] == 1)
    peer.send(g.MSG_STOP, b"STOP")
    assert peer.run(5, lambda: peer.results[-1].id == b"STOP")
    assert peer.results[-1].states == 0 and edges(process, 25)[-1] == 1
    power_cycle(process, peer)
    assert peer.lease()[1] == g.CAUSE_STOP
    peer.command(1, 1, 60)
    assert peer.run(5, lambda: peer.results[-1].code == g.RESULT_STOPPED)
    late = (peer.nows[-1].uptime_s + 60).to_bytes(4, "little")
    peer.send(g.MSG_STOP_CLEAR, b"FREE" + late)
    assert peer.run(5, lambda: peer.results[-1].id == b"FREE" and peer.results[-1].code == g.RESULT_OK)
    peer.command(1, 1, 60)
    assert peer.run(5, lambda: peer.lease()[0] == 1)


def test_dead_sensors_are_told_and_a_lease_is_obeyed(start: Starter) -> None:
    rule = {"actuator": 2, "sensors": [2], "on_below": 650, "off_below": 750, "fault": "off", "by_hand": 1}
    _, peer = start(script=([0, {"dht22@4": "timeout"}],), recipe={"rules": [rule]})
    assert peer.run(15, lambda: events(peer, g.EVENT_FAULT_START))
    assert [fault for _, fault, _ in peer.nows[-1].values] == [g.FAULT_NO_ANSWER] * 2
    assert [value for value, _, _ in peer.nows[-1].values] == [None, None]
    peer.command(2, 1, 3)
    assert peer.run(5, lambda: peer.lease(1)[0] == 1)
    assert peer.run(8, lambda: peer.lease(1)[0] == 0)
    assert peer.lease(1)[1] == g.CAUSE_FAULT


@pytest.mark.parametrize(
    ("lie", "fault"),
    [("checksum", g.FAULT_CHECKSUM), ("zero", g.FAULT_KNOWN_LIE), ("one", g.FAULT_KNOWN_LIE)],
)
def test_lies_of_a_dht_begin_and_end(start: Starter, lie: str, fault: int) -> None:
    process, peer = start()
    process.set_faults(**{"dht22@4": lie})
    assert peer.run(20, lambda: len(events(peer, g.EVENT_FAULT_START)) == 2)
    first = events(peer, g.EVENT_FAULT_START)[0]
    assert first.fields[:2] == (1, fault) and first.fields[2] <= first.uptime_s
    process.set_faults(**{"dht22@4": None})
    assert peer.run(20, lambda: len(events(peer, g.EVENT_FAULT_END)) == 2)
    assert peer.run(5, lambda: peer.nows[-1].values[0][0] is not None)


def test_power_cuts_lose_at_most_the_set_being_written(start: Starter) -> None:
    process, peer = start(settings={"sample_s": 2, "set_s": 2, "set": 1})
    for _ in range(3):
        peer.run(4)
        power_cycle(process, peer)
    assert peer.run(5, lambda: peer.numbers()[-1] + 1 >= peer.hellos[-1].next)
    assert [e.boot_no for e in events(peer, g.EVENT_BOOT)] == [1, 2, 3, 4]
    assert peer.numbers() == list(range(1, peer.numbers()[-1] + 1)) and not peer.clashes
    boots = {boot for boot, _ in sets(peer)}
    assert boots == {1, 2, 3}


def test_a_deaf_hub_is_found_again_and_nothing_is_lost(start: Starter) -> None:
    _, peer = start()
    peer.deaf = True
    peer.run(4)
    peer.deaf = False
    peer.session = None
    before = len(peer.hellos)
    assert peer.run(40, lambda: len(peer.hellos) > before and len(peer.nows) > 2)
    peer.run(2)
    assert peer.numbers() == list(range(1, peer.numbers()[-1] + 1))


def test_a_hub_that_lost_its_data_gets_all_again(start: Starter) -> None:
    _, peer = start(prefill_s=7200, settings={"sample_s": 10, "set_s": 60})
    assert peer.run(10, lambda: peer.records and peer.numbers()[-1] + 1 >= peer.hellos[-1].next)
    before = dict(peer.records)
    peer.records.clear()
    peer.session = None
    assert peer.run(20, lambda: set(before) <= set(peer.records))
    assert all(peer.records[name] == before[name] for name in before)


def test_records_arrive_through_loss_and_duplication(start: Starter) -> None:
    import random

    rng = random.Random(5)
    _, peer = start(wait=False, prefill_s=36000, settings={"sample_s": 10, "set_s": 60})
    peer.lose = lambda data, incoming: rng.random() < 0.3
    assert peer.run(START_S, lambda: peer.nows and peer.numbers() and peer.numbers()[-1] + 1 >= peer.hellos[-1].next)
    assert peer.run(30, lambda: peer.numbers() == list(range(1, peer.numbers()[-1] + 1)))
    assert not peer.clashes


def test_discovery_without_a_configured_address(start: Starter) -> None:
    """Broadcasts of this simulated LAN arrive at a port of this test's own."""
    listener = Peer(NODE, KEY)
    host, port = listener.address
    try:
        start(wait=False, settings={"hub": None}, broadcast=f"{host}:{port}")
        assert listener.run(START_S, lambda: listener.nows)
    finally:
        listener.close()


def test_unknown_messages(start: Starter) -> None:
    _, peer = start()
    peer.send(0x7E, b"?")
    peer.send(0xFE, b"?")
    assert peer.run(5, lambda: peer.others)
    assert peer.others == [(g.MSG_NAK, bytes([0x7E]) + peer.others[0][1][1:4] + bytes([g.RESULT_UNKNOWN_TYPE]))]
    before = len(peer.nows)
    assert peer.run(6, lambda: len(peer.nows) > before)


def test_the_same_sources_run_under_cpython(start: Starter) -> None:
    process, peer = start(micropython=False, prefill_s=600)
    assert peer.run(10, lambda: peer.records and peer.numbers()[-1] + 1 >= peer.hellos[-1].next)
    peer.command(1, 1, 4)
    assert peer.run(5, lambda: peer.lease()[0] == 1)
    assert peer.run(8, lambda: peer.lease()[0] == 0)
    power_cycle(process, peer)
    assert peer.run(5, lambda: peer.numbers()[-1] + 1 >= peer.hellos[-1].next)
    assert peer.numbers() == list(range(1, peer.numbers()[-1] + 1)) and not peer.clashes


def test_three_bad_boots_lead_to_safe_mode(start: Starter, tmp_path: Path) -> None:
    process, peer = start(recipe={"rules": [{"actuator": 1, "sensors": [1], "on_above": -300, "off_above": -300}]})
    for boot in (2, 3, 4):
        crash(process)
        assert peer.run(START_S, lambda: peer.nows[-1].boot_no == boot)  # noqa: B023
    assert find(peer.hellos[-1].tlvs, g.TLV_SAFE_MODE) == b"\x01"
    assert peer.hellos[-1].reset_cause == g.RESET_WATCHDOG
    assert peer.run(5, lambda: events(peer, g.EVENT_SAFE_MODE))
    peer.command(2, 1, 60)
    assert peer.run(5, lambda: peer.results and peer.results[-1].code == g.RESULT_SAFE_MODE)


def crash(process: NodeProcess) -> None:
    """The watchdog bites, as B's board notes it."""
    assert process._process is not None
    (process.folder / "reset").write_text(json.dumps({"cause": 3, "t_ms": 0}), "utf-8")
    process._process.kill()


def test_the_stop_input_latches(start: Starter) -> None:
    process, peer = start()
    peer.command(1, 1, 600)
    assert peer.run(5, lambda: peer.lease()[0] == 1)
    process.set_faults(**{"pin:27": 1})
    assert peer.run(8, lambda: peer.lease()[1] == g.CAUSE_STOP)
    assert edges(process, 25)[-1] == 1 and peer.lease()[0] == 0
    late = (peer.nows[-1].uptime_s + 600).to_bytes(4, "little")
    peer.send(g.MSG_STOP_CLEAR, b"fre1" + late)
    assert peer.run(5, lambda: peer.results[-1].id == b"fre1")
    assert peer.results[-1].code == g.RESULT_STOPPED, "it is still pressed"
    process.set_faults(**{"pin:27": None})
    peer.run(1)
    assert peer.lease()[1] == g.CAUSE_STOP, "letting go does not clear it"
    peer.send(g.MSG_STOP_CLEAR, b"fre2" + late)
    assert peer.run(5, lambda: peer.results[-1].id == b"fre2" and peer.results[-1].code == g.RESULT_OK)
    assert [e.fields for e in events(peer, g.EVENT_STOP)] == [(g.STOP_INPUT,)]


@pytest.mark.slow
def test_two_days_without_a_hub(start: Starter) -> None:
    """The rules go on, nothing restarts, and the hub gets every set afterwards."""
    rule = {"actuator": 1, "sensors": [1], "on_above": 270, "off_above": 260, "max_on_s": 1200, "fault": "on"}
    settings = {"sample_s": 10, "set_s": 60}
    process, peer = start(wait=False, prefill_s=172_800, settings=settings, recipe={"rules": [rule]})
    assert peer.run(280, lambda: peer.nows and peer.numbers() and peer.numbers()[-1] + 1 >= peer.hellos[-1].next)
    assert peer.nows[-1].boot_no == 1
    switched = [e.fields[1] for e in events(peer, g.EVENT_ACTUATOR)]
    assert len(switched) > 20 and len(edges(process, 25)) >= len(switched)
    times = sorted(uptime for _, uptime in sets(peer))
    assert {later - sooner for sooner, later in zip(times, times[1:], strict=False)} == {60}
    on_since = None
    for event in events(peer, g.EVENT_ACTUATOR):
        if event.fields[1]:
            on_since = event.uptime_s
        elif on_since is not None:
            assert event.uptime_s - on_since <= 1200
    heap_free = find(peer.nows[-1].tlvs, g.TLV_HEAP_FREE)
    assert heap_free is not None and Reader(heap_free).uv() > 10_000  # with garbage
