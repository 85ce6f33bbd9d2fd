"""An update over the air on the whole node: received, checked, switched to, confirmed; and all that may go wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from flash_tools.image import Application
from shared_protocol import maintenance, messages
from shared_protocol import registry as g
from shared_protocol.wire import find
from tests.firmware import mp
from tests.firmware.peer import Peer
from tests.firmware.running import KEY, START_S, Starter, edges, events, newer, power_cycle, sources

CHUNK = 400
FAST = 12.0  # the watchdog of 10 s must outlive a busy PC
TRIES = 20
CASES = {
    "receive_cases.py": (
        "received_and_switched_to",
        "refused_at_the_beginning",
        "a_refused_beginning_disturbs_nothing",
        "wrong_content",
        "chunks_in_any_order",
        "resumed_at_every_chunk",
        "idle_parts_keep_what_came",
        "another_image_in_the_middle",
        "no_room",
    ),
    "switch_cases.py": (
        "leases_and_holds_delay_the_switch",
        "outputs_that_rules_switch_delay_it_half_an_hour",
        "settings_on_trial_delay_it",
        "waiting_goes_on_after_a_power_cut",
        "damage_found_without_a_hub_is_told_later",
        "the_version_before_is_switched_to_at_once",
        "a_damaged_version_before_is_sent_again",
        "nothing_else_during_a_trial",
    ),
    "trial_cases.py": (
        "confirmed_when_healthy",
        "rolled_back_is_told_once",
        "cut_in_confirming",
        "cut_in_going_back",
    ),
    "update_cuts.py": ("cut_anywhere_in_an_update",),
}


@pytest.mark.parametrize(("script", "case"), [(script, case) for script, cases in CASES.items() for case in cases])
def test_case(script: str, case: str) -> None:
    """On a littlefs in memory; the cuts are at every flash operation."""
    assert mp.run(script, case, heap="6M").splitlines()[-1] == "ok"


@pytest.mark.parametrize("seed", range(4))
def test_many_updates_through_many_power_cuts(seed: int) -> None:
    """1,000 in all, every fourth of a broken image; after each cut a whole image runs, in the end the right one."""
    said = mp.run("update_cuts.py", "many_updates", "250", str(seed), heap="6M").splitlines()
    assert said[-1] == "ok" and said[-2].startswith("250 updates")


def begin(
    peer: Peer, image: Application, slot: int = 0, tries: int = TRIES, **changes: Any
) -> maintenance.UpdateStatus:
    """Send UPDATE_BEGIN; the node's answer."""
    fields = {"sha256": image.sha256, "version": bytes(image.version), "tag": image.tag(KEY), "size": len(image.data)}
    return ask(peer, g.MSG_UPDATE_BEGIN, maintenance.UpdateBegin(slot=slot, **{**fields, **changes}), tries)


def ask(peer: Peer, type: int, message: Any, tries: int = TRIES) -> maintenance.UpdateStatus:
    """Send until it is answered, as the hub does; the last UPDATE_STATUS."""
    encode = maintenance.encode_update_begin if type == g.MSG_UPDATE_BEGIN else maintenance.encode_update_chunk
    for _ in range(tries):
        peer.others.clear()
        peer.send(type, encode(message))
        if peer.run(3, lambda: peer.others and peer.others[-1][0] == g.MSG_UPDATE_STATUS):
            return maintenance.decode_update_status(peer.others[-1][1])
    raise AssertionError("no answer to an UPDATE message")


def transfer(peer: Peer, image: Application, until: int | None = None, tries: int = TRIES) -> maintenance.UpdateStatus:
    """Begin, and send chunks up to the end (or offset `until`); the last answer."""
    status = begin(peer, image, tries=tries)
    end = len(image.data) if until is None else until
    while status.code == g.RESULT_OK and status.next_offset < end:
        offset = status.next_offset
        chunk = maintenance.UpdateChunk(0, offset, image.data[offset : offset + CHUNK])
        status = ask(peer, g.MSG_UPDATE_CHUNK, chunk, tries)
    return status


def standing(peer: Peer) -> tuple[bytes, int]:
    """(first 8 bytes of the SHA-256, IMAGE_ number) of the image that the last HELLO named."""
    value = find(peer.hellos[-1].tlvs, g.TLV_IMAGE)
    return value[:8], value[8]


def runs(peer: Peer, image: Application, state: int) -> Callable[[], bool]:
    """Asks whether the last HELLO names this image as standing so."""
    return lambda: bool(peer.hellos) and standing(peer) == (image.sha256[:8], state)


def told(peer: Peer) -> list[tuple[Any, ...]]:
    return [event.fields for event in events(peer, g.EVENT_UPDATE)]


def switch_to(peer: Peer, image: Application) -> None:
    """A whole update up to the first session of the new image."""
    assert transfer(peer, image).code == g.RESULT_BUSY
    assert peer.run(START_S, runs(peer, image, g.IMAGE_ON_TRIAL))


