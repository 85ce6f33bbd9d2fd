"""`nhavuon node`: add, list, rename and retire nodes. The hub is the truth for names and zones."""

import json
import os
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Column, Table

from hub.cli.places import data_folder
from hub.fleet import Fleet, Node
from hub.store import Store
from hub.updates.inventory import PROVEN, kept
from hub.web.words import Words

DATA = click.option(
    "--data", type=click.Path(file_okay=False, path_type=Path), default=None, help="The hub's data folder."
)


@click.group("node")
def command() -> None:
    """Add, list, rename or retire nodes."""


@command.command("list")
@DATA
@click.option("--all", "everything", is_flag=True, help="Retired ones too.")
@click.option("--json", "as_json", is_flag=True, help="Print the list for machines.")
def list_nodes(data: Path | None, everything: bool, as_json: bool) -> None:
    """Show the nodes with what they run. Keys are never shown.

    All of it is what the hub has stored: `last stored` is the newest greeting or record; the page knows the second.
    """
    store = Store(data or data_folder())
    try:
        found = _listed(store, everything)
        now_s = store.clock.wall()
    finally:
        store.close()
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    whole = [Column(title, no_wrap=True) for title in ("MAC", "version", "last stored")]
    table = Table("number", "name", "zone", *whole, *(["state"] if everything else []), box=None, pad_edge=False)
    for row in found:
        ago = "never" if row["stored_s"] is None else Words("en").ago(now_s - row["stored_s"])
        state = ["retired" if row["retired"] else "in use"] if everything else []
        table.add_row(
            str(row["number"]), row["name"], row["zone"] or "–", row["mac"] or "–", _version(row), ago, *state
        )
    Console().print(table)


def _version(row: dict[str, Any]) -> str:
    """What it runs: "0.2.0", and how that stands where it is not as it should be."""
    odd = row["image_state"] not in ("", PROVEN)
    return f"{row['version']} {row['image_state'].replace('_', ' ')}" if odd else row["version"] or "–"


def _listed(store: Store, everything: bool) -> list[dict[str, Any]]:
    """The rows of the list. `image_state`: see hub.updates.inventory.Running; "" also for a node that never greeted.
    stored_s in unix seconds.
    """
    fleet, running = Fleet(store), kept(store)
    zones = {zone.id: zone.name for zone in fleet.zones()}

    def row(node: Node) -> dict[str, Any]:
        word = running.get(node.number)
        times = [word.told_s if word else None, store.timeline(node.number).end_s]
        return {
            "number": node.number,
            "name": node.name,
            "zone": zones.get(node.zone_id or 0, ""),
            "mac": node.mac or "",
            "version": word.version if word else "",
            "image": word.image if word else "",
            "image_state": word.image_state if word else "",
            "stored_s": max((at_s for at_s in times if at_s is not None), default=None),
            "retired": node.retired_s is not None,
        }

    return [row(node) for node in fleet.nodes(include_retired=everything)]


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
