"""What the check makes of what a board printed: pure judgements, each with its cause."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from flash_tools.check import FAIL, NOT_ASKED, PASS, Report, judge
from flash_tools.check.asking import Asker
from flash_tools.check.sensors import alike, dht_kind, moved
from flash_tools.check.table import show
from shared_protocol import registry as g

HELLO: dict[str, Any] = {
    "answer": "none",
    "offers": [],
    "asked": 5,
    "bad": 0,
    "refused": None,
    "wall_s": None,
    "at": None,
}
HUB = ["192.168.1.10", 47470]
NOW_S = 1_800_000_000


@given(humidity=st.integers(0, 1000), temperature=st.integers(-400, 1250))
def test_no_frame_of_a_dht22_looks_like_a_dht11(humidity: int, temperature: int) -> None:
    raw = temperature if temperature >= 0 else -temperature | 0x8000
    frame = humidity.to_bytes(2, "big") + raw.to_bytes(2, "big") + b"\0"
    assert dht_kind(frame) == ("dht22" if any(frame) else None)


@given(humidity=st.integers(5, 100), tenth=st.integers(0, 9), warm=st.integers(0, 60), digit=st.integers(0, 9))
def test_no_frame_of_a_dht11_looks_like_a_dht22(humidity: int, tenth: int, warm: int, digit: int) -> None:
    assert dht_kind(bytes((humidity, tenth, warm, digit, 0))) == "dht11"


@given(frame=st.binary(min_size=5, max_size=5))
def test_any_frame_is_judged(frame: bytes) -> None:
    assert dht_kind(frame) in ("dht11", "dht22", None)


@pytest.mark.parametrize(
    ("answer", "configured", "cause"),
    [
        ({}, HUB, "hub_no_answer"),
        ({}, None, "hub_no_answer"),
        ({"offers": [["192.168.1.10", 47470, "HTX"]]}, HUB, "hub_wrong_key"),
        ({"bad": 2}, HUB, "hub_wrong_key"),
        ({"offers": [["192.168.1.77", 47470, "HTX"]]}, HUB, "hub_elsewhere"),
        ({"answer": "refused", "refused": g.RESULT_OTHER_BOARD}, HUB, "hub_other_board"),
        ({"answer": "refused", "refused": g.RESULT_RETIRED}, HUB, "hub_retired"),
        ({"answer": "refused", "refused": g.RESULT_NO_COMMON_VERSION}, HUB, "hub_version"),
        ({"answer": "no_wifi"}, HUB, "no_wifi"),
        ({"answer": "no_key"}, HUB, "no_key"),
        ({"answer": "ok", "at": HUB}, HUB, ""),
    ],
)
def test_what_a_hello_tells(answer: dict[str, Any], configured: list[Any] | None, cause: str) -> None:
    row = judge.hub(HELLO | answer, configured, 7)
    assert (row.cause, row.result) == (cause, FAIL if cause else PASS)


@pytest.mark.parametrize(
    ("off_s", "cause"), [(0, ""), (-119, ""), (121, "clock_off"), (-86400 * 400, "clock_off"), (None, "clock_unknown")]
)
def test_the_hubs_clock_against_this_one(off_s: int | None, cause: str) -> None:
    wall_s = 0 if off_s is None else NOW_S + off_s - g.EPOCH_2020
    assert judge.clock(HELLO | {"answer": "ok", "wall_s": wall_s}, NOW_S).cause == cause


IMAGE = {
    "slot": "a",
    "sealed": True,
    "sound": True,
    "missing": 0,
    "sha256": "ab" * 32,
    "version": [0, 1, 0],
    "spare": False,
}


@pytest.mark.parametrize(
    ("found", "wanted", "cause"),
    [
        ({}, None, ""),
        ({}, ("ab" * 32, (0, 1, 0)), ""),
        ({}, ("cd" * 32, (0, 1, 0)), "image_other"),
        ({"sound": False}, ("ab" * 32, (0, 1, 0)), "image_damaged"),
        ({"spare": True}, ("cd" * 32, (0, 1, 0)), "image_spare"),
    ],
)
def test_the_application(found: dict[str, Any], wanted: Any, cause: str) -> None:
    assert judge.application(IMAGE | found, wanted).cause == cause


def test_an_application_without_a_seal() -> None:
    assert judge.application({"slot": "a", "sealed": False}, None).cause == "no_image"


@pytest.mark.parametrize(
    ("boots", "counts", "bad", "cause"),
    [
        (40, (39, 0, 0, 0, 0), 0, ""),
        (40, (37, 0, 0, 2, 0), 0, ""),
        (40, (9, 0, 0, 3, 0), 0, ""),
        (12, (9, 0, 0, 3, 0), 0, "brownouts"),
        (5, (1, 2, 0, 0, 0), 2, "bad_boots"),
    ],
)
def test_restarts(boots: int, counts: tuple[int, ...], bad: int, cause: str) -> None:
    assert judge.resets({"boot": boots, "counts": counts, "bad": bad}).cause == cause


FLASH = {"block": 4096, "blocks": 512, "free": 400, "same": True, "error": None}


@pytest.mark.parametrize(
    ("found", "cause"), [({}, ""), ({"free": 9}, "flash_full"), ({"same": False, "error": 5}, "flash_broken")]
)
def test_flash(found: dict[str, Any], cause: str) -> None:
    assert judge.flash(FLASH | found).cause == cause


@pytest.mark.parametrize(
    ("found", "cause"), [({}, ""), ({"lost": 3}, "journal_lost"), ({"unreadable": True}, "journal_unreadable")]
)
def test_journal(found: dict[str, Any], cause: str) -> None:
    assert judge.journal({"first": 1, "next": 9, "lost": 0, "unreadable": False, "begun": True} | found).cause == cause


WIFI = {"names": ["nha"], "joined": True, "tries": 1, "status": 0, "ms": 1500, "rssi": [-60] * 10, "heard": []}


@pytest.mark.parametrize(
    ("found", "cause"),
    [
        ({}, ""),
        ({"rssi": [-70] * 10}, ""),
        ({"rssi": [-60] * 4 + [-80] * 6}, "wifi_weak"),
        ({"tries": 3}, "wifi_tries"),
        ({"joined": False, "names": []}, "wifi_not_set"),
        ({"joined": False, "status": 202}, "wifi_password"),
        ({"joined": False, "status": 201}, "wifi_not_heard"),
        ({"joined": False, "status": 204, "heard": [["nha", -80]]}, "wifi_failed"),
    ],
)
def test_wifi(found: dict[str, Any], cause: str) -> None:
    assert judge.wifi(WIFI | found).cause == cause


RELAY = {"id": 2, "name": "Phun sương", "pin": 26}
CLICKED = {"levels": [0, 1, 0, 1], "on": 0, "before": None, "after": None}


@pytest.mark.parametrize(
    ("found", "watched", "must", "clicked", "result", "cause"),
    [
        ({}, 0, False, True, PASS, ""),
        ({}, 0, False, False, FAIL, "no_click"),
        ({}, 0, False, None, NOT_ASKED, "not_asked"),
        ({"levels": [0, 1, 1, 1]}, 0, False, True, FAIL, "pin_stuck"),
        ({"before": 0, "after": 10}, 6, False, None, PASS, ""),
        ({"before": 0, "after": 0}, 6, True, True, FAIL, "no_response"),
        ({"before": 0, "after": 0}, 6, False, True, PASS, ""),
        ({"refused": "stop"}, 0, False, None, NOT_ASKED, "stopped"),
    ],
)
def test_relays(found: dict[str, Any], watched: int, must: bool, clicked: bool | None, result: str, cause: str) -> None:
    row = judge.relay(RELAY, CLICKED | found, watched, must, clicked)
    assert (row.result, row.cause) == (result, cause)


def test_a_hand_is_told_from_noise() -> None:
    entries = [
        {"id": id, "driver": "ds18x20", "kind": g.KIND_BED_TEMPERATURE, "out": 0, "place": place}
        for id, place in ((3, "luống 1"), (4, "luống 2"))
    ]
    (group,) = alike(entries)
    before = {3: {"values": [265, 266]}, 4: {"values": [270, 270]}}
    assert moved(group, before, {3: {"values": [268]}, 4: {"values": [301, 305]}}) == 4
    assert moved(group, before, {3: {"values": [268]}, 4: {"values": [271]}}) is None
    assert moved(group, before, {3: {"values": [None]}, 4: {"values": []}}) is None


def test_the_table_says_each_cause_once_and_needs_no_colour() -> None:
    rows = (
        *(judge.row("wifi", [("wifi_weak", {"rssi": -80, "limit": -75})]), judge.not_asked("led")),
        *(judge.not_asked("button"), judge.row("heap", [])),
    )
    out = StringIO()
    show(Console(file=out, width=100), Report(rows, {}, "usb", NOW_S), "vi")
    text = out.getvalue()
    assert "-80 dBm" in text and "1 mục hỏng." in text and "HỎNG" in text
    assert text.count("Chưa ai trả lời") == 1 and "Đèn báo trên bo; Nút BOOT" in text


def test_the_person_may_answer_in_both_languages_and_is_asked_again() -> None:
    answers = iter(["", "gì?", "C"])
    said: list[str] = []
    ask = Asker("vi", lambda prompt: next(answers), said.append)
    assert ask("click", which=2, name="Phun sương") is True
    assert len(said) == 2
    assert Asker("en", lambda prompt: "n")("led") is False
