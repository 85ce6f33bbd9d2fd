"""Checking a record that arrived: decoded, judged, and turned into what is stored with it; called by the link.

Nothing reaches the store, and so nothing is acknowledged, that did not pass here.
"""

from dataclasses import dataclass
from typing import Any

from hub.store.summary import pack, summarise
from hub.store.tables import Key, Tables
from shared_protocol import registry as g
from shared_protocol.errors import Malformed
from shared_protocol.record import decode_event, decode_table
from shared_protocol.unblock import decode_block


@dataclass(frozen=True)
class Checked:
    """A record that may be stored: the node's bytes, and what was read in them."""

    sequence: int
    kind: int
    data: bytes
    boot_no: int = -1  # -1: says nothing about time
    first_s: int = 0
    last_s: int = 0
    packed: bytes = b""  # a block's summary
    code: int = 0  # an event's
    subject: int = 0
    value: int = 0
    span: tuple[int, int] | None = None  # sequences that the node says it lost
    table: int = -1  # a channel table's number


def check(record: Any, key: Key, tables: Tables) -> Checked:
    """Decode and judge one record of journal `key`. Raises ProtocolError's leaves. Unknown kinds pass as they are.

    A block says by itself how many channels it has, so it passes before its table came.
    """
    if record.sequence < 1:
        raise Malformed("sequence")
    if record.kind == g.RECORD_BLOCK:
        return _block(record, key, tables)
    if record.kind == g.RECORD_EVENT:
        return _event(record)
    if record.kind == g.RECORD_TABLE:
        return _table(record, key, tables)
    return Checked(record.sequence, record.kind, record.data)


def _block(record: Any, key: Key, tables: Tables) -> Checked:
    block = decode_block(record.data)
    table = tables.get(key, block.table)
    if table is not None and len(table.channels) != len(block.columns):
        raise Malformed("block does not fit its table")
    packed = pack(summarise(block.table, block.columns, block.states))
    return Checked(record.sequence, record.kind, record.data, block.boot_no, block.times[0], block.times[-1], packed)


def _event(record: Any) -> Checked:
    event = decode_event(record.data)
    subject, value = _index(event)
    span = (event.fields[0], event.fields[1]) if event.code == g.EVENT_JOURNAL_LOST else None
    own = span == (record.sequence, record.sequence)  # it stands for a record that the flash no longer gives
    if span is not None and not own and not 1 <= span[0] <= span[1] < record.sequence:
        raise Malformed("lost span")
    at = event.uptime_s
    return Checked(
        record.sequence, record.kind, record.data, event.boot_no, at, at, b"", event.code, subject, value, span
    )


def _index(event: Any) -> tuple[int, int]:
    """What `node_event` holds of an event beside its time (hub/store/events.py reads it)."""
    fields = event.fields
    if event.code == g.EVENT_TIME:
        return fields[2], fields[0] * 1000 + fields[1]
    if event.code == g.EVENT_ACTUATOR:
        return fields[0], fields[1] | fields[2] << 1
    if event.code in (g.EVENT_FAULT_START, g.EVENT_FAULT_END):
        return fields[0], fields[1] | fields[2] << 8
    return 0, 0


def _table(record: Any, key: Key, tables: Tables) -> Checked:
    table = decode_table(record.data)
    tables.add(key, table)
    return Checked(record.sequence, record.kind, record.data, table=table.number)
