"""Events of a node, newest first and dated; listed on the node's page."""

from dataclasses import dataclass
from typing import Any

from hub.store import Store
from shared_protocol import registry as g
from shared_protocol.names import CAUSES, EVENTS, FAULTS, RESETS, RESULTS, STOP_SOURCES, TIME_SOURCES, TROUBLES
from shared_protocol.record import decode_event

# The names of each event's fields, in their order on the wire (shared_protocol/record.py).
FIELDS: dict[int, tuple[str, ...]] = {
    g.EVENT_BOOT: ("reset_cause", "phase", "version"),
    g.EVENT_TIME: ("wall_s", "wall_ms", "time_source"),
    g.EVENT_FAULT_START: ("channel", "fault", "since_uptime_s", "raw"),
    g.EVENT_FAULT_END: ("channel", "fault", "since_uptime_s"),
    g.EVENT_ACTUATOR: ("actuator", "on", "cause", "value", "limit"),
    g.EVENT_STOP: ("stop_source",),
    g.EVENT_STOP_CLEAR: ("stop_source",),
    g.EVENT_JOURNAL_LOST: ("first", "last", "count"),
    g.EVENT_SETTINGS: ("hash",),
    g.EVENT_RECIPE: ("hash",),
    g.EVENT_COMMAND: ("id", "result"),
    g.EVENT_LOCKOUT: ("actuator",),
    g.EVENT_LOCKOUT_CLEAR: ("actuator",),
    g.EVENT_CHARGE: ("actuator", "seconds"),
    g.EVENT_REFUND: ("actuator", "seconds"),
    g.EVENT_RESET_AT_SWITCH: ("actuator", "count"),
    g.EVENT_NO_EFFECT: ("actuator", "channel", "before", "after"),
    g.EVENT_SAFE_MODE: ("entered", "bad_boots"),
    g.EVENT_UPDATE: ("slot", "version", "result"),
    g.EVENT_JOURNAL_NEW: ("replaced", "reason"),
    g.EVENT_TIME_REFUSED: ("wall_s", "wall_ms", "time_source"),
    g.EVENT_SERVICE: ("begun", "seconds"),
    g.EVENT_STUCK: ("actuator", "channel", "before", "after"),
    g.EVENT_RESPONSE_OK: ("actuator", "trouble"),
}
_WORDS = {
    "reset_cause": RESETS,
    "time_source": TIME_SOURCES,
    "fault": FAULTS,
    "cause": CAUSES,
    "stop_source": STOP_SOURCES,
    "result": RESULTS,
    "trouble": TROUBLES,
}


@dataclass(frozen=True)
class EventRow:
    """One event: `code` by name, `fields` by name. `at_s` None = cannot be dated; `estimated` = only bounded."""

    at_s: float | None
    estimated: bool
    code: str
    fields: dict[str, Any]
    boot_no: int
    uptime_s: int


def node_events(store: Store, node: int, limit: int = 50) -> list[EventRow]:
    """The newest events of a node, in the order in which its journals have them."""
    rows = store.rows(
        "SELECT record.journal, record.bytes FROM journal JOIN record ON record.journal = journal.id "
        "WHERE node = ? AND kind = ? ORDER BY record.journal DESC, record.sequence DESC LIMIT ?",
        (node, g.RECORD_EVENT, limit),
    )
    timeline = store.timeline(node)
    made = []
    for journal, data in rows:
        event = decode_event(data)
        dated = timeline.of(journal, event.boot_no)
        at_s = dated.clock.wall(event.uptime_s) if dated else None
        code = EVENTS.get(event.code, f"event_{event.code}")
        estimated = dated is None or dated.estimated
        made.append(EventRow(at_s, estimated, code, _named(event), event.boot_no, event.uptime_s))
    return made


def _named(event: Any) -> dict[str, Any]:
    """The fields by name, numbers of the registry as words, bytes as hex."""
    names = FIELDS.get(event.code, ("bytes",))
    return {name: _shown(name, value) for name, value in zip(names, event.fields, strict=False)}


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    words = _WORDS.get(name)
    return words.get(value, f"{name}_{value}") if words else value
