"""Templating: what every template may use – words, drawings, who is here, is a stop on; set up by create_app."""

from dataclasses import dataclass
from typing import Any

from flask import Flask, request

from hub.web import drawings, failures, here, machines, stops
from hub.web.verdict import Value
from hub.web.words import Words, in_sentence


def set_up(app: Flask) -> None:
    """Lean HTML, and the names that templates use."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        icon=drawings.icon,
        art=drawings.art,
        machine_icon=drawings.machine_icon,
        sprite=drawings.sprite,
        figure=figure,
        in_sentence=in_sentence,
        band_rule=band_rule,
    )
    app.context_processor(_present)


def _present() -> dict[str, Any]:
    """Per request: the language and its sentences, the person, the time."""
    words = here.words()
    now = here.now_s()
    return {
        "words": words,
        "t": words.say,
        "now_s": now,
        "at": words.second(now),
        "person": here.person(),
        "may": here.may,
        "trouble": _trouble(),
        "machine_name": lambda actuator: machines.name(words, actuator),
        "stopped": stops.banner(here.hub(), words, now),
        "needs_setup": here.people().needs_setup,
        "this_path": request.full_path.rstrip("?") if request.method == "GET" else "/",
    }


def figure(words: Words, value: Value) -> str:
    """A value's number without its unit, empty without a value."""
    now = value.now
    return "" if now.value is None else words.figure(now.value, now.scale, now.unit)


@dataclass(frozen=True)
class Rule:
    """Where a value stands in its good band: percent from the left of a bar that is three bands wide."""

    low: float
    high: float
    wide: float
    at: float | None
    low_words: str
    high_words: str


def band_rule(value: Value) -> Rule | None:
    """The bar under a value, None without a band."""
    if value.band is None:
        return None
    words, now, (low, high) = here.words(), value.now, value.band
    left, width = low - (high - low), 3 * (high - low)
    at = None if now.value is None else min(97.0, max(3.0, 100 * (now.value - left) / width))
    whole = low * 10.0**now.scale % 1 == high * 10.0**now.scale % 1 == 0
    low_words, high_words = (words.number(end, now.scale, 0 if whole else None) for end in (low, high))
    return Rule(33.3, 66.7, 33.4, None if at is None else round(at, 1), low_words, high_words)


def _trouble() -> str:
    """Why the store cannot take anything at the moment, in words."""
    trouble = here.hub().store.trouble
    return failures.text(trouble) if trouble else ""
