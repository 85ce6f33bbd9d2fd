"""Recipes as the board takes them: what is accepted, what is refused, and what the board's own limits do to them."""

from __future__ import annotations

import hashlib
import json
from types import SimpleNamespace
from typing import Any

import pytest
from node import rule

from shared_protocol import units as u

BOARD = SimpleNamespace(
    channels=[{"id": 1}, {"id": 2}],
    actuators=[
        {"id": 1, "kind": u.ACTUATOR_FAN, "max_on_s": 1800, "rest_s": 60, "fault": "on"},
        {"id": 2, "kind": u.ACTUATOR_MISTER, "max_on_s": 600, "rest_s": 300, "fault": "off"},
    ],
)


def load(*rules: Any, **keys: Any) -> Any:
    return rule.load(json.dumps({"rules": rules, **keys}).encode(), BOARD)


def test_a_recipe_has_a_rule_for_each_actuator() -> None:
    recipe = load({"actuator": 1, "sensors": [1], "on_above": 300, "off_above": 285}, name="x", utc_offset_min=420)
    assert recipe.name == "x" and sorted(recipe.rules) == [1, 2]
    assert (recipe.rules[1].fault, recipe.rules[2].fault) == (rule.ON, rule.OFF), "the board's own, where none is given"
    assert recipe.rules[2].sensors == ()


def test_it_is_named_by_its_hash() -> None:
    text = b'{"rules":[]}'
    assert rule.load(text, BOARD).hash == hashlib.sha256(text).digest()[:8]


def test_no_rule_is_looser_than_the_board() -> None:
    recipe = load(
        {"actuator": 1, "max_on_s": 9999, "rest_s": 1, "lease_s": 9999}, {"actuator": 2, "max_on_s": 60, "rest_s": 400}
    )
    assert (recipe.rules[1].max_on_s, recipe.rules[1].rest_s, recipe.rules[1].lease_s) == (1800, 60, 1800)
    assert (recipe.rules[2].max_on_s, recipe.rules[2].rest_s, recipe.rules[2].lease_s) == (60, 400, 60)


def test_apart_is_mutual() -> None:
    recipe = load({"actuator": 1, "apart": [2]})
    assert (recipe.rules[1].apart, recipe.rules[2].apart) == ((2,), (1,))


@pytest.mark.parametrize(
    "item",
    [
        {"actuator": 3},
        {"actuator": 1, "no_such_key": 1},
        {"actuator": 1, "__init__": 1},
        {"actuator": 1, "sensors": [3]},
        {"actuator": 1, "sensors": 1},
        {"actuator": 1, "sensors": ["1"]},
        {"actuator": 1, "apart": [1]},
        {"actuator": 1, "apart": [9]},
        {"actuator": 1, "needs": 9},
        {"actuator": 1, "on_above": 300},
        {"actuator": 1, "on_above": 300, "off_above": 301},
        {"actuator": 1, "on_below": 300, "off_below": 299},
        {"actuator": 1, "night_on_above": 300},
        {"actuator": 1, "max_on_s": -1},
        {"actuator": 1, "max_on_s": 2**40},
        {"actuator": 1, "max_on_s": "600"},
        {"actuator": 1, "max_on_s": 1.5},
        {"actuator": 1, "max_age_s": 0},
        {"actuator": 1, "confirm": 0},
        {"actuator": 1, "period_s": 60},
        {"actuator": 1, "period_s": 60, "pulse_s": 61},
        {"actuator": 1, "windows": [[1, 2]]},
        {"actuator": 1, "pick": "worst"},
        {"actuator": 2, "fault": "on"},
        {"actuator": 1, "fault": "maybe"},
        {"actuator": 1, "fault": "duty", "fault_on_s": 300},
        {"actuator": 1, "fault_on_s": -300, "fault_off_s": 300},
        7,
        [],
    ],
)
def test_what_is_refused(item: Any) -> None:
    with pytest.raises(ValueError):
        load(item)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"7", b'{"rules": 5}', b'{"rules": {}, "x": 1}', b"\xff"])
def test_what_is_no_recipe(text: bytes) -> None:
    with pytest.raises(ValueError):
        rule.load(text, BOARD)


def test_two_rules_for_one_actuator() -> None:
    with pytest.raises(ValueError):
        load({"actuator": 1}, {"actuator": 1})
