"""Writes vectors/*.json by the second implementation in peer/, which imports nothing of shared_protocol.

Run it when the specification grows: `python -m tests.shared_protocol.make_vectors`. A test checks that it still writes
what is checked in.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.shared_protocol.peer import blocks, bodies, frames, numbers

FOLDER = Path(__file__).resolve().parent / "vectors"


def files() -> dict[str, str]:
    """File name -> content."""
    made = {"wire": numbers.wire(), "cobs": numbers.cobs(), "crypto": frames.crypto(), "frames": frames.frames()}
    made |= {"messages": bodies.messages(), "records": bodies.records(), "blocks": blocks.blocks()}
    return {f"{name}.json": laid_out(content) for name, content in made.items()}


def laid_out(content: dict[str, Any]) -> str:
    """JSON with one case on a line."""
    parts = []
    for name, value in content.items():
        if isinstance(value, list):
            lines = ",\n".join("  " + json.dumps(case, ensure_ascii=False) for case in value)
            parts.append(f' "{name}": [\n{lines}\n ]')
        else:
            parts.append(f' "{name}": {json.dumps(value, ensure_ascii=False)}')
    return "{\n" + ",\n".join(parts) + "\n}\n"


def main() -> int:
    FOLDER.mkdir(exist_ok=True)
    for name, content in files().items():
        (FOLDER / name).write_text(content, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
