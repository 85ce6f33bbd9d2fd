"""The server: the page on a TCP port by a production WSGI server, on its own threads; started by the command line."""

import errno
import logging
import socket
import sys
import threading
from collections.abc import Iterable

from waitress import wasyncore
from waitress.server import create_server

from hub.carriers.udp import AddressRefused
from hub.errors import PortInUse
from hub.fleet import PAGE_PORT
from hub.service import Hub
from hub.web import create_app
from hub.web.here import Site
from hub.web.trends import STEP_S

THREADS = 8
WSAEACCES = 10013  # what Windows says of a port that somebody holds for himself
IDLE_S = 30  # a phone that went to sleep keeps no socket longer than this

log = logging.getLogger(__name__)


class PageServer:
    """Serves one hub's page from `start` to `stop`."""

    def __init__(self, hub: Hub, *, listen: str = "0.0.0.0", port: int = PAGE_PORT, names: Iterable[str] = ()) -> None:
        """Binds at once. `names`: further host names for the page. Raises PortInUse, AddressRefused."""
        self.app = create_app(hub, names=names)
        self._site: Site = self.app.extensions["nhavuon"]
        self._server = create_server(
            self.app, sockets=[_bound(listen, port)], threads=THREADS, ident=None, channel_timeout=IDLE_S
        )
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._serve, name="page", daemon=True),
            threading.Thread(target=self._watch, name="trends", daemon=True),
        ]

    @property
    def port(self) -> int:
        """The TCP port in use (the given one, or the system's choice for 0)."""
        return int(self._server.effective_port)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Close the port; requests under way end, and no connection stays open."""
        self._ending.set()
        self._server.task_dispatcher.shutdown(timeout=5)
        if self._threads[0].ident is None:
            self._close()
        else:
            self._server.trigger.pull_trigger(self._close)  # the loop's own thread closes what it waits for
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(5)
        self._server.trigger.close()  # last: pulling it also writes to it

    def _close(self) -> None:
        """Send what is left of answers, close every connection and the port: nothing is left to wait for."""
        for channel in list(self._server.active_channels.values()):
            channel.will_close = True
            channel.handle_write()
        wasyncore.dispatcher.close(self._server)
        self._server.trigger.del_channel()

    def _serve(self) -> None:
        self._server.run()

    def _watch(self) -> None:
        """Feed the trends once a minute."""
        try:
            self._site.trends.fill()
            while not self._ending.wait(STEP_S):
                self._site.trends.step()
        except Exception:
            log.exception("trends")


def _bound(listen: str, port: int) -> socket.socket:
    """A socket on that address, refused while another program has it (Windows would let two share a port)."""
    family = socket.AF_INET6 if ":" in listen else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((listen, port))
    except OSError as error:
        made.close()
        if error.errno in (errno.EADDRINUSE, WSAEACCES):
            raise PortInUse(port=port) from None
        raise AddressRefused(address=f"{listen}:{port}", detail=error.strerror or str(error)) from None
    return made
