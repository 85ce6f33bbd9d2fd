"""Changes: each patch of settings on its way to its node, and what became of it; used by wifi, calibration, the page.

A change is `waiting` until its node acknowledged it, `taken` while the node proves it (it returns to the old settings
when no session comes about within 5 minutes), then `in_force` or `returned`; or it was `refused`, or `replaced` by a
newer one before its node heard of it. The hub knows what happened from the node alone: the acknowledgement names the
hash of the settings that it leads to, the next HELLO the hash of those that are in force.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from hub.clock import Clock
from hub.fleet import Fleet
from hub.link.pieces import NO_ANSWER, Done, hash8
from hub.live import Live
from hub.store import Store
from hub.store.models import SettingsChange

OPEN = ("waiting", "taken")
AGAIN_S = 60.0  # an offer that came to nothing is made again; a session makes it at once
OK = "ok"

Offer = Callable[[int, bytes, Done], object]  # sends a text to a node in pieces (hub/link/pieces.py)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Change:
    """One patch for one node, without its text. `code`: why it was refused, by name."""

    id: int
    node: int
    subject: str  # "wifi", "intervals", "calibration-3"
    hash: bytes
    state: str
    asked_s: float
    who: str
    code: str = ""
    leads_to: str = ""  # hash of the settings that the node has with it, as hex; "" before it said
    ended_s: float | None = None


COLUMNS = [getattr(SettingsChange, field.name) for field in fields(Change)]  # all but the text


class Changes:
    """All changes, in the store and as a copy in memory. Thread-safe."""

    def __init__(self, store: Store, fleet: Fleet, live: Live, clock: Clock) -> None:
        self._store, self._fleet, self._live, self._clock = store, fleet, live, clock
        self._guard = threading.Lock()
        self._all: dict[int, Change] = {change.id: change for change in self._read()}
        self._offered: dict[int, tuple[int, float]] = {}  # node → (change, monotonic second)
        self.offer: Offer | None = None  # set by the service

    # -- for the page

    def ask(self, node: int, subject: str, text: bytes, who: str) -> Change:
        """Send a patch to a node as soon as it can be. Raises UnknownNode."""
        self._fleet.node(node)
        asked: dict[str, Any] = {
            "node": node,
            "subject": subject,
            "hash": hash8(text),
            "state": "waiting",
            "asked_s": self._clock.wall(),
            "who": who,
        }
        row = SettingsChange.insert(text=text, **asked)
        made = Change(id=self._store.write(lambda _: int(row.execute(self._store.database))), **asked)
        with self._guard:
            older = [c for c in self._of(node) if c.state == "waiting" and c.subject == subject]
            self._all[made.id] = made
        for change in older:
            self._end(change, "replaced")
        self._store.audit(who, "settings", f"node {node}: {subject}")
        self._push(node)
        return made

    def of(self, node: int) -> list[Change]:
        """A node's changes, newest first."""
        with self._guard:
            return self._of(node)[::-1]

    def one(self, number: int) -> Change | None:
        with self._guard:
            return self._all.get(number)

    def newest(self, node: int, subject: str) -> Change | None:
        """The last change of a subject that was asked of a node."""
        return next((change for change in self.of(node) if change.subject == subject), None)

    def text(self, change: Change) -> bytes:
        """What it changes; empty once a change of Wi-Fi has ended, whose password nobody needs to keep."""
        rows = self._store.fetch(SettingsChange.select(SettingsChange.text).where(SettingsChange.id == change.id))
        return bytes(rows[0]["text"]) if rows else b""

    def differs(self, node: int) -> bool:
        """Whether a node reports other settings than those it had from here: somebody set it up again over USB."""
        reported = self._said(node, "settings_hash")
        held = next((change for change in self.of(node) if change.state == "in_force"), None)
        return held is not None and "" not in (held.leads_to, reported) and held.leads_to != reported

    def repeat(self, node: int, who: str) -> None:
        """Send again all that a node had from here but the Wi-Fi, whose password is not kept. Raises UnknownNode."""
        held = {change.subject: change for change in self.of(node)[::-1] if change.state == "in_force"}
        for subject, change in held.items():
            if subject != "wifi":
                self.ask(node, subject, self.text(change), who)

    # -- for the link and the service

    def session(self, node: int) -> None:
        """A node greeted: what it took has held, or it went back; and it can be told what waits."""
        reported = self._said(node, "settings_hash")
        with self._guard:
            taken = [change for change in self._of(node) if change.state == "taken"]
        for change in taken:
            held = change.leads_to in ("", reported)
            self._end(change, "in_force" if held else "returned")
        self._offered.pop(node, None)
        self._push(node)

    def tick(self) -> None:
        """Offer again what came to nothing; call it some times a second."""
        with self._guard:
            nodes = {change.node for change in self._all.values() if change.state == "waiting"}
        for node in nodes:
            self._push(node)

    # -- inside

    def _of(self, node: int) -> list[Change]:
        return [change for change in self._all.values() if change.node == node]

    def _push(self, node: int) -> None:
        """Offer the oldest waiting change, none while another one is on trial."""
        now_s = self._clock.monotonic()
        with self._guard:
            mine = [change for change in self._of(node) if change.state in OPEN]
            if self.offer is None or not mine or mine[0].state == "taken":
                return
            change, offered = mine[0], self._offered.get(node)
            if offered is not None and offered[0] == change.id and now_s < offered[1] + AGAIN_S:
                return
            self._offered[node] = (change.id, now_s)
        self.offer(node, self.text(change), lambda node, hash, code: self._answered(change.id, code))

    def _answered(self, number: int, code: str) -> None:
        """The node judged the whole text, or nobody answered."""
        change = self.one(number)
        if change is None or change.state != "waiting" or code == NO_ANSWER:
            return
        leads_to = self._said(change.node, "settings_next")
        if code != OK:
            self._end(change, "refused", code)
        elif leads_to and leads_to == self._said(change.node, "settings_hash"):
            self._end(change, "in_force", leads_to=leads_to)  # it had them already: no new session will tell
        else:
            self._end(change, "taken", leads_to=leads_to)
        self._push(change.node)

    def _said(self, node: int, what: str) -> str:
        now = self._live.node(node)
        return str(now.health.get(what, "")) if now else ""

    def _end(self, change: Change, state: str, code: str = "", leads_to: str = "") -> None:
        """Keep what became of it. Called on the link's thread too, so nobody waits for the disk here."""
        ended_s = None if state in OPEN else self._clock.wall()
        ended = replace(change, state=state, code=code, leads_to=leads_to or change.leads_to, ended_s=ended_s)
        with self._guard:
            self._all[change.id] = ended
        kept: dict[str, Any] = {name: getattr(ended, name) for name in ("state", "code", "leads_to", "ended_s")}
        if change.subject == "wifi" and state not in OPEN:
            kept["text"] = b""
        log.info("node %d: settings (%s) are %s", change.node, change.subject, state)
        row = SettingsChange.update(**kept).where(SettingsChange.id == change.id)
        self._store.write_later(lambda _: row.execute(self._store.database))

    def _read(self) -> list[Change]:
        rows = self._store.fetch(SettingsChange.select(*COLUMNS).order_by(SettingsChange.id))
        return [Change(**{**row, "hash": bytes(row["hash"])}) for row in rows]
