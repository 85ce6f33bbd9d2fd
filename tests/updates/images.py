"""Images for the campaign: complete ones that differ, and those that an update must not survive with."""

import functools
import random
from collections.abc import Callable
from dataclasses import dataclass, replace

from flash_tools.image import Application, application

LOOPS = "import time\nwhile True:\n    time.sleep_ms(500)\n"  # nobody feeds the watchdog
RESETS = "import machine\nmachine.reset()\n"
RAISES = "raise RuntimeError('broken image')\n"
MUTE = (  # lives on, without ever finding the hub
    "import machine, time\nwatchdog = machine.WDT(timeout=10000)\n"
    "while True:\n    time.sleep_ms(1000)\n    watchdog.feed()\n"
)


@dataclass(frozen=True)
class Sent:
    """An image as the hub gets it from its maker."""

    data: bytes
    version: tuple[int, int, int]


@functools.cache
def base() -> Application:
    """The application of these sources, made once."""
    return application()


def newer(number: int) -> Application:
    """A complete version: the application with another note in it, so that its hash is another one."""
    version = (0, 2, number % 256)
    return Application.of({**base().files, "note": b"update %d" % number}, version)


def with_main(number: int, source: str) -> Application:
    """A version whose main module is `source`."""
    files = {name: data for name, data in newer(number).files.items() if name != "main.mpy"}
    return Application.of({**files, "main.py": source.encode()}, (0, 3, number % 256))


def of_another_compiler(number: int) -> Application:
    """A version whose main module is bytecode that this MicroPython does not read."""
    files = dict(newer(number).files)
    return Application.of({**files, "main.mpy": b"M\x05" + files["main.mpy"][2:]}, (0, 3, number % 256))


def without_a_module(number: int) -> Application:
    """A version that lacks a module which it imports."""
    files = {name: data for name, data in newer(number).files.items() if name != "node/sense.mpy"}
    return Application.of(files, (0, 3, number % 256))


BROKEN: dict[str, Callable[[int], Application]] = {
    "hangs": lambda number: with_main(number, LOOPS),
    "resets": lambda number: with_main(number, RESETS),
    "raises": lambda number: with_main(number, RAISES),
    "mute": lambda number: with_main(number, MUTE),
    "other bytecode": of_another_compiler,
    "a module missing": without_a_module,
}


def altered(sent: Sent, luck: random.Random) -> Sent:
    """The same size, one bit changed."""
    data = bytearray(sent.data)
    data[luck.randrange(len(data))] ^= 1 << luck.randrange(8)
    return replace(sent, data=bytes(data))
