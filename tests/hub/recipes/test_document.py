"""The document and its check: what is written is read again, what is accepted here is accepted by the node."""

import json
import string
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hub.recipes.check
from hub.link.pieces import hash8
from hub.recipes.check import FAULTS, HOT, MAY_FAIL_ON, PICKS, WATER, Quantity, problems
from hub.recipes.document import BadDocument, Recipe, Rule, parse, read
from hub.recipes.machinery import Machine, Machinery, Sensor
from hub.recipes.ready import all_ready, make, parts, usable
from hub.web.rules import recipe_words
from hub.web.words import Words, catalogue
from shared_protocol import units

FIRMWARE = Path(hub.recipes.check.__file__).parents[2] / "firmware"
SENSORS = (
    Sensor(1, "air_temperature", "celsius", -1, "giữa"),
    Sensor(2, "air_humidity", "percent", -1, "giữa"),
    Sensor(3, "air_temperature", "celsius", -1, "góc"),
    Sensor(4, "bed_temperature", "celsius", -1, "luống"),
    Sensor(5, "bed_moisture", "percent", -1, "luống"),
    Sensor(6, "water_level", "on_off", 0, "bồn"),
    Sensor(7, "rain", "millimetre", -1, "mái"),
    Sensor(8, "soil_moisture", "percent", -1, "hàng"),
)
KINDS = ("fan", "mister", "pump", "buzzer", "heater", "dryer", "lamp", "vent")
HOUSE = Machinery(SENSORS, tuple(Machine(id, kind, "") for id, kind in enumerate(KINDS, 1)))
GOOD = Rule(1, (1,), on_above=300, off_above=285, min_on_s=120, max_on_s=1200, rest_s=60, fault="on")
PUMP = Rule(3, (5,), on_below=740, off_below=780, max_on_s=600, rest_s=900)


def codes(*rules: Rule, machinery: Machinery = HOUSE) -> set[str]:
    return {one.code for one in problems(Recipe("r", rules), machinery)}


# --- round trip ---

seconds = st.none() | st.integers(0, 90_000)
value = st.none() | st.integers(-400, 1_000)
ids = st.none() | st.lists(st.integers(1, 9), max_size=4).map(tuple)
window = st.tuples(st.integers(0, 1440), st.integers(0, 1440), st.integers(0, 130))
rules = st.builds(
    Rule,
    actuator=st.integers(1, 9),
    **{name: ids for name in ("sensors", "apart", "serves")},
    **{name: value for name in ("on_above", "off_above", "on_below", "off_below", "agree", "width", "needs_min")},
    **{
        name: seconds
        for name in ("period_s", "pulse_s", "min_on_s", "max_on_s", "rest_s", "cap_s", "settle_s", "lag_s")
    },
    **{name: seconds for name in ("fault_on_s", "fault_off_s", "fault_hold_s", "check_s", "pause_s", "lease_s")},
    **{name: st.none() | st.integers(0, 9) for name in ("needs", "pause_channel", "check_channel", "confirm")},
    **{name: value for name in ("check_by", "stuck_by", "pause_above", "night_on_above", "night_off_above")},
    **{name: st.none() | st.integers(0, 1500) for name in ("night_from", "night_to")},
    **{name: st.none() | st.integers(0, 1) for name in ("gate", "by_hand", "check_level")},
    windows=st.none() | st.lists(window, max_size=3).map(tuple),
    pick=st.none() | st.sampled_from(PICKS),
    fault=st.none() | st.sampled_from(FAULTS),
)
recipes = st.builds(Recipe, name=st.text("Nhà giun 1_", max_size=12), rules=st.lists(rules, max_size=4).map(tuple))


@given(recipes)
def test_what_is_written_is_read_again_under_the_same_name(recipe: Recipe) -> None:
    again = parse(recipe.text)
    assert again == recipe and again.text == recipe.text and again.hash == recipe.hash == hash8(recipe.text)


