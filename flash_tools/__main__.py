"""`python -m flash_tools BOARD FOLDER …`: the files of one board, to be copied onto it with mpremote."""

from ipaddress import IPv4Address
from pathlib import Path
from typing import TextIO

import click

from boards.board import BoardError, load
from flash_tools.errors import FlashError
from flash_tools.image import write_image


@click.command()
@click.argument("board")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--number", type=click.IntRange(1, 65534), required=True, help="The node's number.")
@click.option("--key-file", type=click.File("r"), required=True, help="The key as `nhavuon node export-key` wrote it.")
@click.option("--hub", required=True, help="The hub's address on the LAN, a number such as 192.168.1.10.")
@click.option("--udp", type=int, default=47470, show_default=True, help="The hub's UDP port.")
@click.option("--wifi", is_flag=True, help="Ask for the Wi-Fi's name and password.")
def main(board: str, folder: Path, number: int, key_file: TextIO, hub: str, udp: int, wifi: bool) -> None:
    """Write everything that lies on the flash of one BOARD (a name in boards/ or a file) into FOLDER."""
    try:
        wiring = load(board)
        key = bytes.fromhex(key_file.read().strip())
        settings = {**wiring.settings, "hub": [str(IPv4Address(hub)), udp], "wifi": _wifi() if wifi else []}
        slot = write_image(folder, wiring, number, key, settings)
    except (BoardError, FlashError, ValueError) as error:
        raise click.ClickException(str(error)) from None
    click.echo(
        f"{folder}: node {number} on {board}, slot of {slot.size} bytes. Copy it: mpremote cp -r {folder}/. : + reset"
    )
    click.echo(f"{folder} holds the key: delete it afterwards.")


def _wifi() -> list[list[str]]:
    name = click.prompt("Wi-Fi name")
    return [[name, click.prompt("Wi-Fi password", hide_input=True, default="", show_default=False)]]


if __name__ == "__main__":
    main()
