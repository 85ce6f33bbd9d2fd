"""Reports: what nodes say of themselves becomes live state; called by the link.

NOW tells states and causes; the event that a switch leaves in the journal tells which value and limit made it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hub.clock import Clock
from hub.link.sessions import Slot
from hub.live import ActuatorNow, ChannelNow, Live, NodeNow, Uptime
from hub.store import Store
from hub.store.checking import Checked
from hub.store.recent import Sample
from hub.store.tables import Key
from shared_protocol import registry as g
from shared_protocol.health import health, rejected
from shared_protocol.names import ACTUATORS, CAUSES, FAULTS, KINDS, RESETS, STOP_SOURCES, TROUBLES, UNITS
from shared_protocol.record import decode_event
from shared_protocol.wire import Reader, find

SETTINGS_ACK_BYTES = 9  # hash and code, before the TLVs
FORGOTTEN = ("other_mac", "image", "image_state", "trial")  # at a new session, unless its HELLO says so again
CAUSES_BY_HAND = ("manual_on", "manual_off")


@dataclass(frozen=True)
class Switch:
    """The newest switching of an actuator: an EVENT_ACTUATOR."""

    boot_no: int
    uptime_s: int
    on: bool
    cause: int
    value: int | None
    limit: int | None


class Reports:
    """Turns frames into live state. Called under the link's lock."""

    def __init__(self, live: Live, store: Store, clock: Clock) -> None:
        self._live, self._store, self._clock = live, store, clock
        self._journals: dict[int, int] = {}  # node → the journal that the next and `_stops` are of
        self._switches: dict[tuple[int, int], Switch] = {}  # (node, actuator)
        # Which channel an actuator's rule follows; set by the service.
        self.follows: Callable[[int, int], int | None] = lambda node, actuator: None
        self._stops: dict[int, tuple[int, int, str]] = {}  # node → boot, uptime and source of its newest stop

    def session(self, slot: Slot) -> None:
        """A session began: what its HELLO said holds."""
        node, hello = slot.key[0], slot.hello
        facts: dict[str, int | str] = {
            **health(hello.tlvs),
            "reset_cause": RESETS.get(hello.reset_cause, "unknown"),
            "journal_first": hello.first_held,
            "journal_next": hello.next,
            "stored_up_to": self._store.intake.standing(slot.key).up_to,
            "address": f"{slot.address[0]}:{slot.address[1]}",
        }
        self._live.set_uptime(node, Uptime(hello.boot_no, hello.uptime_s, self._clock.monotonic()))
        self._turn_to(slot.key)
        self._live.change(node, lambda now: self._greeted(now, hello, facts))
        self._recall(slot.key, hello.boot_no)

    def _turn_to(self, key: Key) -> None:
        """A new board or a new journal counts its boots from the beginning: what is known of the old one is no news."""
        node, journal_id = key
        if self._journals.get(node) != journal_id:
            self._journals[node] = journal_id
            self._stops.pop(node, None)
            self._switches = {name: switch for name, switch in self._switches.items() if name[0] != node}

    def _greeted(self, now: NodeNow, hello: Any, facts: dict[str, int | str]) -> NodeNow:
        merged = {name: value for name, value in now.health.items() if name not in FORGOTTEN} | facts
        stop = bool(facts.get("stop", 0))
        return replace(
            now,
            heard_s=self._clock.wall(),
            boot_no=hello.boot_no,
            uptime_s=hello.uptime_s,
            stop=stop,
            stop_source=self._stop_source(now.node, stop),
            health=merged,
        )

    def heard(self, node: int) -> None:
        """An authentic frame of another kind came."""
        self._live.change(node, lambda now: replace(now, heard_s=self._clock.wall()))

    def settings_ack(self, node: int, body: bytes) -> None:
        """A SETTINGS_ACK may name the settings that it leads to, which are in force after the node's next session."""
        raw = find(Reader(body[SETTINGS_ACK_BYTES:]).tlvs(), g.TLV_SETTINGS_HASH)
        if raw:
            self._live.change(node, lambda now: replace(now, health={**now.health, "settings_next": raw.hex()}))

    def other_board(self, node: int, mac: str) -> None:
        """Another board claims this number; both are named on the node's page."""
        self._live.change(node, lambda now: replace(now, health={**now.health, "other_mac": mac}))

    def now(self, slot: Slot, report: Any) -> None:
        """A NOW frame."""
        node, wall_s = slot.key[0], self._clock.wall()
        table = self._store.tables.get(slot.key, report.table)
        if table is not None and len(table.channels) != len(report.values):
            table = None
        self._live.set_uptime(node, Uptime(report.boot_no, report.uptime_s, self._clock.monotonic()))
        self._live.change(node, lambda now: self._reported(now, slot, report, table, wall_s))
        if table is not None:
            self._store.recent.add(node, _sample(report, table, wall_s))

    def _reported(self, now: NodeNow, slot: Slot, report: Any, table: Any, wall_s: float) -> NodeNow:
        facts = health(report.tlvs)
        merged = {**now.health, **facts, "stored_up_to": self._store.intake.standing(slot.key).up_to}
        merged["trial"] = facts.get("trial", 0)
        if merged.get("image_state") == g.IMAGE_ON_TRIAL and not merged["trial"]:
            merged["image_state"] = g.IMAGE_PROVEN  # HELLO said that the trial began, this NOW that it is over
        for cause, count in rejected(report.tlvs).items():
            merged[f"rejected_{cause}"] = count
        stop = bool(facts.get("stop", 0))
        return replace(
            now,
            heard_s=wall_s,
            boot_no=report.boot_no,
            uptime_s=report.uptime_s,
            channels=() if table is None else _channels(report, table, wall_s),
            actuators=() if table is None else self._actuators(now, report, table, wall_s),
            stop=stop,
            stop_source=self._stop_source(now.node, stop),
            health=merged,
        )

    def _actuators(self, now: NodeNow, report: Any, table: Any, wall_s: float) -> tuple[ActuatorNow, ...]:
        before = {a.actuator: a for a in now.actuators} if now.boot_no == report.boot_no else {}
        wrong = troubles(report.tlvs)
        return tuple(
            replace(
                self._actuator(now.node, declared, state, before.get(declared.id), report, wall_s),
                trouble=wrong.get(declared.id, ()),
                sensor=self.follows(now.node, declared.id),
            )
            for declared, state in zip(table.actuators, report.actuators, strict=False)
        )

    def _actuator(
        self, node: int, declared: Any, state: Any, before: ActuatorNow | None, report: Any, wall_s: float
    ) -> ActuatorNow:
        on, cause, remaining_s = bool(state[0]), state[1], state[2]
        switch = self._switches.get((node, declared.id))
        if switch is not None and (switch.boot_no, switch.on, switch.cause) != (report.boot_no, on, cause):
            switch = None
        name = CAUSES.get(cause, "unknown")
        if switch is not None:
            since_s: float | None = wall_s - (report.uptime_s - switch.uptime_s)
        elif before is not None and (before.on, before.cause) == (on, name):
            since_s = before.since_s
        else:
            since_s = wall_s if before is not None else None
        return ActuatorNow(
            declared.id,
            ACTUATORS.get(declared.kind, "other"),
            declared.name,
            on,
            name,
            switch.value if switch else None,
            switch.limit if switch else None,
            since_s,
            wall_s + remaining_s if remaining_s else None,
        )

    def arrived(self, node: int, records: list[Checked]) -> None:
        """Records came: the newest switch of each actuator explains what NOW shows."""
        for record in records:
            if record.code == g.EVENT_ACTUATOR:
                self._learn(node, decode_event(record.data))
            elif record.code == g.EVENT_STOP:
                self._learn_stop(node, decode_event(record.data))
                self._live.change(node, lambda now: replace(now, stop_source=self._stop_source(node, now.stop)))

    def _learn(self, node: int, event: Any) -> None:
        actuator, on, cause, value, limit = event.fields
        known = self._switches.get((node, actuator))
        if known is None or (known.boot_no, known.uptime_s) <= (event.boot_no, event.uptime_s):
            self._switches[node, actuator] = Switch(event.boot_no, event.uptime_s, bool(on), cause, value, limit)

    def _recall(self, key: Key, boot_no: int) -> None:
        """After a restart of the hub: the newest switches are in the store."""
        rows = self._store.rows(
            "SELECT record.bytes FROM journal JOIN node_event AS e ON e.journal = journal.id "
            "JOIN record ON record.journal = e.journal AND record.sequence = e.sequence "
            "WHERE node = ? AND journal_id = ? AND code = ? AND boot_no = ? "
            "ORDER BY uptime_s DESC, e.sequence DESC LIMIT 32",
            (*key, g.EVENT_ACTUATOR, boot_no),
        )
        for (data,) in reversed(rows):
            self._learn(key[0], decode_event(data))
        self._recall_stop(key)

    def _recall_stop(self, key: Key) -> None:
        """A stop outlives reboots of its node: the newest one of the journal."""
        rows = self._store.rows(
            "SELECT record.bytes FROM journal JOIN node_event AS e ON e.journal = journal.id "
            "JOIN record ON record.journal = e.journal AND record.sequence = e.sequence "
            "WHERE node = ? AND journal_id = ? AND code = ? ORDER BY boot_no DESC, uptime_s DESC LIMIT 1",
            (*key, g.EVENT_STOP),
        )
        for (data,) in rows:
            self._learn_stop(key[0], decode_event(data))
            self._live.change(key[0], lambda now: replace(now, stop_source=self._stop_source(now.node, now.stop)))

    def _learn_stop(self, node: int, event: Any) -> None:
        found = (event.boot_no, event.uptime_s, STOP_SOURCES.get(event.fields[0], ""))
        self._stops[node] = max(found, self._stops.get(node, found))

    def _stop_source(self, node: int, stopped: bool) -> str:
        return self._stops[node][2] if stopped and node in self._stops else ""

    def result(self, node: int, states: int, actuator: int, until_s: float | None) -> None:
        """A RESULT told actual states; the actuator that was commanded has its new deadline."""
        self._live.change(node, lambda now: replace(now, actuators=self._switched(now, states, actuator, until_s)))

    def stopped(self, node: int, stop: bool) -> None:
        """A RESULT told that a stop was latched or let go; a NOW that says so too may be lost on the way."""
        source = self._stop_source(node, stop)
        self._live.change(node, lambda now: replace(now, stop=stop, stop_source=source))

    def _switched(self, now: NodeNow, states: int, actuator: int, until_s: float | None) -> tuple[ActuatorNow, ...]:
        return tuple(
            self._told(a, bool(states >> index & 1), a.actuator == actuator, until_s)
            for index, a in enumerate(now.actuators)
        )

    def _told(self, a: ActuatorNow, on: bool, commanded: bool, until_s: float | None) -> ActuatorNow:
        if not commanded:
            return a if on == a.on else replace(a, on=on, since_s=self._clock.wall(), until_s=None)
        cause = CAUSES_BY_HAND[0 if on else 1]
        since_s = a.since_s if on == a.on else self._clock.wall()
        return replace(a, on=on, cause=cause, value=None, limit=None, since_s=since_s, until_s=until_s)


def troubles(tlvs: list[tuple[int, bytes]]) -> dict[int, tuple[str, ...]]:
    """What a NOW says is wrong with its actuators, by id; pairs of actuator and bits."""
    raw = find(tlvs, g.TLV_TROUBLE) or b""
    pairs = zip(raw[::2], raw[1::2], strict=False)
    return {actuator: tuple(name for bit, name in TROUBLES.items() if bits & bit) for actuator, bits in pairs}


def _channels(report: Any, table: Any, wall_s: float) -> tuple[ChannelNow, ...]:
    return tuple(
        ChannelNow(
            c.id,
            KINDS.get(c.kind, f"kind_{c.kind}"),
            UNITS.get(c.unit, "none"),
            c.scale,
            c.place,
            value,
            FAULTS.get(fault, f"fault_{fault}") if fault else "",
            wall_s - age_s,
        )
        for c, (value, fault, age_s) in zip(table.channels, report.values, strict=True)
    )


def _sample(report: Any, table: Any, wall_s: float) -> Sample:
    states = sum(1 << i for i, state in enumerate(report.actuators) if state[0])
    good = tuple(value if not fault else None for value, fault, _ in report.values)
    return Sample(wall_s, table, good, tuple(fault for _, fault, _ in report.values), states)
