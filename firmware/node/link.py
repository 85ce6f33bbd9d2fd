"""The link to the hub: one UDP socket, one session. A part of the main loop, and the place where the loop waits.

HELLO to every candidate until a HELLO_ACK verifies; then a NOW every `now_s` and at each change, RECORDS until the hub
has all, and whatever it asks is answered. Three NOWs without an answer, or a word that the session is not known, lead
to a new HELLO; the session goes on meanwhile. Sends that the network refuses are kept for later.
"""

import select
import socket
import time

from node.settings import bounded
from shared_protocol import registry as g
from shared_protocol.errors import Exhausted, NotOurs, ProtocolError
from shared_protocol.frame import MAX_FRAME, SEALED, WANT_ACK, parse_header
from shared_protocol.handshake import hello_frame, open_hello_ack, open_nosess
from shared_protocol.messages import (
    Log,
    Nak,
    TimeReq,
    decode_ack,
    decode_time_resp,
    encode_log,
    encode_nak,
    encode_time_req,
)
from shared_protocol.session import Session, hello_nonce, kdf_key, mac_key, session_keys
from shared_protocol.wire import Reader, find

_STALE_MS = 10000  # a HELLO is repeated as it is that long, then made anew
_TIME_MS = 21600000  # ask for the time every 6 hours
_TIME_SOON_MS = 5000
_ROUND_TRIP_MS = 2000  # an answer that took longer says too little about the time
_LATE_MS = 2000
_LOG_MS = 10000
_NOTHING_MS = 3600000


