"""`nhavuon benchmark`: figures measured side by side in one run; each measurement is a module of hub/benchmark."""

import importlib
import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

NAMES = ("wire", "store", "ingest", "page", "node", "control")


@click.command("benchmark")
@click.argument("name", type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--quick", is_flag=True, help="A smaller run, to see that it works.")
@click.option("--days", type=click.IntRange(1, 365), help="control: days of a season.")
@click.option("--seeds", type=click.IntRange(1, 64), help="control: how many seasons.")
def command(name: str, as_json: bool, quick: bool, days: int | None, seeds: int | None) -> None:
    """Measure wire, store, ingest, page, node or control, beside what others do."""
    asked = {key: value for key, value in (("days", days), ("seeds", seeds)) if value is not None}
    if asked and name != "control":
        raise click.UsageError("--days and --seeds are for control.")
    figures: dict[str, Any] = importlib.import_module(f"hub.benchmark.{name}").run(quick=quick, **asked)
    if as_json:
        click.echo(json.dumps(figures, ensure_ascii=False))
    else:
        Console().print(_table(name, figures))


def _table(name: str, figures: dict[str, Any]) -> Table:
    table = Table("figure", "value", title=f"benchmark {name}")
    for key, value in figures.items():
        shown = f"{value:,.3f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
        table.add_row(key, shown)
    return table
