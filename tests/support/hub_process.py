"""A hub as a process that can be killed: HubProcess runs `python -m tests.support.hub_process DATA HOST PORT`.

Store, link and commands are the real ones; the page is left out, since no campaign here asks it. It ends when its
standard input does, so that a killed test leaves nothing behind.
"""

import logging
import os
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START_S = 60.0
READY = "ready"


class HubProcess:
    """The hub as a child process, at one address over all its lives."""

    def __init__(self, data: Path, address: tuple[str, int]) -> None:
        self.data, self.address = data, address
        self.log = data.parent / f"{data.name}.log"
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start and wait until the port is open. RuntimeError with the log's end when it does not come up."""
        host, port = self.address
        command = [sys.executable, "-m", "tests.support.hub_process", str(self.data), host, str(port)]
        with self.log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != READY:
            self.kill()
            raise RuntimeError(f"the hub did not start: {self.log.read_text('utf-8')[-2000:]}")

    def kill(self) -> None:
        """kill -9: no handler, no flush."""
        if self._process is not None:
            self._process.kill()
            self._end()

    def stop(self) -> None:
        """End it in order."""
        if self._process is not None:
            assert self._process.stdin is not None
            self._process.stdin.close()
            self._end()

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _end(self) -> None:
        assert self._process is not None
        self._process.wait(30)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        self._process = None


def main() -> None:
    """Serve until standard input ends."""
    from hub.service import Hub

    data, host, port = sys.argv[1:4]
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    hub = Hub(Path(data), listen=host, udp=int(port))
    hub.start()
    try:
        os.write(1, f"{READY}\n".encode())
        sys.stdin.read()
    finally:
        hub.stop()


if __name__ == "__main__":
    main()