class Link:
    """`who` is (node number, key); `random_bytes(n)`; `maintain(link, header, body)` answers what is not daily
    business.
    """

    def __init__(
        self, who, clock, status, shipper, orders, sense, recorder, stop, radio, finder, random_bytes, maintain
    ):
        self.node, self._key = who
        self.session = None
        self.now_s = status.settings.now_s
        self.due = 0
        self.heard_ms = 0  # last frame that a session opened
        self._clock = clock
        self._status = status
        self._shipper = shipper
        self._orders = orders
        self._sense = sense
        self._recorder = recorder
        self._stop = stop
        self._radio = radio
        self._finder = finder
        self._random_bytes = random_bytes
        self._maintain = maintain
        self._mac_key = mac_key(self._key) if self._key else None
        self._kdf_key = kdf_key(self._key) if self._key else None
        self._socket = None
        self._poll = select.poll()
        self._hub = None
        self._nonce = None
        self._hello = None
        self._hello_made = 0
        self._hello_due = 0
        self._hello_ms = g.HELLO_RETRY_MS
        self._renewing = False  # a new session is wanted though the present one works
        self._now_due = 0
        self._time_due = 0
        self._log_due = 0

    def wait(self, ms):
        """Sleep until a datagram is there (then due is now) or `ms` have passed."""
        if ms < 0:
            ms = 0
        if self._socket is None:
            time.sleep_ms(ms)
        elif self._poll.poll(ms):
            self.due = 0

    def step(self, now):
        """Read what came, say what is due."""
        now = self._clock.now()  # the sensors may have taken a while in this pass
        if self._key is None or not self._radio.up:
            self._shut()
            self.due = now + g.HELLO_RETRY_MS
            return
        if self._socket is None:
            self._open(now)
        for _ in range(g.DATAGRAMS_PER_STEP):
            if not self._receive(now):
                break
        if self.session is None or self._lost(now):
            self._greet(now)
        if self.session is not None:
            self._report(now)
            self._ship(now)
        self._plan(now)

    def _plan(self, now):
        """When the link must run again even if nothing comes."""
        if self.session is None:
            self.due = self._hello_due
            return
        due = min(self._now_due, self._time_due)
        if self._lost(now):
            due = min(due, self._hello_due)
        ship = self._shipper.due(now)
        if ship is not None and ship < due:
            due = ship
        self.due = max(due, now + 1)

    def wake(self):
        """Something changed that the hub should see at once."""
        self._now_due = 0
        self.due = 0

    def renew(self):
        """Make a new session; the present one serves until then."""
        self._renewing = True
        self._nonce = None
        self._hello_due = 0
        self.due = 0

    def _lost(self, now):
        """True when the session must be made anew: silence, worn keys, or records dropped that the hub still waits
        for.
        """
        silent = now - self.heard_ms > g.MISSED_NOWS * self.now_s * 1000 + _LATE_MS
        return silent or self._renewing or self.session.worn or self._shipper.behind

    # the socket

    def _open(self, now):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._poll.register(self._socket, select.POLLIN)
        self._hello_due = now
        self._hello_ms = g.HELLO_RETRY_MS

    def _shut(self):
        if self._socket is not None:
            self._poll.unregister(self._socket)
            self._socket.close()
            self._socket = None

    def _out(self, data, where):
        """True when the network took the datagram."""
        try:
            self._socket.sendto(data, where)
            return True
        except (OSError, MemoryError):
            self._status.sends_failed += 1
            return False

    def send(self, type, body, flags=0):
        """Seal and send to the hub of the session; True when it went out."""
        try:
            return self._out(self.session.seal(type, body, flags), self._hub)
        except Exhausted:
            return False

    def log(self, now, level, text):
        """Tell the hub a line, at most one in 10 s."""
        if self.session is not None and now >= self._log_due:
            self._log_due = now + _LOG_MS
            self.send(g.MSG_LOG, encode_log(Log(now // 1000, level, text[:200])))

    # what comes

    def _receive(self, now):
        """Handle one datagram; False when there was none."""
        try:
            data, source = self._socket.recvfrom(MAX_FRAME + 1)
        except OSError:
            return False
        try:
            self._take(now, data, source)
        except ProtocolError as error:
            self._status.rejected[error.number] += 1
        return True

    def _take(self, now, data, source):
        header = parse_header(data)
        if header.type == g.MSG_OFFER:
            where = self._finder.offer(data, source)
            if where is not None and self._nonce is not None:
                self._out(self._hello, where)
        elif header.node != self.node:
            raise NotOurs("node")
        elif header.type == g.MSG_HELLO_ACK:
            self._welcome(now, data, source)
        elif header.type == g.MSG_NOSESS:
            self._unknown(now, data)
        elif header.flags & SEALED and self.session is not None:
            header, body = self.session.open(data)
            self.heard_ms = now
            self._obey(now, header, body)
        else:
            raise NotOurs("session")

    def _unknown(self, now, data):
        """NOSESS is never trusted: it only hastens the next HELLO."""
        _, number = open_nosess(data)
        if self.session is not None and number == self.session.number:
            self.heard_ms = min(self.heard_ms, now - g.MISSED_NOWS * self.now_s * 1000 - _LATE_MS - 1)

    def _obey(self, now, header, body):
        type = header.type
        if type == g.MSG_ACK:
            self._shipper.ack(decode_ack(body))
        elif type == g.MSG_COMMAND or type == g.MSG_STOP or type == g.MSG_STOP_CLEAR:
            self.send(g.MSG_RESULT, self._orders.obey(type, body))
            self._now_due = 0
        elif type == g.MSG_TIME_RESP:
            self._time(now, decode_time_resp(body))
        elif type == g.MSG_NAK:
            pass  # told by the hub's page; nothing that the node could do better
        elif not self._maintain(self, header, body) and type < 0x80:
            self.send(g.MSG_NAK, encode_nak(Nak(type, header.counter, g.RESULT_UNKNOWN_TYPE)))

    # the session

    def _greet(self, now):
        """HELLO to every candidate when it is time."""
        if now < self._hello_due:
            return
        if self._nonce is None or now - self._hello_made >= _STALE_MS:
            random = self._random_bytes(16)
            self._nonce = hello_nonce(random, self._status.boot_no, now & 0xFFFFFFF, self._key)
            self._hello = hello_frame(self._mac_key, self.node, self._status.hello(now, self._nonce))
            self._hello_made = now
        for where in self._finder.candidates():
            self._out(self._hello, where)
        self._finder.discover(self._socket)
        jitter = self._random_bytes(1)[0] * self._hello_ms >> 10
        self._hello_due = now + self._hello_ms + jitter
        self._hello_ms = min(2 * self._hello_ms, g.HELLO_RETRY_MAX_MS)

    def _welcome(self, now, data, source):
        if self._nonce is None:
            return  # a copy of what was taken already
        header, ack = open_hello_ack(self._mac_key, data, self._nonce)
        if ack.version != 1:
            self._hello_ms = g.HELLO_RETRY_MAX_MS
            return
        up, down = session_keys(self._kdf_key, self.node, header.session, self._nonce, ack.nonce)
        self.session = Session(self.node, header.session, up, down, False)
        self._hub = source
        self._nonce = None
        self._renewing = False
        self._hello_ms = g.HELLO_RETRY_MS
        self._hello_due = now
        self.heard_ms = now
        self._status.sessions += 1
        self._finder.worked(source)
        self._agree(now, ack)
        self._now_due = 0

    def _agree(self, now, ack):
        """What the hub said beside its welcome."""
        stored = find(ack.tlvs, g.TLV_STORED_UP_TO)
        stored = Reader(stored).uv() if stored else 0
        if stored >= self._recorder.journal.next:
            self._renew(now)
            return
        self._shipper.rewind(stored)
        intervals = find(ack.tlvs, g.TLV_INTERVALS)
        if intervals:
            sample_s, set_s, now_s = Reader(intervals).numbers()[:3]
            self._sense.intervals(bounded("sample_s", sample_s), bounded("set_s", set_s))
            self.now_s = bounded("now_s", now_s)
        if find(ack.tlvs, g.TLV_STOP) == b"\x01":
            self._stop.latch(g.STOP_HUB)
        if find(ack.tlvs, g.TLV_CLOSE_NOW) is not None:
            self._recorder.close()
        self._time_due = now + (_TIME_MS if ack.wall_s else _TIME_SOON_MS)
        if ack.wall_s:
            self._hear(now, ack.wall_s, ack.wall_ms, g.TIME_HELLO_ACK)

    def _renew(self, now):
        """The hub holds records that this journal never made (an old copy of the flash): go on under a new
        journal_id.
        """
        self._recorder.renew(int.from_bytes(self._random_bytes(4), "little") | 1)
        self._shipper.rewind(0)
        self.session = None
        self._hello_due = now

    # the time

    def _hear(self, now, wall_s, wall_ms, source):
        believed = self._clock.hear(now, wall_s, wall_ms)
        self._recorder.event(g.EVENT_TIME if believed else g.EVENT_TIME_REFUSED, (wall_s, wall_ms, source))
        if not believed:
            self._time_due = now + _TIME_SOON_MS

    def _time(self, now, answer):
        trip = now - answer.uptime_ms
        if not answer.wall_s or not 0 <= trip <= _ROUND_TRIP_MS:
            return
        wall_ms = answer.wall_ms + trip // 2
        self._time_due = now + _TIME_MS
        self._hear(now, answer.wall_s + wall_ms // 1000, wall_ms % 1000, g.TIME_RESPONSE)

    # what goes

    def _report(self, now):
        if now >= self._now_due:
            self._now_due = now + self.now_s * 1000
            self.send(g.MSG_NOW, self._status.now(now), WANT_ACK)
        if now >= self._time_due:
            self._time_due = now + 12 * _TIME_SOON_MS
            self.send(g.MSG_TIME_REQ, encode_time_req(TimeReq(now)))

    def _ship(self, now):
        for _ in range(g.RECORDS_IN_FLIGHT):
            body = self._shipper.take(now)
            if body is None or not self.send(g.MSG_RECORDS, body):
                return
