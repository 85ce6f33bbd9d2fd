"""A row of the fault suite's table: what a test in tests/faults injected, and what became of it.

Tests get it as the fixture `table`; the lines go to the file that NHAVUON_FAULTS_TABLE names, for `nhavuon faults`.
"""

import json
import os
from pathlib import Path

from tests.support.oracle import Verdict

FILE = "NHAVUON_FAULTS_TABLE"


class Row:
    """What one test says of its row. `safe` needs the oracle's word and every delay within its bound."""

    def __init__(self, number: int, test: str) -> None:
        self.number, self.test = number, test
        self.injections = 0
        self.worst_s = 0.0
        self.bound_s = 0.0
        self.problems: list[str] = []
        self.notes: list[str] = []

    def injected(self, count: int = 1) -> None:
        """So many faults were injected."""
        self.injections += count

    def judged(self, verdict: Verdict) -> None:
        """Take the oracle's verdict over a board."""
        self.worst_s = max(self.worst_s, verdict.worst_s)
        self.problems += verdict.problems

    def late(self, what: str, seconds: float, bound_s: float) -> None:
        """Something took so long (or was overshot by so much), and may take `bound_s`."""
        if seconds >= self.worst_s:
            self.worst_s, self.bound_s = seconds, bound_s
        if seconds > bound_s:
            self.problems.append(f"{what}: {seconds:.1f} s, allowed {bound_s:g} s")

    def tell(self, note: str) -> None:
        """What happened, in a few words."""
        self.notes.append(note)

    def check(self) -> None:
        """The test's last word: AssertionError when anything was not safe."""
        assert not self.problems, "; ".join(self.problems)

    def write(self, passed: bool) -> None:
        """Append the row to the table's file, if somebody wants it."""
        path = os.environ.get(FILE)
        if not path:
            return
        line = {
            "number": self.number,
            "test": self.test,
            "injections": self.injections,
            "safe": passed and not self.problems,
            "worst_s": round(self.worst_s, 1) if self.worst_s < float("inf") else None,
            "bound_s": self.bound_s,
            "note": "; ".join(self.problems or self.notes),
        }
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
