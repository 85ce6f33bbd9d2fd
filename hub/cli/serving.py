"""A hub with its page, served until Ctrl-C; shared by `nhavuon hub` and `nhavuon demo`."""

import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click
import segno
from rich.console import Console

from flash_tools.image import application
from hub.cli.places import lan_address
from hub.service import Hub
from hub.updates.release import Make
from hub.web.server import PageServer


@contextlib.contextmanager
def serving(
    data: Path, listen: str, http: int, udp: int, discovery: int | None = None, program: Make = application
) -> Iterator[tuple[Hub, PageServer]]:
    """A running hub and its page. Both are stopped on leaving, whatever happened.

    `discovery`: the port that nodes without an address broadcast to, heard too when `udp` is another.
    `program`: makes what the nodes get by updates over the air.
    """
    hub = Hub(data, listen=listen, udp=udp, discovery=discovery, application=program)
    hub.start()
    try:
        site = PageServer(hub, listen=listen, port=http)
        hub.fleet.served(site.port, hub.port)
        site.start()
        try:
            yield hub, site
        finally:
            site.stop()
    finally:
        hub.stop()


def wait_for_end() -> None:
    """Block until Ctrl-C or SIGTERM."""
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    while not ended.wait(0.5):  # A wait without a time-out cannot be interrupted on Windows.
        pass


def page_address(listen: str, http: int) -> str:
    """The address to open from a phone on the same Wi-Fi."""
    host = lan_address() if listen in ("0.0.0.0", "::") else listen
    return f"http://{host}:{http}/"


def show_address(console: Console, address: str) -> None:
    """Print the address as text and as a QR code that a phone can read off the screen."""
    console.print(f"Mở trang / open: [bold]{address}[/bold]")
    if sys.stdout.isatty():
        segno.make_qr(address, error="m").terminal(compact=True)
    else:
        click.echo("(The QR code of the address is shown on a real terminal.)")
