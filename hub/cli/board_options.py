"""The options that `nhavuon flash` and `nhavuon rescue` share: which board, what is written to it, and how."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from flash_tools.words import LANGUAGES

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
BEFORE = ("default-reset", "usb-reset", "no-reset", "no-reset-no-sync")
AFTER = ("hard-reset", "soft-reset", "no-reset", "no-reset-stub", "watchdog-reset")


class ResetChoice(click.Choice[str]):
    """One of esptool's words for a reset; its older spelling with underscores too."""

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(super().convert(value.replace("_", "-"), param, ctx))


SHARED = (
    click.option("--port", help="Any pyserial port: COM5, /dev/ttyUSB0, rfc2217://…, socket://…. Default: found."),
    click.option("--board", help="A board of `nhavuon boards`, or a board file."),
    click.option("--hub", help="The hub's address, ADDRESS or ADDRESS:PORT. Default: this PC."),
    click.option("--firmware", type=FILE, help="A MicroPython image (.bin)."),
    click.option("--bundle", type=FOLDER, help="A folder with MicroPython images, for work without internet."),
    click.option("--sha256", help="The SHA-256 that the image must have."),
    click.option("--via", type=click.Choice(["mpremote", "ampy"]), default="mpremote", show_default=True),
    click.option("--before", type=ResetChoice(BEFORE), default=BEFORE[0], show_default=True, help="As esptool's."),
    click.option("--after", type=ResetChoice(AFTER), default=AFTER[0], show_default=True, help="As esptool's."),
    click.option("--baud", type=int, help="Speed of the flashing. Default: 460800 on a port of this PC."),
    click.option("--no-stub", is_flag=True, help="Without esptool's helper program in the chip: slower."),
    click.option("--check/--no-check", default=True, help="Check the node at the end."),
    click.option("--questions/--no-questions", default=True, help="Let the check ask you to look and listen."),
    click.option("--data", type=FOLDER, help="The hub's data folder."),
    click.option("--lang", type=click.Choice(LANGUAGES), default="vi", show_default=True),
)


def board_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """A command with these options, after its own."""
    for option in reversed(SHARED):
        command = option(command)
    return command
