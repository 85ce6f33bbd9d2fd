"""The rig: the firmware's Actuators under virtual time, with outputs, flash and sensors of paper. Used by rule tests.

Nothing waits: `advance` jumps from one moment at which something is due to the next, as the node's loop does. Rig time
(`t`, seconds) goes on over reboots, while the firmware's uptime begins again at each.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FIRMWARE = str(Path(__file__).resolve().parents[2] / "firmware")
if FIRMWARE not in sys.path:
    sys.path.append(FIRMWARE)

from node import rule as rules  # noqa: E402
from node.actuators import Actuators  # noqa: E402
from node.ledger import Ledger  # noqa: E402

from shared_protocol import registry as g  # noqa: E402
from shared_protocol import units as u  # noqa: E402
from shared_protocol.record import Event, encode_event  # noqa: E402

KINDS = (u.ACTUATOR_FAN, u.ACTUATOR_MISTER, u.ACTUATOR_PUMP, u.ACTUATOR_BUZZER)
SWITCH_MS = 10_000  # firmware/node/reset.py: so long a reset is blamed on the last switching
BOOT_MS = 1_000


class PowerCut(BaseException):
    """The power went away in the middle of a write; no handler of the firmware may see it."""


@dataclass
class Reading:
    """What sense keeps of a channel: the last good value, when (s of uptime), and what the newest one suffers from."""

    value: int | None = None
    at: int = 0
    fault: int = g.FAULT_WARMING_UP


@dataclass
class Board:
    """The part of a board file that rules look at."""

    channels: list[dict[str, Any]]
    actuators: list[dict[str, Any]]


@dataclass
class Flash:
    """Guarded files in memory. `cut_in` n: the n-th write from now ends in a power cut, done or not (`cut_done`)."""

    files: dict[str, bytes] = field(default_factory=dict)
    broken: bool = False
    writes: int = 0
    cut_in: int = 0
    cut_done: bool = False

    def read_guarded(self, path: str) -> bytes | None:
        return self.files.get(path)

    def write_guarded(self, path: str, body: bytes) -> None:
        if self.broken:
            raise OSError(28)
        self.writes += 1
        self.cut_in -= 1
        cut = self.cut_in == 0
        if not cut or self.cut_done:
            self.files[path] = bytes(body)
        if cut:
            raise PowerCut


@dataclass
class Edge:
    """An output changed: `t` in seconds of rig time; `reset`: by a reset, not by a decision."""

    t: float
    id: int
    on: int
    reset: bool = False


class Clock:
    """Uptime and wall time in ms, as the firmware asks for them."""

    def __init__(self) -> None:
        self.up_ms = 0
        self.offset_ms: int | None = None

    def now(self) -> int:
        return self.up_ms

    def wall_ms(self, now: int) -> int | None:
        return None if self.offset_ms is None else now + self.offset_ms


class Output:
    """One relay: writes every change of its level into the rig's log."""

    def __init__(self, rig: Rig, id: int) -> None:
        self.rig, self.id, self.level = rig, id, 0

    def drive(self, on: int, reset: bool = False) -> None:
        if on != self.level:
            self.level = int(on)
            self.rig.log.append(Edge(self.rig.t, self.id, self.level, reset))


def board(kinds: tuple[int, ...] = KINDS, channels: int = 6, limits: dict[int, dict[str, Any]] | None = None) -> Board:
    """A Board with actuators 1, 2, … of these kinds and channels 1 … n; `limits` = board keys by actuator id."""
    return Board(
        [{"id": id} for id in range(1, channels + 1)],
        [
            {"id": id, "kind": kind, "name": "", "pin": id} | (limits or {}).get(id, {})
            for id, kind in enumerate(kinds, 1)
        ],
    )


