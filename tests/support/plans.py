"""Plans: hypothesis strategies for boards, recipes and whatever may happen to a node, played on a rig and judged.

Used by the property tests of the control.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from shared_protocol import registry as g
from shared_protocol import units as u
from shared_protocol.names import ACTUATORS, CAUSES
from tests.support.limits import Edge, Limits, effective
from tests.support.rig import Board, Rig, board

CHANNELS = 3
FLOAT, RAIN = 4, 5  # channels for needs and pause
MAY_FAIL_ON = (u.ACTUATOR_FAN, u.ACTUATOR_VENT, u.ACTUATOR_AERATOR, u.ACTUATOR_BUZZER, u.ACTUATOR_LAMP)
HOT = (u.ACTUATOR_HEATER, u.ACTUATOR_DRYER)
IDS = (1, 2, 3)
values = st.integers(150, 350)
short = st.integers(1, 200)

# --- recipes ---


@st.composite
def _sides(draw: Any, prefix: str = "") -> dict[str, int]:
    """A threshold above, below, both or none."""
    found = {}
    if draw(st.booleans()):
        on = draw(values)
        found |= {prefix + "on_above": on, prefix + "off_above": on - draw(st.integers(0, 30))}
    if draw(st.booleans()):
        on = draw(values)
        found |= {prefix + "on_below": on, prefix + "off_below": on + draw(st.integers(0, 30))}
    return found


def some(**keys: Any) -> Any:
    """Any of these keys, each there or not."""
    return st.fixed_dictionaries({}, optional=keys)


@st.composite
def _fault(draw: Any, kind: int, capped: bool) -> dict[str, Any]:
    choices = ["off"]
    if kind not in HOT:
        choices += ["hold", "on", "duty"] if kind in MAY_FAIL_ON else ["hold", "duty"] if capped else ["hold"]
    found: dict[str, Any] = {"fault": draw(st.sampled_from(choices))}
    if found["fault"] == "hold":
        found["fault_hold_s"] = draw(short)
    if found["fault"] == "duty" or (found["fault"] == "on" and draw(st.booleans())):
        found |= {"fault_on_s": draw(short), "fault_off_s": draw(short)}
    return found


@st.composite
def one_rule(draw: Any, id: int, kind: int) -> dict[str, Any]:
    """A rule that a board accepts, over all keys."""
    minute = st.integers(0, 1439)
    found: dict[str, Any] = {"actuator": id, **draw(_sides())}
    if draw(st.integers(0, 9)):
        ids = draw(st.lists(st.integers(1, CHANNELS), min_size=1, max_size=3, unique=True))
        found |= {"sensors": ids, "pick": draw(st.sampled_from(["first", "mean", "median"]))}
    if draw(st.booleans()):
        found |= {"night_from": draw(minute), "night_to": draw(minute), **draw(_sides("night_"))}
    if not draw(st.integers(0, 3)):
        window = st.tuples(minute, minute, st.integers(0, 127)).map(list)
        found |= {"windows": draw(st.lists(window, min_size=1, max_size=3)), "gate": draw(st.integers(0, 1))}
    if draw(st.booleans()):
        period = draw(short)
        found |= {"period_s": period, "pulse_s": draw(st.integers(1, period)), "width": draw(st.integers(0, 50))}
    others = [other for other in IDS if other != id]
    found |= draw(
        some(
            agree=st.integers(0, 200),
            max_age_s=st.integers(15, 100),
            confirm=st.integers(1, 4),
            min_on_s=st.integers(0, 40),
            min_off_s=st.integers(0, 40),
            max_on_s=short,
            rest_s=st.integers(0, 100),
            cap_s=st.integers(50, 1000),
            apart=st.lists(st.sampled_from(others), max_size=2, unique=True),
            settle_s=st.integers(0, 40),
            serves=st.lists(st.sampled_from(others), max_size=2, unique=True),
            lead_s=st.integers(0, 30),
            lag_s=st.integers(0, 30),
            needs=st.just(FLOAT),
            needs_min=st.just(1),
            pause_channel=st.just(RAIN),
            pause_above=st.just(5),
            pause_s=short,
            lease_s=short,
            hold_s=short,
            check_channel=st.integers(1, CHANNELS),
            check_by=st.integers(-20, 20),
            check_s=short,
            check_level=st.integers(0, 1),
            stuck_by=st.integers(-20, 20),
        )
    )
    if kind not in HOT:
        found["by_hand"] = draw(st.integers(0, 1))
    return found | draw(_fault(kind, bool(found.get("cap_s"))))


@st.composite
def boards(draw: Any) -> Board:
    """Three actuators of any kind, some with limits of their own."""
    kinds = draw(st.lists(st.sampled_from(sorted(ACTUATORS)), min_size=3, max_size=3))
    limits = {id: draw(some(max_on_s=short, rest_s=st.integers(0, 100))) for id in IDS}
    return board(tuple(kinds), 5, limits)


@st.composite
def recipes(draw: Any, on: Board) -> list[dict[str, Any]]:
    """Rules for some of a board's actuators."""
    return [draw(one_rule(entry["id"], entry["kind"])) for entry in on.actuators if draw(st.integers(0, 4))]


