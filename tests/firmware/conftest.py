"""Makes the pure modules of the firmware importable as on the board (`from node import control`); fixture `start`."""

import sys
from pathlib import Path

from tests.firmware.running import start  # noqa: F401

FIRMWARE = str(Path(__file__).resolve().parents[2] / "firmware")
if FIRMWARE not in sys.path:
    sys.path.append(FIRMWARE)
