"""What of the journal is on its way: the window of RECORDS frames that were sent and not acknowledged. Used by the
link.
"""

from shared_protocol import registry as g
from shared_protocol.frame import MAX_BODY
from shared_protocol.messages import acked, put_record

_HEAD = 9  # bytes a record may need in a body beside its data


class Shipper:
    """Sends `journal` in order; `lowest` is the first number that the hub has not acknowledged."""

    def __init__(self, journal):
        self._journal = journal
        self.lowest = journal.first
        self._next = self.lowest
        self._flights = []  # [first, last, sent at ms]
        self._retry_ms = g.RECORDS_RETRY_MS

    def rewind(self, stored_up_to):
        """A new session: go on behind what the hub has, be it more or less than it had before."""
        self.lowest = self._next = max(stored_up_to + 1, self._journal.first)
        self._flights = []
        self._retry_ms = g.RECORDS_RETRY_MS
        self._journal.acknowledged(stored_up_to)

    @property
    def behind(self):
        """True when records that were not sent yet had to be dropped: the hub must hear `first_held` anew."""
        return self.lowest < self._journal.first

    def ack(self, ack):
        """Take an ACK."""
        if ack.up_to >= self.lowest:
            self.lowest = ack.up_to + 1
            self._next = max(self._next, self.lowest)
            self._journal.acknowledged(ack.up_to)
            self._retry_ms = g.RECORDS_RETRY_MS
        self._flights = [f for f in self._flights if not (acked(ack, f[0]) and acked(ack, f[1]))]

    def take(self, now):
        """Body of a RECORDS frame that should go now, or None."""
        if self.behind:
            return None  # the hub must hear of the loss first, in a HELLO
        for flight in self._flights:
            if now - flight[2] >= self._retry_ms:
                flight[2] = now
                if flight is self._flights[0]:
                    self._retry_ms = min(2 * self._retry_ms, g.RECORDS_RETRY_MAX_MS)
                first = max(flight[0], self.lowest)
                return self._body(first, flight[1])[0]
        if len(self._flights) >= g.RECORDS_IN_FLIGHT or self._next >= self._journal.next:
            return None
        body, last = self._body(self._next, self._journal.next - 1)
        self._flights.append([self._next, last, now])
        self._next = last + 1
        return body

    def _body(self, first, last):
        """(body, last number in it) with as many records as fit."""
        buf = bytearray()
        number = first
        while number <= last:
            kind, data = self._journal.read(number)
            if len(buf) + len(data) + _HEAD > MAX_BODY and buf:
                break
            put_record(buf, number, kind, data)
            number += 1
        return bytes(buf), number - 1

    def due(self, now):
        """When something will have to go: now, at a retry, or None."""
        if self.behind:
            return None
        if len(self._flights) < g.RECORDS_IN_FLIGHT and self._next < self._journal.next:
            return now
        due = None
        for flight in self._flights:
            at = flight[2] + self._retry_ms
            if due is None or at < due:
                due = at
        return due
