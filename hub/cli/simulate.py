"""`nhavuon simulate`: simulated nodes against a running hub, living in the plant's world or a recorded log."""

import time
from pathlib import Path

import click

from boards.board import load
from boards.simulated import replay as recorded
from boards.simulated.process import NodeProcess, SimulatedNode
from hub.cli.places import data_folder, home
from hub.fleet import Fleet

BOARDS = ("worm_house_air", "worm_house_bed", "tea_field")


@click.command("simulate")
@click.option("--nodes", type=click.IntRange(1, 200), default=1, show_default=True, help="How many nodes.")
@click.option("--speed", type=click.FloatRange(0.1, 1000), default=1.0, show_default=True, help="Times real time.")
@click.option("--replay", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A log (CSV) as sensors.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The running hub's data folder.")
@click.option("--hub", "address", default="127.0.0.1", show_default=True, help="The running hub's address.")
@click.option("--udp", type=int, default=47470, show_default=True, help="The running hub's UDP port.")
def command(nodes: int, speed: float, replay: Path | None, data: Path | None, address: str, udp: int) -> None:
    """Run simulated nodes against a hub that is already running. Ctrl-C ends them."""
    boards = _boards_for(replay) if replay else BOARDS
    fleet = Fleet.open(data or data_folder())
    specs = [_spec(fleet, index, boards, (address, udp), speed, replay) for index in range(nodes)]
    processes = [NodeProcess(spec) for spec in specs]
    try:
        for process in processes:
            process.start()
        click.echo(f"{nodes} simulated nodes are running against {address}:{udp}. Ctrl-C ends them.")
        while any(process.alive() for process in processes):
            time.sleep(0.5)
        raise click.ClickException(f"The simulated nodes ended by themselves; see {processes[0].log()}.")
    except KeyboardInterrupt:
        click.echo("Ending the simulated nodes.")
    finally:
        for process in processes:
            process.stop()


def _boards_for(log: Path) -> tuple[str, ...]:
    """The boards that have a sensor for a column of the log."""
    try:
        with log.open(encoding="utf-8", newline="\n") as file:
            kinds = {kind for kind, _ in recorded.check(file)[0]}
    except recorded.ReplayError as error:
        raise click.ClickException(f"{log}: {error}") from None
    return tuple(name for name in BOARDS if kinds & {channel.kind for channel in load(name).channels})


def _spec(
    fleet: Fleet, index: int, boards: tuple[str, ...], hub: tuple[str, int], speed: float, replay: Path | None
) -> SimulatedNode:
    """The index-th simulated node; its number and key come from the hub, so a second run is the same node."""
    name = f"Mô phỏng {index + 1}"
    known = [node for node in fleet.nodes() if node.name == name]
    node = known[0] if known else fleet.add(name, None)
    return SimulatedNode(
        folder=home() / "simulated" / f"node_{node.number}",
        node=node.number,
        key=fleet.key(node.number),
        hub=hub,
        board=boards[index % len(boards)],
        seed=node.number,
        speed=speed,
        replay=replay,
    )
