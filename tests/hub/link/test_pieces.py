"""Pieces: a long text reaches a node whole through loss, doubles and restarts, or its owner hears that it did not."""

import random
import threading

import pytest

from hub.link import pieces as p
from hub.link.pieces import CHUNK, GIVE_UP_S, Pieces, hash8
from shared_protocol import maintenance as m
from shared_protocol import registry as g
from shared_protocol.maintenance import RecipeAck
from shared_protocol.messages import Nak, encode_nak
from tests.hub.farm import Farm
from tests.support.fakes import FakeClock

TEXT = bytes(i * 7 % 251 for i in range(1500))  # four pieces
STEP_S = 0.05


class Node:
    """The node's half: collects pieces as firmware/node/upkeep.py does, over a path that loses and delays."""

    def __init__(self, clock: FakeClock, loss: float = 0.0, late: float = 0.0, seed: int = 1) -> None:
        self.clock, self.luck, self.loss, self.late = clock, random.Random(seed), loss, late
        self.pieces = Pieces(clock, self.send, threading.RLock())
        self.got: list[bytes] = []
        self.told: list[tuple[int, bytes, str]] = []
        self.waiting: list[tuple[float, int, RecipeAck]] = []  # answers on their way
        self.text: bytearray | None = None
        self.hash = b""
        self.connected = True
        self.last_code = g.RESULT_OK  # of the whole
        self.largest = 0

    def offer(self, text: bytes = TEXT, type: int = g.MSG_RECIPE) -> None:
        self.pieces.offer(1, type, text, lambda *told: self.told.append(told))

    def send(self, node: int, type: int, body: bytes) -> bool:
        if not self.connected:
            return False
        if self.luck.random() >= self.loss:
            recipe = type == g.MSG_RECIPE
            piece = m.decode_recipe(body) if recipe else m.decode_settings(body)
            self.largest = max(self.largest, len(body))
            kind = g.MSG_RECIPE_ACK if recipe else g.MSG_SETTINGS_ACK
            answer = RecipeAck(piece.hash, self.take(piece))
            if self.luck.random() >= self.loss:
                due = self.clock.monotonic() + self.luck.random() * self.late
                self.waiting.append((due, kind, answer))
        return True

    def take(self, piece: m.Recipe) -> int:
        if self.got and hash8(self.got[-1]) == piece.hash:
            return g.RESULT_OK  # in force already
        if piece.offset == 0:
            self.text, self.hash = bytearray(piece.chunk), piece.hash
        elif self.text is None or piece.hash != self.hash or piece.offset > len(self.text):
            return g.RESULT_BAD_OFFSET
        else:
            self.text[piece.offset :] = piece.chunk
        if len(self.text) < piece.total:
            return g.RESULT_OK
        whole, self.text = bytes(self.text), None
        if hash8(whole) != piece.hash:
            return g.RESULT_BAD_HASH
        if self.last_code == g.RESULT_OK:
            self.got.append(whole)
        return self.last_code

    def live(self, seconds: float) -> None:
        for _ in range(round(seconds / STEP_S)):
            self.clock.advance(STEP_S)
            now = self.clock.monotonic()
            due = [one for one in self.waiting if one[0] <= now]
            self.waiting = [one for one in self.waiting if one[0] > now]
            for _, kind, answer in due:
                self.pieces.answered(1, kind, answer)
            self.pieces.tick()


@pytest.fixture
def node() -> Node:
    return Node(FakeClock())


def test_a_text_arrives_whole_and_its_owner_hears_so(node: Node) -> None:
    node.offer()
    assert node.pieces.under_way(1, g.MSG_RECIPE) == (0, len(TEXT))
    node.live(1)
    assert node.got == [TEXT] and node.told == [(1, hash8(TEXT), "ok")]
    assert node.largest <= CHUNK + 14 and node.pieces.under_way(1, g.MSG_RECIPE) is None


@pytest.mark.parametrize("seed", range(25))
def test_done_is_never_said_before_the_node_has_it(seed: int) -> None:
    node = Node(FakeClock(), loss=0.3, late=2.5, seed=seed)
    node.offer()
    for _ in range(4000):
        node.live(STEP_S)
        if node.told:
            break
    assert node.told == [(1, hash8(TEXT), "ok")] and node.got and set(node.got) == {TEXT}


