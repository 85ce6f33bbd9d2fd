"""The watchdog: fed only while the work that keeps things alive is done."""

import json

import pytest

from shared_protocol import registry as g
from tests.firmware import mp
from tests.firmware.running import START_S, Starter, edges

WDT_RESET = 3
BITES_S = 10


@pytest.mark.parametrize("case", ["fed_while_all_is_on_time", "not_when_control_is_late", "not_when_sampling_is_late"])
def test_case(case: str) -> None:
    assert mp.run("watchdog_cases.py", case).splitlines()[-1] == "ok"


@pytest.mark.slow
def test_a_driver_that_never_returns_ends_in_a_reset_with_everything_off(start: Starter) -> None:
    process, peer = start(script=([60, {"dht22@4": "hang"}], [73, {"dht22@4": None}]))
    peer.command(1, 1, 600)
    assert peer.run(5, lambda: peer.lease()[0] == 1)
    assert peer.run(START_S, lambda: peer.nows[-1].boot_no == 2)
    lines = [json.loads(line) for line in process.trace().read_text("utf-8").splitlines()]
    starts = [(line["start"], line["t_ms"]) for line in lines if "start" in line]
    assert [cause for cause, _ in starts] == [1, WDT_RESET]
    assert 60_000 < starts[1][1] < 60_000 + (BITES_S + 4) * 1000, "the last sample was up to 2 s before"
    assert peer.hellos[-1].reset_cause == g.RESET_WATCHDOG
    assert edges(process, 25) == [0] and peer.lease()[0] == 0, "its pin went to the boot level with the reset"
