"""The fault suite's command: what it makes of the tests' lines, and that docs/safety.md says what it knows."""

import json
import re
from pathlib import Path

from click.testing import CliRunner

from hub.cli import faults
from hub.cli.faults import NOT_BUILT, TITLES, collect
from tests.support import table

ROOT = Path(__file__).resolve().parents[2]
KEYS = {"number", "title", "injections", "safe", "worst_s", "note"}


def part(number: int, safe: bool = True, worst_s: float | None = 1.0, note: str = "ok") -> str:
    return json.dumps(
        {"number": number, "test": "t", "injections": 2, "safe": safe, "worst_s": worst_s, "bound_s": 9, "note": note}
    )


def test_the_parts_of_a_row_are_joined() -> None:
    (row,) = collect([1], [part(1), part(1, worst_s=3.5, note="more"), part(2, safe=False)])
    assert row.as_json() == {
        "number": 1,
        "title": TITLES[1],
        "injections": 4,
        "safe": True,
        "worst_s": 3.5,
        "note": "ok; more",
    }


def test_one_unsafe_part_makes_the_row_unsafe_and_comes_first() -> None:
    (row,) = collect([1], [part(1), part(1, safe=False, note=""), part(1)])
    assert row.safe is False and row.notes[0] == "t failed"


def test_what_is_not_built_says_with_what_it_comes() -> None:
    rows = collect(TITLES, [])
    assert all(set(row.as_json()) == KEYS and row.safe is None for row in rows)
    assert {row.number for row in rows if "not built yet: comes with" in row.as_json()["note"]} == set(NOT_BUILT)


def test_rows_that_are_not_built_run_nothing_and_are_no_failure() -> None:
    done = CliRunner().invoke(faults.command, ["--json", "18", "19"])
    assert done.exit_code == 0, done.output
    assert [row["number"] for row in json.loads(done.stdout)] == [18, 19]


def test_every_row_is_built_or_says_that_it_is_not() -> None:
    built = {int(path.name[5:7]) for path in (ROOT / "tests/faults").glob("test_[0-9][0-9]_*.py")}
    assert built == set(TITLES) - set(NOT_BUILT) and set(TITLES) == set(range(1, 23))


def test_the_file_is_the_same_for_both() -> None:
    assert faults.FILE == table.FILE


def test_the_document_lists_the_rows_that_the_suite_knows() -> None:
    document = (ROOT / "docs/safety.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (built|not built) \| (.+) \|$", document, re.M)
    assert [(int(number), title) for number, title, _, _ in rows] == list(TITLES.items())
    assert {int(number) for number, _, state, _ in rows if state == "not built"} == set(NOT_BUILT)
    for number, _, state, text in rows:
        assert state == "built" or text.startswith(NOT_BUILT[int(number)].split(";")[0])
