"""Shows a Report on the terminal: a table of all rows, then what failed with its cause and next action. For the CLI."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flash_tools.check import words
from flash_tools.check.rows import FAIL, NOT_ASKED, PASS, Report, Row
from flash_tools.check.said import Said

COLOURS = {PASS: "green", FAIL: "bold red", NOT_ASKED: "yellow"}
HEAD = (Said("Mục", "What"), Said("Kết quả", "Result"), Said("Số đo", "Value"))
NEXT = Said("Làm gì", "Next")
SUMMARY = {
    PASS: Said("Mọi mục đều đạt.", "Everything passed."),
    NOT_ASKED: Said("Không mục nào hỏng; {count} mục chưa rõ.", "Nothing failed; {count} not known yet."),
    FAIL: Said("{count} mục hỏng.", "{count} failed."),
}


def show(console: Console, report: Report, language: str) -> None:
    """Print everything."""
    table = Table(*(column.of(language) for column in HEAD))
    for row in report:
        table.add_row(escape(row.name.of(language)), _result(row.result, language), escape(row.value.of(language)))
    console.print(table)
    for rows in _together((*report.failed, *report.not_asked)):
        _explain(console, rows, language)
    console.print(f"[{COLOURS[report.result]}]{summary(report).of(language)}[/]")


def summary(report: Report) -> Said:
    """One sentence on all of it."""
    count = len(report.failed) or len(report.not_asked)
    sentence = SUMMARY[report.result]
    return Said(sentence.vi.format(count=count), sentence.en.format(count=count))


def _result(result: str, language: str) -> str:
    return f"[{COLOURS[result]}]{words.result(result).of(language)}[/]"


def _together(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows of which the very same is to be said, in one."""
    said: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        said.setdefault((row.why("en"), row.action("en")), []).append(row)
    return iter(said.values())


def _explain(console: Console, rows: list[Row], language: str) -> None:
    row = rows[0]
    names = "; ".join(one.name.of(language) for one in rows)
    why = row.why(language)
    said = why[len(names) :] if why.startswith(names) else f": {why}"
    console.print(f"[{COLOURS[row.result]}]{escape(names)}[/]{escape(said)}", soft_wrap=True)
    console.print(f"  {NEXT.of(language)}: {escape(row.action(language))}", soft_wrap=True)
