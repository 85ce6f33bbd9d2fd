"""Owns what a flash run is told: how (Options), which node (Unit), by whom (Desk). For flash, rescue and hub/cli."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from boards.board import Board
from flash_tools.check import Ask


@dataclass(frozen=True)
class Options:
    """How one board is flashed. before, after and baud as esptool has them; port None = found."""

    port: str | None = None
    board: str | None = None
    firmware: Path | None = None
    bundle: Path | None = None
    sha256: str | None = None
    via: str = "mpremote"
    before: str = "default-reset"
    after: str = "hard-reset"
    baud: int | None = None
    stub: bool = True
    keep_micropython: bool = False
    erase: bool = False
    check: bool = True
    cards: Path | None = None


@dataclass(frozen=True)
class Unit:
    """The node that a board becomes; its key does not exist before the Desk's `commit`. page: "ADDRESS:PORT" of the
    hub's page.
    """

    number: int
    name: str
    zone: str
    hub: tuple[str, int]
    page: str
    wifi: Sequence[tuple[str, str]] | None = field(default=None, repr=False)


class Desk(Protocol):
    """Who answers for the person and the hub."""

    def choose_board(self, fitting: Sequence[Board]) -> Board:
        """Which of these board files it is."""

    def known(self, mac: str) -> str:
        """The name of the node that this board is on the hub, "" for none."""

    def unit(self, mac: str, board: Board) -> Unit:
        """Which node it becomes."""

    def may(self, question: str) -> bool:
        """A yes to something that loses data."""

    def commit(self, unit: Unit, mac: str) -> tuple[int, bytes]:
        """Enter the node in the fleet; its number and key."""

    def ask(self) -> Ask | None:
        """Who answers the check's questions, None for nobody."""
