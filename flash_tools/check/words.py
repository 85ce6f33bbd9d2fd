"""Owns how the check finds its words in both languages; they lie in flash_tools/words/check.*.json. Used by all of it.

Keys: check.row.<what>, check.result.<RESULT>, check.quantity.<quantity>, check.ask.<question>, and for each cause
check.<cause>.cause (what is wrong) and check.<cause>.action (what to do next). `{…}` are filled from the row's params.
"""

from collections.abc import Mapping
from typing import Any

from flash_tools.check.said import LANGUAGES, Said
from flash_tools.words import say, table


def _both(key: str, params: Mapping[str, Any]) -> Said:
    """A sentence with its params; a Said among them gives each language its own."""
    return Said(*(say(language, key, **_of(params, language)) for language in LANGUAGES))


def _of(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    return {key: value.of(language) if isinstance(value, Said) else value for key, value in params.items()}


def row(what: str, which: int = 0) -> Said:
    """The name of a row."""
    return _both(f"check.row.{what}", {"which": which})


def kind(what: str) -> Said:
    """The same without a number: what is tested now."""
    found = _both(f"check.row.{what}", {})
    return Said(found.vi.strip(), found.en.strip())


def result(word: str) -> Said:
    """PASS, FAIL or NOT ASKED for people."""
    return _both(f"check.result.{word}", {})


def quantity(name: str) -> Said:
    """What a sensor measures."""
    known = f"check.quantity.{name}" in table("en")
    return _both(f"check.quantity.{name}", {}) if known else Said(name, name)


def cause(code: str, params: Mapping[str, Any]) -> Said:
    """What is wrong."""
    return _both(f"check.{code}.cause", params)


def action(code: str, params: Mapping[str, Any]) -> Said:
    """What to do next."""
    return _both(f"check.{code}.action", params)


def question(name: str, params: Mapping[str, Any]) -> Said:
    """What the person is asked."""
    return _both(f"check.ask.{name}", params)
