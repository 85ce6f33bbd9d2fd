"""Writes the drawings of docs/img/wiring: `python -m boards.drawing [FOLDER]`. For whoever changes a board or circuit.

Each standard circuit and each real board, in both languages: `NAME.vi.svg`, `NAME.en.svg`.
"""

import sys
from pathlib import Path

from boards.board import FOLDER, load, names
from boards.drawing.board import wiring
from boards.drawing.circuits import ALL
from boards.drawing.pen import LANGUAGES

DOCS = FOLDER.parent / "docs" / "img" / "wiring"


def drawings() -> dict[str, str]:
    """{file name: SVG} of all that docs/img/wiring holds."""
    real = [name for name, path in names().items() if path.parent == FOLDER]
    found: dict[str, str] = {}
    for language in LANGUAGES:
        found |= {f"{name}.{language}.svg": draw(language) for name, draw in ALL.items()}
        found |= {f"{name}.{language}.svg": wiring(load(name), language) for name in real}
    return found


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS
    folder.mkdir(parents=True, exist_ok=True)
    for name, svg in drawings().items():
        (folder / name).write_text(svg, encoding="utf-8", newline="\n")
