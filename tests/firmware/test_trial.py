"""A new image on trial, on the whole node in virtual time: what ends a trial, what does not, and what runs then."""

from __future__ import annotations

import json
from typing import Any

import pytest

from boards.simulated.process import NodeProcess
from flash_tools.image import Application
from shared_protocol import maintenance
from shared_protocol import registry as g
from shared_protocol.wire import Reader, find
from tests.firmware import mp
from tests.firmware.running import START_S, Starter, edges, newer, sources
from tests.firmware.test_update import FAST, runs, standing, told

PWRON, HARD, WDT, SOFT = 1, 2, 3, 5
SETTINGS = {"sample_s": 10, "set_s": 60, "now_s": 15}


def broken(source: str) -> Application:
    """An image whose main is this."""
    return newer({"main.py": source.encode()}, without="main.mpy")


def starts(process: NodeProcess) -> list[tuple[int, int]]:
    """(cause, ms since the first power-on) of each start, from the pin trace."""
    text = process.trace().read_text("utf-8") if process.trace().exists() else ""
    lines = [json.loads(line) for line in text.splitlines()]
    return [(line["start"], line["t_ms"]) for line in lines if "start" in line]


def flickers(every_s: int, count: int, reset: list[Any]) -> tuple[Any, ...]:
    return tuple([every_s * (i + 1), {"reset": reset}] for i in range(count))


@pytest.mark.parametrize(
    ("source", "causes"),
    [
        ("import nothing_like_that", [PWRON, HARD, HARD, HARD]),
        ("raise ValueError('broken')", [PWRON, HARD, HARD, HARD]),
        ("x = bytearray(10**9)", [PWRON, HARD, HARD, HARD]),
        ("import time\nwhile True:\n    time.sleep_ms(100)", [PWRON, WDT, WDT, WDT]),
        ("def broken(:", [PWRON, HARD, HARD, HARD]),
    ],
    ids=["import", "exception", "memory", "hang", "syntax"],
)
def test_a_broken_image_is_taken_back_after_three_bad_ends(start: Starter, source: str, causes: list[int]) -> None:
    image, old = broken(source), sources()
    process, peer = start(second=image, slot=b"ab0", virtual=True, settings=SETTINGS, complains=True)
    assert [cause for cause, _ in starts(process)] == causes
    assert standing(peer) == (old.sha256[:8], g.IMAGE_ROLLED_BACK)
    assert peer.hellos[-1].reset_cause == g.RESET_UPDATE
    assert peer.run(20, lambda: told(peer) == [(2, "0.2.0", g.RESULT_FAULT)])
    assert find(peer.nows[-1].tlvs, g.TLV_SAFE_MODE) == b"\0" and find(peer.nows[-1].tlvs, g.TLV_TRIAL) is None
    resets = Reader(find(peer.nows[-1].tlvs, g.TLV_RESETS)).numbers()
    assert resets == [0, 0, 0, 0, 1], "what the other image did is not this one's"
    assert edges(process, 25) == [] and edges(process, 26) == []


def test_an_image_that_finds_no_hub_is_taken_back_after_half_an_hour(start: Starter) -> None:
    old = sources()
    process, peer = start(second=newer(), slot=b"ab0", virtual=True, wait=False, settings=SETTINGS)
    peer.deaf = True
    assert peer.run(START_S, lambda: len(starts(process)) == 2)
    peer.deaf = False
    assert peer.run(START_S, runs(peer, old, g.IMAGE_ROLLED_BACK))
    (_, first), (cause, second) = starts(process)[:2]
    assert cause == HARD and 1_800_000 <= second - first < 1_802_000
    assert peer.run(20, lambda: told(peer) == [(2, "0.2.0", g.RESULT_TOO_LATE)])


@pytest.mark.deep
def test_an_image_with_a_part_that_fails_is_not_confirmed(start: Starter) -> None:
    """It runs, it even talks; but a part of it fails again and again."""
    led = (
        "class Led:\n    due = 0\n    def __init__(self, *a):\n        pass\n    def step(self, now):\n        1 // 0\n"
    )
    image = newer({"node/led.py": led.encode()}, without="node/led.mpy")
    process, peer = start(second=image, slot=b"ab0", virtual=True, settings=SETTINGS, complains=True)
    assert standing(peer) == (image.sha256[:8], g.IMAGE_ON_TRIAL)
    assert peer.run(START_S, runs(peer, sources(), g.IMAGE_ROLLED_BACK))
    assert peer.run(20, lambda: told(peer) == [(2, "0.2.0", g.RESULT_TOO_LATE)])


@pytest.mark.parametrize(
    ("reset", "cause"),
    [([PWRON, 50], g.RESET_POWER), ([PWRON, 50, True], g.RESET_BROWNOUT), ([SOFT, 0], g.RESET_SOFT)],
    ids=["power", "brown-out", "soft"],
)
def test_twenty_flickers_in_a_trial_take_nothing_back(start: Starter, reset: list[Any], cause: int) -> None:
    """And 5 quiet minutes behind them confirm it."""
    image = newer()
    script = flickers(40, 20, reset)
    process, peer = start(second=image, slot=b"ab0", virtual=True, script=script, settings=SETTINGS)
    assert peer.run(START_S, runs(peer, image, g.IMAGE_PROVEN))
    assert len(starts(process)) == 21
    assert peer.run(20, lambda: told(peer) == [(2, "0.2.0", g.RESULT_OK)])
    assert {hello.reset_cause for hello in peer.hellos[1:]} == {cause}
    assert find(peer.nows[-1].tlvs, g.TLV_SAFE_MODE) == b"\0"


