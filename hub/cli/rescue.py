"""`nhavuon rescue`: a board that does not work any more is saved, written anew, and gets its data back."""

import sys
from pathlib import Path
from typing import Any

import click

from flash_tools.words import LANGUAGES, say
from hub.cli.places import data_folder

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
NOT_ASKED = {  # options of `nhavuon flash` that a rescue has not
    **dict.fromkeys(("dead", "fill_bundle", "cards", "image")),
    **dict.fromkeys(("keep_micropython", "erase", "batch"), False),
    "kind": "other",
}


@click.command("rescue")
@click.option("--port", help="Any pyserial port: COM5, /dev/ttyUSB0, rfc2217://…, socket://…. Default: found.")
@click.option("--board", help="A board of `nhavuon boards`, or a board file.")
@click.option(
    "--number", type=click.IntRange(1, 0xFFFE), help="Which node it is, when the hub does not know the board."
)
@click.option("--name", help="The name of a node that the hub does not have.")
@click.option("--zone", help="Its zone.")
@click.option("--hub", help="The hub's address, ADDRESS or ADDRESS:PORT. Default: this PC.")
@click.option("--wifi-file", type=FILE, help="Lines: Wi-Fi name, password, …; for a board whose settings are lost.")
@click.option("--no-wifi", is_flag=True, help="Do not ask for a Wi-Fi; what was saved counts.")
@click.option("--firmware", type=FILE, help="A MicroPython image (.bin).")
@click.option("--bundle", type=FOLDER, help="A folder with MicroPython images, for work without internet.")
@click.option("--sha256", help="The SHA-256 that the image must have.")
@click.option("--via", type=click.Choice(["mpremote", "ampy"]), default="mpremote", show_default=True)
@click.option("--before", default="default-reset", show_default=True, help="As esptool's: default-reset, no-reset, …")
@click.option("--after", default="hard-reset", show_default=True, help="As esptool's: hard-reset, no-reset, …")
@click.option("--baud", type=int, help="Speed of the flashing. Default: 460800 on a port of this PC.")
@click.option("--no-stub", is_flag=True, help="Without esptool's helper program in the chip: slower.")
@click.option("--check/--no-check", default=True, help="Check the node at the end.")
@click.option("--questions/--no-questions", default=True, help="Let the check ask you to look and listen.")
@click.option("--yes", is_flag=True, help="Take every proposal; erase without asking once the data are saved.")
@click.option("--data", type=FOLDER, help="The hub's data folder.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="vi", show_default=True)
def command(**given: Any) -> None:
    """Save what a board still holds, write it anew, put its data back."""
    from flash_tools.rescue import Rescue, Store  # esptool and mpremote are installed when this command is first used
    from hub.cli.flash_run import run

    store = Store((given["data"] or data_folder()) / "rescue")
    click.echo(say(given["lang"], "rescue.begin"))
    sys.exit(run({**NOT_ASKED, **given}, lambda options, desk, screen: Rescue(options, desk, screen, store)))
