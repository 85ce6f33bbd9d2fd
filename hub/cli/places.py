"""Where things are on this machine: the data folder, the cache, this PC's address. Used by every command."""

import os
import socket
from pathlib import Path

import platformdirs


def home() -> Path:
    """The folder for everything this installation writes: NHAVUON_HOME, else the user's data folder."""
    given = os.environ.get("NHAVUON_HOME")
    return Path(given) if given else platformdirs.user_data_path("nhavuon", appauthor=False)


def data_folder() -> Path:
    return home() / "data"


def demo_folder() -> Path:
    return home() / "demo"


def lan_address() -> str:
    """This PC's address on the LAN, or 127.0.0.1 when it has none. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("10.255.255.255", 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"