# --- what happens ---

channel = st.integers(1, CHANNELS)
machine = st.sampled_from(IDS)
common = [
    st.tuples(st.just("show"), channel, values),
    st.tuples(st.just("command"), machine, st.just(1), short, short),
]
actions = st.one_of(
    *common * 4,
    st.tuples(st.just("show"), st.just(FLOAT), st.integers(0, 1)),
    st.tuples(st.just("show"), st.just(RAIN), st.integers(0, 9)),
    st.tuples(st.just("show"), st.integers(1, 5), st.none()),
    st.tuples(st.just("silent"), st.integers(1, 5)),
    st.tuples(st.just("command"), machine, st.integers(0, 3), short, short),
    st.tuples(st.just("day_time"), st.one_of(st.none(), st.integers(0, 1439)), st.integers(0, 6)),
    st.tuples(st.just("reboot"), st.sampled_from(["brownout", "power", "watchdog", "soft"])),
    st.tuples(st.just("trip"), machine),
    st.tuples(st.just("cut"), st.integers(1, 4), st.booleans()),
    st.tuples(st.just("flash"), st.booleans()),
    st.tuples(st.just("stop"), st.booleans()),
    st.tuples(st.just("safe_mode")),
    st.tuples(st.just("adopt")),
)
gaps = st.one_of(st.integers(1, 3000), st.integers(1, 200).map(lambda s: s * 1000), st.integers(1, 300_000))
plans = st.lists(st.tuples(gaps, actions), min_size=12, max_size=40)


def play(rig: Rig, plan: list[tuple[int, Any]], spare: list[dict[str, Any]]) -> None:
    """Do what the plan says, `gap` ms before each action, and let it run on for a while."""
    for channel in (*range(1, CHANNELS + 1), FLOAT):
        rig.values[channel] = 250 if channel != FLOAT else 1
    for gap, (what, *fields) in plan:
        rig.advance(gap / 1000)
        if what in ("reboot", "trip", "cut") and rig.refusals:
            continue  # what the flash refused to keep cannot outlive a reset
        if what == "silent":
            rig.values.pop(fields[0], None)
        elif what == "trip":  # the motor's spike resets the board
            rig.command(fields[0], g.STATE_ON)
            rig.advance(0.1)
            if not rig.refusals:
                rig.reboot("brownout")
        elif what == "cut":
            rig.power_cut_at_flash_write(*fields)
        elif what == "flash":
            rig.flash.broken = fields[0]
        elif what == "adopt":
            rig.advance(0.001)  # so that no switching falls on the moment of the change
            rig.adopt(*spare)
        elif what == "safe_mode":
            rig.actuators.safe_mode()
        else:
            getattr(rig, what)(*fields)
    rig.advance(100)


def judged(rig: Rig) -> Limits:
    """What the rig's outputs did, for the checker."""
    entries = rig.board.actuators
    told = {(t, fields[0], fields[1]): fields[2] for t, code, fields in rig.events if code == g.EVENT_ACTUATOR}
    edges = []
    for edge in rig.log:
        code = told.get((edge.t, edge.id, edge.on))
        cause = CAUSES[code] if code is not None else "lost" if edge.t in rig.boots else None
        edges.append(Edge(edge.t, edge.id, edge.on, "reset" if edge.reset else cause))
    epochs = [
        (t, {entry["id"]: effective(_of(entry["id"], documents), entry, documents) for entry in entries})
        for t, documents in rig.documents
    ]
    kinds = {entry["id"]: ACTUATORS[entry["kind"]] for entry in entries}
    return Limits(kinds, epochs, edges, rig.boots, rig.t, rig.heard, barred(rig))


def barred(rig: Rig) -> list[tuple[float, float, int, str]]:
    """When which actuator had to be off: all after a stop, one after a lock-out, until it was cleared."""
    signs = [(t, id, "stopped", stopped) for t, stopped in rig.stops for id in IDS]
    for t, code, fields in rig.events:
        if code in (g.EVENT_LOCKOUT, g.EVENT_LOCKOUT_CLEAR):
            signs.append((t, fields[0], "locked out", code == g.EVENT_LOCKOUT))
    found = []
    for t, id, why, begins in signs:
        if begins:
            ends = [end for end, other, word, still in signs if end >= t and (other, word, still) == (id, why, False)]
            found.append((t, min(ends, default=rig.t), id, why))
    return found


def _of(id: int, documents: Any) -> dict[str, Any]:
    return next((document for document in documents if document["actuator"] == id), {})