def test_the_text_is_canonical_utf_8() -> None:
    assert Recipe("Nhà giun", (GOOD,)).text.decode() == (
        '{"name":"Nhà giun","rules":[{"actuator":1,"fault":"on","max_on_s":1200,"min_on_s":120,"off_above":285,'
        '"on_above":300,"rest_s":60,"sensors":[1]}],"utc_offset_min":420}'
    )


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "1", '{"turbo":1}', '{"rules":{}}', '{"rules":[1]}', '{"rules":[{}]}', '{"name":7}',
     '{"rules":[{"actuator":true}]}', '{"rules":[{"actuator":1,"on_above":1.5}]}', '{"rules":[{"actuator":1,"_x":1}]}',
     '{"rules":[{"actuator":1,"windows":[[1,2]]}]}', '{"rules":[{"actuator":1,"sensors":3}]}', "[" * 10_000,
     '{"rules":[{"actuator":1,"fault":1}]}', '{"name":"a\\nb"}', '{"utc_offset_min":"7"}'],
)  # fmt: skip
def test_what_is_no_recipe_is_refused_with_what_does_not_belong(text: str) -> None:
    with pytest.raises(BadDocument):
        parse(text)


KEYS = ("name", "rules", "actuator", "sensors", "windows", "fault", "x")
leaves = st.none() | st.booleans() | st.integers() | st.text(string.printable, max_size=8)
any_json = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(any_json)
def test_any_json_is_a_recipe_or_refused(found: object) -> None:
    try:
        recipe = read(found)
    except BadDocument:
        return
    assert parse(recipe.text) == recipe


# --- the check and the node agree ---


@pytest.fixture(scope="module")
def node_rule():  # type: ignore[no-untyped-def]
    """firmware/node/rule.py, as the node runs it."""
    sys.path.insert(0, str(FIRMWARE))
    try:
        from node import rule

        yield rule
    finally:
        sys.path.remove(str(FIRMWARE))


BOARD = SimpleNamespace(
    channels=[{"id": one.id} for one in SENSORS],
    actuators=[{"id": one.id, "kind": getattr(units, f"ACTUATOR_{one.kind.upper()}")} for one in HOUSE.machines],
)


@settings(max_examples=4 * settings.default.max_examples)
@given(recipe=recipes)
def test_what_passes_the_check_loads_on_the_node(node_rule, recipe: Recipe) -> None:  # type: ignore[no-untyped-def]
    if not problems(recipe, HOUSE):
        loaded = node_rule.load(recipe.text, BOARD)
        assert loaded.hash == recipe.hash and set(loaded.rules) == {one.id for one in HOUSE.machines}


sound_rules = st.builds(
    Rule,
    actuator=st.just(1),
    sensors=st.just((1,)) | st.just((1, 3)),
    agree=st.integers(1, 30),
    pick=st.none() | st.just("mean"),
    on_above=st.integers(300, 400),
    off_above=st.integers(200, 297),
    on_below=st.none() | st.just(100),
    off_below=st.none() | st.just(150),
    min_on_s=st.none() | st.integers(0, 60),
    max_on_s=st.none() | st.integers(60, 6000),
    rest_s=st.integers(60, 600),
    cap_s=st.none() | st.integers(600, 65_535),
    windows=st.none() | st.lists(st.tuples(st.integers(0, 700), st.integers(701, 1440), st.integers(1, 127)),
                                 min_size=1, max_size=3).map(tuple),
    period_s=st.none() | st.just(600),
    pulse_s=st.none() | st.integers(1, 600),
    fault=st.none() | st.sampled_from(("off", "on")),
    apart=st.none() | st.just((2,)),
    needs=st.none() | st.just(6),
)  # fmt: skip


@settings(max_examples=3 * settings.default.max_examples)
@given(rule=sound_rules)
def test_rules_that_make_sense_pass_here_and_there(node_rule, rule: Rule) -> None:  # type: ignore[no-untyped-def]
    found = codes(rule)
    paired = (rule.on_below is None) == (rule.off_below is None)
    pulsed = (rule.period_s is None) == (rule.pulse_s is None)
    picked = rule.pick is None or len(rule.sensors or ()) > 1
    assert (not found) == (paired and pulsed and picked), found
    if not found:
        node_rule.load(Recipe("r", (rule,)).text, BOARD)


def test_the_node_and_the_hub_know_the_same_fields(node_rule) -> None:  # type: ignore[no-untyped-def]
    theirs = {name for name in vars(node_rule.Rule) if not name.startswith("_")}
    assert {one for one in Rule.__dataclass_fields__} == theirs


