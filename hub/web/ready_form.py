"""Ready form: the numbers of a ready-made recipe as a technician fills them in, with limits and sources."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hub.recipes.ready import Number, Ready
from hub.web.rule_forms import Form, typed_number
from hub.web.words import Words, parse_number


@dataclass(frozen=True)
class Asked:
    """One number in the form."""

    name: str
    label: str
    unit: str
    text: str
    limits: str
    source: str
    wrong: str


class ReadyForm:
    """The form of one ready-made recipe: its own numbers, or what was typed."""

    def __init__(self, words: Words, ready: Ready, texts: Mapping[str, str]) -> None:
        self._words, self._texts = words, texts
        self.ready = ready
        self.values: dict[str, Decimal] = {}
        self.wrong: dict[str, str] = {}
        for number in ready.numbers.values():
            self._read(number)

    @classmethod
    def made(cls, words: Words, ready: Ready) -> "ReadyForm":
        """As the recipe has it."""
        return cls(words, ready, {})

    @classmethod
    def typed(cls, words: Words, ready: Ready, form: Form) -> "ReadyForm":
        """As it was submitted; a number that is not in the form stays."""
        return cls(words, ready, {name: form.get(name, "") for name in ready.numbers if form.get(name, "").strip()})

    def _read(self, number: Number) -> None:
        text = self._texts.get(number.name)
        if text is None:
            return
        try:
            value = parse_number(text)
        except ValueError:
            self.wrong[number.name] = self._words.say("problem.number")
            return
        self.values[number.name] = value
        if not number.allows(value):
            low, high = self._quantity(number, number.low), self._quantity(number, number.high)
            self.wrong[number.name] = self._words.say("problem.ready_limit", low=low, high=high)

    def asked(self, number: Number) -> Asked:
        """A number as it stands in the form."""
        words = self._words
        text = self._texts.get(number.name, typed_number(words, number.value))
        low, high = typed_number(words, number.low), typed_number(words, number.high)
        return Asked(
            number.name,
            number.label[words.language],
            self._unit(number),
            text,
            words.say("ready.limits", low=low, high=high),
            number.source[words.language],
            self.wrong.get(number.name, ""),
        )

    def _unit(self, number: Number) -> str:
        lengths = f"length_unit.{number.unit}s"
        return self._words.say(lengths) if self._words.has(lengths) else self._words.unit(number.unit)

    def _quantity(self, number: Number, value: Decimal) -> str:
        return f"{typed_number(self._words, value)}\u00a0{self._unit(number)}"
