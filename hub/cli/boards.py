"""`nhavuon boards`: which boards there are, which wire goes to which pin, and what is wrong in a board file."""

from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from boards.board import FOLDER, BoardError, load, names
from boards.show import shown

LANGUAGE = click.option(
    "--lang", "language", type=click.Choice(["vi", "en"]), default="vi", show_default=True, help="Language."
)


@click.group("boards")
def command() -> None:
    """The board files: list them, draw one, check one."""


@command.command("list")
@LANGUAGE
@click.option("--all", "everything", is_flag=True, help="Those of the simulator too.")
def list_boards(language: str, everything: bool) -> None:
    """List the boards that come with the project."""
    vi = language == "vi"
    table = Table(*(("tên", "chip", "bộ nhớ", "là gì") if vi else ("name", "chip", "flash", "what it is")))
    for name, path in names().items():
        if everything or path.parent == FOLDER:
            board = load(name)
            table.add_row(name, board.chip.name, f"{board.flash_mb} MB", board.title[language])
    Console().print(table)


@command.command("show")
@LANGUAGE
@click.argument("name")
def show(language: str, name: str) -> None:
    """Draw a board (a name of `boards list`, or a file): which wire goes to which pin."""
    try:
        click.echo(shown(load(name), language))
    except BoardError as error:
        raise click.ClickException(str(error)) from None


@command.command("check")
@LANGUAGE
@click.argument("file", type=click.Path(path_type=Path))
def check(language: str, file: Path) -> None:
    """Say everything that is wrong in a board file. Exit code 1 when there is something."""
    try:
        board = load(file)
    except BoardError as error:
        for problem in error.problems:
            click.echo(f"✗ {problem}")
        count = len(error.problems)
        raise click.ClickException(
            f"{file}: {count} chỗ phải sửa." if language == "vi" else f"{file}: {count} to correct."
        ) from None
    click.echo(f"✓ {file}: {board.title[language]}")
