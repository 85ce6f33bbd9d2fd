"""The server: the page on a TCP port by a production WSGI server, on its own threads; started by the command line."""

import errno
import logging
import threading
from collections.abc import Iterable

from waitress.server import create_server

from hub.errors import PortInUse, Refused
from hub.service import Hub
from hub.web import create_app
from hub.web.here import Site
from hub.web.trends import STEP_S

HTTP_PORT = 8080
THREADS = 8
IDLE_S = 30  # a phone that went to sleep keeps no socket longer than this

log = logging.getLogger(__name__)


class PageServer:
    """Serves one hub's page from `start` to `stop`."""

    def __init__(self, hub: Hub, *, listen: str = "0.0.0.0", port: int = HTTP_PORT, names: Iterable[str] = ()) -> None:
        """Binds at once. `names`: further host names for the page. Raises PortInUse, Refused."""
        self.app = create_app(hub, names=names)
        self._site: Site = self.app.extensions["nhavuon"]
        try:
            self._server = create_server(
                self.app, host=listen, port=port, threads=THREADS, ident=None, channel_timeout=IDLE_S
            )
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(port=port) from None
            raise Refused(detail=f"{listen}:{port}: {error}") from None
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
        """Close the port; requests under way end."""
        self._ending.set()
        self._server.task_dispatcher.shutdown(timeout=5)
        self._server.close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(5)

    def _serve(self) -> None:
        try:
            self._server.run()
        except OSError:
            if not self._ending.is_set():
                raise

    def _watch(self) -> None:
        """Feed the trends once a minute."""
        try:
            self._site.trends.fill()
            while not self._ending.wait(STEP_S):
                self._site.trends.step()
        except Exception:
            log.exception("trends")