def test_silence_ends_and_is_told(node: Node) -> None:
    node.connected = False
    node.offer()
    node.live(GIVE_UP_S - 1)
    assert node.told == []
    node.live(2)
    assert node.told == [(1, hash8(TEXT), p.NO_ANSWER)] and node.pieces.under_way(1, g.MSG_RECIPE) is None


@pytest.mark.parametrize("code", [g.RESULT_MALFORMED, g.RESULT_FLASH, g.RESULT_NO_SPACE, g.RESULT_NOT_ALLOWED])
def test_what_the_node_says_of_the_whole_is_told_by_name(node: Node, code: int) -> None:
    node.last_code = code
    node.offer()
    node.live(5)
    assert node.told == [(1, hash8(TEXT), p.RESULTS[code])] and node.got == []


def test_a_node_that_restarts_gets_it_from_the_beginning(node: Node) -> None:
    node.offer()
    node.pieces.answered(1, g.MSG_RECIPE_ACK, RecipeAck(hash8(TEXT), g.RESULT_OK))
    assert node.pieces.under_way(1, g.MSG_RECIPE) == (CHUNK, len(TEXT))
    node.text, node.waiting = None, []
    node.pieces.session(1)
    assert node.pieces.under_way(1, g.MSG_RECIPE) == (0, len(TEXT))
    node.live(3)
    assert node.got == [TEXT]


def test_a_node_that_lost_its_place_is_not_asked_for_ever(node: Node) -> None:
    node.take = lambda piece: g.RESULT_BAD_OFFSET  # type: ignore[method-assign]
    node.offer()
    node.live(30)
    assert node.told == [(1, hash8(TEXT), "bad_offset")]


def test_a_newer_text_takes_the_place_and_the_older_is_not_heard_of(node: Node) -> None:
    node.connected = False
    node.offer(b"old" * 400)
    node.connected = True
    node.offer(b"new" * 400)
    node.live(2)
    assert node.got == [b"new" * 400] and [told[1] for told in node.told] == [hash8(b"new" * 400)]


def test_recipe_and_settings_go_one_after_the_other(node: Node) -> None:
    node.offer(TEXT)
    node.offer(b"{}" * 300, g.MSG_SETTINGS)
    node.live(2)
    assert node.got == [TEXT, b"{}" * 300] and [told[2] for told in node.told] == ["ok", "ok"]


def test_a_node_without_memory_just_then_is_tried_again(node: Node) -> None:
    node.last_code = g.RESULT_NO_SPACE
    node.offer()
    node.live(0.3)
    assert node.told == []
    node.last_code = g.RESULT_OK
    node.live(2)
    assert node.got == [TEXT] and [told[2] for told in node.told] == ["ok"]


def test_busy_means_later(node: Node) -> None:
    node.last_code = g.RESULT_BUSY
    node.offer(b"x")
    node.live(3)
    assert node.told == []
    node.last_code = g.RESULT_OK
    node.live(2)
    assert node.got == [b"x"]


def test_an_old_node_that_does_not_know_the_message_refuses_it(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    told: list[str] = []
    farm.hub.link.pieces.offer(1, g.MSG_RECIPE, TEXT, lambda _, __, code: told.append(code))
    body = m.encode_recipe_ack(RecipeAck(hash8(b"another"), g.RESULT_FLASH))
    farm.say(node.seal(g.MSG_RECIPE_ACK, body))
    assert told == []
    farm.say(node.seal(g.MSG_NAK, encode_nak(Nak(g.MSG_RECIPE, 1, g.RESULT_UNKNOWN_TYPE))))
    assert told == ["unknown_type"]


def test_over_the_link_with_sealed_frames(farm: Farm) -> None:
    node = farm.add()
    farm.greet(node)
    farm.carrier.sent.clear()
    told: list[str] = []
    farm.hub.link.pieces.offer(1, g.MSG_RECIPE, TEXT, lambda _, __, code: told.append(code))
    whole = b""
    while not told:
        (body,) = farm.sent(node, g.MSG_RECIPE)
        piece = m.decode_recipe(body)
        assert piece.offset == len(whole)
        whole += piece.chunk
        farm.hub.link.receive(
            node.seal(g.MSG_RECIPE_ACK, m.encode_recipe_ack(RecipeAck(piece.hash, g.RESULT_OK))), ("10.0.0.1", 4000)
        )
    assert whole == TEXT and told == ["ok"]
