"""Drawings: the icons and place pictures of the page, put once at a page's foot as an SVG sprite; used by templates."""

import json
import re
from functools import cache
from pathlib import Path

from flask import g
from markupsafe import Markup

PLACES = ("worm_house", "tea_field", "drying_room", "store", "seedling", "other")
ACTUATOR_ICONS = {"fan": "fan", "vent": "vent", "mister": "mist", "pump": "pump", "valve": "valve", "heater": "heater",
                  "lamp": "lamp", "light": "lamp", "aerator": "air", "buzzer": "bell"}  # fmt: skip


@cache
def _symbols() -> dict[str, str]:
    drawings = json.loads((Path(__file__).parent / "drawings.json").read_text("utf-8"))
    return {
        name: f'<symbol id="{name}" viewBox="{one["box"]}">{one["draw"]}</symbol>' for name, one in drawings.items()
    }


def _want(name: str) -> None:
    if "drawings" not in g:
        g.drawings = {}
    g.drawings[name] = True


@cache
def _icon(name: str) -> Markup:
    return Markup('<svg class="i" aria-hidden="true"><use href="#{0}"/></svg>').format(name)


def icon(name: str) -> Markup:
    """A line icon; its symbol will be in this page's sprite."""
    _want(name)
    return _icon(name)


def machine_icon(kind: str) -> Markup:
    return icon(ACTUATOR_ICONS.get(kind, "switch"))


def art(kind: str, label: str) -> Markup:
    """The picture of a kind of place, where the farm's own photo will go."""
    name = f"art-{kind if kind in PLACES else 'other'}"
    _want(name)
    return Markup('<svg class="art" viewBox="0 0 96 96" role="img" aria-label="{1}"><use href="#{0}"/></svg>').format(
        name, label
    )


def sprite() -> Markup:
    """The symbols that this page used, with those they use in turn, and the hatch of gaps."""
    wanted = list(g.get("drawings", {}))
    symbols = _symbols()
    for name in wanted:
        wanted.extend(inner for inner in re.findall(r'href="#(\w+)"', symbols[name]) if inner not in wanted)
    drawn = "".join(symbols[name] for name in sorted(set(wanted)))
    return Markup(f'<svg class="sprite" aria-hidden="true" data-live="sprite">{HATCH}{drawn}</svg>')


HATCH = (
    '<pattern id="hatch" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#fffdf6"/><path d="M0 0v8" stroke="#b9b19a" stroke-width="3"/></pattern>'
)
