"""Calibration: the dry and wet voltage of each soil probe in its own soil, with day and name; used by the page.

A node takes a calibration as a change of its settings; until it has acknowledged one, the older one counts.
"""

from dataclasses import dataclass

from hub.clock import Clock
from hub.errors import HubError
from hub.settings import patch
from hub.settings.changes import Changes
from hub.store import Store
from hub.store.models import CalibrationRow
from shared_protocol.registry import EPOCH_2020

KINDS = ("soil_moisture", "bed_moisture")  # what a soil probe measures
# As firmware/node/drivers/soil.py: below and above the wire is shorted or open; a smaller span would make noise of it.
LOW_MV, HIGH_MV, LEAST_SPAN_MV = 300, 3000, 500
OLD_S = 365 * 86400.0  # starting value, to be tuned: how long a probe in soil keeps its ends was not measured
DAY_S = 86400


class ProbeOutside(HubError):
    code = "error.probe_outside"
    text = "{value} mV is not a soil probe: between {low} and {high} mV. Check its wires."


class SmallSpan(HubError):
    code = "error.probe_span"
    text = "Dry and wet are only {span} mV apart; at least {least} mV are needed."


@dataclass(frozen=True)
class Calibration:
    """A probe's ends in mV. `state` as of its change; only "taken" and "in_force" ones count on the node."""

    node: int
    channel: int
    dry_mv: int
    wet_mv: int
    at_s: float
    who: str
    state: str

    @property
    def span_mv(self) -> int:
        return self.dry_mv - self.wet_mv


@dataclass(frozen=True)
class Drift:
    """How far a probe's ends lie from those before, in mV."""

    dry_mv: int
    wet_mv: int


def check(dry_mv: int, wet_mv: int) -> None:
    """Raise ProbeOutside or SmallSpan when these cannot be the ends of a soil probe."""
    for value in (dry_mv, wet_mv):
        check_end(value)
    if dry_mv - wet_mv < LEAST_SPAN_MV:
        raise SmallSpan(span=dry_mv - wet_mv, least=LEAST_SPAN_MV)


def check_end(value_mv: int) -> None:
    """Raise ProbeOutside when no probe in order gives such a voltage."""
    if not LOW_MV <= value_mv <= HIGH_MV:
        raise ProbeOutside(value=value_mv, low=LOW_MV, high=HIGH_MV)


class Calibrations:
    """All calibrations that were made over the page."""

    def __init__(self, store: Store, changes: Changes, clock: Clock) -> None:
        self._store, self._changes, self._clock = store, changes, clock

    def make(self, node: int, channel: int, dry_mv: int, wet_mv: int, who: str) -> None:
        """Keep a calibration and send it to the node. Raises UnknownNode, ProbeOutside, SmallSpan."""
        check(dry_mv, wet_mv)
        now_s = self._clock.wall()
        text = patch.calibration(channel, dry_mv, wet_mv, int(now_s - EPOCH_2020) // DAY_S)
        change = self._changes.ask(node, f"calibration-{channel}", text, who)
        ends = {"dry_mv": dry_mv, "wet_mv": wet_mv, "at_s": now_s, "who": who}
        row = CalibrationRow.insert(node=node, channel=channel, change=change.id, **ends)
        self._store.write(lambda _: row.execute(self._store.database))

    def history(self, node: int, channel: int) -> list[Calibration]:
        """A probe's calibrations, newest first, also those that never reached the node."""
        mine = (CalibrationRow.node == node) & (CalibrationRow.channel == channel)
        found = []
        for row in self._store.fetch(CalibrationRow.select().where(mine).order_by(CalibrationRow.id.desc())):
            change = self._changes.one(row.pop("change"))
            del row["id"]
            found.append(Calibration(**row, state=change.state if change else "in_force"))
        return found


def counting(history: list[Calibration]) -> Calibration | None:
    """The one that counts on the node, as far as the hub knows."""
    return next((one for one in history if one.state in ("taken", "in_force")), None)


def drift(history: list[Calibration]) -> Drift | None:
    """From the one before to the one that counts; None without two."""
    held = [one for one in history if one.state in ("taken", "in_force")]
    if len(held) < 2:
        return None
    return Drift(held[0].dry_mv - held[1].dry_mv, held[0].wet_mv - held[1].wet_mv)
