"""Row 12: the mains flicker. No settings, key or recipe are lost by it, and machines come back one by one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared_protocol import registry as g
from shared_protocol.wire import find
from tests.support import scene
from tests.support.scene import FAN, MISTER, POWER, Wired, fan, mister, recipe
from tests.support.table import Row

pytestmark = pytest.mark.slow

RULES = recipe(fan(rest_s=300), mister(rest_s=300, max_on_s=300))  # both want to start at the same moment
APART_S = 0.9  # a relay each second
SAMPLE = 6  # of the flash operations, in the standard run


@contextmanager
def known(folder: Path, **fields: object) -> Iterator[tuple[Wired, tuple[object, ...]]]:
    """A board and what makes it itself: journal, settings and recipe, under its key."""
    with Wired(folder, recipe=RULES, **fields) as wired:
        yield wired, self_of(wired)


def self_of(wired: Wired) -> tuple[object, ...]:
    hello = wired.peer.heard.hello
    return hello.journal_id, find(hello.tlvs, g.TLV_SETTINGS_HASH), find(hello.tlvs, g.TLV_RECIPE_HASH)


def one_by_one(pins: scene.Oracle, table: Row) -> None:
    """No two machines went on in the same second."""
    edges = pins.on_edges_s()
    assert all(after - before >= APART_S for before, after in zip(edges, edges[1:], strict=False))
    table.judged(pins.judge())


def test_twenty_starts_in_a_minute(tmp_path: Path, table: Row) -> None:
    """Power for some seconds, then gone or only dipping, twenty times; then all goes on as if nothing had been."""
    at = [600 + 3 * n + (n % 3) * 0.45 for n in range(20)]
    script = [(at_s, {"reset": [POWER, 100 + 130 * (n % 5), n % 5 > 0]}) for n, at_s in enumerate(at)]
    with known(tmp_path / "node", script=script) as (wired, before):
        wired.until(lambda: len(wired.look().boots) == 21, "20 starts")
        wired.lives(3600)
        pins = wired.look()
        assert self_of(wired) == before
        assert wired.order(FAN, g.STATE_OFF, 60).code == g.RESULT_OK, "it still obeys its own hub"
    assert len(pins.boots) == 21 and pins.boots[20][0] - pins.boots[1][0] < 62_000
    flicker_ms = pins.boots[20][0]
    for number in (FAN, MISTER):
        table.late("it runs again", pins.on_after_s(number, flicker_ms) - 300, 20)
    one_by_one(pins, table)
    table.injected(20)
    table.tell("20 starts in a minute: settings, key, recipe and journal intact, machines back one by one")
    table.check()


def cuts(folder: Path) -> list[int]:
    """Every flash operation of the scenario: a start, and ten minutes with switchings."""
    ended = scene.live(folder, 700, recipe=RULES, script=[(690, {"reset": [POWER, 0]})])
    count = next(line["flash"] for line in ended.oracle.lines if "end" in line)
    assert count > 60
    return list(range(1, count + 1))


def cut(folder: Path, at: int, table: Row) -> None:
    """The power goes at one flash operation; the next life is itself and keeps the limits."""
    assert scene.live(folder, 2000, recipe=RULES, cut_at=at).died
    after = scene.live(folder, 4000, recipe=RULES)
    assert "Traceback" not in after.log and "missing or damaged" not in after.log and "no recipe" not in after.log
    for number in (FAN, MISTER):
        table.late(f"it runs again after cut {at}", after.oracle.on_after_s(number, after.oracle.boots[1][0]) - 300, 20)
    one_by_one(after.oracle, table)
    table.injected()


def test_cut_at_some_flash_operations(tmp_path: Path, table: Row) -> None:
    every = cuts(tmp_path / "whole")
    for at in every[:: len(every) // SAMPLE]:
        cut(tmp_path / f"cut_{at}", at, table)
    table.tell(f"power cut at {table.injections} of {len(every)} flash operations")
    table.check()


@pytest.mark.deep
@pytest.mark.timeout(1800)
def test_cut_at_every_flash_operation(tmp_path: Path, table: Row) -> None:
    for at in cuts(tmp_path / "whole"):
        cut(tmp_path / f"cut_{at}", at, table)
    table.tell(f"power cut at each of {table.injections} flash operations")
    table.check()
