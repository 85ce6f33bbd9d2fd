"""Sealed frames: replay window against a model; replay, reflection, truncation and bit flips change nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_protocol import crypt, errors, frame, handshake, session

K = bytes(range(16))
NN, NH = b"abcdefgh", b"ABCDEFGH"


def pair(node=7, number=9):
    """(node's side, hub's side)."""
    up, down = session.session_keys(session.kdf_key(K), node, number, NN, NH)
    return session.Session(node, number, up, down, False), session.Session(node, number, down, up, True)


def cause(function, *args):
    with pytest.raises(errors.ProtocolError) as caught:
        function(*args)
    return caught.value.cause


class ModelWindow:
    """Remembers everything, in the plainest way."""

    def __init__(self, size):
        self.size, self.seen = size, set()

    def accepts(self, counter):
        return counter not in self.seen and (not self.seen or counter > max(self.seen) - self.size)


@given(st.sampled_from([24, 64]), st.lists(st.integers(0, 150) | st.sampled_from([10_000, 10_001, 0xFFFFFE])))
def test_window_is_what_the_model_is(size, counters):
    window, model = session.Window(size), ModelWindow(size)
    for counter in counters:
        if model.accepts(counter):
            window.check(counter)
            window.mark(counter)
            model.seen.add(counter)
        else:
            assert cause(window.check, counter) == "replayed"
    assert window._seen < 1 << size


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 255), st.binary(max_size=frame.MAX_BODY)), max_size=8))
def test_both_directions_round_trip(frames):
    node, hub = pair()
    for up, type_, body in frames:
        sender, receiver = (node, hub) if up else (hub, node)
        data = sender.seal(type_, body, frame.WANT_ACK)
        header, opened = receiver.open(data)
        assert (header.type, opened, header.counter) == (type_, body, sender.counter - 1)
        assert cause(receiver.open, data) == "replayed"
        assert cause(sender.open, data) == "reflected"


@given(st.binary(max_size=60), st.data())
def test_one_changed_bit_is_rejected_and_changes_nothing(body, data):
    node, hub = pair()
    sealed = node.seal(0x80, body)
    bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
    wrong = bytearray(sealed)
    wrong[bit // 8] ^= 1 << bit % 8
    assert cause(hub.open, bytes(wrong)) in ("bad_tag", "bad_version", "malformed", "not_ours", "reflected")
    assert hub.window.top == -1
    assert hub.open(sealed)[1] == body


@given(st.binary(max_size=60), st.integers(0, 80))
def test_truncation_is_rejected(body, cut):
    node, hub = pair()
    sealed = node.seal(0x80, body)
    assert cause(hub.open, sealed[: max(0, len(sealed) - 1 - cut)]) in ("bad_tag", "truncated")
    assert cause(hub.open, sealed + bytes(1 + cut)) == "bad_tag"


def test_late_frames_inside_the_window_are_taken_once():
    node, hub = pair()
    sent = [node.seal(0x80, bytes([i])) for i in range(70)]
    hub.open(sent[69])
    assert cause(hub.open, sent[5]) == "replayed"
    assert [hub.open(sent[i])[1][0] for i in range(68, 5, -1)] == list(range(68, 5, -1))


def test_node_remembers_24():
    node, hub = pair()
    sent = [hub.seal(0x11, b"") for _ in range(30)]
    node.open(sent[29])
    node.open(sent[6])
    assert cause(node.open, sent[5]) == "replayed"


def test_frames_of_another_node_session_or_key():
    sealed = pair()[0].seal(0x80, b"x")
    assert cause(pair(node=8)[1].open, sealed) == "not_ours"
    assert cause(pair(number=8)[1].open, sealed) == "not_ours"
    other = session.Session(7, 9, bytes(16), bytes(16), True)
    assert cause(other.open, sealed) == "bad_tag"


def test_a_worn_session_says_so_and_an_exhausted_one_stops():
    node, hub = pair()
    assert not node.worn
    node.counter = 0xEFFFFF
    hub.open(node.seal(0x80, b""))
    assert node.worn and not hub.worn
    hub.open(node.seal(0x80, b""))
    assert hub.worn
    node.counter = 0xFFFFFE
    hub.open(node.seal(0x80, b""))
    assert cause(node.seal, 0x80, b"") == "exhausted"


def test_a_body_that_is_too_long_is_refused_before_it_is_sent():
    node, _ = pair()
    assert cause(node.seal, 0x80, bytes(frame.MAX_BODY + 1)) == "out_of_range"
    assert node.counter == 0


def test_nonces_differ_with_each_part():
    base = (bytes(16), 1, 2, K)
    others = [(bytes(15) + b"\1", 1, 2, K), (bytes(16), 2, 2, K), (bytes(16), 1, 3, K), (bytes(16), 1, 2, bytes(16))]
    assert len({session.hello_nonce(*args) for args in [base, *others]}) == 5


@given(st.binary(max_size=40), st.binary(max_size=40))
def test_same(a, b):
    assert crypt.same(a, b) == (a == b) and crypt.same(a, bytes(a))


HELLO = handshake.Hello(1, 1, 0xDEADBEEF, 3, 1, 77, 1, 300, NN, [(8, b"123456")])
ACK = handshake.HelloAck(1, 5, 6, NH, [])


@given(st.data())
def test_hello_and_hello_ack_reject_every_changed_bit(data):
    mac = session.mac_key(K)
    for sealed, opened in (
        (handshake.hello_frame(mac, 7, HELLO), lambda wrong: handshake.open_hello(mac, wrong)),
        (handshake.hello_ack_frame(mac, 7, 9, ACK, NN), lambda wrong: handshake.open_hello_ack(mac, wrong, NN)),
    ):
        wrong = bytearray(sealed)
        bit = data.draw(st.integers(0, 8 * len(sealed) - 1))
        wrong[bit // 8] ^= 1 << bit % 8
        assert cause(opened, bytes(wrong)) in ("bad_tag", "bad_version", "malformed")
        assert cause(opened, sealed[: data.draw(st.integers(0, len(sealed) - 1))]) in ("bad_tag", "truncated")


def test_a_hello_is_not_an_answer_and_an_answer_is_not_a_hello():
    mac = session.mac_key(K)
    assert cause(handshake.open_hello_ack, mac, handshake.hello_frame(mac, 7, HELLO), NN) == "malformed"
    assert cause(handshake.open_hello, mac, handshake.hello_ack_frame(mac, 7, 9, ACK, NN)) == "malformed"


def test_an_answer_belongs_to_one_hello():
    mac = session.mac_key(K)
    assert cause(handshake.open_hello_ack, mac, handshake.hello_ack_frame(mac, 7, 9, ACK, NN), NH) == "bad_tag"
