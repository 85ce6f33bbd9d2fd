"""Lost records: what a node overwrote before the hub had it, as stretches of time; asked by series for its gaps."""

from hub.store import Store


def lost_spans(store: Store, node: int) -> list[tuple[float, float]]:
    """(from, to) in unix seconds between the blocks around each booked hole; from -inf when it is before all."""
    holes = store.rows(
        "SELECT journal, first, last FROM lost JOIN journal ON journal.id = lost.journal WHERE node = ?", (node,)
    )
    return [(_end_before(store, node, *hole[:2]), _start_after(store, node, hole[0], hole[2])) for hole in holes]


def _end_before(store: Store, node: int, journal: int, sequence: int) -> float:
    rows = store.rows(
        "SELECT boot_no, start_s + span_s FROM summary WHERE journal = ? AND sequence < ? "
        "ORDER BY sequence DESC LIMIT 1",
        (journal, sequence),
    )
    return _dated(store, node, journal, rows, float("-inf"))


def _start_after(store: Store, node: int, journal: int, sequence: int) -> float:
    rows = store.rows(
        "SELECT boot_no, start_s FROM summary WHERE journal = ? AND sequence > ? ORDER BY sequence LIMIT 1",
        (journal, sequence),
    )
    return _dated(store, node, journal, rows, float("inf"))


def _dated(store: Store, node: int, journal: int, rows: list[tuple[int, int]], otherwise: float) -> float:
    """The wall time of the row, if there is one and something dates it."""
    boot = store.timeline(node).of(journal, rows[0][0]) if rows else None
    return boot.clock.wall(rows[0][1]) if boot else otherwise