def test_a_tool_that_interrupts_a_trial_takes_nothing_back(start: Starter) -> None:
    """Ctrl-C while it runs, or in the rescue window of the next start; each time the watchdog ends the tool's visit."""
    image = newer()
    script = tuple([at_s, {"interrupt": 1}] for at_s in (60, 71, 131.5, 250, 262))
    process, peer = start(second=image, slot=b"ab0", virtual=True, script=script, settings=SETTINGS, complains=True)
    assert peer.run(START_S, runs(peer, image, g.IMAGE_PROVEN))
    assert [cause for cause, _ in starts(process)] == [PWRON, WDT, WDT, WDT, WDT, WDT]
    assert find(peer.nows[-1].tlvs, g.TLV_SAFE_MODE) == b"\0"
    assert {hello.reset_cause for hello in peer.hellos[1:]} == {g.RESET_TOOL}


def test_service_in_a_trial_takes_nothing_back(start: Starter) -> None:
    """Longer than the watchdog that boot.py armed."""
    image = newer()
    process, peer = start(second=image, slot=b"ab0", speed=FAST, settings=SETTINGS)
    order = maintenance.Service(b"serv", peer.nows[-1].uptime_s + 60, 150)
    peer.send(g.MSG_SERVICE, maintenance.encode_service(order))
    assert peer.run(START_S, runs(peer, image, g.IMAGE_PROVEN))
    assert [cause for cause, _ in starts(process)] == [PWRON, HARD]
    assert peer.hellos[-1].reset_cause == g.RESET_TOOL


def test_two_bad_ends_of_a_trial_are_not_three(start: Starter) -> None:
    script = tuple([at_s, {"reset": [WDT]}] for at_s in (60, 100))
    image = newer()
    process, peer = start(second=image, slot=b"ab0", virtual=True, script=script, settings=SETTINGS)
    assert peer.run(START_S, runs(peer, image, g.IMAGE_PROVEN))
    assert [cause for cause, _ in starts(process)] == [PWRON, WDT, WDT]


def test_three_watchdog_resets_of_a_running_trial_end_it(start: Starter) -> None:
    script = tuple([at_s, {"reset": [WDT]}] for at_s in (60, 120, 180))
    process, peer = start(second=newer(), slot=b"ab0", virtual=True, script=script, settings=SETTINGS)
    assert peer.run(START_S, runs(peer, sources(), g.IMAGE_ROLLED_BACK))
    assert find(peer.nows[-1].tlvs, g.TLV_SAFE_MODE) == b"\0", "its bad ends do not put the old one into safe mode"


def test_a_damaged_slot_is_passed_over(start: Starter) -> None:
    image = newer()
    damaged = Application(image.data, image.sha256, image.version, {**image.files, "main.mpy": b"damaged"})
    process, peer = start(second=damaged, slot=b"ab0", virtual=True, settings=SETTINGS)
    assert standing(peer) == (sources().sha256[:8], g.IMAGE_ROLLED_BACK)
    assert peer.run(20, lambda: told(peer) == [(2, "0.2.0", g.RESULT_BAD_HASH)])
    assert len(starts(process)) == 1


def test_a_damaged_proven_slot_leaves_the_other_which_tells_it(start: Starter) -> None:
    """The slot that the file names is damaged (here: it names b, whose seal is of another key)."""
    image = newer()
    forged = Application(image.data, image.sha256[::-1], image.version, image.files)
    process, peer = start(second=forged, slot=b"b", virtual=True, settings=SETTINGS)
    assert standing(peer) == (sources().sha256[:8], g.IMAGE_SPARE)
    assert peer.run(20, lambda: told(peer) == [(2, "0.2.0", g.RESULT_BAD_HASH)])
    assert len(starts(process)) == 1 and find(peer.nows[-1].tlvs, g.TLV_TRIAL) is None
    peer.send(g.MSG_CHECK, maintenance.encode_check(maintenance.Check(b"chck")))
    assert peer.run(20, lambda: any(type == g.MSG_CHECK_RESULT for type, _ in peer.others))
    rows = maintenance.decode_check_result(peer.others[-1][1]).rows
    assert [(which, ok) for what, which, ok, _ in rows if what == maintenance.CHECK_IMAGE] == [(g.IMAGE_SPARE, 0)]


@pytest.mark.parametrize(
    "case",
    [
        "told_at_each_start",
        "a_missing_seal_is_damage_too",
        "a_spare_that_was_taken_back_before",
        "an_update_mends_it",
        "what_mends_it_never_starts_without_a_trial",
        "a_flash_that_refuses_to_make_it_the_proven_one",
    ],
)
def test_the_other_slot_as_a_spare(case: str) -> None:
    assert mp.run("spare_cases.py", case, heap="6M").splitlines()[-1] == "ok"


def test_without_a_sound_slot_nothing_runs(start: Starter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outputs stay at their boot level and the console says what to do."""
    image = newer()
    monkeypatch.setattr(Application, "seal", lambda self, key: bytes(51) + b"1 main.mpy\n")
    process, peer = start(second=image, slot=b"ab1", virtual=True, wait=False)
    assert peer.run(30, lambda: not process.alive())
    said = process.log().read_text("utf-8")
    assert "nhavuon rescue" in said and "Không chạy gì" in said
    assert edges(process, 25) == [] and edges(process, 26) == [] and not peer.hellos
