"""Owns the log of one unit: what was done to one board, in a file with its MAC in the name (used by the flash run).

Nothing secret gets in: what `hide` was told is blotted out whatever text it comes in.
"""

import base64
import time
from pathlib import Path

BLOT = "•••"


class UnitLog:
    """Lines with the time. They are kept until the board's MAC is known, then the file is begun."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._early: list[str] = []
        self._hidden: list[str] = []
        self.path: Path | None = None

    def named(self, mac: str) -> None:
        """Begin the file; mac "" for a board that has none."""
        if self.path is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        stamp = time.strftime("%Y%m%d-%H%M%S")
        self.path = self._folder / f"{mac.replace(':', '') or 'no-mac'}-{stamp}.log"
        early, self._early = self._early, []
        for line in early:
            self._write(line)

    def note(self, text: str) -> None:
        """One entry, of as many lines as it has."""
        for line in text.splitlines():
            entry = f"{time.strftime('%H:%M:%S')} {line}"
            if self.path is None:
                self._early.append(entry)
            else:
                self._write(entry)

    def hide(self, *secrets: str | bytes) -> None:
        """Never write these, in text, hex or base64."""
        for secret in secrets:
            data = secret.encode() if isinstance(secret, str) else secret
            forms = [data.hex(), base64.b64encode(data).decode()]
            forms += [secret] if isinstance(secret, str) else []
            self._hidden += [form for form in forms if form]

    def _write(self, line: str) -> None:
        assert self.path is not None
        for secret in self._hidden:
            line = line.replace(secret, BLOT)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")
