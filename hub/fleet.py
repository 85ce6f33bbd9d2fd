"""The fleet: the truth for the farm's name, zones, nodes, keys and good bands; asked by link, page and CLI."""

import secrets
import sqlite3
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from peewee import IntegrityError

from hub.errors import (
    BadBand,
    BadKey,
    BadKind,
    BadName,
    NameTaken,
    NotANumber,
    NumberTaken,
    Refused,
    UnknownNode,
    UnknownZone,
)
from hub.store import Store
from hub.store.models import Band, NodeRow, Setting, ZoneRow

ZONE_KINDS = ("worm_house", "tea_field", "drying_room", "store", "seedling", "other")
MAX_NAME = 64  # characters; HELLO's OFFER carries a farm's name of at most 64 bytes, cut there
MAX_NUMBER = 0xFFFE  # FFFF on the wire is "discovery", 0 is "none yet"
KEY_BYTES = 16
PAGE_PORT, UDP_PORT = 8080, 47470  # of the page and the nodes, unless a hub on this data folder was started otherwise


@dataclass(frozen=True)
class Zone:
    """A place with one climate."""

    id: int
    name: str
    kind: str


@dataclass(frozen=True)
class Node:
    """A board by its number. `mac` is bound at its first session; `retired_s` = refused since then."""

    number: int
    name: str
    zone_id: int | None
    mac: str | None
    added_s: float
    retired_s: float | None


NODE_FIELDS = (NodeRow.number, NodeRow.name, NodeRow.zone_id, NodeRow.mac, NodeRow.added_s, NodeRow.retired_s)


