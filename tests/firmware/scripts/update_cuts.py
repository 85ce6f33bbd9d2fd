"""The power goes at flash operations of an update, in small: each case named by argv[1], more arguments behind it."""

import sys

import chip
import ramdisk
from chip import HARD_RESET, PWRON_RESET
from node import files, trial
from small_node import NEW, OLD, Hub, Node, again, contents, fresh, packed


def whole(disk, cut):
    """After any cut: a sound slot runs, the old one or the new, and the update ends when it is asked for again."""
    disk = again(disk)
    running, standing, _ = chip.start(PWRON_RESET)
    assert running == ("b" if standing == "ab0" else "a"), (cut, running, standing)
    assert contents("a", OLD), cut
    if running == "b":
        assert contents("b", NEW), cut
        return
    sys.path[0] = running
    hub = Hub()
    hub.part.go_on()
    hub.step()
    if hub.node.left is None:
        assert hub.update(), (cut, hub.node.sent[-1])
    assert contents("b", NEW) and contents("a", OLD) and files.read("slot") == b"ab0", cut


def cut_anywhere_in_an_update():
    """The power goes at operation `cut`, for every one of them."""
    cut = 0
    while True:
        disk = fresh()
        disk.operations = 0
        disk.cut_at = cut
        hub = Hub()
        try:
            done = hub.update()
        except OSError:
            done = False
        disk.cut_at = -1
        whole(disk, cut)
        ramdisk.umount()
        if done:
            break
        cut += 1
    assert cut > 200


class Board:
    """A node whose power goes at random operations of its flash; `random(n)` is the dice."""

    def __init__(self, random):
        self.random = random
        self.disk = fresh()
        self.cuts = 0
        self.running, self.standing = "a", "a"
        self.images = {"a": OLD}

    def threaten(self, most):
        """The power will go within so many operations, or not at all."""
        self.disk.operations = 0
        self.disk.cut_at = self.random(most) if self.random(4) else -1

    def start(self, cause, memory=None):
        """Start it, and again whenever the power goes while boot.py writes; a whole image runs."""
        self.disk = again(self.disk, self.running)
        self.threaten(8)
        self.running, self.standing, names = chip.start(cause, memory)
        if self.disk.cut_at >= 0 and self.disk.operations > self.disk.cut_at:
            self.cuts += 1
            self.disk.cut_at = -1
            return self.start(PWRON_RESET)
        self.disk.cut_at = -1
        sys.path[0] = self.running
        assert self.running in ("a", "b") and contents(self.running, self.images[self.running])
        return names

    def receive(self, hub):
        """The hub sends until the node has switched."""
        while self.standing[2:] != "0":
            hub.again()
            self.threaten(180)
            try:
                hub.part.go_on()
                done = hub.update()
            except OSError:
                done = False
            self.cuts += self.disk.cut_at >= 0 and self.disk.operations > self.disk.cut_at
            self.disk.cut_at = -1
            self.start(HARD_RESET if done else PWRON_RESET, b"NR\x06\x00\x00...." if done else None)

    def confirm(self):
        """5 healthy minutes, until they are written down."""
        while len(self.standing) != 1:
            node = Node()
            part = trial.Trial(node)
            node.ms = node.heard_ms = 600000
            self.threaten(6)
            try:
                part.step(node.ms)
            except OSError:
                self.cuts += 1
            self.disk.cut_at = -1
            self.start(PWRON_RESET)

    def fail(self):
        """Three bad ends of the trial."""
        for _ in range(3):
            self.start(HARD_RESET, b"NR\x06\x00\x00....S")


def many_updates():
    """argv: how many, seed. Each gets there however often the power goes; every fourth is broken and taken back."""
    count, state = int(sys.argv[2]), [int(sys.argv[3])]

    def random(most):
        state[0] = (state[0] * 1103515245 + 12345) & 0x7FFFFFFF
        return (state[0] >> 8) % most

    board = Board(random)
    for i in range(count):
        new = {"main.mpy": b"%d " % i * (1 + random(900)), "node/p.mpy": bytes([random(256)]) * random(6000)}
        new["node/" + "vwxyz"[random(5)] + ".mpy"] = b"z" * random(300)
        before = board.running
        board.images["b" if before == "a" else "a"] = new
        hub = Hub(packed(new), version=bytes([0, i >> 8, i & 255]))
        board.receive(hub)
        assert board.running != before and board.standing == before + board.running + "0"
        if random(4):
            board.confirm()
            assert board.running != before and board.standing == board.running
        else:
            board.fail()
            while board.standing[2:].isdigit():  # the power went before boot.py had counted
                board.start(HARD_RESET, b"NR\x06\x00\x00....S")
            assert board.running == before and board.standing == before + ("b" if before == "a" else "a") + "f"
    print(count, "updates,", board.cuts, "power cuts")
    assert board.cuts > count // 2


globals()[sys.argv[1]]()
print("ok")
