"""What fits: a stock board's flash with two slots, an update on its way and the journal; what of the code is in RAM."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from littlefs import LittleFS

from boards.board import load
from flash_tools.image import PROJECT, SEAL, Application, boot_text, slot_bytes
from hub.benchmark.farm_signal import sets
from shared_protocol import maintenance
from shared_protocol import registry as g
from shared_protocol.block import encode_block
from tests.firmware.running import KEY, START_S, Starter, newer, sources
from tests.firmware.test_update import FAST, begin, transfer

BLOCK = 4096
STOCK = 512  # blocks: the 2 MB that an official image for a 4 MB board leaves to its file system
LOADED_BAR = 64 * 1024  # bytes of .mpy
GROWN = 1.4  # how much larger the application may become before this arithmetic must be done again
RARE = {
    "node.update",
    "node.unpack",
    "node.upkeep",
    "node.selftest",
    "node.trial",
    "node.image",
    "node.bench",
    "node.identity",
}
RARE |= {"shared_protocol.maintenance", "node.parse", "node.settings", "node.recipes", "node.slots"}
SPY = """
import sys
class Led:
    def __init__(self, *rest):
        self.due = 0
    def step(self, now):
        self.due = now + 30000
        print("loaded:", *sorted(sys.modules))
"""


def constant(path: str, name: str) -> int:
    """A constant of the firmware."""
    found = re.search(rf"^{name} = (?:const\()?(\d+)", (PROJECT / "firmware" / path).read_text("utf-8"), re.MULTILINE)
    assert found
    return int(found[1])


def segments(blocks: int) -> int:
    """How many journal segments a node makes on a file system of so many blocks (main.segments)."""
    room = (blocks * BLOCK - constant("main.py", "RESERVE")) // constant("main.py", "SEGMENT")
    return max(4, min(constant("main.py", "MOST_SEGMENTS"), room))


def grown(image: Application) -> Application:
    """Every file larger by as much as the application may still grow."""
    return Application.of(
        {path: data + bytes(int(len(data) * (GROWN - 1))) for path, data in image.files.items()}, (9, 9, 9)
    )


def flash_of_a_node(blocks: int, image: Application) -> Iterator[tuple[str, bytes]]:
    """(path, content) of all that may lie there at once, in the order in which it comes."""
    board = load("worm_house")
    yield "boot.py", boot_text((PROJECT / "firmware/boot.py").read_text("utf-8"), board).encode()
    for name in ("settings.a", "settings.b", "recipe.a", "recipe.b", "settings.b.tmp", "recipe.b.tmp", "board.json"):
        yield name, slot_bytes(1, {"x": "y" * 4000})
    for name in ("key", "slot", "stop", "trial", "boots", "ledger", "service", "journal/state", "journal/table"):
        yield name, bytes(900 if name in ("ledger", "journal/table") else 30)
    for path, data in [*image.files.items(), (SEAL, image.seal(KEY))]:
        yield "a/" + path, data
    for number in range(segments(blocks)):
        yield f"journal/{number:08}", bytes(constant("node/journal.py", "SEGMENT_BYTES"))
    yield "journal/open", bytes(6000)
    yield "update.img", bytes(55) + image.data
    for path, data in [*image.files.items(), (SEAL, image.seal(KEY))]:
        yield "b/" + path, data


@pytest.mark.parametrize("blocks", [STOCK, 384, 256])
def test_two_slots_an_update_and_a_full_journal_fit(blocks: int) -> None:
    """On a real littlefs, made as MicroPython makes it; with room to spare for copying a block that is written over."""
    image = grown(sources())
    assert len(image.data) <= constant("node/update.py", "MOST_BYTES")
    flash = LittleFS(
        block_size=BLOCK, block_count=blocks, read_size=32, prog_size=32, cache_size=128, lookahead_size=32
    )
    for path, data in flash_of_a_node(blocks, image):
        flash.makedirs(path.rpartition("/")[0] or "/", exist_ok=True)
        with flash.open(path, "wb") as file:
            file.write(data)
    assert blocks - flash.used_block_count >= 8, f"{flash.used_block_count} of {blocks} blocks"


def test_a_stock_board_keeps_more_than_a_week_of_sets_a_minute() -> None:
    """Six channels of the benchmark's signal, and an event for each quarter of an hour."""
    signal = list(sets(7 * 1440, seed=1))
    size = 0
    for first in range(0, len(signal), 60):
        rows = [(t, [a, h, s, o, a, h], states) for t, a, h, s, o, states in signal[first : first + 60]]
        size += 12 + len(encode_block(1, 1, rows))
    size += 7 * 96 * (12 + 20)
    assert segments(STOCK) == constant("main.py", "MOST_SEGMENTS")
    assert size * 4 < segments(STOCK) * (constant("node/journal.py", "SEGMENT_BYTES") - 700), "a month, by this signal"


def loaded(text: str) -> list[set[str]]:
    """The modules of ours that were in memory each time that the spy looked."""
    lines = [line.split()[1:] for line in text.splitlines() if line.startswith("loaded:")]
    return [
        {name for name in line if name == "main" or name.startswith(("node.", "shared_protocol."))} for line in lines
    ]


def size_of(modules: set[str]) -> int:
    files = sources().files
    paths = [name.replace(".", "/") for name in modules]
    return sum(len(files.get(path + ".mpy") or files[path + "/__init__.mpy"]) for path in paths)


@pytest.mark.parametrize("board", ["worm_house", "esp32_devkitc"])
def test_what_normal_running_loads_and_that_rare_work_leaves(start: Starter, board: str) -> None:
    """At most 64 KB of bytecode; check and update are there while they work, and a minute later they are not."""
    spying = newer({"node/led.py": SPY.encode()}, without="node/led.mpy")
    process, peer = start(board, second=spying, slot=b"b", speed=FAST, recipe=None)
    log = process.log()
    assert peer.run(START_S, lambda: len(loaded(log.read_text("utf-8"))) > 3)
    normal = loaded(log.read_text("utf-8"))[-1]
    assert not normal & RARE and "node.led" in normal
    print(board, "loads", size_of(normal), "bytes of .mpy")
    assert size_of(normal) <= LOADED_BAR
    transfer(peer, newer(version="0.3.0"), 4000)
    peer.send(g.MSG_CHECK, maintenance.encode_check(maintenance.Check(b"test")))
    assert peer.run(START_S, lambda: {"node.update", "node.selftest"} <= loaded(log.read_text("utf-8"))[-1])
    assert peer.run(START_S, lambda: loaded(log.read_text("utf-8"))[-1] == normal), "all of it left"
    assert begin(peer, newer(version="0.3.0")).next_offset >= 4000, "what came before it left is on flash"
