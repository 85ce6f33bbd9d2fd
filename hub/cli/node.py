"""`nhavuon node`: add, list, rename and retire nodes. The hub is the truth for names and zones."""

import os
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from hub.cli.places import data_folder
from hub.fleet import Fleet

DATA = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), default=None, help="The hub's data folder."
)


@click.group("node")
def command() -> None:
    """Add, list, rename or retire nodes."""


@command.command("list")
@DATA
@click.option("--all", "everything", is_flag=True, help="Retired ones too.")
def list_nodes(data: Path | None, everything: bool) -> None:
    """Show the nodes. Keys are never shown."""
    fleet = _fleet(data)
    table = Table("number", "name", "zone", "MAC", "state")
    for node in fleet.nodes(include_retired=everything):
        zone = fleet.zone(node.zone_id).name if node.zone_id is not None else "–"
        table.add_row(str(node.number), node.name, zone, node.mac or "–", "retired" if node.retired_s else "in use")
    Console().print(table)


@command.command("add")
@DATA
@click.argument("name")
@click.option("--zone", help="The zone's name; made if it does not exist yet.")
@click.option("--kind", default="other", show_default=True, help="Kind of a zone that is made.")
@click.option("--number", type=click.IntRange(1, 0xFFFE), help="Default: the next free one.")
def add(data: Path | None, name: str, zone: str | None, kind: str, number: int | None) -> None:
    """Add a node and make its key. The key stays in the hub; `export-key` writes it to a file."""
    fleet = _fleet(data)
    zone_id = None
    if zone:
        found = [z for z in fleet.zones() if z.name == zone]
        zone_id = (found[0] if found else fleet.add_zone(zone, kind)).id
    node = fleet.add(name, zone_id, number=number)
    click.echo(f"Node {node.number} “{node.name}” added. Next: nhavuon node export-key {node.number} FILE")


@command.command("rename")
@DATA
@click.argument("number", type=int)
@click.argument("name")
def rename(data: Path | None, number: int, name: str) -> None:
    """Give a node another name."""
    _fleet(data).rename(number, name)
    click.echo(f"Node {number} is now “{name}”.")


@command.command("retire")
@DATA
@click.argument("number", type=int)
@click.confirmation_option(prompt="The node's frames will be refused from now on; its records stay. Retire it?")
def retire(data: Path | None, number: int) -> None:
    """Refuse a node from now on. Its records stay."""
    _fleet(data).retire(number)
    click.echo(f"Node {number} retired.")


@command.command("export-key")
@DATA
@click.argument("number", type=int)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def export_key(data: Path | None, number: int, file: Path) -> None:
    """Write one node's 16-byte key to FILE as hex, readable by you alone. For provisioning over USB."""
    key = _fleet(data).key(number)
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise click.ClickException(f"{file} exists already; name a new file or delete it first.") from None
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(key.hex() + "\n")
    click.echo(f"The key of node {number} is in {file}. Delete the file after provisioning.")


def _fleet(data: Path | None) -> Fleet:
    return Fleet.open(data or data_folder())
