"""`nhavuon test`: the whole suite in one command; `.ci/run` calls it with --all."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]

WAITING_WORKERS = "8"  # on two cores: most of the slow tests wait for boards and browsers

# Program that a part of the suite needs, and the Debian package that brings it.
APT = {"chromium": "chromium"}


@click.command("test")
@click.option("--quick", "size", flag_value="quick", help="Under a minute: no slow, no browser tests.")
@click.option("--all", "size", flag_value="all", help="Install what apt can, and fail instead of skipping.")
@click.option("--deep", "size", flag_value="deep", help="Also the long campaigns.")
@click.argument("pytest_arguments", nargs=-1, type=click.UNPROCESSED)
def command(size: str | None, pytest_arguments: tuple[str, ...]) -> None:
    """Run the tests. What is not installed is skipped with the line that installs it."""
    size = size or "standard"
    if not (ROOT / "tests").is_dir():
        raise click.ClickException("The tests are in the project's folder, not in the installed package: clone it.")
    if size in ("all", "deep"):
        _install_with_apt()
    marks = {"quick": "not slow and not deep and not browser", "deep": ""}.get(size, "not deep")
    workers = "2" if size == "quick" else WAITING_WORKERS
    arguments = ["-q", "-n", workers, "--dist", "worksteal", "-m", marks, *pytest_arguments]
    env = {**os.environ, "NHAVUON_TEST": size}
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of processes would compile the same sources: minutes
    sys.exit(subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=env).returncode)


def _install_with_apt() -> None:
    missing = [package for program, package in APT.items() if not shutil.which(program)]
    if not missing or not shutil.which("apt-get"):
        return
    click.echo(f"Installing with apt: {' '.join(missing)}")
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", *missing]):
        if subprocess.run(["apt-get", *arguments], stdout=subprocess.DEVNULL).returncode:
            raise click.ClickException(f"apt-get {' '.join(arguments)} failed; run it as root, then start again.")
