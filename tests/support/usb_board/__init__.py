"""The USB test bench: a board with flash, chip and USB port that real esptool, mpremote and ampy work on.

`UsbBoard` is the board on the desk; `fake_micropython` makes the file to flash. Used by the tests of flash_tools and of
the commands flash, check, console and rescue.
"""

import serial

from tests.support import needs

needs.ptys()

from tests.support.usb_board.board import UsbBoard  # noqa: E402
from tests.support.usb_board.firmware import fake_micropython  # noqa: E402

__all__ = ["UsbBoard", "fake_micropython"]

if f"{__name__}.quick" not in serial.protocol_handler_packages:
    serial.protocol_handler_packages.insert(0, f"{__name__}.quick")
