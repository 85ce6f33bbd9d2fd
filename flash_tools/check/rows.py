"""Owns a row of the check and the report that holds them all; made by judge and lan, shown by table, card and the page.

`Row.as_dict()` and `Report.as_dict()` are what `nhavuon check --json` prints: their keys do not change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flash_tools.check import words
from flash_tools.check.said import Said

PASS, FAIL, NOT_ASKED = "PASS", "FAIL", "NOT ASKED"
NOTHING = Said("", "")


@dataclass(frozen=True)
class Row:
    """One tested thing. `cause` names its words, "" where there is nothing to say; `data` are bare figures."""

    what: str
    which: int
    result: str
    name: Said
    value: Said = NOTHING
    cause: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Names the row for machines: sensor.1, relay.2, wifi."""
        return f"{self.what}.{self.which}" if self.which else self.what

    def why(self, language: str) -> str:
        """What is wrong, in "vi" or "en"; "" when nothing is."""
        return words.cause(self.cause, self.params).of(language) if self.cause else ""

    def action(self, language: str) -> str:
        """What to do next, in "vi" or "en"; "" when there is nothing to do."""
        return words.action(self.cause, self.params).of(language) if self.cause else ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "key": self.key,
            "what": self.what,
            "which": self.which,
            "result": self.result,
            "name": self.name.as_dict(),
            "value": self.value.as_dict(),
            "cause": self.cause or None,
            "why": words.cause(self.cause, self.params).as_dict() if self.cause else None,
            "action": words.action(self.cause, self.params).as_dict() if self.cause else None,
            "data": dict(self.data),
        }


@dataclass(frozen=True)
class Report:
    """All rows of one check. `facts`: number, board, mac, version, micropython and wiring, as far as they are known."""

    rows: tuple[Row, ...]
    facts: Mapping[str, Any]
    over: str  # "usb" or "lan"
    at_s: int  # Unix time

    @property
    def ok(self) -> bool:
        """True when nothing failed; what was not asked did not fail."""
        return not self.failed

    @property
    def failed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.result == FAIL)

    @property
    def not_asked(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.result == NOT_ASKED)

    @property
    def result(self) -> str:
        """FAIL, NOT ASKED or PASS: the worst of the rows."""
        return FAIL if self.failed else NOT_ASKED if self.not_asked else PASS

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "result": self.result,
            "ok": self.ok,
            "over": self.over,
            "at_s": self.at_s,
            "facts": dict(self.facts),
            "rows": [row.as_dict() for row in self.rows],
        }
