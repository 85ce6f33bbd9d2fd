"""Owns AmpyRepl: the same REPL through adafruit-ampy 1.1, where mpremote's transport fails or ampy is asked for.

ampy's own put() has neither hashes nor a whole-file step, so only its connection and its exec are used; files go the
way of remote.py, in pieces that fit the 256 bytes that ampy sends at once.
"""

import serial
from ampy.pyboard import Pyboard, PyboardError

from flash_tools.repl import Repl


class _Board(Pyboard):  # type: ignore[misc]
    """ampy's connection over a port that is open already: its own opening would wait for ever for a first byte."""

    def __init__(self, port: serial.SerialBase) -> None:
        self.serial = port


class AmpyRepl(Repl):
    """The REPL of one board."""

    piece = 160  # 214 characters of base64 and the statement around them
    connection = _Board
    failures = (PyboardError,)
