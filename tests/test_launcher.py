"""The launcher, without installing anything: what it installs for which command, and what it says when it cannot."""

import importlib.util
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def launcher(tmp_path, monkeypatch):
    """The launcher module with a .venv of its own whose python is there already."""
    spec = importlib.util.spec_from_file_location("launcher", ROOT / "nhavuon.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path)
    module.python_in_venv().parent.mkdir(parents=True)
    module.python_in_venv().touch()
    return module


def installs(launcher, monkeypatch, failing=()):
    """Record what is asked of pip; installing a name in `failing` fails."""
    asked = []
    monkeypatch.setattr(launcher, "install", lambda name: asked.append(name) or name not in failing)
    return asked


def test_each_lock_file_is_installed_once(launcher, monkeypatch):
    asked = installs(launcher, monkeypatch)
    for _ in range(2):
        launcher.prepare([launcher.RUN, launcher.NODE])
    assert asked == [launcher.RUN, launcher.NODE]


def test_a_changed_lock_file_is_installed_again(launcher, monkeypatch):
    asked = installs(launcher, monkeypatch)
    launcher.prepare([launcher.RUN])
    (launcher.VENV / f"{launcher.RUN}.installed").write_text("another")
    launcher.prepare([launcher.RUN])
    assert asked == [launcher.RUN] * 2


def test_no_micropython_for_the_platform_is_said_and_not_fatal(launcher, monkeypatch, capsys):
    installs(launcher, monkeypatch, failing={launcher.NODE})
    launcher.prepare([launcher.RUN, launcher.NODE])
    assert "CPython" in capsys.readouterr().out


def test_no_internet_is_a_sentence_and_is_tried_again(launcher, monkeypatch):
    asked = installs(launcher, monkeypatch, failing={launcher.RUN})
    for _ in range(2):
        with pytest.raises(launcher.SetupFailed, match="internet"):
            launcher.prepare([launcher.RUN])
    assert len(asked) == 2


def test_every_locked_package_has_a_hash():
    for name in ("requirements.lock", "requirements-node.lock", "requirements-usb.lock", "requirements-test.lock"):
        entries = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
        assert all("--hash=sha256:" in entry for entry in entries if entry.strip())


def test_the_launcher_needs_only_the_standard_library():
    done = subprocess.run(
        ["python3", "-I", "-S", "-c", f"import runpy; runpy.run_path({str(ROOT / 'nhavuon.py')!r}, run_name='x')"],
        capture_output=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
