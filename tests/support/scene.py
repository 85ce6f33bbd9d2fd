"""Scenes: a board without a hub lives so long in virtual time, with scripted faults; then the oracle looks. For the
fault suite.

A day costs about five seconds. A scene can be continued: the same folder, a later end, another script.
"""

import json
import secrets
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from boards.board import names
from boards.simulated.peer import Peer
from boards.simulated.process import NodeProcess, SimulatedNode, last_ms
from shared_protocol import registry as g
from shared_protocol.messages import (
    Command,
    Result,
    Stop,
    StopClear,
    encode_command,
    encode_stop,
    encode_stop_clear,
)
from shared_protocol.record import Event, decode_event
from tests.support import oracle
from tests.support.farm import Farm
from tests.support.oracle import Oracle
from tests.support.table import Row

KEY = bytes(range(16))
NOBODY = ("127.0.0.1", 9)
ALONE: Mapping[str, Any] = {"wifi": "down"}
POWER, HARD, WATCHDOG, SOFT = 1, 2, 3, 5  # how machine.reset_cause() calls them
FLASH_BLOCKS = 192
PATIENCE_S = 240.0
LOOK_S = 0.03

Script = Sequence[tuple[float, Mapping[str, Any]]]
FAN, MISTER, PUMP, BUZZER = 1, 2, 3, 4