# --- every problem ---

WRONG: dict[str, tuple[Rule, ...]] = {
    "many_rules": tuple(Rule(1) for _ in range(9)),
    "no_machine": (Rule(99),),
    "twice": (Rule(1), Rule(1)),
    "span": (Rule(1, max_age_s=5),),
    "confirm": (Rule(1, confirm=0),),
    "yes_no": (Rule(1, gate=2),),
    "many_sensors": (Rule(1, (1, 1)),),
    "no_sensor": (Rule(1, (77,)),),
    "mixed": (Rule(1, (1, 2)),),
    "choice": (Rule(1, (1, 3), pick="best", agree=3),),
    "agree": (Rule(1, (1, 3), pick="mean"),),
    "no_follow": (Rule(1, on_above=300, off_above=280),),
    "range": (Rule(1, (2,), on_above=1200, off_above=900),),
    "pair": (Rule(1, (1,), on_above=300),),
    "off_above": (Rule(1, (1,), on_above=300, off_above=310),),
    "off_below": (Rule(1, (1,), on_below=300, off_below=290),),
    "dead_band": (Rule(1, (1,), on_above=300, off_above=298),),
    "no_band": (Rule(1, (1,), on_above=300, off_above=250, on_below=200, off_below=260),),
    "night_when": (Rule(1, (1,), on_above=300, off_above=280, night_on_above=280, night_off_above=270),),
    "night_what": (Rule(1, (1,), on_above=300, off_above=280, night_from=1, night_to=2),),
    "clock": (Rule(1, (1,), night_from=1440, night_to=2, night_on_above=280, night_off_above=270),),
    "many_windows": (Rule(1, windows=((0, 1, 1),) * 9),),
    "window": (Rule(1, windows=((5, 5, 1),)),),
    "no_day": (Rule(1, windows=((5, 6, 0),)),),
    "gate": (Rule(1, windows=((5, 6, 1),), gate=1),),
    "no_period": (Rule(1, pulse_s=5),),
    "no_pulse": (Rule(1, windows=((5, 6, 1),), period_s=60),),
    "long_pulse": (Rule(1, windows=((5, 6, 1),), period_s=60, pulse_s=61),),
    "width": (Rule(1, windows=((5, 6, 1),), period_s=60, width=5),),
    "no_asking": (Rule(1, period_s=60, pulse_s=5),),
    "needs_max_on": (Rule(2, (2,), on_below=600, off_below=700),),
    "rest": (Rule(1, max_on_s=60, rest_s=59),),
    "over_limit": (Rule(1, max_on_s=60, rest_s=60, min_on_s=61),),
    "itself": (Rule(1, apart=(1,)),),
    "apart_serves": (Rule(1, apart=(2,), serves=(2,)),),
    "settle": (Rule(1, settle_s=5),),
    "no_serves": (Rule(1, lag_s=5),),
    "no_needs": (Rule(1, needs_min=1),),
    "pause": (Rule(1, pause_channel=7, pause_above=2),),
    "hot": (Rule(5, max_on_s=60, rest_s=60, fault="hold", fault_hold_s=60),),
    "fault_on": (Rule(2, max_on_s=60, rest_s=60, fault="on"),),
    "fault_duty": (Rule(2, max_on_s=60, rest_s=60, fault="duty", fault_on_s=60, fault_off_s=60),),
    "fault_cycle": (Rule(1, fault="duty"),),
    "fault_hold": (Rule(1, fault="hold"),),
    "hot_by_hand": (Rule(6, max_on_s=60, rest_s=60, by_hand=1),),
    "check": (Rule(1, check_channel=2),),
}


@pytest.mark.parametrize("code", WRONG)
def test_each_problem_is_found(code: str) -> None:
    assert code in codes(*WRONG[code])


def test_every_code_of_the_check_is_tried_and_has_a_sentence_in_both_languages() -> None:
    import re

    source = Path(hub.recipes.check.__file__).read_text("utf-8")
    known = set(re.findall(r'_Wrong\([^"]*(?:"[a-z_{}]+"[^",]*)?,\s*"(\w+)"', source)) | {"off_above", "off_below"}
    assert known - set(WRONG) == {"name", "offset", "long"}
    for language in ("vi", "en"):
        assert {f"problem.{code}" for code in known} <= set(catalogue(language))


