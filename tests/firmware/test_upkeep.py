"""Rare work over the link, on the whole node: settings and their trial, recipes, the self-test, service."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from flash_tools.image import canonical
from shared_protocol import maintenance
from shared_protocol import registry as g
from shared_protocol.wire import Reader, find
from tests.firmware.peer import Peer
from tests.firmware.running import QUICK, START_S, Starter, edges, events, power_cycle


def in_force(peer: Peer, settings: dict[str, Any]) -> bool:
    """True when the last HELLO named these settings."""
    return bool(find(peer.hellos[-1].tlvs, g.TLV_SETTINGS_HASH) == name_of(canonical(settings)))


def name_of(text: bytes) -> bytes:
    return hashlib.sha256(text).digest()[:8]


def send(peer: Peer, document: dict[str, Any], what: int = g.MSG_SETTINGS) -> int | None:
    """Send SETTINGS or a RECIPE in pieces; the code of the last answer."""
    text = canonical(document)
    code = None
    for offset in range(0, len(text), 200):
        piece = maintenance.Settings(name_of(text), offset, len(text), text[offset : offset + 200])
        peer.others.clear()
        peer.send(what, maintenance.encode_settings(piece))
        assert peer.run(5, lambda: peer.others)
        type, body = peer.others[-1]
        answer = maintenance.decode_settings_ack(body)
        assert (type, answer.hash) == (what + 1, name_of(text))
        code = answer.code
    return code


def test_settings_over_the_link_and_their_trial(start: Starter) -> None:
    _, peer = start(speed=12.0)
    good = {**QUICK, "wifi": [["nhavuon", "nhavuon-wifi"]], "hub": list(peer.address), "now_s": 3}
    assert send(peer, good) == g.RESULT_OK
    assert peer.run(20, lambda: in_force(peer, good))  # a new session proves them
    peer.run(2)
    bad = {**good, "hub": ["127.0.0.1", 9]}
    assert send(peer, bad) == g.RESULT_OK
    cut_off = peer.nows[-1].uptime_s
    hellos = len(peer.hellos)
    assert peer.run(220, lambda: len(peer.hellos) > hellos), "the old settings did not return"
    assert in_force(peer, good) and peer.hellos[-1].uptime_s > cut_off + 250


def test_senseless_settings_are_refused(start: Starter) -> None:
    _, peer = start()
    assert send(peer, {"wifi": 5}) == g.RESULT_MALFORMED
    assert send(peer, {"x": "y" * 5000}) == g.RESULT_NO_SPACE


def test_settings_that_come_while_others_are_on_trial(start: Starter) -> None:
    """The proven ones are never written over: they return after both."""
    _, peer = start(speed=12.0)
    first = find(peer.hellos[-1].tlvs, g.TLV_SETTINGS_HASH)
    hellos = len(peer.hellos)
    bad = {**QUICK, "wifi": [["nhavuon", "x"]], "hub": ["127.0.0.1", 9]}
    peer.others.clear()
    for now_s in (4, 5):  # both before the node leaves for the network that does not let it in
        text = canonical({**bad, "now_s": now_s})
        piece = maintenance.Settings(name_of(text), 0, len(text), text)
        peer.send(g.MSG_SETTINGS, maintenance.encode_settings(piece))
    assert peer.run(5, lambda: len(peer.others) == 2)
    assert [maintenance.decode_settings_ack(body).code for _, body in peer.others] == [g.RESULT_OK] * 2
    assert peer.run(60, lambda: len(peer.hellos) > hellos), "the proven settings did not return"
    assert find(peer.hellos[-1].tlvs, g.TLV_SETTINGS_HASH) == first


RULE = {"actuator": 1, "sensors": [1], "on_above": 285, "off_above": 275, "max_on_s": 1200, "fault": "on"}


def test_a_recipe_over_the_link(start: Starter) -> None:
    """In force at once, told by its hash, journaled, there after a power cut; a fan that runs is not touched."""
    process, peer = start()
    peer.command(1, 1, 600)
    assert peer.run(5, lambda: peer.lease()[0] == 1)
    recipe = {"name": "nhà giun", "utc_offset_min": 420, "rules": [RULE]}
    moved = edges(process, 25)
    assert send(peer, recipe, g.MSG_RECIPE) == g.RESULT_OK
    assert peer.run(5, lambda: [e.fields for e in events(peer, g.EVENT_RECIPE)] == [(name_of(canonical(recipe)),)])
    peer.run(2)
    assert edges(process, 25) == moved and peer.lease()[0] == 1
    power_cycle(process, peer)
    assert find(peer.hellos[-1].tlvs, g.TLV_RECIPE_HASH) == name_of(canonical(recipe))


def test_a_recipe_acts_and_a_wrong_one_does_not(start: Starter) -> None:
    process, peer = start()
    assert peer.run(10, lambda: peer.nows[-1].values[0][0] is not None)
    hot = {**RULE, "on_above": -300, "off_above": -300}
    assert send(peer, {"name": "x", "rules": [{**hot, "colour": 1}]}, g.MSG_RECIPE) == g.RESULT_MALFORMED
    peer.run(2)
    assert edges(process, 25) == []
    assert send(peer, {"name": "x", "rules": [hot]}, g.MSG_RECIPE) == g.RESULT_OK
    assert peer.run(20, lambda: peer.lease()[:2] == (1, g.CAUSE_ABOVE))


def test_check(start: Starter) -> None:
    _, peer = start()
    peer.run(10, lambda: peer.nows[-1].values[0][0] is not None)
    peer.send(g.MSG_CHECK, maintenance.encode_check(maintenance.Check(b"test")))
    assert peer.run(5, lambda: peer.others)
    result = maintenance.decode_check_result(peer.others[-1][1])
    assert result.id == b"test"
    assert {what: ok for what, _, ok, _ in result.rows} == dict.fromkeys([*range(1, 9), *range(11, 18)], 1)


@pytest.mark.parametrize(("fault", "ok"), [(None, 1), ("short", 0), ("open", 0)])
def test_check_tells_the_voltage_of_a_soil_probe(start: Starter, fault: str | None, ok: int) -> None:
    """Measured when it is asked for, in mV, calibrated or not: what a calibration is made from."""
    script = ([0, {"soil@34": fault}],) if fault else ()
    _, peer = start("worm_house_bed", script=script, settings={"calibration": {}})
    peer.send(g.MSG_CHECK, maintenance.encode_check(maintenance.Check(b"test")))
    assert peer.run(5, lambda: peer.others)
    rows = maintenance.decode_check_result(peer.others[-1][1]).rows
    ((which, good, mv),) = [row[1:] for row in rows if row[0] == maintenance.CHECK_PROBE]
    assert (which, good) == (2, ok) and (1100 < mv < 2450) == bool(ok)


def test_service_leaves_the_loop_and_comes_back(start: Starter) -> None:
    process, peer = start()
    peer.command(1, 1, 600)
    assert peer.run(5, lambda: peer.lease()[0] == 1)
    boot = peer.nows[-1].boot_no
    order = maintenance.Service(b"serv", peer.nows[-1].uptime_s + 60, 4)
    peer.send(g.MSG_SERVICE, maintenance.encode_service(order))
    assert peer.run(5, lambda: peer.results[-1].id == b"serv")
    assert peer.run(START_S, lambda: peer.nows[-1].boot_no > boot)
    assert peer.hellos[-1].reset_cause == g.RESET_TOOL
    assert edges(process, 25)[-1] == 1 and peer.lease()[0] == 0


def heap_free(peer: Peer) -> int:
    """What the last NOW says, bytes."""
    return int(Reader(find(peer.nows[-1].tlvs, g.TLV_HEAP_FREE)).uv())


def test_rare_work_gives_its_memory_back_and_comes_again(start: Starter) -> None:
    _, peer = start(speed=12.0)
    assert send(peer, {"name": "a", "rules": []}, g.MSG_RECIPE) == g.RESULT_OK
    assert peer.run(5, lambda: bool(peer.nows))
    busy, begun_s = heap_free(peer), peer.nows[-1].uptime_s
    assert peer.run(60, lambda: peer.nows[-1].uptime_s > begun_s + 75)
    assert heap_free(peer) > busy + 3000
    assert send(peer, {"name": "b", "rules": [RULE]}, g.MSG_RECIPE) == g.RESULT_OK
