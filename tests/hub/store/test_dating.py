"""The law of dating: anchors, interpolation, bounds."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.store.dating import Anchor, Boot, BootClock, date

W = 1_790_000_000.0
offsets = st.integers(0, 10_000)


def test_one_anchor_dates_everything_before_and_after() -> None:
    clock = BootClock([Anchor(7200, W)])
    assert clock.wall(0) == W - 7200 and clock.wall(7260) == W + 60


def test_between_two_anchors_drift_is_spread() -> None:
    clock = BootClock([Anchor(1000, W), Anchor(2000, W + 1004)])
    assert clock.wall(1500) == W + 502
    assert clock.wall(2100) == W + 1104  # outside the nearest counts
    assert clock.wall(900) == W - 100


def test_a_clock_that_was_set_between_two_anchors_is_not_spread() -> None:
    clock = BootClock([Anchor(1000, W), Anchor(2000, W + 5000)])
    assert clock.wall(1400) == W + 400 and clock.wall(1600) == W + 4600


@given(st.lists(st.tuples(st.integers(1, 10**5), st.floats(-0.004, 0.004)), max_size=20), offsets, st.floats(0, 1))
def test_a_straying_crystal_is_dated_between_its_anchors(
    legs: list[tuple[int, float]], late: int, share: float
) -> None:
    """Each leg: seconds of uptime to the next anchor, and by how much the crystal is wrong in them."""
    up, true = [100], [W]
    for span, stray in legs:
        up.append(up[-1] + span)
        true.append(true[-1] + span * (1 + stray))
    clock = BootClock([Anchor(u, w) for u, w in zip(up, true, strict=True)])
    between = [
        (u0 + share * (u1 - u0), w0 + share * (w1 - w0))
        for (u0, u1), (w0, w1) in zip(pairwise(up), pairwise(true), strict=True)
    ]
    for at, wall in [(up[0] - 100, true[0] - 100), *between, (up[-1] + late, true[-1] + late)]:
        assert abs(clock.wall(at) - wall) < 0.001
        low, high = clock.uptimes(wall - 1, wall + 1)
        assert low <= at <= high


@given(
    st.lists(st.integers(0, 10**6), min_size=3, max_size=60).map(sorted),
    st.lists(st.sampled_from([0, 4, 100, 20_000, -100_000]), min_size=1, max_size=6),
)
def test_many_at_once_are_the_same_as_one_by_one(uptimes: list[int], late: list[int]) -> None:
    """Also where somebody set the clock between two anchors."""
    clock = BootClock([Anchor(i * 150_000, W + i * 150_000 + s) for i, s in enumerate(late)])
    for fast, up in zip(clock.walls(uptimes), uptimes, strict=True):
        assert fast == pytest.approx(clock.wall(up), abs=0.001)


@given(
    st.lists(st.integers(1, 5000), min_size=1, max_size=6),
    st.integers(0, 100_000),
)
def test_boots_without_anchor_lie_between_their_neighbours_in_order(lengths: list[int], slack: int) -> None:
    first = Boot(1, 1, 0, 100)
    unknown = [Boot(1, 2 + i, 0, length) for i, length in enumerate(lengths)]
    last = Boot(1, 2 + len(lengths), 0, 100)
    after = W + 100
    before = after + sum(lengths) + slack
    dated = date([(first, [Anchor(0, W)]), *((boot, []) for boot in unknown), (last, [Anchor(0, before)])])
    assert [d.boot.boot_no for d in dated] == list(range(1, len(lengths) + 3))
    assert [d.estimated for d in dated] == [False] + [True] * len(lengths) + [False]
    edges = [after] + [edge for d in dated[1:-1] for edge in (d.clock.wall(0), d.to_s)] + [before]
    assert all(a <= b + 0.001 for a, b in zip(edges, edges[1:], strict=False))


def test_boots_that_do_not_fit_are_squeezed_between_their_neighbours() -> None:
    dated = date(
        [(Boot(1, 1, 0, 100), [Anchor(0, W)]), (Boot(1, 2, 0, 1000), []), (Boot(1, 3, 0, 9), [Anchor(0, W + 200)])]
    )
    assert dated[1].clock.wall(0) == W + 100 and dated[1].to_s == W + 200
    assert dated[1].clock.walls([0, 500, 1000]) == [W + 100, W + 150, W + 200]


def test_known_on_one_side_they_lie_against_it() -> None:
    boots = [(Boot(1, 1, 0, 50), []), (Boot(1, 2, 0, 60), [Anchor(0, W)]), (Boot(1, 3, 0, 70), [])]
    dated = date(boots)
    assert dated[0].to_s == W and dated[0].estimated
    assert dated[2].clock.wall(0) == W + 60 and dated[2].estimated


def test_without_any_anchor_nothing_is_dated() -> None:
    assert date([(Boot(1, 1, 0, 50), [])]) == []
