"""Owns what HELLO's and NOW's TLVs say about a node, as one dict of names. Hub only: live state, pages, alerts.

Unknown or damaged elective TLVs are skipped: health never costs a frame.
"""

from shared_protocol import errors
from shared_protocol import registry as g
from shared_protocol.errors import ProtocolError
from shared_protocol.wire import Reader, text_of

_TEXTS = {g.TLV_FIRMWARE: "version", g.TLV_BOARD: "board"}
_HEX = {g.TLV_RECIPE_HASH: "recipe_hash", g.TLV_SETTINGS_HASH: "settings_hash"}
_BYTES = {g.TLV_STOP: "stop", g.TLV_SAFE_MODE: "safe_mode", g.TLV_TRIAL: "trial"}
_NUMBERS = {
    g.TLV_RESETS: ("resets_power", "resets_watchdog", "resets_panic", "resets_brownout", "resets_other"),
    g.TLV_HEAP_FREE: ("heap_free",),
    g.TLV_JOURNAL: ("journal_first", "journal_next", "journal_dropped"),
    g.TLV_RADIO: ("radio_joins", "radio_unsent", "radio_sessions"),
    g.TLV_IDF_HEAP: ("idf_heap_free",),
    g.TLV_LOOP_MS: ("loop_ms",),
}
CAUSES = {leaf.number: leaf.cause for leaf in vars(errors).values() if hasattr(leaf, "number")}


def _one(tag, value):
    """dict of what one TLV says; empty for an unknown tag."""
    if tag in _TEXTS:
        return {_TEXTS[tag]: text_of(value)}
    if tag in _HEX:
        return {_HEX[tag]: value.hex()}
    if tag == g.TLV_MAC:
        return {"mac": ":".join(["%02x" % byte for byte in value])}
    if tag == g.TLV_IMAGE:
        return {"image": value[:8].hex(), "image_state": Reader(value[8:]).u8()}
    if tag == g.TLV_RSSI:
        return {"rssi_dbm": (Reader(value).u8() ^ 0x80) - 0x80}
    if tag in _BYTES:
        return {_BYTES[tag]: Reader(value).u8()}
    return dict(zip(_NUMBERS.get(tag, ()), Reader(value).numbers()))


def health(tlvs):
    """list of (tag, bytes) -> dict str -> int or str."""
    found = {}
    for tag, value in tlvs:
        try:
            found.update(_one(tag, value))
        except ProtocolError:
            continue
    return found


def rejected(tlvs):
    """list of (tag, bytes) -> dict cause -> how many frames the node rejected for it since boot."""
    found = {}
    for tag, value in tlvs:
        if tag == g.TLV_REJECTED:
            r = Reader(value)
            try:
                while r.left:
                    number = r.u8()
                    found[CAUSES.get(number, "cause_%d" % number)] = r.uv()
            except ProtocolError:
                continue
    return found
