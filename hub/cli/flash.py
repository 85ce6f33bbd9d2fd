"""`nhavuon flash`: a board out of the box becomes a tested node. Here are its options; the run is in flash_run.py."""

import sys
from pathlib import Path

import click

from flash_tools.words import LANGUAGES

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("flash")
@click.option("--port", help="Any pyserial port: COM5, /dev/ttyUSB0, rfc2217://…, socket://…. Default: found.")
@click.option("--board", help="A board of `nhavuon boards`, or a board file.")
@click.option("--name", help="The node's name.")
@click.option("--zone", help="Its zone; made if it does not exist yet.")
@click.option("--kind", default="other", show_default=True, help="Kind of a zone that is made.")
@click.option("--number", type=click.IntRange(1, 0xFFFE), help="A node of the list, or the number of a new one.")
@click.option("--replace", "dead", type=click.IntRange(1, 0xFFFE), help="Take the place of this node: new key.")
@click.option("--hub", help="The hub's address, ADDRESS or ADDRESS:PORT. Default: this PC.")
@click.option("--wifi-file", type=FILE, help="Lines: Wi-Fi name, password, name, password, …")
@click.option("--no-wifi", is_flag=True, help="Do not ask for a Wi-Fi; a board that has one keeps it.")
@click.option("--firmware", type=FILE, help="A MicroPython image (.bin).")
@click.option("--bundle", type=FOLDER, help="A folder with MicroPython images, for work without internet.")
@click.option("--fill-bundle", type=FOLDER, help="Fetch the images of all chips into this folder, and end.")
@click.option("--sha256", help="The SHA-256 that the image must have.")
@click.option("--keep-micropython", is_flag=True, help="The board runs MicroPython 1.23 or newer: only install.")
@click.option("--erase", is_flag=True, help="Erase everything first, also a known node.")
@click.option("--via", type=click.Choice(["mpremote", "ampy"]), default="mpremote", show_default=True)
@click.option("--before", default="default-reset", show_default=True, help="As esptool's: default-reset, no-reset, …")
@click.option("--after", default="hard-reset", show_default=True, help="As esptool's: hard-reset, no-reset, …")
@click.option("--baud", type=int, help="Speed of the flashing. Default: 460800 on a port of this PC.")
@click.option("--no-stub", is_flag=True, help="Without esptool's helper program in the chip: slower.")
@click.option("--check/--no-check", default=True, help="Check the node at the end.")
@click.option("--questions/--no-questions", default=True, help="Let the check ask you to look and listen.")
@click.option("--cards", type=FOLDER, help="Where the card (PDF) goes.")
@click.option("--batch", is_flag=True, help="One board after the other.")
@click.option("--yes", is_flag=True, help="Take every proposal; erase without asking.")
@click.option("--image", type=click.Path(dir_okay=False, path_type=Path), help="Only make the one-file rescue image.")
@click.option("--data", type=FOLDER, help="The hub's data folder.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="vi", show_default=True)
def command(**given: object) -> None:
    """Make a board a node: MicroPython, the node software, name and key, check, card."""
    from hub.cli.flash_run import run  # esptool and mpremote are installed when this command is first used

    sys.exit(run(given))
