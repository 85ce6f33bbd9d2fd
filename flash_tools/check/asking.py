"""Owns the person at the terminal: puts the check's questions and takes the answers. For check and flash."""

from collections.abc import Callable
from typing import Any

from flash_tools.check import words
from flash_tools.check.said import Said

YES, NO = ("c", "y"), ("k", "n")  # có, không; yes, no
CHOICE = Said(" [c = có, k = không] ", " [y = yes, n = no] ")
AGAIN = Said("Bấm c hoặc k, rồi Enter.", "Type y or n, then Enter.")


class Asker:
    """Asks in one language. `read(prompt)` gives a line, as input() does; `say(line)` shows one."""

    def __init__(self, language: str, read: Callable[[str], str] = input, say: Callable[[str], None] = print) -> None:
        self._language = language
        self._read = read
        self._say = say

    def __call__(self, question: str, **params: Any) -> bool:
        """True = yes, or done."""
        text = words.question(question, params).of(self._language)
        while True:
            answer = self._read(text + CHOICE.of(self._language)).strip().lower()[:1]
            if answer in YES or answer in NO:
                return answer in YES
            self._say(AGAIN.of(self._language))
