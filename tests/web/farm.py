"""A farm for the page's tests: a real hub on a clock that a test sets, three zones, nodes that a script answers for."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher

from hub.clock import Clock
from hub.live import ActuatorNow, ChannelNow, NodeNow, Uptime
from hub.people import People
from hub.service import Hub
from hub.store.checking import check
from shared_protocol import registry as g
from shared_protocol import units
from shared_protocol.block import encode_block
from shared_protocol.messages import Record, Result, decode_command, decode_stop, decode_stop_clear
from shared_protocol.names import CAUSES
from shared_protocol.record import Actuator, Channel, Event, Table, encode_event, encode_table
from tests.support.fakes import FakeClock

PIN, PASSWORD = "2468", "vuon-giun-2025"
FAST_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
DAY_S = 86400

AIR = ChannelNow(1, "air_temperature", "celsius", -1, "giữa nhà", 312, "", None)
HUMID = ChannelNow(2, "air_humidity", "percent", -1, "giữa nhà", 780, "", None)
BED = ChannelNow(3, "bed_temperature", "celsius", -1, "luống 2", 279, "", None)
MOIST = ChannelNow(4, "bed_moisture", "percent", -1, "luống 2", 710, "", None)
SOIL = ChannelNow(1, "soil_moisture", "percent", -1, "hàng 4", 410, "", None)
FAN = ActuatorNow(1, "fan", "Quạt hút", False, "satisfied", None, None, None, None)
MISTER = ActuatorNow(2, "mister", "Phun sương", False, "idle", None, None, None, None)
PUMP = ActuatorNow(1, "pump", "Bơm tưới", False, "idle", None, None, None, None)


@dataclass
class Farm:
    """The hub with what the tests need to know of it."""

    hub: Hub
    clock: Clock
    people: dict[str, int]  # role → account

    def report(self, node: int, **fields: Any) -> None:
        """The node says something now: fields of NodeNow."""
        now_s = self.clock.wall()
        if "channels" in fields:
            fields["channels"] = tuple(
                replace(one, at_s=now_s if one.at_s is None else one.at_s) for one in fields["channels"]
            )
        self.hub.live.set_uptime(node, Uptime(7, 5000, self.clock.monotonic()))
        self.hub.live.change(node, lambda now: replace(now, heard_s=now_s, boot_no=7, uptime_s=5000, **fields))

    def value(self, node: int, channel: int, value: int | None, fault: str = "") -> None:
        """One channel's new reading."""
        now_s = self.clock.wall()
        channels = self.hub.live.node(node).channels  # type: ignore[union-attr]
        changed = (replace(c, value=value, fault=fault, at_s=now_s) if c.channel == channel else c for c in channels)
        self.report(node, channels=tuple(changed))

    def machine(self, node: int, actuator: int, **fields: Any) -> None:
        """One machine's newly reported state."""
        machines = self.hub.live.node(node).actuators  # type: ignore[union-attr]
        self.report(node, actuators=tuple(replace(m, **fields) if m.actuator == actuator else m for m in machines))

    def lose(self, node: int) -> None:
        """Nothing was heard for two hours and eighteen minutes."""
        before = self.clock.wall() - 2 * 3600 - 18 * 60
        self.hub.live.change(node, lambda now: aged(now, before))


def aged(now: NodeNow, heard_s: float) -> NodeNow:
    return replace(now, heard_s=heard_s, channels=tuple(replace(c, at_s=heard_s) for c in now.channels))


class ScriptedNode:
    """Stands where the link is: keeps what was sent, and answers as a node would when the test says so."""

    def __init__(self, farm: Farm) -> None:
        self.farm = farm
        self.sent: list[tuple[int, int, Any]] = []
        farm.hub.commands.sender = self

    def __call__(self, node: int, type: int, body: bytes) -> bool:
        decode = {g.MSG_COMMAND: decode_command, g.MSG_STOP: decode_stop, g.MSG_STOP_CLEAR: decode_stop_clear}[type]
        message = decode(body)
        if (node, type, message.id) not in {(n, t, m.id) for n, t, m in self.sent}:
            self.sent.append((node, type, message))
        return True

    def answer(self, code: int = g.RESULT_OK) -> None:
        """Every order so far is obeyed (or refused with `code`), and the new state reported."""
        pending, self.sent = self.sent, []
        for node, type, message in pending:
            if code == g.RESULT_OK:
                self._obey(node, type, message)
            self.farm.hub.commands.result(node, Result(message.id, code, 0))

    def _obey(self, node: int, type: int, message: Any) -> None:
        now_s = self.farm.clock.wall()
        if type != g.MSG_COMMAND:
            stop = type == g.MSG_STOP
            known = self.farm.hub.live.node(node)
            if known is None:
                return
            machines = known.actuators
            off = tuple(replace(m, on=False, cause="stop", until_s=None) for m in machines) if stop else machines
            self.farm.report(node, stop=stop, actuators=off)
            return
        on, length = bool(message.state), message.max_on_s if message.state else message.hold_off_s
        cause = CAUSES[g.CAUSE_MANUAL_ON if on else g.CAUSE_MANUAL_OFF]
        self.farm.machine(node, message.actuator, on=on, cause=cause, since_s=now_s, until_s=now_s + length)


