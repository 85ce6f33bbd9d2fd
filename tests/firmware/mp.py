"""Runs a MicroPython script of tests/firmware/scripts against the firmware sources, under a time limit."""

from __future__ import annotations

import os
import subprocess
import sysconfig
from pathlib import Path

ROOT = Path(os.environ.get("NHAVUON_SOURCES") or Path(__file__).resolve().parents[2])  # mutations: tests/faults
SCRIPTS = Path(__file__).resolve().parent / "scripts"
MICROPYTHON = Path(sysconfig.get_path("scripts")) / "micropython"


def run(script: str, *args: str, cwd: Path | None = None, heap: str = "100wK", timeout_s: float = 120.0) -> str:
    """What the script printed; AssertionError with its output when it fails. `heap` is micropython's -X heapsize."""
    env = dict(os.environ, MICROPYPATH=f".frozen:{SCRIPTS}:{ROOT / 'firmware'}:{ROOT}")
    command = [str(MICROPYTHON), "-X", f"heapsize={heap}", str(SCRIPTS / script), *args]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=timeout_s, check=False)
    assert done.returncode == 0, f"{script} {args} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout
