"""`nhavuon faults`: the fault suite as a table – what was injected, what happened, safe or not.

Runs tests/faults; each test writes its part of a row into a file (tests/support/table.py). docs/safety.md explains it.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
FILE = "NHAVUON_FAULTS_TABLE"
WORKERS = "3"  # on two cores: many of the tests only wait

TITLES = {
    1: "hub or link lost while a relay is on",
    2: "sensor dead, dying, returning, flapping",
    3: "old value shown as fresh",
    4: "DHT locks up or lies",
    5: "hub away for a day",
    6: "relays pulse at boot or reset",
    7: "motor spike resets the board",
    8: "order delivered late or twice",
    9: "restart in mid-run",
    10: "clock unknown or wrong",
    11: "power cut corrupts flash or database",
    12: "mains flicker",
    13: "hub's address changes",
    14: "backlog lost, stuck or doubled",
    15: "on but nothing happens; machines fight",
    16: "update or restore fails",
    17: "cloned flash",
    18: "safety acts and nobody knows why; alarm flood",
    19: "vendor's server or internet down",
    20: "emergency stop",
    21: "hub goes back in time",
    22: "stranger on the Wi-Fi",
}
NOT_BUILT = {
    11: "comes with verified backups; power cuts at flash writes and kill -9 of the hub run in the tests already",
    18: "comes with alerts; every cause has its sentence already",
    19: "comes with the check of all pages without the internet",
}


@dataclass
class Row:
    """One line of the table. `safe` None = not built, or nothing ran; `worst_s`: see docs/safety.md."""

    number: int
    title: str
    injections: int = 0
    safe: bool | None = None
    worst_s: float | None = None
    bound_s: float = 0.0  # what the worst was allowed, 0 = no delay or overshoot at all
    notes: list[str] = field(default_factory=list)

    def add(self, part: dict[str, Any]) -> None:
        """Take what one test wrote; an unsafe part makes the row unsafe, and says why first."""
        self.injections += part["injections"]
        self.safe = self.safe is not False and part["safe"]
        if part["worst_s"] is not None and part["worst_s"] >= (self.worst_s or 0.0):
            self.worst_s, self.bound_s = part["worst_s"], part["bound_s"]
        if part["note"] or not part["safe"]:
            note = part["note"] or f"{part['test']} failed"
            self.notes.insert(0 if not part["safe"] else len(self.notes), note)

    def short(self) -> str:
        """One line: the first note, which is the worst one; the others are in the JSON."""
        first, *others = list(dict.fromkeys(self.notes)) or [""]
        return f"{first}, and {len(others)} more" if others and self.safe is not None else first

    def as_json(self) -> dict[str, Any]:
        names = ("number", "title", "injections", "safe", "worst_s")
        return {name: getattr(self, name) for name in names} | {"note": "; ".join(dict.fromkeys(self.notes))}


@click.command("faults")
@click.option("--json", "as_json", is_flag=True, help="Print the rows as a JSON list.")
@click.option("--deep", is_flag=True, help="Cut the power at every flash operation, and remove each guard in turn.")
@click.argument("numbers", nargs=-1, type=click.IntRange(1, 22))
def command(as_json: bool, deep: bool, numbers: tuple[int, ...]) -> None:
    """Inject what went wrong on real farms, and say of each row whether all stayed safe."""
    if not (ROOT / "tests").is_dir():
        raise click.ClickException(
            "The fault suite is in the project's folder, not in the installed package: clone it."
        )
    wanted = sorted(set(numbers) or TITLES)
    with tempfile.TemporaryDirectory() as folder:
        parts = Path(folder) / "parts.jsonl"
        code = _run(_files(wanted), deep and not numbers, deep, parts, to_stderr=as_json)
        rows = collect(wanted, parts.read_text("utf-8").splitlines() if parts.exists() else ())
    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=1))
    else:
        Console().print(_table(rows))
    if code or any(row.safe is False or (row.safe is None and row.number not in NOT_BUILT) for row in rows):
        sys.exit(1)


def _files(numbers: Iterable[int]) -> list[str]:
    found = [path for number in numbers for path in sorted((ROOT / "tests/faults").glob(f"test_{number:02}_*.py"))]
    return [str(path) for path in found]


def _run(files: list[str], mutations: bool, deep: bool, parts: Path, to_stderr: bool) -> int:
    """Run pytest on the files; its exit code, 0 when there was nothing to run."""
    if mutations:
        files = [*files, str(ROOT / "tests/faults/test_mutations.py")]
    if not files:
        return 0
    marks = [] if deep else ["-m", "not deep"]
    arguments = ["-q", "--no-header", "-n", WORKERS, "--dist", "worksteal", *marks, *files]
    env = {**os.environ, FILE: str(parts), "NHAVUON_TEST": "deep" if deep else "standard"}
    out = sys.stderr if to_stderr else None
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=env, stdout=out).returncode


def collect(numbers: Iterable[int], lines: Iterable[str]) -> list[Row]:
    """The rows of these numbers from what the tests wrote."""
    rows = {number: Row(number, TITLES[number]) for number in numbers}
    for line in lines:
        part = json.loads(line)
        if part["number"] in rows:
            rows[part["number"]].add(part)
    for number, row in rows.items():
        if number in NOT_BUILT:
            row.notes.insert(0, f"not built yet: {NOT_BUILT[number]}")
    return list(rows.values())


def _table(rows: Iterable[Row]) -> Table:
    table = Table("#", "fault", "injected", "safe", "worst", "what happened", title="fault suite")
    for row in rows:
        safe = {True: "[green]safe[/green]", False: "[red]UNSAFE[/red]", None: "–"}[row.safe]
        worst = "–" if row.worst_s is None else f"{row.worst_s:.1f} s of {row.bound_s:g} s" if row.worst_s else "0 s"
        injected = str(row.injections) if row.injections else "–"
        table.add_row(str(row.number), row.title, injected, safe, worst, row.short())
    return table
