"""`nhavuon check`: tests one node. Here are its options; the run is in check_run.py."""

import sys
from pathlib import Path
from typing import Any

import click

from flash_tools.words import LANGUAGES
from hub.cli.board_options import ResetChoice


@click.command("check")
@click.option("--port", help="The board's USB port, or any pyserial URL; without it the port is found.")
@click.option("--node", help="A node's name or number: test it over the LAN by way of the running hub.")
@click.option("--hub", "address", help="The hub's page, HOST:PORT, with --node. Default: of this PC's hub.")
@click.option("--as", "person", help="With --node: your name on the hub.")
@click.option("--password-file", type=click.File("r"), help="With --node: a file with your password; - reads it here.")
@click.option("--before", type=ResetChoice(["default-reset", "no-reset"]), default="default-reset", show_default=True)
@click.option("--no-questions", is_flag=True, help="Ask nobody: what needs a person is NOT ASKED.")
@click.option(
    "--card", "card_file", type=click.Path(dir_okay=False, path_type=Path), help="Write the card to this PDF."
)
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The hub's data folder.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="vi", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the result for machines.")
def command(lang: str, as_json: bool, no_questions: bool, **options: Any) -> None:
    """Test a node: sensors, relays, button, LED, Wi-Fi, flash, clock, hub. Exit code 0 when nothing failed."""
    from hub.cli.check_run import run  # what USB needs is installed when a command first uses it

    sys.exit(run(lang, as_json, not no_questions, options))
