"""Pruning: a board loads what it uses, and nothing that is used is missing."""

from __future__ import annotations

import ast

from flash_tools import image
from flash_tools.prune import prune

PEER = """from collections import namedtuple

Sent = namedtuple("Sent", ("a",))
Got = namedtuple("Got", ("a",))

def encode(x):
    return helper(Sent(x))

def decode(x):
    return Got(other(x))

def helper(x):
    return x

def other(x):
    return x
"""


def test_what_only_the_other_end_uses_goes_and_lines_stay() -> None:
    main = "from peer import decode, encode\n\ndef unused():\n    decode(1)\n\nencode(2)\n"
    found = prune({"main": main, "peer": PEER})
    assert found["main"] == "from peer import encode\n\n\n\n\nencode(2)\n".replace("\n\n\n\n\n", "\n\n\n\n\n")
    assert "helper" in found["peer"] and "Sent = " in found["peer"]
    assert "decode" not in found["peer"] and "other" not in found["peer"] and "Got" not in found["peer"]
    assert found["peer"].count("\n") == PEER.count("\n")


def test_a_name_in_a_text_is_used_too() -> None:
    found = prune({"main": '__import__("driver", None, None, ("Driver",))\n', "driver": "class Driver:\n    pass\n"})
    assert found["driver"] == "class Driver:\n    pass\n"


def test_a_ring_that_nobody_reaches_goes() -> None:
    ring = "def a():\n    b()\n\ndef b():\n    a()\n"
    assert prune({"main": ring})["main"].strip() == ""


def test_the_application_keeps_what_its_own_code_names() -> None:
    """Every name that a kept file imports from another one is still defined there."""
    files = image.application_files()
    found = prune({image._module(name): path.read_text("utf-8") for name, path in files.items()})
    trees = {module: ast.parse(source) for module, source in found.items()}
    defined = {module: _defined(tree) for module, tree in trees.items()}
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in defined:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    assert whole in trees or alias.name in defined[node.module], f"{module} wants {whole}"
    assert "encode_now" in defined["shared_protocol.messages"]
    assert "decode_now" not in defined["shared_protocol.messages"]


def _defined(tree: ast.Module) -> set[str]:
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            names |= {target.id for target in node.targets if isinstance(target, ast.Name)}
        elif isinstance(node, ast.ImportFrom | ast.Import):
            names |= {alias.asname or alias.name for alias in node.names}
    return names
