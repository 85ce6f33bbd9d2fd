"""The schema's version: numbered SQL files applied in order, each in one transaction; run when the store is opened.

`PRAGMA user_version` holds the number of the last file that was applied. Files are never edited once released.
"""

import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from hub.errors import DataTooNew

FOLDER = Path(__file__).parent / "migrations"
_NAME = re.compile(r"(\d{3})_[a-z0-9_]+\.sql")


@dataclass(frozen=True)
class Migration:
    """One numbered step of the schema."""

    number: int
    name: str
    sql: str


def known(folder: Path = FOLDER) -> list[Migration]:
    """All steps in order: 1, 2, 3, … without a hole."""
    steps: list[Migration] = []
    for file in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(file.name)
        if not match or int(match[1]) != len(steps) + 1:
            raise ValueError(f"{file.name}: migrations are numbered 001, 002, … without a hole")
        steps.append(Migration(int(match[1]), file.stem, file.read_text("utf-8")))
    return steps


def migrate(connection: sqlite3.Connection, path: Path, steps: list[Migration]) -> int:
    """Bring the database to the newest step; returns how many were applied. Raises DataTooNew and changes nothing."""
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > len(steps):
        raise DataTooNew(path=str(path), found=version, known=len(steps))
    for step in steps[version:]:
        _apply(connection, step)
    return len(steps) - version


def _apply(connection: sqlite3.Connection, step: Migration) -> None:
    """One step, whole or not at all; a second process that did it meanwhile wins."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        if int(connection.execute("PRAGMA user_version").fetchone()[0]) < step.number:
            for statement in statements(step.sql):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {step.number}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def statements(sql: str) -> list[str]:
    """The single statements of a script (`executescript` would commit between them)."""
    found, text = [], ""
    for line in sql.splitlines(keepends=True):
        text += line
        if sqlite3.complete_statement(text):
            found.append(text.strip())
            text = ""
    if "".join(part.split("--")[0] for part in text.splitlines()).strip():
        raise ValueError("the last statement lacks its semicolon")
    return found
