"""Any mixture of readings, commands, recipes, clocks and resets keeps the limits: judged by what only sees outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from node import control
from node import rule as rules
from node.orders import Orders

from shared_protocol import registry as g
from shared_protocol import units as u
from shared_protocol.messages import Command, decode_result, encode_command
from shared_protocol.record import Event, encode_event
from tests.support.limits import EXACT_S
from tests.support.plans import IDS, MAY_FAIL_ON, actions, boards, judged, machine, plans, play, recipes, short, some
from tests.support.rig import Board, Rig, board


def examples(share: float) -> settings:
    """This share of the run's examples; `--deep` makes them twenty times as many."""
    return settings(max_examples=max(5, int(settings.default.max_examples * share)))


@pytest.fixture(autouse=True)
def pure(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every decision of every test is made twice, and must change nothing."""
    decide = control.decide

    def twice(moment: Any, rule: Any, history: Any, fellows: Any) -> tuple[int, int]:
        before = [dict(vars(one)) for one in (moment, rule, history, *fellows.values())]
        found: tuple[int, int] = decide(moment, rule, history, fellows)
        assert found == decide(moment, rule, history, fellows)
        assert before == [vars(one) for one in (moment, rule, history, *fellows.values())]
        return found

    monkeypatch.setattr(control, "decide", twice)
    yield


@examples(0.5)
@given(st.data(), boards(), plans)
def test_every_limit_is_kept_whatever_happens(data: Any, on: Board, plan: list[tuple[int, Any]]) -> None:
    first, spare = data.draw(recipes(on)), data.draw(recipes(on))
    rig = Rig(*first, on=on)
    play(rig, plan, spare)
    problems = judged(rig).judge()
    assert not problems, "\n".join(problems[:5])


# --- caps over days ---


@st.composite
def long_rule(draw: Any, id: int) -> dict[str, Any]:
    """A machine that always wants to run and has a cap."""
    minutes = st.integers(1, 180).map(lambda m: 60 * m)
    found = {
        "actuator": id,
        "sensors": [1],
        "max_age_s": 3600,
        "on_above": 200,
        "off_above": 190,
        "cap_s": draw(minutes),
    }
    found |= draw(some(max_on_s=minutes, rest_s=minutes, min_off_s=minutes, by_hand=st.just(1)))
    return found | ({"period_s": 900, "pulse_s": draw(st.integers(1, 900))} if draw(st.booleans()) else {})


long_gaps = st.integers(1, 20_000_000)


@examples(0.15)
@given(st.data(), st.lists(st.tuples(long_gaps, actions), min_size=10, max_size=40))
def test_a_cap_holds_in_any_24_hours(data: Any, plan: list[tuple[int, Any]]) -> None:
    first, spare = ([data.draw(long_rule(id)) for id in IDS] for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(control, "LOOK_S", 600)
        rig = Rig(*first, on=board((u.ACTUATOR_PUMP, u.ACTUATOR_FAN, u.ACTUATOR_VALVE), 5), sample_s=600)
        play(rig, plan, spare)
    problems = judged(rig).judge()
    assert not problems, "\n".join(problems[:5])


# --- sensors ---


@examples(0.2)
@given(st.integers(15, 300), st.integers(0, 100_000), st.booleans(), st.sampled_from(MAY_FAIL_ON))
def test_what_fails_on_is_on_within_max_age(max_age: int, dies_ms: int, answers: bool, kind: int) -> None:
    rule = {"actuator": 1, "sensors": [1], "on_above": 300, "off_above": 290, "max_age_s": max_age, "fault": "on"}
    rig = Rig(rule, on=board((kind,)))
    rig.values[1] = 250
    rig.advance(5 + dies_ms / 1000)
    if answers:
        rig.values[1] = None
    else:
        del rig.values[1]
    assert not rig.on(1)
    rig.advance(max_age)
    assert rig.on(1) and rig.cause(1) == g.CAUSE_FAULT


# --- orders ---


@examples(0.2)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 30_000),  # ms before it arrives
            st.integers(0, 9),  # which order
            st.booleans(),  # or the newest again
        ),
        max_size=40,
    ),
    st.lists(st.tuples(st.integers(0, 300), machine, st.integers(0, 2), short), min_size=10, max_size=10),
)
def test_an_order_acts_once_and_in_time(
    arrivals: list[tuple[int, int, bool]], orders: list[tuple[int, int, int, int]]
) -> None:
    """Ten orders, each with its deadline, that arrive in any order, late and repeated."""
    rig = Rig(on=board((u.ACTUATOR_FAN, u.ACTUATOR_PUMP, u.ACTUATOR_VALVE)))
    acted: list[tuple[int, int]] = []  # (order, second of uptime)
    command = rig.actuators.command
    current = [0]

    def counted(*fields: int) -> int:
        acted.append((current[0], rig.clock.up_ms // 1000))
        code: int = command(*fields)
        return code

    rig.actuators.command = counted
    heart = Orders(rig.actuators, None, Recorder(), rig.clock)
    answers: dict[int, int] = {}
    for wait_ms, number, again in arrivals:
        rig.advance(wait_ms / 1000)
        current[0] = current[0] if again else number
        number = current[0]
        deadline, id, state, lease = orders[number]
        body = encode_command(Command(bytes([number]) * 4, deadline, id, state, lease, lease))
        code = decode_result(heart.obey(g.MSG_COMMAND, body)).code
        assert answers.setdefault(number, code) == code, "a repeated order is answered as it was"
    assert len({number for number, _ in acted}) == len(acted)
    assert all(at <= orders[number][0] for number, at in acted)
    assert all(code == g.RESULT_TOO_LATE for number, code in answers.items() if number not in dict(acted))


class Recorder:
    """Takes events and forgets them."""

    def event(self, code: int, fields: tuple[Any, ...]) -> None:
        encode_event(Event(code, 1, 0, fields))


@examples(0.3)
@given(st.data(), boards(), plans)
def test_only_a_lease_keeps_on_what_nothing_else_asks_for(data: Any, on: Board, plan: list[tuple[int, Any]]) -> None:
    """Without threshold, schedule and master, ON ends with the lease, and a reset ends the lease."""
    found = [_passive(one) for one in data.draw(recipes(on))]
    rig = Rig(*found, on=on)
    leases: list[tuple[float, float, int]] = []
    act = rig.command

    def command(id: int, state: int, lease_s: int = 600, hold_s: int = 600) -> int | None:
        code = act(id, state, lease_s, hold_s)
        if state == g.STATE_ON:
            leases.append((rig.t, rig.t + lease_s, id))
        return code

    rig.command = command  # type: ignore[method-assign]
    play(rig, [one for one in plan if one[1][0] != "adopt"], [])
    for id in IDS:
        for begin, end in rig.runs(id):
            assert _covered(begin, end, [lease[:2] for lease in leases if lease[2] == id]), (id, begin, end, leases)


def _passive(rule: dict[str, Any]) -> dict[str, Any]:
    asking = ("on_", "off_", "night_on", "night_off", "windows", "serves")
    kept = {key: value for key, value in rule.items() if not key.startswith(asking)}
    return kept if kept["fault"] in ("off", "hold") else kept | {"fault": "off"}


def _covered(begin: float, end: float, spans: list[tuple[float, float]]) -> bool:
    for first, last in sorted(spans):
        if first <= begin <= last:
            begin = max(begin, last)
    return begin >= end - EXACT_S


# --- whatever else comes as a recipe ---

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
KEYS = sorted(key for key in vars(rules.Rule) if key[0] != "_")


@examples(0.5)
@given(st.data())
def test_any_text_is_a_recipe_or_a_value_error(data: Any) -> None:
    on = board()
    shape = st.fixed_dictionaries(
        {"actuator": st.integers(0, 5) | anything},
        optional={key: anything | st.integers(-9, 9) for key in KEYS if key != "actuator"},
    )
    document = data.draw(
        st.fixed_dictionaries(
            {},
            optional={"name": anything, "utc_offset_min": anything, "rules": st.lists(shape, max_size=3) | anything},
        )
        | anything
    )
    text = json.dumps(document).encode()
    text = data.draw(st.just(text) | st.binary(max_size=60) | st.integers(0, 200).map(lambda n: text[:n]))
    _load(text, on)


def test_a_text_as_deep_as_a_recipe_may_be_long_is_refused() -> None:
    for text in (
        b"[" * 4096,
        b'{"rules":' * 400,
        b'{"utc_offset_min":1e999}',
        b'{"rules":[{"actuator":1,"windows":[[0,1,1e999]]}]}',
    ):
        assert _load(text, board()) is None


def _load(text: bytes, on: Board) -> Any:
    try:
        return rules.load(text, on)
    except ValueError:
        return None


@examples(0.3)
@given(st.data(), boards(), plans)
def test_no_accepted_recipe_can_break_the_loop(data: Any, on: Board, plan: list[tuple[int, Any]]) -> None:
    """Rules with wild numbers, as no form would make them: what is accepted runs, and keeps the limits too."""
    wild = st.sampled_from((-1, 0, 1, 7, 59, 1440, 65535, 65536, 0x3FFFFF, 0x400000, 0x3FFFFFF, -0x3FFFFFF))
    changes = st.dictionaries(st.sampled_from([key for key in KEYS if key != "actuator"]), wild, max_size=5)
    found = [one | data.draw(changes) for one in data.draw(recipes(on))]
    try:
        rig = Rig(*found, on=on)
    except ValueError:
        return
    play(rig, plan, found)
    problems = judged(rig).judge()
    assert not problems, "\n".join(problems[:5])


# --- what these found once, by itself ---


def test_a_hold_of_less_than_nothing_is_none() -> None:
    rule = {"actuator": 2, "on_above": 150, "off_above": 150, "sensors": [1], "max_age_s": 20, "fault": "hold"}
    rig = Rig(rule | {"fault_hold_s": -0x3FFFFFF})
    rig.values[1] = 151
    rig.advance(60)
    assert rig.on(2)
    rig.values[1] = None
    rig.advance(30)
    assert not rig.on(2)
    assert judged(rig).judge() == []


@pytest.mark.parametrize("blind", [True, False])
def test_a_hold_does_not_outlive_a_lease(blind: bool) -> None:
    rig = Rig({"actuator": 2, "sensors": [1], "max_age_s": 20, "fault": "hold", "fault_hold_s": 3600})
    rig.values[1] = 250
    rig.advance(30)
    assert rig.command(2, g.STATE_ON, 300) == g.RESULT_OK
    if blind:
        rig.values[1] = None
    else:
        rig.actuators.safe_mode()
    rig.advance(290)
    assert rig.on(2)
    rig.advance(15)
    assert not rig.on(2)


def test_a_write_that_was_refused_does_not_use_up_the_cap() -> None:
    rig = Rig({"actuator": 2, "sensors": [1], "on_below": 700, "off_below": 800, "cap_s": 600})
    rig.flash.broken = True
    rig.show(1, 650)
    rig.advance(100)
    assert not rig.on(2)
    rig.flash.broken = False
    rig.advance(20)
    assert rig.on(2)


@pytest.mark.parametrize("again", ["boot", "other"])
def test_the_rest_after_max_on_outlives_resets(again: str) -> None:
    """Also a second reset, and what another machine wrote between them."""
    rig = Rig({"actuator": 2, "max_on_s": 100, "rest_s": 300})
    rig.advance(10)
    assert rig.command(2, g.STATE_ON, 100) == g.RESULT_OK
    rig.advance(110)
    assert not rig.on(2)
    rig.reboot("power")
    if again == "other":
        assert rig.command(3, g.STATE_ON, 10) == g.RESULT_OK
    rig.reboot("power")
    assert rig.command(2, g.STATE_ON, 100) == g.RESULT_REST
    rig.advance(300)
    assert rig.command(2, g.STATE_ON, 100) == g.RESULT_OK


def test_two_that_want_on_at_any_millisecond_are_a_second_apart() -> None:
    rig = Rig(on=board())
    rig.advance(1.999)
    rig.command(1, g.STATE_ON)
    rig.command(2, g.STATE_ON)
    rig.advance(5)
    first, second = (edge.t for edge in rig.log)
    assert 1 <= round(second - first, 3) <= 2


def test_a_cap_that_the_ledger_cannot_book_is_refused() -> None:
    with pytest.raises(ValueError, match="cap_s"):
        Rig({"actuator": 2, "cap_s": 65536})


def test_a_recipe_that_changes_in_mid_run_charges_anew() -> None:
    """Unlimited before, a cap now: what it ran so far counts, and a reset does not make it forgotten."""
    rig = Rig({"actuator": 2, "lease_s": 3600})
    rig.command(2, g.STATE_ON, 3600)
    rig.advance(500)
    rig.adopt({"actuator": 2, "cap_s": 600})
    rig.advance(50)
    assert rig.on(2)
    rig.advance(60)
    assert rig.runs(2)[0][1] - rig.runs(2)[0][0] == 600
    rig.reboot("power")
    assert rig.command(2, g.STATE_ON) in (g.RESULT_REST, g.RESULT_DAILY_CAP)
    rig.advance(100)
    assert rig.command(2, g.STATE_ON) == g.RESULT_DAILY_CAP
