"""Owns the serial line to a board: opening any pyserial port, and its two reset lines. Used by knock, repl and chip."""

import errno
import os
import time

import serial

from flash_tools.errors import FlashError, NoPermission, NoSuchPort, PortBusy

BAUD = 115200  # MicroPython's console on the UART of every ESP32
READ_S = 5.0  # of silence inside an answer
BUSY = (errno.EBUSY, errno.EAGAIN, errno.EWOULDBLOCK)
NO_LINES = (errno.ENOTTY, errno.EINVAL)
LOST = (serial.SerialException, OSError, ValueError)  # a closed rfc2217 port raises ValueError


def open_serial(port: str, baud: int = BAUD) -> serial.SerialBase:
    """An open pyserial port for any URL; NoSuchPort, NoPermission, PortBusy."""
    try:
        opened = serial.serial_for_url(port, baudrate=baud, timeout=READ_S, do_not_open=True)
        if "://" not in port:  # rfc2217 refuses the first, nothing but a device knows the second
            opened.write_timeout = READ_S
            opened.exclusive = True
        opened.open()
        return opened
    except (serial.SerialException, OSError, ValueError) as error:
        raise _why(port, error) from None


def _why(port: str, error: Exception) -> FlashError:
    """Which leaf an opening that failed is. pyserial keeps the cause only in its text on Windows."""
    text = str(error)
    number = getattr(error, "errno", None)
    if number in BUSY or "exclusively lock" in text or "Resource busy" in text:
        return PortBusy(port=port)
    if "Access is denied" in text or "PermissionError" in text or number == errno.EACCES:
        return PortBusy(port=port) if os.name == "nt" else NoPermission(port=port)
    return NoSuchPort(port=port)


def can_reset(port: serial.SerialBase) -> bool:
    """True when the port has the two lines by which a PC resets a board."""
    if str(port.name).startswith(("socket:", "loop:")):
        return False
    try:
        port.dtr = True
    except OSError as error:
        if error.errno in NO_LINES:
            return False
        raise
    return True


def pulse_reset(port: serial.SerialBase, hold_s: float = 0.1) -> bool:
    """Press EN by the reset lines (DTR high = IO0 free, RTS low = EN down); False where the port has none.

    The USB of an S3 or C3 leaves the bus meanwhile: who calls opens the port again.
    """
    if not can_reset(port):
        return False
    port.dtr = False
    port.rts = True
    time.sleep(hold_s)
    port.rts = False
    return True
