"""Changes of settings: sent in pieces, taken, proven by the next session – or refused, returned, replaced, lost."""

import json
import logging
from typing import Any

import pytest

from hub.benchmark.scripted import ScriptedNode
from hub.link.pieces import CHUNK, hash8
from hub.settings import patch
from hub.settings.changes import AGAIN_S, Change
from shared_protocol import registry as g
from shared_protocol.frame import parse_header
from shared_protocol.maintenance import SettingsAck, decode_settings, encode_settings_ack
from shared_protocol.wire import put_tlvs
from tests.hub.farm import Farm

OLD, NEW = b"old-hash", b"new-hash"
SECRET = "giun-que-2026"


def greet(farm: Farm, node: ScriptedNode, settings: bytes = OLD) -> None:
    """A session whose HELLO says which settings are in force."""
    node.nonce = (int.from_bytes(node.nonce, "big") + 1).to_bytes(8, "big")
    replies = farm.say(node.hello(tlvs=[(g.TLV_SETTINGS_HASH, settings)]))
    node.welcome(next(reply for reply in replies if parse_header(reply).type == g.MSG_HELLO_ACK))
    farm.carrier.sent.clear()
    farm.hub.link.receive(node.now(), ("10.0.0.1", 4000))
    farm.settle()


def acknowledge(farm: Farm, node: ScriptedNode, name: bytes, code: int, leads_to: bytes | None) -> None:
    body = bytearray(encode_settings_ack(SettingsAck(name, code)))
    if leads_to is not None:
        put_tlvs(body, [(g.TLV_SETTINGS_HASH, leads_to)])
    farm.hub.link.receive(node.seal(g.MSG_SETTINGS_ACK, bytes(body)), ("10.0.0.1", 4000))


def take(farm: Farm, node: ScriptedNode, code: int = g.RESULT_OK, leads_to: bytes | None = NEW) -> bytes:
    """The node takes all pieces that come; the whole text."""
    text = bytearray()
    while True:
        pieces = [decode_settings(body) for body in farm.sent(node, g.MSG_SETTINGS)]
        if not pieces:
            return bytes(text)
        piece = pieces[-1]
        text[piece.offset :] = piece.chunk
        whole = len(text) == piece.total
        acknowledge(farm, node, piece.hash, code if whole else g.RESULT_OK, leads_to if whole else None)


def asked(farm: Farm, node: int = 1, sample_s: int = 20) -> Change:
    return farm.hub.changes.ask(node, "intervals", patch.intervals(sample_s, 60), "Anh Tuấn")


def state(farm: Farm, change: Change) -> str:
    found = farm.hub.changes.one(change.id)
    assert found is not None
    return found.state


def test_taken_is_not_yet_in_force(farm: Farm) -> None:
    node = farm.add()
    greet(farm, node)
    change = asked(farm)
    assert state(farm, change) == "waiting"
    assert json.loads(take(farm, node)) == {"patch": 1, "sample_s": 20, "set_s": 60}
    assert state(farm, change) == "taken"
    for _ in range(2):
        farm.clock.advance(AGAIN_S + 1)
        farm.hub.tick()
    assert not farm.sent(node, g.MSG_SETTINGS), "what was taken is not sent again"
    greet(farm, node, NEW)
    assert state(farm, change) == "in_force"


def test_a_node_that_came_back_with_the_old_ones_returned(farm: Farm) -> None:
    node = farm.add()
    greet(farm, node)
    change = asked(farm)
    take(farm, node)
    farm.clock.advance(310)
    greet(farm, node, OLD)
    assert state(farm, change) == "returned"


def test_a_patch_that_changes_nothing_is_in_force_at_once(farm: Farm) -> None:
    node = farm.add()
    greet(farm, node, NEW)
    change = asked(farm)
    take(farm, node, leads_to=NEW)
    assert state(farm, change) == "in_force"


def test_a_refusal_has_its_reason(farm: Farm) -> None:
    node = farm.add()
    greet(farm, node)
    change = asked(farm)
    take(farm, node, g.RESULT_MALFORMED, None)
    found = farm.hub.changes.one(change.id)
    assert found is not None and (found.state, found.code) == ("refused", "malformed")


def test_it_waits_for_a_node_that_is_away_and_for_a_hub_that_restarts(farm: Farm) -> None:
    node = farm.add()
    change = asked(farm)
    assert state(farm, change) == "waiting" and not farm.carrier.sent
    farm.close()
    farm.open()
    greet(farm, node)
    assert b'"sample_s":20' in take(farm, node)
    assert state(farm, change) == "taken"
    farm.settle()
    farm.close()
    farm.open()
    farm.clock.advance(3)
    greet(farm, node, NEW)
    assert state(farm, change) == "in_force"


