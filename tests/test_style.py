"""The house rules that a machine can check: format, types, which way imports point, first lines, both interpreters."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TREES = ("shared_protocol", "firmware", "boards", "hub", "flash_tools")

# Who may import whom; a tree may always import itself.
MAY_IMPORT = {
    "shared_protocol": set(),
    "firmware": {"shared_protocol"},
    "boards": {"flash_tools", "shared_protocol", "boards"},
    "flash_tools": {"boards", "shared_protocol"},
    "hub": {"shared_protocol"},
}
# The command line and the benchmarks join everything; nothing imports them.
JOINERS = ("hub/cli/", "hub/benchmark/")


def sources():
    return [file for tree in TREES for file in sorted((ROOT / tree).rglob("*.py"))]


def run(*command):
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=280)
    return done.returncode, done.stdout + done.stderr


def test_ruff_finds_nothing():
    code, text = run("ruff", "check", ".")
    assert code == 0, text


def test_ruff_would_format_nothing():
    code, text = run("ruff", "format", "--check", ".")
    assert code == 0, text


@pytest.mark.slow
def test_mypy_strict_finds_nothing():
    code, text = run("mypy")
    assert code == 0, text


@pytest.mark.parametrize("file", sources(), ids=lambda file: str(file.relative_to(ROOT)))
def test_first_line_says_what_the_file_owns(file):
    doc = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))
    assert doc and len(doc.splitlines()[0]) > 15


@pytest.mark.parametrize("tree", TREES)
def test_imports_point_one_way(tree):
    wrong = []
    for file in sorted((ROOT / tree).rglob("*.py")):
        where = file.relative_to(ROOT).as_posix()
        if where.startswith(JOINERS):
            continue
        wrong += [
            f"{where}: {name}" for name in imported(file) if name in TREES and name not in MAY_IMPORT[tree] | {tree}
        ]
    assert not wrong


def imported(file):
    """Top-level names of the packages that a file imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_text_is_nfc():
    import unicodedata

    kinds = {".py", ".json", ".html", ".md", ".js", ".css", ".sql"}
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.splitlines():
        file = ROOT / name
        if file.suffix in kinds and file.is_file():
            text = file.read_text(encoding="utf-8")
            assert unicodedata.is_normalized("NFC", text), name
