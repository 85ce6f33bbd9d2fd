"""Upkeep with a node in small: recipes in pieces, refused, cut at every flash operation, failing to load."""

import hashlib
import json
import sys

import ramdisk
from node import recipes, slots, upkeep
from node.board import parse

from shared_protocol import maintenance as m
from shared_protocol import registry as g

BOARD = parse(
    {
        "channels": [{"id": 1, "kind": 1, "unit": 1, "scale": -1, "place": "", "driver": "dht22"}],
        "actuators": [{"id": 1, "kind": 1, "name": "Quạt", "pin": 25, "max_on_s": 1800, "rest_s": 60}],
    }
)


class Recorder:
    def __init__(self):
        self.events = []

    def event(self, code, fields):
        self.events.append((code, fields))


class Node:
    """What upkeep asks of main's Node. `fail` is raised by the adoptions that come next, in order."""

    def __init__(self):
        self.board = BOARD
        self.clock = self
        self.settings = self
        self.serial = 0
        self.recipe = recipes.load(BOARD)
        self.recorder = Recorder()
        self.fail = []
        self.taken = []

    def now(self):
        return 0

    def adopt_recipe(self, recipe):
        self.taken.append(recipe.name)
        if self.fail:
            raise self.fail.pop(0)
        self.recipe = recipe


class Link:
    def __init__(self):
        self.codes = []

    def send(self, type, body):
        assert type == g.MSG_RECIPE_ACK
        self.codes.append(m.decode_recipe_ack(body).code)


class Header:
    type = g.MSG_RECIPE


def text_of(name, on_above=285):
    rule = {"actuator": 1, "sensors": [1], "on_above": on_above, "off_above": 275, "fault": "on"}
    return json.dumps({"name": name, "rules": [rule], "utc_offset_min": 420}).encode()


def name_of(text):
    return hashlib.sha256(text).digest()[:8]


def send(part, text, name=None, order=None, size=60):
    """The codes that the pieces were answered with."""
    link = Link()
    for offset in order or range(0, len(text), size):
        piece = m.Recipe(name or name_of(text), offset, len(text), text[offset : offset + size])
        assert part.handle(link, Header, m.encode_recipe(piece))
    return link.codes


def born(name="cũ"):
    """(node, its upkeep) after a first recipe was taken."""
    node = Node()
    part = upkeep.Upkeep(node)
    if name:
        assert send(part, text_of(name))[-1] == g.RESULT_OK
    return node, part


def in_force(name):
    """The recipe that the next start finds."""
    found = recipes.load(BOARD)
    assert found.name == name, found.name
    return found


def taken_at_once_and_at_the_next_start():
    node, part = born()
    text = text_of("mới", 290)
    codes = send(part, text)
    assert len(codes) > 2 and codes == [g.RESULT_OK] * len(codes)
    assert node.recipe.name == "mới" and node.recipe.hash == name_of(text)
    assert node.recipe.rules[1].on_above == 290
    assert node.recorder.events[-1] == (g.EVENT_RECIPE, (name_of(text),))
    assert in_force("mới").hash == name_of(text)
    assert send(part, text) == codes and len(node.recorder.events) == 2  # the same again changes nothing


def lost_answers_and_wrong_order():
    node, part = born()
    text = text_of("mới")
    assert send(part, text, order=[0, 0, 60, 0, 60, 120, 120])[-1] == g.RESULT_OK
    assert node.recipe.name == "mới" and node.taken == ["cũ", "mới"]
    other = text_of("khác")
    assert send(part, other, order=[60]) == [g.RESULT_BAD_OFFSET]
    assert send(part, other, order=[0, 120]) == [g.RESULT_OK, g.RESULT_BAD_OFFSET]
    assert send(part, other)[-1] == g.RESULT_OK


def refused():
    node, part = born()
    cases = (
        (text_of("x"), b"12345678", g.RESULT_BAD_HASH),
        (b"{", None, g.RESULT_MALFORMED),
        (b'{"rules":5}', None, g.RESULT_MALFORMED),
        (b'{"rules":[{"actuator":9}]}', None, g.RESULT_MALFORMED),
        (b'{"rules":[{"actuator":1,"sensors":[7]}]}', None, g.RESULT_MALFORMED),
        (b'{"rules":[{"actuator":1,"colour":7}]}', None, g.RESULT_MALFORMED),
        (b'{"rules":[{"actuator":1,"fault":"duty"}]}', None, g.RESULT_MALFORMED),
        (b"\xff" * 80, None, g.RESULT_MALFORMED),
        (b" " * 4097, None, g.RESULT_NO_SPACE),
    )
    for text, name, code in cases:
        assert send(part, text, name, size=400)[-1] == code, (text, code)
        assert node.recipe.name == "cũ" and len(node.recorder.events) == 1
        in_force("cũ")


def failing_to_be_taken():
    """Whatever adopting raises, the last good one is back, in memory and on flash."""
    for error, code in ((MemoryError(), g.RESULT_NO_SPACE), (ValueError("rule"), g.RESULT_FAULT)):
        node, part = born()
        node.fail = [error]
        assert send(part, text_of("mới"))[-1] == code
        assert node.recipe.name == "cũ" and node.taken[-2:] == ["mới", "cũ"]
        assert in_force("cũ").serial == node.recipe.serial
        assert (g.EVENT_RECIPE, (name_of(text_of("mới")),)) not in node.recorder.events
    assert send(part, text_of("mới"))[-1] == g.RESULT_OK  # it may be tried again
    in_force("mới")


def failing_to_load():
    """No room for it at the next start, or content that a newer firmware refuses: the older slot."""
    node, part = born()
    whole = recipes.rule.load
    slots.store(recipes.NAME, b'{"name":"hong","rules":[{"actuator":1,"future":1}]}', node.recipe.serial)
    in_force("cũ")

    def short_of_memory(text, board):
        if b"hong" in text:
            raise MemoryError
        return whole(text, board)

    recipes.rule.load = short_of_memory
    in_force("cũ")
    recipes.rule.load = whole


def nothing_there():
    node = Node()
    assert node.recipe.serial == 0 and node.recipe.rules[1].on_above is None
    node.fail = [MemoryError()]
    assert send(upkeep.Upkeep(node), text_of("mới"))[-1] == g.RESULT_NO_SPACE
    in_force("")


def cut_at_every_flash_operation():
    for cut_at in range(60):
        ramdisk.umount()
        disk = ramdisk.RamDisk(16)
        ramdisk.mount(disk, fresh=True)
        node, part = born("đầu")
        assert send(part, text_of("cũ"))[-1] == g.RESULT_OK
        disk.operations = 0
        disk.cut_at = cut_at
        code = send(part, text_of("mới"))[-1]
        assert code in (g.RESULT_OK, g.RESULT_FLASH)
        assert node.recipe.name == ("mới" if code == g.RESULT_OK else "cũ")
        ramdisk.umount()
        ramdisk.mount(ramdisk.RamDisk(image=disk.data))
        found = recipes.load(BOARD).name
        assert found == "mới" if code == g.RESULT_OK else found in ("cũ", "mới"), (cut_at, found)
        if code == g.RESULT_OK:
            break
    assert 2 < cut_at < 59


ramdisk.mount(ramdisk.RamDisk(16), fresh=True)
globals()[sys.argv[1]]()
print("ok")
