"""Inlining constants: what a board loads means the same as the source, and no constant costs it a name."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from flash_tools import image, inline

CONSTANTS = {"shared_protocol.registry": {"ON": 1, "OFF": 2}, "shared_protocol.frame": {"TAG": 8}}


def test_a_module_alias_and_a_name_become_numbers_and_their_imports_go():
    source = "from shared_protocol import registry as g\nfrom shared_protocol.frame import TAG, pack\n"
    source += "x = g.ON + TAG + pack(g.OFF)\n"
    assert (
        inline.inline(source, "node.x", CONSTANTS)
        == "pass\nfrom shared_protocol.frame import pack\nx = 1 + 8 + pack(2)\n"
    )


def test_a_module_that_is_used_for_more_than_constants_is_kept():
    source = "from shared_protocol import registry as g\nx = g.ON\ny = g.words\n"
    assert (
        inline.inline(source, "node.x", CONSTANTS) == "from shared_protocol import registry as g\nx = 1\ny = g.words\n"
    )


def test_its_own_constants_are_put_in_place_and_dropped():
    source = "from x import const\nON = const(1)\n_OFF = const(2)\n\ndef f():\n    return ON + _OFF\n"
    own = {"m": inline.constants_of(source)}
    assert own == {"m": {"ON": 1}}
    assert (
        inline.inline(source, "m", own) == "from x import const\n\n_OFF = const(2)\n\ndef f():\n    return 1 + _OFF\n"
    )


def test_every_file_of_the_application_keeps_its_lines_and_loses_its_constants():
    files = image.application_files()
    texts = {image._module(name): path.read_text("utf-8") for name, path in files.items()}
    constants = {module: inline.constants_of(text) for module, text in texts.items()}
    assert len(constants["shared_protocol.registry"]) > 150
    for module, text in texts.items():
        made = inline.inline(text, module, constants)
        assert made.count("\n") == text.count("\n")
        names = {node.id for node in ast.walk(ast.parse(made)) if isinstance(node, ast.Name)}
        assert not names & set(constants[module])


@given(st.integers(-(2**20), 2**20), st.text("äéộ", max_size=5))
def test_text_before_a_constant_does_not_shift_it(value, text):
    source = f"from m import K\nx = ({text!r}, K)\n"
    made = inline.inline(source, "n", {"m": {"K": value}})
    assert eval(made.splitlines()[1].removeprefix("x = ")) == (text, value)
