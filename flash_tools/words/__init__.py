"""Owns the sentences of the flash tools in Vietnamese and English: one table per language, the same keys in both.

A file `<name>.<language>.json` per subject lies beside this one. Used by errors, flash, check, rescue and console.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

LANGUAGES = ("vi", "en")
FOLDER = Path(__file__).resolve().parent


@cache
def table(language: str) -> Mapping[str, str]:
    """Every sentence of a language by its key."""
    merged: dict[str, str] = {}
    for path in sorted(FOLDER.glob(f"*.{language}.json")):
        merged |= json.loads(path.read_text("utf-8"))
    return merged


class _Given(dict[str, Any]):
    """Values for a sentence; one that was not given shows as nothing."""

    def __missing__(self, key: str) -> str:
        return ""


def say(language: str, key: str, **values: Any) -> str:
    """One sentence with its values put in."""
    return table(language)[key].format_map(_Given(values))
