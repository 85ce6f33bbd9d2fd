"""`nhavuon flash`: a board out of the box becomes a tested node. Here are its options; the run is in flash_run.py."""

import sys
from pathlib import Path

import click

from hub.cli.board_options import FILE, FOLDER, board_options


@click.command("flash")
@click.option("--name", help="The node's name.")
@click.option("--zone", help="Its zone; made if it does not exist yet.")
@click.option("--kind", default="other", show_default=True, help="Kind of a zone that is made.")
@click.option("--number", type=click.IntRange(1, 0xFFFE), help="A node of the list, or the number of a new one.")
@click.option("--replace", "dead", type=click.IntRange(1, 0xFFFE), help="Take the place of this node: new key.")
@click.option("--wifi-file", type=FILE, help="Lines: Wi-Fi name, password, name, password, …")
@click.option("--no-wifi", is_flag=True, help="Do not ask for a Wi-Fi; a board that has one keeps it.")
@click.option("--fill-bundle", type=FOLDER, help="Fetch the images of all chips into this folder, and end.")
@click.option("--keep-micropython", is_flag=True, help="The board runs MicroPython 1.23 or newer: only install.")
@click.option("--erase", is_flag=True, help="Erase everything first, also a known node.")
@click.option("--cards", type=FOLDER, help="Where the card (PDF) goes.")
@click.option("--batch", is_flag=True, help="One board after the other.")
@click.option("--yes", is_flag=True, help="Take every proposal; erase without asking.")
@click.option("--image", type=click.Path(dir_okay=False, path_type=Path), help="Only make the one-file rescue image.")
@board_options
def command(**given: object) -> None:
    """Make a board a node: MicroPython, the node software, name and key, check, card."""
    from hub.cli.flash_run import run  # esptool and mpremote are installed when this command is first used

    sys.exit(run(given))