class Fleet:
    """Zones and nodes of the farm, in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @classmethod
    def open(cls, data: Path) -> "Fleet":
        """The fleet of a data folder, for a command line beside a running hub."""
        return cls(Store(data))

    def close(self) -> None:
        """Close the store that `open` opened."""
        self._store.close()

    # -- farm

    @property
    def farm_name(self) -> str:
        """What the farm calls itself, "" before anybody said."""
        found = self._store.fetch(Setting.select().where(Setting.name == "farm_name"))
        return str(found[0]["value"]) if found else ""

    @farm_name.setter
    def farm_name(self, name: str) -> None:
        self._run(Setting.insert(name="farm_name", value=_named(name)).on_conflict_replace())

    @property
    def page_port(self) -> int:
        """The TCP port at which this farm's page was last served, for what is printed on cards."""
        return self._port("page_port", PAGE_PORT)

    @property
    def udp_port(self) -> int:
        """The UDP port at which this farm's nodes were last heard, for what is written onto a board."""
        return self._port("udp_port", UDP_PORT)

    def served(self, page_port: int, udp_port: int) -> None:
        """Note where a hub serves, for the commands beside it."""
        for name, port, known in (("page_port", page_port, self.page_port), ("udp_port", udp_port, self.udp_port)):
            if port != known:
                self._run(Setting.insert(name=name, value=str(port)).on_conflict_replace())

    def _port(self, name: str, default: int) -> int:
        found = self._store.fetch(Setting.select().where(Setting.name == name))
        return int(found[0]["value"]) if found else default

    # -- zones

    def zones(self) -> list[Zone]:
        """All zones in the order they were made."""
        return [Zone(**row) for row in self._store.fetch(ZoneRow.select().order_by(ZoneRow.id))]

    def zone(self, zone_id: int) -> Zone:
        """One zone. Raises UnknownZone."""
        found = self._store.fetch(ZoneRow.select().where(ZoneRow.id == zone_id))
        if not found:
            raise UnknownZone(zone=zone_id)
        return Zone(**found[0])

    def add_zone(self, name: str, kind: str = "other") -> Zone:
        """Make a zone. Raises BadName, BadKind, NameTaken."""
        if kind not in ZONE_KINDS:
            raise BadKind(kind=kind)
        insert = ZoneRow.insert(name=_named(name), kind=kind)
        return self.zone(int(self._unique(insert, name)))

    def rename_zone(self, zone_id: int, name: str) -> Zone:
        """Give a zone another name. Raises UnknownZone, BadName, NameTaken."""
        self.zone(zone_id)
        self._unique(ZoneRow.update(name=_named(name)).where(ZoneRow.id == zone_id), name)
        return self.zone(zone_id)

    # -- nodes

    def nodes(self, include_retired: bool = False) -> list[Node]:
        """All nodes by number."""
        query = NodeRow.select(*NODE_FIELDS).order_by(NodeRow.number)
        if not include_retired:
            query = query.where(NodeRow.retired_s.is_null())
        return [Node(**row) for row in self._store.fetch(query)]

    def node(self, number: int) -> Node:
        """One node, retired ones too. Raises UnknownNode."""
        found = self._store.fetch(NodeRow.select(*NODE_FIELDS).where(NodeRow.number == number))
        if not found:
            raise UnknownNode(node=number)
        return Node(**found[0])

    def add(self, name: str, zone_id: int | None = None, number: int | None = None, key: bytes | None = None) -> Node:
        """Add a node; without a number the next free one, without a key a random one.

        Raises BadName, UnknownZone, NotANumber, NumberTaken, BadKey.
        """
        name = _named(name)
        key = _keyed(key)
        if zone_id is not None:
            self.zone(zone_id)

        def insert(_: sqlite3.Connection) -> int:
            chosen = self._next_number() if number is None else self._free(number)
            row = NodeRow.insert(number=chosen, name=name, zone_id=zone_id, key=key, added_s=self._store.clock.wall())
            row.execute(self._store.database)
            return chosen

        return self.node(self._store.write(insert))

    def rename(self, number: int, name: str) -> Node:
        """Give a node another name. Raises UnknownNode, BadName."""
        return self._change(number, name=_named(name))

    def move(self, number: int, zone_id: int | None) -> Node:
        """Put a node into a zone, or into none. Raises UnknownNode, UnknownZone."""
        if zone_id is not None:
            self.zone(zone_id)
        return self._change(number, zone_id=zone_id)

    def retire(self, number: int) -> Node:
        """Refuse a node from now on; its records stay and its number is not given again."""
        return self._change(number, retired_s=self._store.clock.wall())

    def rekey(self, number: int, key: bytes | None = None) -> Node:
        """Give a node another key, a random one unless it is given; the old one is worth nothing from then on.

        Raises UnknownNode, Refused (retired), BadKey.
        """
        return self._change_in_use(number, key=_keyed(key))

    def replace(self, number: int, key: bytes | None = None) -> Node:
        """Announce another board for a number: a new key, and its MAC is taken from its first session. Name, zone,
        records and what was asked of the node stay. Raises UnknownNode, Refused (retired), BadKey.
        """
        return self._change_in_use(number, key=_keyed(key), mac=None)

    def release_mac(self, number: int) -> Node:
        """Forget the board behind a number, so that a replacement may take its place."""
        return self._change(number, mac=None)

    def key(self, number: int) -> bytes:
        """The node's 16-byte secret: for the link and for an export alone. Raises UnknownNode."""
        found = self._store.fetch(NodeRow.select(NodeRow.key).where(NodeRow.number == number))
        if not found:
            raise UnknownNode(node=number)
        return bytes(found[0]["key"])

    # -- stop

    def stopped(self) -> set[int]:
        """Nodes whose stop the hub holds."""
        query = NodeRow.select(NodeRow.number).where(NodeRow.stopped == 1)
        return {int(row["number"]) for row in self._store.fetch(query)}

    def set_stopped(self, numbers: list[int], stopped: bool) -> None:
        """Hold or let go the stop of some nodes."""
        self._run(NodeRow.update(stopped=int(stopped)).where(NodeRow.number.in_(numbers)))

    # -- good bands

    def bands(self, zone_id: int) -> dict[str, tuple[int, int]]:
        """Good bands by channel kind, (low, high) in the kind's scale."""
        rows = self._store.fetch(Band.select().where(Band.zone_id == zone_id))
        return {str(row["kind"]): (int(row["low"]), int(row["high"])) for row in rows}

    def set_band(self, zone_id: int, kind: str, low: int, high: int) -> None:
        """Set a zone's good band for a kind of channel. Raises UnknownZone, BadBand."""
        self.zone(zone_id)
        if low >= high:
            raise BadBand(low=low, high=high)
        self._run(Band.insert(zone_id=zone_id, kind=kind, low=low, high=high).on_conflict_replace())

    # -- inside

    def _run(self, query: Any) -> Any:
        return self._store.write(lambda _: query.execute(self._store.database))

    def _unique(self, query: Any, name: str) -> Any:
        """Run a query that a name already in use makes fail."""
        try:
            return self._run(query)
        except IntegrityError:
            raise NameTaken(name=name) from None

    def _change(self, number: int, **fields: Any) -> Node:
        if not self._run(NodeRow.update(**fields).where(NodeRow.number == number)):
            raise UnknownNode(node=number)
        return self.node(number)

    def _change_in_use(self, number: int, **fields: Any) -> Node:
        if self.node(number).retired_s is not None:
            raise Refused(detail="this node is retired")
        return self._change(number, **fields)

    def _next_number(self) -> int:
        used = {int(row["number"]) for row in self._store.fetch(NodeRow.select(NodeRow.number))}
        return self._free(max(used, default=0) + 1)

    def _free(self, number: int) -> int:
        if not 1 <= number <= MAX_NUMBER:
            raise NotANumber(node=number)
        if self._store.fetch(NodeRow.select(NodeRow.number).where(NodeRow.number == number)):
            raise NumberTaken(node=number)
        return number


def _keyed(key: bytes | None) -> bytes:
    """A key as given, or a fresh one. Raises BadKey."""
    key = secrets.token_bytes(KEY_BYTES) if key is None else key
    if len(key) != KEY_BYTES:
        raise BadKey()
    return key


def _named(name: str) -> str:
    """A name fit to show: NFC, trimmed, one line. Raises BadName."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise BadName(most=MAX_NAME)
    return name