@contextmanager
def farm(folder: Path, clock: Clock | None = None) -> Iterator[Farm]:
    """A farm in an empty folder: node 1 and 2 in a worm house, 3 in a tea field, 4 in no zone; nothing on the air."""
    hub = Hub(folder, udp=0, clock=clock or FakeClock())
    hub.people = People(hub.store, hub.clock, FAST_HASHER)
    try:
        yield settled(Farm(hub, hub.clock, {}))
    finally:
        hub.store.close()


def settled(made: Farm) -> Farm:
    """Names, bands, people, and a first report of every node."""
    fleet, people = made.hub.fleet, made.hub.people
    fleet.farm_name = "HTX Riti"
    house = fleet.add_zone("Nhà giun 1", "worm_house")
    field = fleet.add_zone("Vườn trà", "tea_field")
    fleet.add_zone("Phòng sấy", "drying_room")
    fleet.add("Nhà giun, khí", house.id, 1)
    fleet.add("Nhà giun, luống", house.id, 2)
    fleet.add("Vườn trà, hàng 4", field.id, 3)
    fleet.add("Dự phòng", None, 4)
    for kind, low, high in (("air_temperature", 200, 320), ("air_humidity", 700, 900), ("bed_temperature", 180, 290)):
        fleet.set_band(house.id, kind, low, high)
    fleet.set_band(field.id, "soil_moisture", 350, 600)
    for role, name, secret in (
        ("viewer", "Bé Na", PIN),
        ("farmer", "Cô Mai", PIN),
        ("technician", "Anh Tuấn", PASSWORD),
        ("manager", "Chị Hoa", PASSWORD),
    ):
        made.people[role] = people.add(name, role, secret, by="test").id
    made.report(1, channels=(AIR, HUMID), actuators=(FAN, MISTER), health={"rssi_dbm": -61, "version": "0.1.0"})
    made.report(2, channels=(BED, MOIST), actuators=(), health={"rssi_dbm": -70})
    made.report(3, channels=(SOIL,), actuators=(PUMP,))
    return made


def live_table() -> Any:
    """The channel table of node 1, as its journal would hold it."""
    channels = [
        Channel(1, g.KIND_AIR_TEMPERATURE, units.UNIT_CELSIUS, -1, "giữa nhà"),
        Channel(2, g.KIND_AIR_HUMIDITY, units.UNIT_PERCENT, -1, "giữa nhà"),
    ]
    return Table(
        1, channels, [Actuator(1, units.ACTUATOR_FAN, "Quạt hút"), Actuator(2, units.ACTUATOR_MISTER, "Phun sương")]
    )


def worm_table() -> Any:
    """The channel table of a board that has all of a worm house."""
    kinds = (
        (g.KIND_AIR_TEMPERATURE, units.UNIT_CELSIUS, "giữa nhà"),
        (g.KIND_AIR_HUMIDITY, units.UNIT_PERCENT, "giữa nhà"),
        (g.KIND_BED_TEMPERATURE, units.UNIT_CELSIUS, "luống 3"),
        (g.KIND_BED_MOISTURE, units.UNIT_PERCENT, "luống 3"),
    )
    channels = [Channel(id, kind, unit, -1, place) for id, (kind, unit, place) in enumerate(kinds, 1)]
    machines = (
        (units.ACTUATOR_FAN, "Quạt"),
        (units.ACTUATOR_MISTER, "Phun sương"),
        (units.ACTUATOR_PUMP, "Bơm tưới luống"),
        (units.ACTUATOR_BUZZER, "Còi báo"),
    )
    water = Channel(5, g.KIND_WATER_LEVEL, units.UNIT_ON_OFF, 0, "bồn nước")
    return Table(1, [*channels, water], [Actuator(id, kind, name) for id, (kind, name) in enumerate(machines, 1)])


