"""Owns the console: the node's REPL in this terminal, by mpremote's own loop (for hub/cli/console.py).

The watchdog cannot be stopped, so a timer on the board feeds it for a bounded time: a console that is forgotten ends by
itself, when the board restarts and controls again. A soft reset (Ctrl-D) runs boot.py alone, since the node would arm
its own watchdog again, and begins the time anew.
"""

import contextlib
import select
import sys
import time
from collections.abc import Callable
from typing import Any

from mpremote.console import Console
from mpremote.repl import do_repl_main_loop

from flash_tools.errors import CableLost
from flash_tools.line import LOST
from flash_tools.remote import LONGER_WATCHDOG, WATCHDOG_MS
from flash_tools.repl import Repl

LONGEST_MIN = 30
LOOK_S = 0.02
FEEDER = f"""\
{LONGER_WATCHDOG}
try:
    _left = [{LONGEST_MIN} - {WATCHDOG_MS // 60000}]
    def _feed(timer, dog=machine.WDT(timeout={WATCHDOG_MS})):
        _left[0] -= 1
        if _left[0] > 0:
            dog.feed()
    machine.Timer(1).init(period=60000, callback=_feed)
except (NameError, AttributeError):
    pass
"""


class _Keys(Console):  # type: ignore[misc]
    """mpremote's console for any port: its own waits for a file descriptor, which rfc2217:// has not."""

    def waitchar(self, port: Any) -> None:
        while not port.in_waiting:
            if hasattr(self, "infd"):
                if select.select([self.infd], [], [], LOOK_S)[0]:
                    return
            elif self.inWaiting():
                return
            else:
                time.sleep(LOOK_S)


class Session:
    """What mpremote's loop wants of its state: a `transport` with `serial` and `write_ctrl_d`."""

    def __init__(self, repl: Repl, soft: str) -> None:
        self.transport = self
        self.serial = repl.serial
        self._repl, self._soft = repl, soft

    def write_ctrl_d(self, write: Callable[[bytes], object]) -> None:
        """A soft reset that leaves the board at its prompt, with time."""
        self._repl.take_over()
        write(f"\r\n{self._soft}\r\n".encode())
        prepare(self._repl)


def prepare(repl: Repl) -> None:
    """A friendly prompt that the watchdog leaves alone."""
    repl.run(FEEDER)
    repl.leave()


def converse(repl: Repl, soft: str) -> None:
    """Until the person leaves. CableLost."""
    prepare(repl)
    keys = _Keys()
    keys.enter()
    try:
        lost = do_repl_main_loop(
            Session(repl, soft),
            keys,
            keys.write,
            escape_non_printable=False,
            code_to_inject=None,
            file_to_inject=None,
        )
    except LOST:
        lost = True
    finally:
        keys.exit()
        with contextlib.suppress(OSError):
            sys.stdout.flush()
    if lost:
        raise CableLost(port=repl.port)


def end(repl: Repl) -> None:
    """Restart the board: the node controls again."""
    repl.take_over()
    repl.reset()
