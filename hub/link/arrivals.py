"""Arrivals: RECORDS that came under a session are checked, offered to the store, and acknowledged after its commit.

What is not stored is not acknowledged; a NAK says why, and the node keeps the record.
"""

from collections.abc import Callable

from hub.link.rejects import Rejects
from hub.store.checking import Checked, check
from hub.store.intake import Intake, Stored
from hub.store.tables import Key, Tables
from shared_protocol import registry as g
from shared_protocol.errors import ProtocolError
from shared_protocol.messages import Ack, Nak, decode_records, encode_ack, encode_nak

# Seals and sends to the node of a journal, if that is the journal of its active session: node, journal_id, type, body.
Send = Callable[[Key, int, bytes], bool]


class Arrivals:
    """The way of a RECORDS frame."""

    def __init__(self, intake: Intake, tables: Tables, rejects: Rejects, send: Send) -> None:
        self._intake, self._tables = intake, tables
        self._rejects, self._send = rejects, send
        intake.on_stored = self._stored

    def take(self, key: Key, counter: int, body: bytes) -> list[Checked]:
        """Store what can be stored; returns it for the live state. Raises ProtocolError when the body is malformed."""
        good = []
        for record in decode_records(body).records:
            try:
                good.append(check(record, key, self._tables))
            except ProtocolError as error:
                self._refuse(key, counter, error.cause, g.RESULT_MALFORMED)

        def refused(cause: str) -> None:
            self._refuse(key, counter, cause, g.RESULT_NOT_STORED)

        if good and not self._intake.offer(key, good, refused):
            self._refuse(key, counter, "busy", g.RESULT_BUSY)
        return good

    def now_ack(self, key: Key, counter: int) -> None:
        """Answer a NOW: the hub lives, and so much of the journal is stored."""
        stands = self._intake.standing(key)
        self._send(key, g.MSG_ACK, encode_ack(Ack(stands.up_to, stands.bitmap, counter)))

    def _stored(self, key: Key, stands: Stored) -> None:
        """After a commit: tell the node, once for all its frames in it."""
        self._send(key, g.MSG_ACK, encode_ack(Ack(stands.up_to, stands.bitmap, None)))

    def _refuse(self, key: Key, counter: int, cause: str, code: int) -> None:
        self._rejects.count(f"record_{cause}", key[0])
        self._send(key, g.MSG_NAK, encode_nak(Nak(g.MSG_RECORDS, counter, code)))
