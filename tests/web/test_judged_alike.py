"""The page and `nhavuon check --node` judge a node's answers alike; both have sentences for all that can be wrong."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from flash_tools.check import lan, words
from flash_tools.check.rows import FAIL
from hub.inspections import READS
from hub.web.words import Words
from shared_protocol import judging
from shared_protocol import maintenance as m
from shared_protocol import registry as g
from shared_protocol.names import FAULTS
from tests.web.checked import WELL, Answering, Row
from tests.web.conftest import SignIn, token
from tests.web.farm import Farm, ScriptedNode
from tests.web.test_checkup_pages import swapped

BOARD = [
    ([], ""),
    ([(m.CHECK_RADIO, 0, 1, judging.RSSI_LEAST)], ""),
    ([(m.CHECK_RADIO, 0, 1, judging.RSSI_LEAST - 1)], "wifi_weak"),
    ([(m.CHECK_HEAP, 0, 1, judging.HEAP_LEAST)], ""),
    ([(m.CHECK_HEAP, 0, 1, judging.HEAP_LEAST - 1)], "heap_low"),
    ([(m.CHECK_FLASH, 0, 1, judging.FLASH_LEAST // 1024)], ""),
    ([(m.CHECK_FLASH, 0, 1, judging.FLASH_LEAST // 1024 - 1)], "flash_full"),
    ([(m.CHECK_SETTINGS, 0, 0, None)], "no_settings"),
    ([(m.CHECK_JOURNAL, 0, 0, 480)], "journal_failed"),
    ([(m.CHECK_LOST, 0, 0, 12)], "journal_lost"),
    ([(m.CHECK_STOP_INPUT, 0, 0, None)], "stop_open"),
    ([(m.CHECK_CLOCK, 0, 0, None)], "clock_unknown"),
    ([(m.CHECK_RESETS, g.RESET_WATCHDOG, 0, 3)], "bad_boots"),
    ([(m.CHECK_IMAGE, g.IMAGE_ON_TRIAL, 1, None)], ""),
    ([(m.CHECK_IMAGE, g.IMAGE_PROVEN, 0, None)], "image_damaged"),
    ([(m.CHECK_IMAGE, g.IMAGE_ROLLED_BACK, 1, None)], "rolled_back"),
    ([(m.CHECK_IMAGE, g.IMAGE_SPARE, 0, None)], "image_spare"),
    ([(m.CHECK_RECIPE, 0, 0, None)], ""),
]


class Hub:
    """Stands where flash_tools.check.hub_client is, before the page's own application."""

    def __init__(self, browser: FlaskClient) -> None:
        self.browser, self.headers = browser, {"X-CSRFToken": token(browser)}

    def get(self, path: str) -> Any:
        return self.browser.get(f"/api/v1{path}").get_json()

    def post(self, path: str, body: Any = None) -> Any:
        return self.browser.post(f"/api/v1{path}", json=body or {}, headers=self.headers).get_json()


@pytest.fixture
def answering(made: Farm, script: ScriptedNode) -> Answering:
    return Answering(made)


@pytest.fixture
def hub(answering: Answering, signed_in: SignIn) -> Hub:
    return Hub(signed_in("technician"))


def both(hub: Hub, answering: Answering, answers: list[list[Row]]) -> tuple[list[str], list[str]]:
    """Causes that the tool found, and sentences of what fails on the page, of one check with these ten answers."""
    ask, left = answering.ask, iter(answers)

    def asked(node: int, type: int, body: bytes) -> bool:
        answering.rows[1] = next(left)
        return ask(node, type, body)

    answering.made.hub.checks.sender = asked
    node = next(one for one in hub.get("/nodes")["nodes"] if one["number"] == 1)
    report = lan.check(hub, node, sleep=lambda _: answering.run())  # type: ignore[arg-type]
    shown = [row for row in hub.get("/nodes/1/check")["rows"] if row["verdict"] == "fail"]
    return [row.cause for row in report.rows if row.result == FAIL], [row["cause"].lower() for row in shown]


@pytest.mark.parametrize(("changed", "cause"), BOARD)
def test_a_row_about_the_board(hub: Hub, answering: Answering, changed: list[Row], cause: str) -> None:
    tool, page = both(hub, answering, [swapped(*changed)] * READS)
    assert tool == ([cause] if cause else []) and len(page) == len(tool)
    if cause:
        value = changed[0][3] or 0
        assert page == [Words().say(f"checkup.cause.{cause}", value=value).lower()]


@pytest.mark.parametrize("missed", range(READS + 1))
def test_a_sensor_that_misses_some_readings(hub: Hub, answering: Answering, missed: int) -> None:
    dead = [(m.CHECK_SENSOR, 1, 0, None), (m.CHECK_FAULT, 1, 0, g.FAULT_NO_ANSWER), *WELL[1:]]
    tool, page = both(hub, answering, [dead] * missed + [WELL] * (READS - missed))
    fault = judging.fault(READS, READS - missed, g.FAULT_NO_ANSWER)
    assert fault == (0 if missed <= 2 else g.FAULT_CHECKSUM if missed < 5 else g.FAULT_NO_ANSWER)
    assert tool == ([FAULTS[fault]] if fault else [])
    assert page == ([Words().say(f"fault.{FAULTS[fault]}").lower()] if fault else [])


@pytest.mark.parametrize(
    ("tenths", "mv", "dry"),
    [(None, 2199, False), (None, 2200, True), (30, 1100, True), (31, 2700, False), (None, None, False)],
)
def test_a_probe_in_air(tenths: int | None, mv: int | None, dry: bool) -> None:
    assert judging.in_air(tenths, mv) is dry


@pytest.mark.parametrize(
    ("readings", "cause"),
    [
        ([600] * READS, ""),
        ([601] * READS, "implausible"),
        ([-51] * READS, "implausible"),
        ([250, 265] * 5, ""),
        ([250, 266] * 5, "unsteady"),
    ],
)
def test_values_that_nobody_should_believe(hub: Hub, answering: Answering, readings: list[int], cause: str) -> None:
    """Node 1's first channel is a thermometer in tenths of a degree."""
    answers = [[(m.CHECK_SENSOR, 1, 1, one), *WELL[1:]] for one in readings]
    tool, page = both(hub, answering, answers)
    assert tool == ([cause] if cause else [])
    assert page == ([Words().say(f"checkup.cause.{cause}").lower()] if cause else [])


@pytest.mark.parametrize("cause", judging.CAUSES)
def test_both_have_a_cause_and_an_action_for_all_that_can_be_wrong(cause: str) -> None:
    for language in ("vi", "en"):
        assert Words(language).has(f"checkup.cause.{cause}") and Words(language).has(f"checkup.fix.{cause}")
    assert words.cause(cause, {"name": "", "which": 0}).vi and words.action(cause, {}).en
