"""`python -m boards.simulated BOARD FOLDER`: one simulated board at the terminal, for trying firmware on it."""

import argparse
import time
from pathlib import Path

from boards.simulated.process import NodeProcess, SimulatedNode


def main() -> None:
    """Run the board until it ends or the seconds are over, then show its log."""
    parser = argparse.ArgumentParser(prog="python -m boards.simulated", description=__doc__)
    parser.add_argument("board")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hub", default="127.0.0.1:47470")
    parser.add_argument("--node", type=int, default=1)
    parser.add_argument("--key", default="00" * 16, help="32 hex digits")
    parser.add_argument("--seconds", type=float, default=30.0, help="of this PC's time")
    parser.add_argument("--virtual", action="store_true", help="time costs nothing")
    parser.add_argument("--prefill", type=int, default=0, help="seconds of the past to live through first")
    parser.add_argument("--replay", type=Path, help="a recorded CSV in place of the world")
    parser.add_argument("--cpython", action="store_true", help="without a MicroPython")
    given = parser.parse_args()
    host, _, port = given.hub.partition(":")
    spec = SimulatedNode(
        given.folder, given.node, bytes.fromhex(given.key), (host, int(port)), given.board, virtual=given.virtual,
        prefill_s=given.prefill, replay=given.replay, micropython=False if given.cpython else None, stats=True,
    )  # fmt: skip
    process = NodeProcess(spec)
    process.start()
    try:
        end = time.monotonic() + given.seconds
        while process.alive() and time.monotonic() < end:
            time.sleep(0.1)
    finally:
        process.stop()
    print(process.log().read_text("utf-8", "replace"))


if __name__ == "__main__":
    main()
