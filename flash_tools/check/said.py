"""Owns a sentence in Vietnamese and English at once. Used by everything in flash_tools/check and flash_tools/card."""

from dataclasses import dataclass

LANGUAGES = ("vi", "en")


@dataclass(frozen=True)
class Said:
    """The same in both languages."""

    vi: str
    en: str

    def of(self, language: str) -> str:
        return self.vi if language == "vi" else self.en

    def as_dict(self) -> dict[str, str]:
        return {"vi": self.vi, "en": self.en}


def both(text: str) -> Said:
    """What is the same in both languages."""
    return Said(text, text)


def number(value: float, digits: int = 1) -> Said:
    """A figure; Vietnamese has the decimal comma."""
    text = f"{value:.{digits}f}"
    return Said(text.replace(".", ","), text)


def joined(*parts: Said | str) -> Said:
    """Parts one after another."""
    return Said(*("".join(p if isinstance(p, str) else p.of(lang) for p in parts) for lang in LANGUAGES))
