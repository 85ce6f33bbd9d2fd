"""Reports: what nodes say of themselves becomes live state; called by the link.

NOW tells states and causes; the event that a switch leaves in the journal tells which value and limit made it.
"""

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
from shared_protocol.names import ACTUATORS, CAUSES, FAULTS, KINDS, RESETS, UNITS
from shared_protocol.record import decode_event

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
        self._switches: dict[tuple[int, int], Switch] = {}  # (node, actuator)

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
        self._live.change(node, lambda now: self._greeted(now, hello, facts))
        self._recall(slot.key, hello.boot_no)

    def _greeted(self, now: NodeNow, hello: Any, facts: dict[str, int | str]) -> NodeNow:
        merged = {name: value for name, value in {**now.health, **facts}.items() if name != "other_mac"}
        stop = bool(facts.get("stop", 0))
        return replace(
            now,
            heard_s=self._clock.wall(),
            boot_no=hello.boot_no,
            uptime_s=hello.uptime_s,
            stop=stop,
            health=merged,
        )

    def heard(self, node: int) -> None:
        """An authentic frame of another kind came."""
        self._live.change(node, lambda now: replace(now, heard_s=self._clock.wall()))

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
        for cause, count in rejected(report.tlvs).items():
            merged[f"rejected_{cause}"] = count
        return replace(
            now,
            heard_s=wall_s,
            boot_no=report.boot_no,
            uptime_s=report.uptime_s,
            channels=() if table is None else _channels(report, table, wall_s),
            actuators=() if table is None else self._actuators(now, report, table, wall_s),
            stop=bool(facts.get("stop", 0)),
            health=merged,
        )

    def _actuators(self, now: NodeNow, report: Any, table: Any, wall_s: float) -> tuple[ActuatorNow, ...]:
        before = {a.actuator: a for a in now.actuators} if now.boot_no == report.boot_no else {}
        return tuple(
            self._actuator(now.node, declared, state, before.get(declared.id), report, wall_s)
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

    def result(self, node: int, states: int, actuator: int, until_s: float | None) -> None:
        """A RESULT told actual states; the actuator that was commanded has its new deadline."""
        self._live.change(node, lambda now: replace(now, actuators=self._switched(now, states, actuator, until_s)))

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