def test_name_time_zone_and_length() -> None:
    assert {one.code for one in problems(Recipe("", utc_offset_min=900), HOUSE)} == {"name", "offset"}
    many = tuple(Rule(id, windows=((1000, 1001, 127),) * 40) for id in range(1, 9))
    assert "long" in codes(*many)


def test_good_rules_have_no_problems_and_limits_of_the_board_do_not_matter_here() -> None:
    assert codes(GOOD, PUMP) == set()
    for machine in HOUSE.machines:
        fault = "on" if machine.kind in MAY_FAIL_ON else "off"
        limits = {"max_on_s": 600, "rest_s": 60} if machine.kind in WATER + HOT else {}
        assert codes(Rule(machine.id, fault=fault, **limits)) == set()  # type: ignore[arg-type]


def test_limits_in_a_sentence_carry_their_unit() -> None:
    (one,) = [one for one in problems(Recipe("r", WRONG["dead_band"]), HOUSE) if one.code == "dead_band"]
    assert one.params == {"least": Quantity(3, -1, "celsius")}


# --- ready-made ones ---


@pytest.mark.parametrize("name", all_ready())
def test_a_ready_made_recipe_is_sound_and_says_where_each_number_comes_from(name: str) -> None:
    found = all_ready()[name]
    recipe = make(found, HOUSE, {})
    assert usable(found, HOUSE) and problems(recipe, HOUSE) == []
    used = {number.name for part in parts(found, HOUSE) for number in (*part.main, *part.more)}
    assert used == set(found.numbers), "a number that nothing uses"
    for number in found.numbers.values():
        assert number.low < number.high and number.allows(number.value)
        assert all(number.source[language] and number.label[language] for language in ("vi", "en"))
    for language in ("vi", "en"):
        assert found.title[language] and found.what[language]
        assert all(one.lead for one in recipe_words(Words(language), recipe, HOUSE))


@pytest.mark.parametrize("name", all_ready())
@pytest.mark.parametrize("end", ["low", "high"])
def test_each_number_at_either_end_of_its_limits_is_a_recipe_or_a_named_problem(name: str, end: str) -> None:
    found = all_ready()[name]
    for number in found.numbers.values():
        wrong = {one.code for one in problems(make(found, HOUSE, {number.name: getattr(number, end)}), HOUSE)}
        assert wrong <= {"off_above", "off_below", "dead_band", "over_limit", "no_band", "long_pulse"}, number.name


def test_what_the_worm_house_asks_for() -> None:
    recipe = make(all_ready()["worm_house"], HOUSE, {})
    fan, mister, pump, buzzer = (recipe.rule(id) for id in (1, 2, 3, 4))
    assert fan and fan.on_above and fan.on_above < 300 and fan.fault == "on" and fan.fault_on_s and fan.fault_off_s
    assert mister and mister.fault == "off" and pump and 700 <= (pump.on_below or 0) < (pump.off_below or 0) <= 850
    assert buzzer and buzzer.on_above == 330 and (buzzer.on_below or 0) > 90


def test_several_sensors_of_a_kind_are_joined_and_missing_ones_leave_their_part_out() -> None:
    three = Machinery((*SENSORS[:3], Sensor(9, "air_temperature", "celsius", -1, "cửa")), HOUSE.machines)
    fan = make(all_ready()["worm_house"], three, {}).rule(1)
    assert fan and fan.sensors == (1, 3, 9) and fan.pick == "median" and fan.agree == 3
    bare = Machinery(SENSORS[:1], HOUSE.machines[:2])
    recipe = make(all_ready()["worm_house"], bare, {})
    assert [rule.actuator for rule in recipe.rules] == [1]
    assert not usable(all_ready()["tea_field"], bare)


def test_ready_made_files_hold_nothing_that_nobody_reads() -> None:
    for path in (Path(hub.recipes.check.__file__).parent / "ready_made").glob("*.json"):
        data = json.loads(path.read_text("utf-8"))
        assert {one["source"] for one in data["numbers"].values()} == set(data["sources"]), path.name
