"""How the node is: the bodies of HELLO and NOW. Used by the link."""

import gc

import esp32

from node import control
from shared_protocol import registry as g
from shared_protocol.handshake import Hello
from shared_protocol.messages import Now, encode_now
from shared_protocol.wire import tlv

VERSION = "0.1.0"
_MAX_UPTIME_S = 0xFFFFFFF


class Status:
    """Reads the other parts; `rejected` (counts by error number) is written by the link. `image` is TLV_IMAGE: the
    last byte is its IMAGE_ number.
    """

    def __init__(self, image, board, settings, recipe, reset, sense, actuators, stop, recorder, radio):
        self.rejected = [0] * 16
        self.sends_failed = 0
        self.sessions = 0
        self.loop_ms = 0  # longest pass of the main loop since the last NOW
        self.image = image
        self._board = board
        self.settings = settings
        self.recipe = recipe
        self._reset = reset
        self._sense = sense
        self._actuators = actuators
        self._stop = stop
        self._recorder = recorder
        self._radio = radio

    @property
    def boot_no(self):
        """Number of this run."""
        return self._reset.boot_no

    def _shared(self):
        return [
            (g.TLV_STOP, bytes((1 if self._stop.latched else 0,))),
            tlv(g.TLV_RESETS, *self._reset.counts),
            (g.TLV_SAFE_MODE, bytes((1 if self._reset.safe_mode else 0,))),
        ]

    def hello(self, now, nonce):
        """Hello of this moment."""
        journal = self._recorder.journal
        tlvs = self._shared() + [
            (g.TLV_FIRMWARE, VERSION.encode()),
            (g.TLV_SETTINGS_HASH, self.settings.hash),
            (g.TLV_RECIPE_HASH, self.recipe.hash),
            (g.TLV_MAC, self._radio.mac()),
            (g.TLV_BOARD, self._board.name.encode()[:32]),
            (g.TLV_IMAGE, self.image),
        ]
        reset = self._reset
        return Hello(
            1, 1, journal.id, reset.boot_no, reset.cause, now // 1000, journal.first, journal.next, nonce, tlvs
        )

    def now(self, now):
        """Body of NOW."""
        now_s = now // 1000
        values = []
        for channel in self._sense.channels:
            fault = channel.fault
            age_s = now_s - channel.at if channel.value is not None else now_s
            values.append((None if fault else channel.value, fault, min(age_s, _MAX_UPTIME_S)))
        outputs = []
        for actuator in self._actuators.all:
            history = actuator.history
            outputs.append((history.on, history.cause, control.remaining(now_s, actuator.rule, history)))
        message = Now(self._reset.boot_no, now_s, self._recorder.table, values, outputs, self._health())
        self.loop_ms = 0
        return encode_now(message)

    def _health(self):
        journal = self._recorder.journal
        tlvs = self._shared()
        if self.image[8] == g.IMAGE_ON_TRIAL:
            tlvs.append((g.TLV_TRIAL, b"\x01"))
        rssi = self._radio.rssi()
        if rssi is not None:
            tlvs.append((g.TLV_RSSI, bytes((rssi & 0xFF,))))
        if hasattr(gc, "mem_free"):
            tlvs.append(tlv(g.TLV_HEAP_FREE, gc.mem_free()))
        if hasattr(esp32, "idf_heap_info"):  # Wi-Fi lives there, and starves first
            tlvs.append(tlv(g.TLV_IDF_HEAP, sum([region[1] for region in esp32.idf_heap_info(esp32.HEAP_DATA)])))
        tlvs.append(tlv(g.TLV_JOURNAL, journal.first, journal.next, journal.lost))
        tlvs.append(tlv(g.TLV_RADIO, self._radio.joins, self.sends_failed, self.sessions))
        tlvs.append(tlv(g.TLV_LOOP_MS, self.loop_ms))
        trouble = [bytes((a.id, a.trouble)) for a in self._actuators.all if a.trouble]
        if trouble:
            tlvs.append((g.TLV_TROUBLE, b"".join(trouble)))
        counts = [tlv(0, i, self.rejected[i])[1] for i in range(len(self.rejected)) if self.rejected[i]]
        if counts:
            tlvs.append((g.TLV_REJECTED, b"".join(counts)))
        return tlvs
