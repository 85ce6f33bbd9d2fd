"""`nhavuon demo`: the hub, its page and three simulated nodes in one command; nothing else to install or start."""

import contextlib
import json
import os
import secrets
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

from boards.board import load
from boards.simulated.process import NodeProcess, SimulatedNode, interpreter
from flash_tools.image import application
from hub.cli.places import demo_folder
from hub.cli.serving import page_address, serving, show_address, wait_for_end
from hub.fleet import PAGE_PORT, Zone
from hub.people import WeakSecret
from hub.recipes.document import read
from hub.service import Hub

DAY_S = 86_400
BOOT_MS = 4_500  # rescue window, Wi-Fi, first samples: lived at once, so that a second start is ready in seconds
CATCH_UP_S = 180  # a slow farm PC needs about a minute for three simulated days
FARM = "HTX Riti (chạy thử)"


@dataclass(frozen=True)
class DemoNode:
    """One simulated node of the demo farm."""

    name: str
    zone: str
    zone_kind: str
    board: str
    seed: int
    rules: tuple[dict[str, Any], ...] = ()  # none: those of the board file


# Tighter than the board file's, so that the first simulated day shows both machines at work.
AIR_RULES = (
    {"actuator": 1, "sensors": [1], "on_above": 285, "off_above": 275, "max_on_s": 1200, "rest_s": 60, "fault": "on"},
    {"actuator": 2, "sensors": [2], "on_below": 780, "off_below": 840, "max_on_s": 600, "rest_s": 300, "fault": "off"},
)
NODES = (
    DemoNode("Khí nhà giun", "Nhà giun 1", "worm_house", "worm_house_air", 98, AIR_RULES),
    DemoNode("Luống nhà giun", "Nhà giun 1", "worm_house", "worm_house_bed", 2),
    DemoNode("Vườn trà", "Vườn trà Tâm An", "tea_field", "tea_field", 3),
)

# What this made-up farm calls good, in tenths: the house as in boards/simulated/plant.py, the field around its rule.
BANDS = {
    "worm_house": {
        "air_temperature": (200, 320),
        "air_humidity": (600, 950),
        "bed_temperature": (180, 300),
        "bed_moisture": (700, 850),
    },
    "tea_field": {"soil_moisture": (230, 400)},
}


@click.command("demo")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The demo's own folder.")
@click.option("--listen", default="0.0.0.0", show_default=True, help="The address to listen on.")
@click.option("--http", type=click.IntRange(0, 65535), default=PAGE_PORT, show_default=True, help="The page's port.")
@click.option("--udp", type=click.IntRange(0, 65535), default=47470, show_default=True, help="The nodes' port.")
def command(data: Path | None, listen: str, http: int, udp: int) -> None:
    """A farm on this PC: hub, page and three simulated nodes with a day behind them. Ctrl-C ends everything."""
    console = Console()
    folder = data or demo_folder()
    if interpreter() != "micropython":
        console.print("No MicroPython for this platform: the node software runs under CPython.")
    program = partial(application, mpy=interpreter() == "micropython")  # what its own nodes can run
    with serving(folder / "hub", listen, http, udp, program=program) as (hub, site):
        sign_in = _make_farm(hub, folder)
        specs = _specs(hub, folder)
        for spec in specs:
            hub.recipes.keep(read(dict(spec.provisioned(load(spec.board)))), FARM)
        processes = [NodeProcess(spec) for spec in specs]
        try:
            for process in processes:
                process.start()
            _catch_up(console, hub, processes)
            show_address(console, page_address(listen, site.port))
            console.print(
                f"Để bật tắt máy / to switch machines: {sign_in['farmer']}, PIN [bold]{sign_in['pin']}[/bold]"
            )
            console.print(f"Quản lý / manager: {sign_in['manager']}, [bold]{sign_in['password']}[/bold]")
            console.print("Ctrl-C ends the hub and the nodes.")
            wait_for_end()
        finally:
            for process in processes:
                process.stop()


def _make_farm(hub: Hub, folder: Path) -> dict[str, str]:
    """Zones, nodes and two people, at the first start; then only what the terminal shows about signing in."""
    file = folder / "sign_in.json"
    if not hub.fleet.nodes():
        hub.fleet.farm_name = FARM
        for node in NODES:
            known = [zone for zone in hub.fleet.zones() if zone.name == node.zone]
            zone = known[0] if known else _make_zone(hub, node)
            hub.fleet.add(node.name, zone.id)
    if hub.people.needs_setup:
        _write_private(file, json.dumps(_make_people(hub), ensure_ascii=False))
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _make_zone(hub: Hub, node: DemoNode) -> Zone:
    zone = hub.fleet.add_zone(node.zone, node.zone_kind)
    for kind, (low, high) in BANDS[node.zone_kind].items():
        hub.fleet.set_band(zone.id, kind, low, high)
    return zone


def _make_people(hub: Hub) -> dict[str, str]:
    """A manager and a farmer with fresh random secrets. The demo has no default password either."""
    people = {"farmer": "Cô Mai", "manager": "Chú Hùng", "password": secrets.token_hex(4)}
    hub.people.set_up(hub.people.setup_code or "", people["manager"], people["password"], "127.0.0.1")
    while "pin" not in people:
        pin = f"{secrets.randbelow(10_000):04d}"
        with contextlib.suppress(WeakSecret):
            hub.people.add(people["farmer"], "farmer", pin, by=people["manager"])
            people["pin"] = pin
    return people


def _write_private(file: Path, text: str) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as out:
        out.write(text)


def _specs(hub: Hub, folder: Path) -> list[SimulatedNode]:
    by_name = {node.name: node for node in hub.fleet.nodes()}
    return [
        SimulatedNode(
            folder=folder / f"node_{by_name[node.name].number}",
            node=by_name[node.name].number,
            key=hub.fleet.key(by_name[node.name].number),
            hub=("127.0.0.1", hub.port),
            board=node.board,
            seed=node.seed,
            settings={"sample_s": 5, "now_s": 5},
            recipe={"name": node.name, **({"rules": list(node.rules)} if node.rules else {})},
            prefill_s=DAY_S,
            boot_ms=BOOT_MS,
        )
        for node in NODES
        if node.name in by_name
    ]


def _catch_up(console: Console, hub: Hub, processes: list[NodeProcess]) -> None:
    """Show the simulated day going by and the records coming in, until every node is on the page."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    deadline = time.monotonic() + CATCH_UP_S
    first = {process.spec.node for process in processes if process.prefilled() < 1.0}
    with Progress(*columns, console=console, transient=True) as progress:
        bars = [progress.add_task(node.name, total=1.0) for node in NODES]
        while time.monotonic() < deadline:
            shares = [_share(hub, process, process.spec.node in first) for process in processes]
            for bar, share in zip(bars, shares, strict=True):
                progress.update(bar, completed=share)
            if min(shares) >= 1.0:
                return
            dead = [process for process in processes if not process.alive()]
            if dead:
                raise click.ClickException(f"A simulated node ended by itself; its log: {dead[0].log()}")
            time.sleep(0.2)
    console.print("The nodes are still catching up; the page fills as they do.")


def _share(hub: Hub, process: NodeProcess, first: bool) -> float:
    """How far a node is: nine tenths for living its first day, the rest for handing its records to the hub."""
    now = hub.live.node(process.spec.node)
    if now is None or now.heard_s is None:
        return 0.9 * process.prefilled()
    if not first:
        return 1.0
    stored, newest = int(now.health.get("stored_up_to", 0)), int(now.health.get("journal_next", 1))
    return 0.9 + 0.1 * min(1.0, (stored + 1) / max(1, newest))
