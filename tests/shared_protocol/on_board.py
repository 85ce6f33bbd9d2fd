"""Runs a script under a real MicroPython with the project's root on its path; used by the tests beside it."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
SCRIPTS = Path(sysconfig.get_path("scripts"))


def run(script: str, *args: str, timeout_s: float = 120.0) -> str:
    """What tests/shared_protocol/<script> printed; AssertionError with its output when it fails."""
    env = dict(os.environ, MICROPYPATH=f".frozen:{ROOT}")
    command = [str(SCRIPTS / "micropython"), "-X", "heapsize=2M", str(HERE / script), *args]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stdout
