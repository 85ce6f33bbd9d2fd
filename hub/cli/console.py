"""`nhavuon console`: the REPL of a board on the USB cable, to look inside. Control pauses meanwhile."""

import sys

import click

from flash_tools.words import LANGUAGES, say
from hub.cli.board_options import ResetChoice


def _may(lang: str) -> bool:
    from flash_tools.check.asking import YES

    answer: str = click.prompt(
        f"{say(lang, 'console.ask')} {say(lang, 'yes_no')}", "", prompt_suffix=" ", show_default=False
    )
    return answer.strip().lower()[:1] in YES


@click.command("console")
@click.option("--port", help="Any pyserial port: COM5, /dev/ttyUSB0, rfc2217://…, socket://…. Default: found.")
@click.option("--before", type=ResetChoice(["default-reset", "no-reset"]), default="default-reset", show_default=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="vi", show_default=True)
def command(port: str | None, before: str, yes: bool, lang: str) -> None:
    """Talk to the board itself. The node does not control until you leave (Ctrl-]); then the board restarts."""
    from flash_tools import console, ports  # installed when this command is first used
    from flash_tools.errors import FlashError
    from flash_tools.repl import Repl

    click.echo(say(lang, "console.warn"))
    if not yes and not _may(lang):
        return
    try:
        found = port or ports.find(click.echo, lang).device
        repl = Repl.open(found, before=before, say=click.echo, lang=lang)
        try:
            click.echo(say(lang, "console.open", port=found, minutes=console.LONGEST_MIN))
            console.converse(repl, say(lang, "console.soft"))
            console.end(repl)
        finally:
            repl.close()
    except FlashError as error:
        click.echo(f"\n✗ {error.cause(lang)}\n  {say(lang, 'next')} {error.action(lang)}", err=True)
        sys.exit(2)
    click.echo("\n" + say(lang, "console.end"))
