"""`nhavuon hub`: the real hub of a farm."""

from pathlib import Path

import click
from rich.console import Console

from hub.cli.places import data_folder
from hub.cli.serving import page_address, serving, show_address, wait_for_end
from hub.fleet import PAGE_PORT, UDP_PORT


@click.command("hub")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The data folder.")
@click.option("--listen", default="0.0.0.0", show_default=True, help="The address to listen on.")
@click.option("--http", type=click.IntRange(0, 65535), default=PAGE_PORT, show_default=True, help="The page's port.")
@click.option("--udp", type=click.IntRange(0, 65535), default=UDP_PORT, show_default=True, help="The nodes' port.")
def command(data: Path | None, listen: str, http: int, udp: int) -> None:
    """Run the hub until Ctrl-C."""
    console = Console()
    with serving(data or data_folder(), listen, http, udp, UDP_PORT) as (hub, site):
        show_address(console, page_address(listen, site.port))
        console.print(f"Thiết bị gửi tới / nodes send to: UDP {hub.port}")
        if hub.people.setup_code:
            console.print(f"Mã cài đặt lần đầu / set-up code: [bold]{hub.people.setup_code}[/bold]")
        wait_for_end()