def recipe(*rules: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe document of these rules."""
    return {"name": "scene", "utc_offset_min": 420, "rules": [dict(rule) for rule in rules]}


def fan(**changes: Any) -> dict[str, Any]:
    """A fan that always wants to run, by the temperature; it fails ON."""
    hot = {"sensors": [1], "on_above": -300, "off_above": -300, "max_on_s": 600, "rest_s": 60, "fault": "on"}
    return {"actuator": FAN, **hot, **changes}


def mister(**changes: Any) -> dict[str, Any]:
    """A mister that always wants to run, by the humidity; it fails OFF."""
    dry = {"sensors": [2], "on_below": 1001, "off_below": 1001, "max_on_s": 600, "rest_s": 60, "fault": "off"}
    return {"actuator": MISTER, **dry, **changes}


@dataclass(frozen=True)
class Scene:
    """What became of a board: its folder, and the oracle over its pins up to the scene's end."""

    folder: Path
    oracle: Oracle
    died: bool  # the power went in the middle of a write (`cut_at`)

    @property
    def truth(self) -> list[dict[str, Any]]:
        """What the sensors gave out: {"t_ms", "boot", "channel", "value", "fault"?}."""
        return [line for line in truth(self.folder) if line["t_ms"] <= self.oracle.end_ms]

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text("utf-8")


def board_file(name: str) -> dict[str, Any]:
    """The board file of this name or at this path, as JSON."""
    found: dict[str, Any] = json.loads(names().get(name, Path(name)).read_text("utf-8"))
    return found


def machines(board: str, recipe: Mapping[str, Any] | None) -> dict[int, oracle.Machine]:
    """What the oracle must know of a board that runs this recipe (None: its own)."""
    return oracle.machines(board_file(board), recipe)


def spec(folder: Path, board: str = "worm_house_air", script: Script = (), **fields: Any) -> SimulatedNode:
    """A board that lives alone, as fast as the PC can."""
    alone = [(0, ALONE)] if fields.pop("alone", True) else []
    ordered = sorted([*alone, *script], key=lambda entry: entry[0])
    return SimulatedNode(
        folder=folder,
        node=1,
        key=KEY,
        hub=fields.pop("hub", NOBODY),
        board=board,
        virtual=fields.pop("virtual", True),
        flash_blocks=fields.pop("flash_blocks", FLASH_BLOCKS),
        script=tuple([list(entry) for entry in ordered]),
        **fields,
    )


def live(folder: Path, until_s: float, **fields: Any) -> Scene:
    """Let a board live until its own time is `until_s`, or its power goes at `cut_at`; fields: see `spec`."""
    may_die = fields.get("cut_at") is not None  # with the power, or of an I/O error inside littlefs itself
    made = spec(folder, **fields)
    process = NodeProcess(made)
    process.start()
    end = time.monotonic() + PATIENCE_S
    try:
        while process.alive() and max(last_ms(process.produced()), last_ms(process.trace())) < until_s * 1000:
            assert time.monotonic() < end, f"{process.log().read_text('utf-8')[-2000:]}"
            time.sleep(LOOK_S)
        died = not process.alive()
    finally:
        process.kill()
    assert may_die or not died, process.log().read_text("utf-8")[-2000:]
    return Scene(folder, look(folder, made.board, made.recipe, None if died else int(until_s * 1000)), died)


def look(folder: Path, board: str, recipe: Mapping[str, Any] | None, until_ms: int | None = None) -> Oracle:
    """The oracle over what a board's pins did so far."""
    return Oracle(machines(board, recipe), oracle.read_trace(folder / "trace.jsonl"), until_ms)


class Wired:
    """A board in virtual time with a small hub beside it (boards.simulated.peer) that can give orders."""

    def __init__(self, folder: Path, **fields: Any) -> None:
        self.peer = Peer(1, KEY)
        self.spec = spec(folder, alone=False, hub=self.peer.address, **fields)
        self.board = NodeProcess(self.spec)

    def __enter__(self) -> "Wired":
        self.board.start()
        try:
            self.until(lambda: self.peer.heard.now is not None, "the board reports")
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.board.kill()
        self.peer.close()

    def until(self, done: Callable[[], Any], what: str) -> None:
        """Wait for something; AssertionError when it never comes."""
        end = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < end, f"{what}\n{self.board.log().read_text('utf-8')[-2000:]}"
            time.sleep(LOOK_S / 10)

    def lives(self, seconds: float) -> None:
        """Wait until so much of the board's time has passed."""
        end_ms = self.now_ms + seconds * 1000
        self.until(lambda: self.now_ms >= end_ms, f"{seconds} s pass")

    def look(self) -> Oracle:
        """The oracle over the pins so far."""
        made = self.spec
        return look(made.folder, made.board, made.recipe, self.now_ms)

    @property
    def now_ms(self) -> int:
        """The board's time, as far as its logs tell."""
        return max(last_ms(self.board.produced()), last_ms(self.board.trace()))

    def order(self, actuator: int, state: int, seconds: int = 0, life_s: int = 100_000, id: bytes = b"") -> Result:
        """Send a COMMAND; the node's answer."""
        id = id or secrets.token_bytes(4)
        on_s, off_s = (seconds, 0) if state == g.STATE_ON else (0, seconds)
        deadline = self.peer.heard.now.uptime_s + life_s
        return self._ask(id, g.MSG_COMMAND, encode_command(Command(id, deadline, actuator, state, on_s, off_s)))

    def stop(self) -> Result:
        """Send a STOP; the node's answer."""
        id = secrets.token_bytes(4)
        return self._ask(id, g.MSG_STOP, encode_stop(Stop(id)))

    def clear(self) -> Result:
        """Send a STOP_CLEAR; the node's answer."""
        id, deadline = secrets.token_bytes(4), self.peer.heard.now.uptime_s + 100_000
        return self._ask(id, g.MSG_STOP_CLEAR, encode_stop_clear(StopClear(id, deadline)))

    def _ask(self, id: bytes, type: int, body: bytes) -> Result:
        """Send until answered, as the hub does: what is sent under a session that the node has left is lost."""
        before = len(self.peer.heard.results)
        end = time.monotonic() + PATIENCE_S
        while True:
            self.peer.send(type, body)
            time.sleep(LOOK_S)
            for result in self.peer.heard.results[before:]:
                if result.id == id:
                    return result
            assert time.monotonic() < end, f"no answer\n{self.board.log().read_text('utf-8')[-2000:]}"

    def events(self, code: int) -> list[Event]:
        """The journaled events of one code that arrived so far."""
        found = [decode_event(data) for kind, data in list(self.peer.heard.records.values()) if kind == g.RECORD_EVENT]
        return [event for event in found if event.code == code]


def finish(table: Row, farm: Farm, injected: int, note: str) -> None:
    """The last word of a test with a farm: so much was injected, and the oracle looks at every board."""
    table.injected(injected)
    for board in [*farm.boards.values(), *farm.extra]:
        table.judged(look(board.folder, board.spec.board, board.spec.recipe).judge())
    table.tell(note)
    table.check()


def truth(folder: Path) -> list[dict[str, Any]]:
    """The truth log of a board so far."""
    lines = (folder / "truth.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def copy(folder: Path, to: Path) -> Path:
    """A board with the same flash, memories and past, for another future."""
    shutil.copytree(folder, to)
    return to
