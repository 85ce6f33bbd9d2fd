"""`nhavuon rescue`: a board that does not work any more is saved, written anew, and gets its data back."""

import sys
from typing import Any

import click

from flash_tools.words import say
from hub.cli.board_options import FILE, board_options
from hub.cli.places import data_folder

NOT_ASKED = {  # options of `nhavuon flash` that a rescue has not
    **dict.fromkeys(("dead", "fill_bundle", "cards", "image")),
    **dict.fromkeys(("keep_micropython", "erase", "batch"), False),
    "kind": "other",
}


@click.command("rescue")
@click.option(
    "--number", type=click.IntRange(1, 0xFFFE), help="Which node it is, when the hub does not know the board."
)
@click.option("--name", help="The name of a node that the hub does not have.")
@click.option("--zone", help="Its zone.")
@click.option("--wifi-file", type=FILE, help="Lines: Wi-Fi name, password, …; for a board whose settings are lost.")
@click.option("--no-wifi", is_flag=True, help="Do not ask for a Wi-Fi; what was saved counts.")
@click.option("--yes", is_flag=True, help="Take every proposal; erase without asking once the data are saved.")
@board_options
def command(**given: Any) -> None:
    """Save what a board still holds, write it anew, put its data back."""
    from flash_tools.rescue import Rescue, Store  # esptool and mpremote are installed when this command is first used
    from hub.cli.flash_run import run

    store = Store((given["data"] or data_folder()) / "rescue")
    click.echo(say(given["lang"], "rescue.begin"))
    sys.exit(run({**NOT_ASKED, **given}, lambda options, desk, screen: Rescue(options, desk, screen, store)))
