"""Progress of a journal against a plain model."""

from hypothesis import given
from hypothesis import strategies as st

from hub.store.progress import Progress


@given(st.lists(st.integers(1, 40), max_size=80))
def test_any_order_and_repetition_gives_the_same_standing(sequences: list[int]) -> None:
    progress = Progress()
    for sequence in sequences:
        progress.add(sequence)
    have = set(sequences)
    up_to = next(n for n in range(1, 42) if n not in have) - 1
    assert progress.up_to == up_to
    assert progress.above == {s for s in have if s > up_to}
    assert progress.bitmap() == sum(1 << i for i in range(8) if up_to + 2 + i in have)


@given(st.sets(st.integers(1, 40)), st.integers(0, 45))
def test_skipping_names_every_hole_once(have: set[int], to: int) -> None:
    progress = Progress()
    for sequence in sorted(have):
        progress.add(sequence)
    holes = progress.skip_to(to)
    missing = [s for first, last in holes for s in range(first, last + 1)]
    assert missing == [s for s in range(1, to + 1) if s not in have]
    assert progress.up_to >= to
    assert progress.up_to + 1 not in have or progress.up_to + 1 <= to
    assert progress.skip_to(to) == []