def test_an_offer_that_came_to_nothing_is_made_again(farm: Farm) -> None:
    node = farm.add()
    greet(farm, node)
    change = asked(farm)
    for _ in range(int(AGAIN_S) + 1):
        farm.carrier.sent.clear()
        farm.clock.advance(1)
        farm.hub.tick()
    farm.carrier.sent.clear()
    farm.clock.advance(1)
    farm.hub.tick()
    take(farm, node)
    assert state(farm, change) == "taken"


def test_a_newer_change_of_the_same_replaces_one_that_waits_and_others_follow_in_turn(farm: Farm) -> None:
    node = farm.add()
    first, second = asked(farm, sample_s=20), asked(farm, sample_s=30)
    probe = farm.hub.changes.ask(1, "calibration-3", patch.calibration(3, 2400, 1100, 2500), "Anh Tuấn")
    assert [state(farm, one) for one in (first, second, probe)] == ["replaced", "waiting", "waiting"]
    greet(farm, node)
    assert b'"sample_s":30' in take(farm, node)
    assert (state(farm, second), state(farm, probe)) == ("taken", "waiting")  # one on trial at a time
    farm.clock.advance(3)
    greet(farm, node, NEW)
    assert b"calibration" in take(farm, node, leads_to=b"newest--")
    assert (state(farm, second), state(farm, probe)) == ("in_force", "taken")


def test_an_answer_to_another_text_changes_nothing(farm: Farm) -> None:
    node = farm.add()
    greet(farm, node)
    change = asked(farm)
    acknowledge(farm, node, hash8(b"another"), g.RESULT_OK, NEW)
    assert state(farm, change) == "waiting"


def test_a_damaged_acknowledgement_is_counted_and_changes_nothing(farm: Farm) -> None:
    node = farm.add()
    greet(farm, node)
    change = asked(farm)
    farm.hub.link.receive(node.seal(g.MSG_SETTINGS_ACK, b"short"), ("10.0.0.1", 4000))
    assert state(farm, change) == "waiting" and farm.hub.rejects.of(1)["truncated"] == 1


# --- what is secret stays secret ---


def stored_texts(farm: Farm) -> list[bytes]:
    return [bytes(text) for (text,) in farm.hub.store.rows("SELECT text FROM settings_change ORDER BY id")]


def test_a_password_is_in_no_log_line_no_audit_line_and_no_representation(
    farm: Farm, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    node = farm.add()
    greet(farm, node)
    farm.hub.wifi.begin("Vườn mới", SECRET, "Anh Tuấn")
    shown = repr(farm.hub.changes.of(1)) + repr(farm.hub.wifi.newest())
    assert SECRET.encode() in stored_texts(farm)[0]  # it must wait somewhere: where the keys are
    assert SECRET.encode() in take(farm, node)
    farm.clock.advance(3)
    greet(farm, node, NEW)
    farm.settle()
    audit = farm.hub.store.rows("SELECT who, act, detail FROM audit")
    everything: list[Any] = [caplog.text, shown, repr(farm.hub.changes.of(1)), repr(audit), repr(farm.hub.live.nodes())]
    assert not [text for text in everything if SECRET in text or SECRET.encode().hex() in text]
    assert any(row[1] == "settings" for row in audit)
    assert stored_texts(farm) == [b""], "once it is in force nobody needs it any more"


def test_a_password_that_cannot_be_is_refused_without_being_repeated(farm: Farm) -> None:
    for password in ("kurz", "mật khẩu có dấu", "x" * 64):
        with pytest.raises(patch.BadWifiPassword) as refusal:
            farm.hub.wifi.begin("Vườn mới", password, "Anh Tuấn")
        assert password not in str(refusal.value) + repr(refusal.value)
    for name in ("", "ă" * 17, "a\nb"):
        with pytest.raises(patch.BadWifiName):
            farm.hub.wifi.begin(name, SECRET, "Anh Tuấn")
    assert farm.hub.wifi.newest() is None and not stored_texts(farm)


def test_a_long_text_goes_in_several_pieces(farm: Farm) -> None:
    node = farm.add()
    greet(farm, node)
    text = json.dumps({"patch": 1, "hub": ["x" * CHUNK, 47470]}).encode()
    change = farm.hub.changes.ask(1, "hub", text, "Anh Tuấn")
    assert take(farm, node) == text and state(farm, change) == "taken"


@pytest.mark.parametrize(("sample_s", "set_s"), [(1, 60), (601, 3600), (10, 9), (10, 3601), (60, 30)])
def test_intervals_have_limits(sample_s: int, set_s: int) -> None:
    with pytest.raises(patch.BadInterval):
        patch.intervals(sample_s, set_s)