WORM_NODE = 7


def worm_house(made: Farm) -> int:
    """A node with all of a worm house in zone 1; what it has is in the store, and it is heard."""
    made.hub.fleet.add("Nhà giun, tất cả", 1, WORM_NODE)
    Journal(made.hub, WORM_NODE, worm_table(), made.clock.wall() - 3600).commit()
    machines = tuple(replace(FAN, actuator=one.id, name=one.name) for one in worm_table().actuators)
    made.report(WORM_NODE, channels=(AIR, HUMID, BED, MOIST), actuators=machines)
    return WORM_NODE


class Journal:
    """Puts records of one node into the store, as they would arrive."""

    def __init__(self, hub: Hub, node: int, table: Any, boot_s: float, boot_no: int = 7) -> None:
        """`boot_s`: unix time of the boot, which the first record anchors."""
        self._hub, self._key, self._table = hub, (node, 0xBEEF), table
        self._sequence, self._boot_no = 0, 0
        self._waiting: list[Any] = []
        self.add(g.RECORD_TABLE, encode_table(table))
        self.reboot(boot_s, boot_no)

    def reboot(self, boot_s: float, boot_no: int) -> None:
        """The node starts again at a unix time, which it is told at once."""
        self._boot_no = boot_no
        self.event(g.EVENT_BOOT, 0, (g.RESET_POWER, 0, "0.1.0"))
        self.event(g.EVENT_TIME, 0, (int(boot_s) - g.EPOCH_2020, 0, g.TIME_HELLO_ACK))

    def add(self, kind: int, data: bytes) -> None:
        self._sequence += 1
        self._waiting.append(check(Record(self._sequence, kind, data), self._key, self._hub.store.tables))

    def event(self, code: int, uptime_s: int, fields: tuple[Any, ...]) -> None:
        self.add(g.RECORD_EVENT, encode_event(Event(code, self._boot_no, uptime_s, fields)))

    def block(self, rows: list[tuple[int, tuple[int | None, ...], int]]) -> None:
        """One block of at most 240 rows (uptime_s, values, states)."""
        self.add(g.RECORD_BLOCK, encode_block(self._boot_no, self._table.number, rows))

    def commit(self) -> None:
        """Wait until everything so far is in the store."""
        records, self._waiting = self._waiting, []
        failed: list[Any] = []
        self._hub.store.intake.offer(self._key, records, failed.append)
        self._hub.store.write(lambda _: None)
        assert not failed, failed


PEAK = 398  # a single set of `a_day` that no chart may lose, in tenths of a degree
GAP_H = (16.0, 18.4)  # hours of `a_day` in which the node was without power


def a_day(made: Farm, node: int = 1, days: float = 1.0) -> None:
    """History of node 1: sets a minute apart, a stretch without power, one peak, a fan by rule and a mister by hand."""
    now_s = int(made.clock.wall())
    start_s = now_s - int(days * DAY_S)
    before, after = int(start_s + GAP_H[0] * 3600), int(start_s + GAP_H[1] * 3600)
    first = Journal(made.hub, node, live_table(), start_s, boot_no=6)
    _sets(first, start_s, start_s, before)
    first.event(g.EVENT_ACTUATOR, 1800, (1, 1, g.CAUSE_ABOVE, 312, 310))
    first.event(g.EVENT_ACTUATOR, 5400, (1, 0, g.CAUSE_SATISFIED, 284, 285))
    first.reboot(after, 7)
    _sets(first, start_s, after, now_s - 60)
    first.event(g.EVENT_ACTUATOR, 3600, (2, 1, g.CAUSE_MANUAL_ON, None, None))
    first.event(g.EVENT_ACTUATOR, 4500, (2, 0, g.CAUSE_LEASE_OVER, None, None))
    first.commit()


def _sets(journal: Journal, start_s: int, from_s: int, to_s: int) -> None:
    rows = []
    for at_s in range(from_s, to_s, 60):
        swing = math.sin((at_s - start_s) / DAY_S * 2 * math.pi + 1.1)
        wobble = (at_s // 60 * 7919) % 7 - 3
        air = PEAK if at_s - start_s == 3 * 3600 else round(275 + 40 * swing) + wobble
        rows.append((at_s - from_s, (air, round(800 - 60 * swing) + 2 * wobble), 0))
    for at in range(0, len(rows), 240):
        journal.block(rows[at : at + 240])
