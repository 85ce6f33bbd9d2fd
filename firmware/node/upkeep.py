"""Rare work that the hub asks for: new SETTINGS, a RECIPE, SERVICE. Loaded by main when the first one comes.

New settings are on trial: when no session comes about within 5 minutes the proven ones count again. A recipe counts at
once, or the one before it does. No reset is needed.
"""

import gc
import hashlib
import json

from node import files, recipes, rule, settings, slots
from node.reset import PHASE_RESTART
from shared_protocol import maintenance as m
from shared_protocol import registry as g
from shared_protocol.messages import Result, encode_result

TRIAL = "trial"  # this file is there while settings are not proven, and holds the serial of those that are
SERVICE = "service"  # seconds that the next start stays in maintenance
TRIAL_MS = 300000
_LOOK_MS = 5000
_IDLE_MS = 60000  # then this part leaves; the hub begins a text anew that it had not finished
_MAX_TEXT = 4096
_MOST_NETWORKS = 3


class Pieces:
    """Collects a text that comes in pieces. `use(text, hash)` gives the RESULT_ code of a whole one."""

    def __init__(self, use):
        self._use = use
        self._text = None
        self._hash = None
        self._code = g.RESULT_OK  # of the last whole text

    def take(self, piece):
        """The RESULT_ code to answer with: OK so far, and at the end what came of the whole."""
        if piece.total > _MAX_TEXT:
            return g.RESULT_NO_SPACE
        if piece.hash != self._hash or (self._text is None and piece.offset == 0):
            self._text = bytearray()
            self._hash = piece.hash
        if self._text is None:
            return self._code  # the answer to the last piece was lost
        if piece.offset > len(self._text):
            return g.RESULT_BAD_OFFSET
        self._text[piece.offset : piece.offset + len(piece.chunk)] = piece.chunk
        if len(self._text) < piece.total:
            return g.RESULT_OK
        self._code = self._whole(bytes(self._text))
        self._text = None
        return self._code

    def _whole(self, text):
        gc.collect()
        if hashlib.sha256(text).digest()[:8] != self._hash:
            return g.RESULT_BAD_HASH
        try:
            return self._use(text, self._hash)
        except MemoryError:
            return g.RESULT_NO_SPACE
        except Exception:
            return g.RESULT_FAULT


def merged(text, serial):
    """Text of the settings with this serial and a patch in them; any other text as it is. Raises ValueError.

    Networks of a patch go before the known ones, calibrations replace those of their channel, all else is replaced.
    """
    patch = json.loads(text)
    if not isinstance(patch, dict) or not patch.pop("patch", None):
        return text
    old = b"{}"
    for known, found in slots.texts(settings.NAME):
        if known == serial:
            old = found
    data = json.loads(old)
    before = json.dumps(data)
    if "wifi" in patch:
        patch["wifi"] = (patch["wifi"] + [n for n in data.get("wifi", []) if n not in patch["wifi"]])[:_MOST_NETWORKS]
    if "calibration" in patch:
        known = data.get("calibration", {})
        known.update(patch["calibration"])
        patch["calibration"] = known
    data.update(patch)
    after = json.dumps(data)
    return old if after == before else after.encode()


