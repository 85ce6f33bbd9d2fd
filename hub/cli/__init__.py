"""The command line: one file per command, loaded only when it is asked for.

The launcher (`nhavuon.py`) and the console script `nhavuon` both end here.
"""

import importlib
import sys
from typing import Any

import click

from hub.errors import HubError

COMMANDS = {
    "demo": "hub.cli.demo",
    "hub": "hub.cli.serve",
    "node": "hub.cli.node",
    "simulate": "hub.cli.simulate",
    "benchmark": "hub.cli.benchmark",
    "faults": "hub.cli.faults",
    "flash": "hub.cli.flash",
    "check": "hub.cli.check",
    "boards": "hub.cli.boards",
    "console": "hub.cli.console",
    "rescue": "hub.cli.rescue",
    "test": "hub.cli.test",
}


class LazyGroup(click.Group):
    """Imports a command's module when it is used, so that `nhavuon node list` does not load the web server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: Any = importlib.import_module(COMMANDS[cmd_name]).command
        return command  # type: ignore[no-any-return]


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name=None, version="0.1.0", prog_name="nhavuon")
def cli() -> None:
    """Nhà Vườn: climate nodes, the farm's hub, and the records behind the stamp."""


def main() -> None:
    """Run the command line; an error that a person can act on ends in one sentence and exit code 2."""
    try:
        cli(standalone_mode=False)
    except HubError as error:
        click.echo(f"{error}", err=True)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
