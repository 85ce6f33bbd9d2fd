"""The machinery: which channels and machines a node has, from the newest table it declared; asked by check and page."""

from dataclasses import dataclass

from hub.store import Store
from shared_protocol.names import ACTUATORS, KINDS, UNITS


@dataclass(frozen=True)
class Sensor:
    """A channel that a rule may follow. A value is in 10**scale of the unit."""

    id: int
    kind: str
    unit: str
    scale: int
    place: str


@dataclass(frozen=True)
class Machine:
    """An actuator that a rule may switch; `name` as the board has it, may be ""."""

    id: int
    kind: str
    name: str


@dataclass(frozen=True)
class Machinery:
    """What one node has."""

    sensors: tuple[Sensor, ...] = ()
    machines: tuple[Machine, ...] = ()

    def sensor(self, id: int | None) -> Sensor | None:
        return next((one for one in self.sensors if one.id == id), None)

    def machine(self, id: int) -> Machine | None:
        return next((one for one in self.machines if one.id == id), None)

    def of_kind(self, *kinds: str) -> tuple[Sensor, ...]:
        """Its channels of the first of these kinds that it has."""
        for kind in kinds:
            found = tuple(one for one in self.sensors if one.kind == kind)
            if found:
                return found
        return ()


def machinery(store: Store, node: int) -> Machinery:
    """What the node declared last; empty before its first table arrived."""
    table = store.tables.newest(node)
    if table is None:
        return Machinery()
    sensors = (
        Sensor(c.id, KINDS.get(c.kind, f"kind_{c.kind}"), UNITS.get(c.unit, "none"), c.scale, c.place)
        for c in table.channels
    )
    machines = (Machine(a.id, ACTUATORS.get(a.kind, "other"), a.name) for a in table.actuators)
    return Machinery(tuple(sensors), tuple(machines))
