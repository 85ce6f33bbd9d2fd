"""The hub as one process: makes the parts and joins them; started by the command line, the demo and tests."""

import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from hub.carriers.base import Carrier
from hub.carriers.udp import UdpCarrier
from hub.checks import Checks
from hub.clock import Clock
from hub.commands import Commands
from hub.errors import HubError
from hub.fleet import UDP_PORT, Fleet
from hub.inspections import Inspections
from hub.link.link import Link
from hub.link.rejects import Rejects
from hub.live import Live
from hub.people import People
from hub.recipes.library import Library
from hub.recipes.push import Push
from hub.settings.calibration import Calibrations
from hub.settings.changes import Changes
from hub.settings.wifi import Wifi
from hub.store import Store
from hub.updates.inventory import Inventory
from hub.updates.release import Make, Releases
from hub.updates.rollout import Rollouts
from shared_protocol import registry as g

TICK_S = 0.05  # a quarter of the shortest repetition
# How long one thread may hold the interpreter while others wait. The default of 5 ms would let four busy page threads
# hold up each datagram by 20 ms.
SWITCH_S = 0.0005

log = logging.getLogger(__name__)


class Hub:
    """Store, fleet, live state, commands, people and the link to the nodes."""

    def __init__(
        self,
        data: Path,
        *,
        listen: str = "0.0.0.0",
        udp: int = UDP_PORT,
        discovery: int | None = None,
        clock: Clock | None = None,
        random: Callable[[int], bytes] = os.urandom,
        carrier: Carrier | None = None,
        application: Make | None = None,
        writer_thread: bool = True,
    ) -> None:
        """Opens the store; without a carrier, frames come by UDP.

        `discovery`: the port that nodes broadcast to when they look for a hub; heard too when `udp` is another.
        `writer_thread`: False where somebody else calls `store.commit`, so that runs repeat exactly.
        `application`: makes the nodes' program that updates over the air bring; called once, on a thread of its own.
        Raises DataTooNew, DataDamaged, DataLocked, DataUnreadable, DiskFull.
        """
        clock = clock or Clock()
        self.clock = clock
        self.store = Store(data, clock, writer_thread=writer_thread)
        self._carrier = carrier or UdpCarrier(listen, udp)
        self._ear = UdpCarrier(listen, discovery) if discovery is not None and discovery != udp else None
        try:
            self._join(clock, random, application)
        except BaseException:
            self.store.close()
            raise
        self._ending = threading.Event()
        self._ticker = threading.Thread(target=self._run, name="ticker", daemon=True)

    def _join(self, clock: Clock, random: Callable[[int], bytes], application: Make | None) -> None:
        """Make the parts and tell them of each other."""
        self.fleet = Fleet(self.store)
        self.people = People(self.store, clock)
        self.rejects = Rejects()
        self.live = Live(self.rejects.of, self.rejects.total)
        lock = threading.RLock()
        self.commands = Commands(self.fleet, self.live, self.store, clock, random, lock)
        self.link = Link(
            self.store,
            self.fleet,
            self.live,
            self.commands,
            self.rejects,
            self._carrier,
            clock,
            random,
            lock,
            lambda: self.port,
        )
        self.commands.sender = self.link.send
        self.recipes = Library(self.store)
        self.link.explain(self.recipes.follows)
        self.push = Push(self.recipes, self.fleet, self.link, self.live, clock)
        self._join_settings(clock, random)
        self.releases = Releases(self.store, application)
        self.inventory = Inventory(self.store, self.live, clock)
        self.link.on_session(self.inventory.session)
        self.rollouts = Rollouts(
            self.store, self.fleet, self.live, self.link, self.releases, self.inventory, clock, lock
        )

    def _join_settings(self, clock: Clock, random: Callable[[int], bytes]) -> None:
        """The parts that change a node's settings and look at its probes."""
        link = self.link
        self.checks = Checks(clock, random)
        self.checks.sender = link.send
        link.on(g.MSG_CHECK_RESULT, self.checks.result)
        self.inspections = Inspections(self.store, self.fleet, self.live, self.checks, self.commands, clock)
        self.changes = Changes(self.store, self.fleet, self.live, clock)
        self.changes.offer = lambda node, text, done: link.pieces.offer(node, g.MSG_SETTINGS, text, done)
        link.on_session(self.changes.session)
        self.wifi = Wifi(self.store, self.fleet, self.live, self.changes, clock)
        self.calibrations = Calibrations(self.store, self.changes, clock)

    def start(self) -> None:
        """Open the port and serve nodes. Raises PortInUse, AddressRefused, and is stopped then."""
        sys.setswitchinterval(SWITCH_S)
        try:
            self._carrier.start(self.link.receive)
        except BaseException:
            self.stop()
            raise
        self._hear_discovery()
        self.releases.start()
        self._ticker.start()

    def _hear_discovery(self) -> None:
        """Also hear nodes that lost this hub; without it they still try the addresses they know."""
        if self._ear is None:
            return
        try:
            self._ear.start(self.link.receive)
        except HubError as error:
            log.warning("nodes that look for a hub will not find this one: %s", error)

    def stop(self) -> None:
        """Close the port, commit what waits, close the store."""
        self._ending.set()
        if self._ticker.ident is not None:
            self._ticker.join()
        if self._ear is not None:
            self._ear.stop()
        self._carrier.stop()
        self.releases.stop()
        self.store.close()

    @property
    def port(self) -> int:
        """The UDP port in use (the given one, or the system's choice for 0)."""
        return self._carrier.port

    @property
    def clock_trusted(self) -> bool:
        """Whether this PC's clock can be right; if not, nodes get no time."""
        return self.link.wall.trusted

    def tick(self) -> None:
        """What time brings: orders sent again, the fleet read again. The ticker calls it, or a test."""
        self.link.tick()
        self.commands.tick()
        self.push.tick()
        self.checks.tick()
        self.inspections.tick()
        self.changes.tick()
        self.inventory.tick()
        self.rollouts.tick()

    def _run(self) -> None:
        while not self._ending.wait(TICK_S):
            try:
                self.tick()
            except Exception:
                log.exception("tick")