@pytest.mark.parametrize("board", [pytest.param("worm_house_air", marks=pytest.mark.deep), "worm_house"])
def test_an_update_is_received_switched_to_and_confirmed(start: Starter, board: str) -> None:
    process, peer = start(board, speed=FAST)
    old, new = sources(), newer()
    assert standing(peer) == (old.sha256[:8], g.IMAGE_PROVEN)
    boot = peer.nows[-1].boot_no
    switch_to(peer, new)
    assert peer.hellos[-1].reset_cause == g.RESET_UPDATE and peer.hellos[-1].boot_no == boot + 1
    assert peer.run(5, lambda: find(peer.nows[-1].tlvs, g.TLV_TRIAL) == b"\1")
    began_s = peer.nows[-1].uptime_s
    assert peer.run(START_S, runs(peer, new, g.IMAGE_PROVEN))
    assert peer.nows[-1].uptime_s >= began_s + 280
    assert peer.run(20, lambda: told(peer) == [(2, "0.2.0", g.RESULT_ON_TRIAL), (2, "0.2.0", g.RESULT_OK)])
    assert peer.run(5, lambda: find(peer.nows[-1].tlvs, g.TLV_TRIAL) is None)
    assert begin(peer, new) == (1, len(new.data), g.RESULT_OK)  # what runs need not be sent
    assert begin(peer, old) == (1, len(old.data), g.RESULT_BUSY)  # the old slot was kept: back without sending
    assert peer.run(START_S, runs(peer, old, g.IMAGE_ON_TRIAL))
    assert not peer.clashes


def test_what_is_not_the_image_survives_an_update(start: Starter) -> None:
    """A stop, settings, the recipe, the ledger, the journal; a lease delays the switch until it is over."""
    process, peer = start(speed=FAST)
    new = newer()
    before = {tag: find(peer.hellos[-1].tlvs, tag) for tag in (g.TLV_SETTINGS_HASH, g.TLV_RECIPE_HASH)}
    journal_id = peer.journal_id
    peer.command(1, 1, 900)
    assert peer.run(5, lambda: peer.lease()[0] == 1)
    leased_s = peer.nows[-1].uptime_s
    boot = peer.nows[-1].boot_no
    assert transfer(peer, new).next_offset == len(new.data)
    assert peer.run(60, lambda: peer.nows[-1].uptime_s > leased_s + 120) and peer.nows[-1].boot_no == boot
    peer.send(g.MSG_STOP, messages.encode_stop(messages.Stop(b"stop")))
    assert peer.run(START_S, runs(peer, new, g.IMAGE_ON_TRIAL))
    assert edges(process, 25)[-1] == 1, "off (active low) before and after"
    assert peer.run(20, lambda: find(peer.nows[-1].tlvs, g.TLV_STOP) == b"\1")
    assert {tag: find(peer.hellos[-1].tlvs, tag) for tag in before} == before
    assert peer.journal_id == journal_id and not peer.clashes
    assert peer.run(20, lambda: [event.boot_no for event in events(peer, g.EVENT_BOOT)] == [1, 2])


@pytest.mark.parametrize(
    "cut_at", [110, 300, *(pytest.param(at, marks=pytest.mark.deep) for at in (60, 160, 230, 380, 460))]
)
def test_the_board_dies_at_a_flash_operation_of_an_update(start: Starter, cut_at: int) -> None:
    """Wherever the power goes: after it the node runs a whole image, and the hub's next try ends the update."""
    process, peer = start(speed=FAST, cut_at=cut_at)
    new = newer()
    try:
        transfer(peer, new, tries=1)
        peer.run(20, lambda: not process.alive())
    except AssertionError:
        pass  # it died in the middle of an answer
    assert not process.alive(), "more operations than it takes"
    process.spec = replace(process.spec, cut_at=None)
    hellos = len(peer.hellos)
    process.start()
    assert peer.run(START_S, lambda: len(peer.hellos) > hellos)
    assert standing(peer)[0] in (sources().sha256[:8], new.sha256[:8])
    if standing(peer)[0] != new.sha256[:8]:
        transfer(peer, new)
    assert peer.run(START_S, runs(peer, new, g.IMAGE_PROVEN)), told(peer)
    assert not peer.clashes


def test_a_transfer_goes_on_after_power_cuts(start: Starter) -> None:
    """Three of them, at a third, two thirds, and after the last byte; the hub begins again with the same words."""
    process, peer = start(speed=FAST)
    new = newer()
    for part in (1, 2):
        transfer(peer, new, len(new.data) * part // 3)
        power_cycle(process, peer)
        assert begin(peer, new).next_offset >= len(new.data) * part // 3 - 4096
    transfer(peer, new)
    process.kill()
    process.start()
    assert peer.run(START_S, runs(peer, new, g.IMAGE_ON_TRIAL)), "it goes on by itself"
