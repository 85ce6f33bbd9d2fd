#!/usr/bin/env python3
"""The launcher: makes .venv from the lock files once, then hands over to the command line in hub/cli.

Plain standard library, Python 3.10 or newer, on Linux, macOS and Windows (`py nhavuon.py demo`).
A stamp file in .venv remembers which lock files it was made from, so the second start costs nothing.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent
VENV = HOME / ".venv"
OLDEST_SUPPORTED = (3, 10)

# Lock files in the order they are installed; the second may fail where no MicroPython is built for the platform.
RUN, NODE, TEST = "requirements.lock", "requirements-node.lock", "requirements-test.lock"
USB = "requirements-usb.lock"
NEEDS = {
    **dict.fromkeys(("test", "benchmark", "faults"), TEST),
    **dict.fromkeys(("flash", "check", "console", "rescue"), USB),
}


def main() -> int:
    """Install what the command needs, then run it. Returns its exit code."""
    if sys.version_info < OLDEST_SUPPORTED:
        print(f"Nhà Vườn needs Python 3.10 or newer; this is {sys.version.split()[0]}. Install a newer one.")
        return 2
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        prepare([RUN, NODE, *([NEEDS[command]] if command in NEEDS else [])])
    except SetupFailed as error:
        print(f"\n{error}", file=sys.stderr)
        return 2
    return hand_over(sys.argv[1:])


class SetupFailed(Exception):
    """The environment could not be made; the text says what and what to do."""


def python_in_venv() -> Path:
    return VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def prepare(locks: list) -> None:
    """Make .venv if needed and install each lock file that its stamp does not name yet."""
    if not python_in_venv().exists():
        say("Making .venv (first start only) …")
        make_venv()
    for name in locks:
        stamp = VENV / f"{name}.installed"
        digest = hashlib.sha256((HOME / name).read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == digest:
            continue
        say(f"Installing {name} (first start only, needs internet) …")
        if install(name):
            stamp.write_text(digest)
        elif name == NODE:
            say("No MicroPython for this platform: simulated nodes will run under CPython.")
            stamp.write_text(digest)
        else:
            raise SetupFailed(f"{name} could not be installed. Check the internet connection and start again.")


def make_venv() -> None:
    done = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
    if done.returncode:
        raise SetupFailed(
            f"Python could not make {VENV}: {(done.stdout + done.stderr).strip()}\n"
            "On Debian or Ubuntu: sudo apt install python3-venv"
        )


def install(name: str) -> bool:
    pip = [str(python_in_venv()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    log = VENV / f"{name}.log"
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run([*pip, "--require-hashes", "-r", str(HOME / name)], stdout=out, stderr=out)
    if done.returncode and name != NODE:
        say(log.read_text(encoding="utf-8")[-2000:])
    return done.returncode == 0


def hand_over(arguments: list) -> int:
    command = [str(python_in_venv()), "-m", "hub.cli", *arguments]
    path = os.pathsep.join(p for p in (str(HOME), os.environ.get("PYTHONPATH", "")) if p)
    env = {**os.environ, "PYTHONPATH": path, "PYTHONUTF8": "1"}
    env.setdefault("NHAVUON_HOME", str(HOME / ".nhavuon"))
    if os.name != "nt":
        os.execve(command[0], command, env)
    process = subprocess.Popen(command, env=env)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # The child gets Ctrl-C too and ends by itself.
            continue


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
