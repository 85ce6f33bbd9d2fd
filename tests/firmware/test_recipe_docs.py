"""docs/recipes.md names every key of a rule, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from node.rule import Rule

TABLE = re.compile(r"^\| (`.*?) \|", re.MULTILINE)


def test_the_table_has_every_key() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "recipes.md").read_text("utf-8")
    told = [key for row in TABLE.findall(text) for key in re.findall(r"`(\w+)`", row)]
    assert sorted(told) == sorted(key for key in vars(Rule) if not key.startswith("_"))