class Rig:
    """A node's actuators on paper.

    `values` is what the sensors measure: {channel: value}, None = the sensor answers with a fault; a channel that is
    not in it is not read at all, so its last reading grows old. `log` are the edges of the outputs, `events` what was
    journaled, as (t, code, fields). `minute` sets the wall time.
    """

    def __init__(self, *rule: dict[str, Any], on: Board | None = None, sample_s: int = 10, offset_min: int = 0) -> None:
        self.board = on or board()
        self.sample_s = sample_s
        self.values: dict[int, int | None] = {}
        self.log: list[Edge] = []
        self.events: list[tuple[float, int, tuple[Any, ...]]] = []
        self.flash = Flash()
        self.refusals: list[float] = []  # when the flash refused a write
        self.stopped = False
        self.stops: list[tuple[float, bool]] = []  # when somebody stopped, or cleared it
        self.boots: list[float] = []
        self.heard: list[tuple[float, int]] = []  # (t, channel) of every good reading
        self._t_ms = 0
        self._rtc: tuple[int, int] | None = None  # (actuator that switched, at which uptime in ms)
        self.recipe = self.load(*rule, offset_min=offset_min)
        self.documents = [(0.0, rule)]  # the rules in force since when
        self._boot(None)

    def load(self, *rule: dict[str, Any], offset_min: int = 0) -> Any:
        """A Recipe of these rule documents; ValueError when the firmware refuses it."""
        text = json.dumps({"name": "rig", "utc_offset_min": offset_min, "rules": list(rule)}).encode()
        return rules.load(text, self.board)

    def adopt(self, *rule: dict[str, Any], offset_min: int = 0) -> None:
        """Another recipe, without a reboot."""
        self.recipe = self.load(*rule, offset_min=offset_min)
        self.documents.append((self.t, rule))
        self._guarded(self.actuators.adopt, self.recipe)

    # --- time ---

    @property
    def t(self) -> float:
        """Seconds of powered time since the rig was made."""
        return self._t_ms / 1000

    def advance(self, seconds: float) -> None:
        """Let time pass: samples every `sample_s`, steps when they are due. A power cut that was asked for reboots."""
        end_ms = self._t_ms + round(seconds * 1000)
        while True:
            up_ms = self.clock.up_ms
            due_ms = max(up_ms, min(self.actuators.due, self._sample_ms, self._forget_ms()))
            if self._t_ms + due_ms - up_ms > end_ms:
                self._pass(max(0, end_ms - self._t_ms))
                return
            self._pass(due_ms - up_ms)
            self._guarded(self._tick)

    def _pass(self, ms: int) -> None:
        self._t_ms += ms
        self.clock.up_ms += ms

    def _tick(self) -> None:
        now = self.clock.up_ms
        if now >= self._sample_ms:
            self._sample_ms = now + self.sample_s * 1000
            self.sample()
        if now >= self._forget_ms():
            assert self._rtc
            id, self._rtc = self._rtc[0], None
            self.actuators.endured(id)
        if now >= self.actuators.due:
            self.actuators.step(now)

    def _forget_ms(self) -> int:
        return self._rtc[1] + SWITCH_MS if self._rtc else sys.maxsize

    def _guarded(self, act: Any, *fields: Any) -> Any:
        try:
            return act(*fields)
        except PowerCut:
            self.reboot("power")
            return None

    # --- sensors ---

    def sample(self) -> None:
        """Read every sensor of `values` now, and wake the actuators as sense does."""
        for id, value in self.values.items():
            reading = self.readings[id]
            if value is None:
                reading.fault = g.FAULT_NO_ANSWER
            else:
                reading.value, reading.at, reading.fault = value, self.clock.up_ms // 1000, 0
                self.heard.append((self.t, id))
        self.actuators.due = 0

    def show(self, channel: int, value: int | None) -> None:
        """From now on this channel measures `value` (None = a fault); read at once and acted on."""
        self.values[channel] = value
        self.sample()
        self.advance(0)

    def day_time(self, minute: int | None, day: int = 0) -> None:
        """Set the wall time to a minute of the local day (with offset_min 0); None = unknown. Day 0 is a Monday."""
        if minute is None:
            self.clock.offset_ms = None
        else:
            self.clock.offset_ms = ((5 + day) * 1440 + minute) * 60_000 - self.clock.up_ms  # 2020-01-06 was a Monday
        self.actuators.due = 0

    # --- people ---

    def command(self, id: int, state: int, lease_s: int = 600, hold_s: int = 600) -> int | None:
        """What a person orders; its RESULT_ code, None when the power went away over it."""
        code: int | None = self._guarded(self.actuators.command, id, state, lease_s, hold_s)
        return code

    def stop(self, stopped: bool = True) -> None:
        """The latched stop, or its release."""
        self.stopped = stopped
        self.stops.append((self.t, stopped))
        self._guarded(self.actuators.stop, stopped)

    # --- power ---

    def reboot(self, cause: str = "brownout") -> None:
        """The board starts anew with what is on flash; outputs fall off at once.

        cause "brownout" or "watchdog": blamed on an actuator that switched in the last 10 s; "power" (the memory of
        that is lost) and "soft" (on purpose): not. Wall time is unknown after it. Rig time is powered time: it goes on
        by the second that a start takes.
        """
        for output in self.outputs:
            output.drive(0, reset=True)
        kept, self._rtc = self._rtc, None
        self._boot(kept if cause in ("brownout", "watchdog") else None)

    def power_cut_at_flash_write(self, n: int = 1, done: bool = False) -> None:
        """The n-th write to flash from now ends in a power cut; `done`: just after it was kept, else just before."""
        self.flash.cut_in, self.flash.cut_done = n, done

    def _boot(self, blamed: tuple[int, int] | None) -> None:
        self.boots.append(self.t)
        self.clock = Clock()
        self._sample_ms = 3000
        self.readings = {channel["id"]: Reading() for channel in self.board.channels}
        self.outputs = [Output(self, entry["id"]) for entry in self.board.actuators]
        self.actuators = Actuators(
            self.board.actuators,
            self.outputs,
            self.recipe,
            self.readings,
            self.clock,
            Ledger([entry["id"] for entry in self.board.actuators], self),
            self._tell,
            self._switching,
        )
        self._pass(BOOT_MS)
        if self.stopped:
            self._guarded(self.actuators.stop, True)
        if blamed:
            self._guarded(self.actuators.blame, blamed[0])

    def _tell(self, code: int, fields: tuple[Any, ...]) -> None:
        encode_event(Event(code, 1, self.clock.up_ms // 1000, fields))  # it fits the journal
        self.events.append((self.t, code, tuple(fields)))

    def _switching(self, id: int) -> None:
        self._rtc = (id, self.clock.up_ms)

    def read_guarded(self, path: str) -> bytes | None:
        return self.flash.read_guarded(path)

    def write_guarded(self, path: str, body: bytes) -> None:
        try:
            self.flash.write_guarded(path, body)
        except OSError:
            self.refusals.append(self.t)
            raise

    # --- what came of it ---

    def on(self, id: int) -> bool:
        """Whether an output is on."""
        return self.actuators.find(id) is not None and self.outputs[self._index(id)].level == 1

    def _index(self, id: int) -> int:
        return [entry["id"] for entry in self.board.actuators].index(id)

    def cause(self, id: int) -> int:
        """Why it is as it is."""
        cause: int = self.actuators.find(id).history.cause
        return cause

    def runs(self, id: int) -> list[tuple[float, float]]:
        """(from, to) of every time it was on; one that goes on ends now."""
        found: list[tuple[float, float]] = []
        begun = None
        for edge in self.log:
            if edge.id == id and edge.on:
                begun = edge.t
            elif edge.id == id and begun is not None:
                found.append((begun, edge.t))
                begun = None
        return found if begun is None else [*found, (begun, self.t)]

    def told(self, code: int) -> list[tuple[Any, ...]]:
        """The fields of every journaled event with this EVENT_ number."""
        return [fields for _, event, fields in self.events if event == code]
