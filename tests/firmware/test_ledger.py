"""The ledger: what counts against a cap, over hours and over reboots."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from node.ledger import Ledger

HOUR = 3600


class Flash:
    """A flash with one guarded file; refuses to write while `broken`."""

    def __init__(self) -> None:
        self.body: bytes | None = None
        self.broken = False

    def read_guarded(self, path: str) -> bytes | None:
        return self.body

    def write_guarded(self, path: str, body: bytes) -> None:
        if self.broken:
            raise OSError(28)
        self.body = body


def test_a_charge_counts_at_once_and_is_given_back() -> None:
    ledger = Ledger([1, 2], Flash())
    assert ledger.charge(1, 600, 0)
    assert (ledger.used(1, 0), ledger.used(2, 0)) == (600, 0)
    ledger.settle(1, 120, 120)
    assert ledger.used(1, 120) == 120


def test_a_run_that_a_reset_cut_short_stays_charged() -> None:
    flash = Flash()
    Ledger([1], flash).charge(1, 600, 100)
    for _ in range(3):  # nothing more is written: every boot finds the same
        again = Ledger([1], flash)
        assert again.used(1, 5) == 600 and again.account(1).cut
    again.settle(1, 30, 60)
    last = Ledger([1], flash)
    assert last.used(1, 0) == 630 and not last.account(1).cut


def test_what_was_run_counts_for_24_hours_of_powered_time() -> None:
    flash = Flash()
    ledger = Ledger([1], flash)
    ledger.charge(1, 600, 1000)
    ledger.settle(1, 600, 1600)
    assert ledger.used(1, 1600 + 24 * HOUR - 1) == 600
    assert ledger.used(1, 26 * HOUR) == 0
    ledger = Ledger([1], flash)  # the clock of the ledger stood still while the power was off
    assert ledger.used(1, 22 * HOUR) == 600
    assert ledger.used(1, 26 * HOUR) == 0


def test_a_flash_that_refuses_is_told() -> None:
    flash = Flash()
    ledger = Ledger([1], flash)
    flash.broken = True
    assert not ledger.charge(1, 60, 0)
    assert ledger.used(1, 0) == 60


def test_damaged_or_foreign_bytes_are_an_empty_ledger() -> None:
    flash = Flash()
    for body in (b"", b"\1", bytes(4), bytes(57), bytes([9]) * 58):
        flash.body = body
        assert Ledger([1], flash).used(1, 0) == 0


@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 20_000), st.sampled_from(["off", "reset"])), max_size=40)
)
def test_never_less_than_what_ran_in_24_hours(plan: list[tuple[int, int, Any]]) -> None:
    """Whatever runs and resets there were: used is at least the ON seconds of any last 24 powered hours."""
    flash = Flash()
    ledger = Ledger([1], flash)
    powered = uptime = 0
    runs: list[tuple[int, int]] = []
    for wait_s, run_s, end in plan:
        uptime, powered = uptime + wait_s, powered + wait_s
        ledger.charge(1, run_s, uptime)
        runs.append((powered, powered + run_s))
        uptime, powered = uptime + run_s, powered + run_s
        if end == "off":
            ledger.settle(1, run_s, uptime)
        else:
            ledger, uptime = Ledger([1], flash), 0
        since = powered - 24 * HOUR
        ran = sum(max(0, stop - max(start, since)) for start, stop in runs)
        assert ledger.used(1, uptime) >= ran
