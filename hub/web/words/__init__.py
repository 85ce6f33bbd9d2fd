"""Words: every sentence a person reads, in Vietnamese and English, and how numbers and times are written.

Used by every page. `vi/` is the source, one file for each area of the page; `en/` has the same files, the same codes
and the same `{places}` (a test keeps them equal). A code that has no sentence says itself, so that a node newer than
this hub is still shown.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

FARM_TIME = ZoneInfo("Asia/Ho_Chi_Minh")
LANGUAGES = ("vi", "en")
NBSP = "\u00a0"
DIGITS = {"celsius": 1, "percent": 0, "lux": 0, "ppm": 0, "volt": 1}  # decimals shown; other units: all that there are
MINUTE, HOUR, DAY = 60, 3600, 86400
WHOLE = re.compile(r"[0-9]{1,18}")  # SQLite's integers end at 19 digits
NUMBER = re.compile(r"[+-]?([0-9]{1,12}(\.[0-9]{0,6})?|\.[0-9]{1,6})")


@cache
def catalogue(language: str) -> dict[str, str]:
    """All sentences of one language by code."""
    loaded: dict[str, str] = {}
    for path in areas(language):
        loaded.update(json.loads(path.read_text("utf-8")))
    return loaded


def areas(language: str) -> list[Path]:
    """The files of one language, in the order of their names."""
    return sorted((Path(__file__).parent / language).glob("*.json"))


@dataclass(frozen=True)
class Words:
    """One language: sentences by code, numbers, ages, clock times (always the farm's time zone)."""

    language: str = "vi"

    def say(self, code: str, **places: object) -> str:
        """The sentence for a code with its places filled in; an unknown code comes back readable."""
        sentence = catalogue(self.language).get(code)
        if sentence is None:
            return code.rsplit(".", 1)[-1].replace("_", " ")
        return sentence.format(**places) if places else sentence

    def has(self, code: str) -> bool:
        return code in catalogue(self.language)

    def first(self, *codes: str, **places: object) -> str:
        """The sentence of the first code that has one."""
        return self.say(next((code for code in codes if self.has(code)), codes[0]), **places)

    def number(self, value: float, scale: int = 0, digits: int | None = None) -> str:
        """`value` × 10**`scale` as people write it: "31,2" in Vietnamese, "31.2" in English, a true minus sign."""
        shown = max(0, -scale) if digits is None else digits
        exact = Decimal(value).scaleb(scale) if isinstance(value, int) else Decimal(repr(value)).scaleb(scale)
        text = f"{exact:,.{shown}f}"
        if self.language == "vi":
            text = text.translate(str.maketrans(",.", ".,"))
        return text.replace("-", "−")

    def figure(self, value: float, scale: int, unit: str) -> str:
        """A measured number as a farmer reads it: percent whole, degrees with one place, switches in words."""
        if unit == "on_off":
            return self.say("on_off.on" if value else "on_off.off")
        return self.number(value, scale, DIGITS.get(unit))

    def quantity(self, value: float, scale: int, unit: str) -> str:
        """A figure that never parts from its unit: "31,2 °C"."""
        sign = self.unit(unit)
        return self.figure(value, scale, unit) + (f"{NBSP}{sign}" if sign else "")

    def unit(self, unit: str) -> str:
        return self.say(f"unit.{unit}")

    def span(self, seconds: float) -> str:
        """A length of time in at most two words of size: "2 giờ 18 phút", "3 ngày", "40 giây"."""
        whole = max(0, int(seconds))
        if whole < MINUTE:
            return self.say("span.seconds", n=whole)
        if whole < HOUR:
            return self.say("span.minutes", n=whole // MINUTE)
        if whole < DAY:
            return self._two(whole // HOUR, "span.hours", whole % HOUR // MINUTE, "span.minutes")
        if whole < 30 * DAY:
            return self._two(whole // DAY, "span.days", whole % DAY // HOUR, "span.hours")
        return self.say("span.days", n=whole // DAY)

    def length(self, seconds: int) -> str:
        """A length of time exactly: "1 giờ 30 phút", "90 giây" as "1 phút 30 giây"."""
        parts = (seconds // HOUR, "length.hours"), (seconds % HOUR // MINUTE, "length.minutes")
        last = (seconds % MINUTE, "length.seconds")
        return " ".join(self.say(code, n=n) for n, code in (*parts, last) if n or (seconds == 0 and code == last[1]))

    def _two(self, large: int, large_code: str, small: int, small_code: str) -> str:
        text = self.say(large_code, n=large)
        return f"{text} {self.say(small_code, n=small)}" if small else text

    def ago(self, seconds: float) -> str:
        """An age: "vừa xong" within 10 s, else "5 phút trước"."""
        return self.say("ago.now") if seconds < 10 else self.say("ago.before", span=self.span(seconds))

    def clock(self, at_s: float, now_s: float | None = None) -> str:
        """Time of day "14:25"; with `now_s` on another day also the date: "14:25 23/11/2025"."""
        at = local(at_s)
        text = at.strftime("%H:%M")
        return text if now_s is None or at.date() == local(now_s).date() else f"{text} {self.date(at_s)}"

    def second(self, at_s: float) -> str:
        return local(at_s).strftime("%H:%M:%S")

    def date(self, at_s: float) -> str:
        return local(at_s).strftime("%d/%m/%Y")

    def day(self, at_s: float) -> str:
        """Weekday and date: "Thứ Hai 23/11"."""
        at = local(at_s)
        return f"{self.say(f'weekday.{at.weekday()}')} {at.strftime('%d/%m')}"


def in_sentence(name: str) -> str:
    """A name inside a sentence: "Phòng sấy" → "phòng sấy", but names of several capitals stay."""
    return name[:1].lower() + name[1:] if name[1:] == name[1:].lower() else name


def capital(text: str) -> str:
    """Words as the beginning of a sentence: "đang chạy" → "Đang chạy"."""
    return text[:1].upper() + text[1:]


def local(at_s: float) -> datetime:
    """Unix seconds in the farm's time zone."""
    return datetime.fromtimestamp(at_s, FARM_TIME)


def whole_number(text: str) -> int:
    """A whole number from 0, as a form or an address sends it. ValueError when it is none that the store can hold."""
    if not WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def parse_number(text: str) -> Decimal:
    """A number as a person types it: "6,5", "6.5", "1.234,5", " −3 ". ValueError when it is none."""
    plain = text.strip().replace("−", "-").replace(NBSP, "").replace(" ", "")
    if "," in plain and "." in plain:
        thousands = "." if plain.rindex(",") > plain.rindex(".") else ","
        plain = plain.replace(thousands, "")
    plain = plain.replace(",", ".")
    if not NUMBER.fullmatch(plain):
        raise ValueError(text)
    return Decimal(plain)