class Upkeep:
    """A part of the main loop as long as it lives; `node` is main's Node."""

    def __init__(self, node):
        self._node = node
        self._used = node.clock.now()
        self._pieces = {g.MSG_SETTINGS: Pieces(self._settings), g.MSG_RECIPE: Pieces(self._recipe)}
        self._trial_ends = None
        self._taken = False  # stored, but not in force yet
        self._leads_to = b""  # hash of the settings that the last text led to
        self.due = 0
        proven = files.read(TRIAL)
        self._proven = node.settings.serial if proven is None else int(proven)
        if proven is not None:
            self._begin_trial()

    def _begin_trial(self):
        node = self._node
        self._sessions = node.status.sessions
        self._trial_ends = node.clock.now() + TRIAL_MS

    def step(self, now):
        """Watch a trial; a session proves the settings."""
        self.due = now + _LOOK_MS
        if self._taken:
            self._node.adopt(settings.load())
            self._taken = False
            self._begin_trial()
        elif self._trial_ends is None:
            if now - self._used >= _IDLE_MS:
                self._node.dismiss(
                    self,
                    *["node." + name for name in ("upkeep", "settings", "recipes", "parse", "slots")],
                    "shared_protocol.maintenance",
                )
        elif self._node.status.sessions > self._sessions:
            self._end_trial(self._node.settings.serial)
        elif now >= self._trial_ends:
            serials = [serial for serial, _ in slots.texts(settings.NAME)]
            if self._proven in serials[1:]:
                slots.drop(settings.NAME, serials[0])
            self._node.adopt(settings.load())
            self._end_trial(self._proven)

    def _end_trial(self, proven):
        files.remove(TRIAL)
        self._trial_ends = None
        self._proven = proven

    def handle(self, link, header, body):
        """True when the message was one of these; it is answered then. Raises ProtocolError."""
        self._used = self._node.clock.now()
        if header.type == g.MSG_SETTINGS:
            piece = m.decode_settings(body)
            code = self._pieces[g.MSG_SETTINGS].take(piece)
            answer = m.encode_settings_ack(m.SettingsAck(piece.hash, code))
            if code == g.RESULT_OK and piece.offset + len(piece.chunk) == piece.total:
                answer += bytes((g.TLV_SETTINGS_HASH, len(self._leads_to))) + self._leads_to
            link.send(g.MSG_SETTINGS_ACK, answer)
        elif header.type == g.MSG_RECIPE:
            piece = m.decode_recipe(body)
            code = self._pieces[g.MSG_RECIPE].take(piece)
            link.send(g.MSG_RECIPE_ACK, m.encode_recipe_ack(m.RecipeAck(piece.hash, code)))
        elif header.type == g.MSG_SERVICE:
            self._service(link, m.decode_service(body))
        else:
            return False
        return True

    # settings and recipe: what to do with a whole text

    def _settings(self, text, hash):
        """Store, and leave a mark: in force from the next step, after this was answered. A patch is merged into what
        is in force, as the hub never saw what was set over USB.
        """
        node = self._node
        try:
            text = merged(text, node.settings.serial)
            hash = self._leads_to = hashlib.sha256(text).digest()[:8]
            if node.settings.hash == hash:
                return g.RESULT_OK
            settings.check(text)
            files.write(TRIAL, b"%d" % self._proven)
            slots.store(settings.NAME, text, self._proven)
        except ValueError:
            return g.RESULT_MALFORMED
        except OSError:
            return g.RESULT_FLASH
        node.recorder.event(g.EVENT_SETTINGS, (hash,))
        self._taken = True
        self.due = 0
        return g.RESULT_OK

    def _recipe(self, text, hash):
        """Take it into force; whatever fails, the one before goes on."""
        node = self._node
        last = node.recipe
        if last.hash == hash:
            return g.RESULT_OK
        try:
            new = rule.load(text, node.board)
            new.serial = slots.store(recipes.NAME, text, last.serial)
        except ValueError:
            return g.RESULT_MALFORMED
        except OSError:
            return g.RESULT_FLASH
        try:
            node.adopt_recipe(new)
        except Exception:
            slots.drop(recipes.NAME, new.serial)
            node.adopt_recipe(last)
            raise
        node.recorder.event(g.EVENT_RECIPE, (hash,))
        return g.RESULT_OK

    # service

    def _service(self, link, order):
        """Answer, then leave the main loop: everything off, no watchdog, for a bounded time after a reset."""
        late = self._node.clock.now() // 1000 > order.not_after_uptime_s
        code = g.RESULT_TOO_LATE if late else g.RESULT_OK
        link.send(g.MSG_RESULT, encode_result(Result(order.id, code, self._node.actuators.states)))
        if late:
            return
        self._node.recorder.event(g.EVENT_SERVICE, (1, order.seconds))
        files.write(SERVICE, b"%d" % order.seconds)
        self._node.leave(PHASE_RESTART)
