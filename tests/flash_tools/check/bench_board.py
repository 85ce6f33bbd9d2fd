"""A simulated board that sits at its REPL, and a technician beside it: for the tests of the check, without a USB line.

The board's main.py reads one line of code after another from the process's input, as the REPL does after a raw soft
reset: boot.py has run, main has not.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from boards.board import Board, load
from boards.simulated.process import DEFAULT_SETTINGS, NodeProcess, SimulatedNode
from flash_tools import image

MAIN = """import sys
while True:
    line = sys.stdin.readline()
    if not line:
        break
    try:
        exec(line)
        print("=done")
    except Exception as error:
        sys.print_exception(error)
        print("=failed")
"""


class BoardFailed(Exception):
    """What the board's own exception printed."""


class BenchBoard(NodeProcess):
    """A board at its REPL: `run(code)` gives what it printed. One boot; a reset ends it."""

    def start(self) -> None:
        path = self.spec.write_spec()
        command, environment = self._how_to_run(path)
        self._process = subprocess.Popen(
            command, env=environment, cwd=self.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None
        )

    def kill(self) -> None:
        super().kill()
        process = self._process
        if process is not None and process.stdin is not None and process.stdout is not None:
            process.stdin.close()
            process.stdout.close()

    def run(self, code: str, timeout_s: float = 30.0) -> str:
        process = self._process
        assert process is not None and process.stdin is not None and process.stdout is not None
        process.stdin.write(f"exec({code!r})\n".encode())
        process.stdin.flush()
        lines: list[str] = []
        for raw in process.stdout:
            line = raw.decode("utf-8")
            if line == "=done\n":
                return "".join(lines)
            if line == "=failed\n":
                raise BoardFailed("".join(lines))
            lines.append(line)
        raise BoardFailed("".join(lines) + "the board ended")


def make(folder: Path, board: str | Path, key: bytes, hub: tuple[str, int], **options: Any) -> BenchBoard:
    """A bench board whose flash holds the firmware and what a technician provisions."""
    node = SimulatedNode(folder / "board", 7, key, hub, str(board), virtual=True, **options)
    wiring = load(str(board))
    target = folder / "image"
    settings = {**DEFAULT_SETTINGS, **wiring.settings, "hub": list(hub), **node.settings}
    image.write_image(target, wiring, 7, key, settings, True, node.provisioned(wiring))
    (target / "main.py").write_text(MAIN, "utf-8")
    return BenchBoard(SimulatedNode(**{**vars(node), "image": target}))


def begin(bench: BenchBoard, faults: Mapping[str, Any]) -> BenchBoard:
    """Start it with these faults from the first moment."""
    bench.folder.mkdir(parents=True, exist_ok=True)
    bench.set_faults(witness=True, **faults)
    bench.start()
    return bench


class Technician:
    """Answers what the simulated world shows: hears a click when an armature moved, sees the lamp when it was lit,
    lays a hand around the sensor that is really at a place, presses what it is asked to press.
    """

    def __init__(self, set_faults: Callable[..., None], folder: Path, board: str | Path) -> None:
        """`set_faults` changes the board's world; in `folder` the simulator keeps what can be heard and seen."""
        self._set_faults = set_faults
        self._folder = folder
        self._board: Board = load(board)
        self._seen = 0
        self._held: dict[str, Any] = {}
        self._turn = 1
        self.asked: list[str] = []

    def __call__(self, question: str, **params: Any) -> bool:
        self.asked.append(question)
        self._release()
        answer: Callable[..., bool] = getattr(self, f"_{question}")
        return answer(**params)

    def _look(self) -> list[dict[str, Any]]:
        """What happened since the last look."""
        path = self._folder / "noticed.jsonl"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        new, self._seen = lines[self._seen :], len(lines)
        return [json.loads(line) for line in new]

    def _hold(self, **faults: Any) -> None:
        self._held.update(faults)
        self._turn += 1  # no two files of the same second are of one size: the simulator would not see the second
        self._set_faults(witness="!" * self._turn, **faults)
        time.sleep(0.3)  # until the simulator has looked at them

    def _release(self) -> None:
        """Let go of what was held for the question before."""
        if self._held:
            self._hold(**dict.fromkeys(self._held))
            self._held = {}

    def _machines_may_run(self, names: str) -> bool:
        self._look()
        return True

    def _click(self, which: int, name: str) -> bool:
        pin = next(actuator.pin for actuator in self._board.actuators if actuator.id == which)
        return {"what": "click", "pin": pin} in [{"what": n["what"], "pin": n["pin"]} for n in self._look()]

    def _led(self) -> bool:
        return sum(n["what"] == "led" for n in self._look()) >= 4

    def _press_button(self) -> bool:
        self._hold(**{f"pin:{self._board.button}": 0})
        return True

    def _press_stop(self) -> bool:
        self._hold(**{f"pin:{self._board.stop_pin}": 1})
        return True

    def _hand(self, which: int, place: str) -> bool:
        self._hold(hand=place)
        return True
