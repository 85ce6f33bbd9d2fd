"""The campaign: update after update on simulated boards, the real firmware and the real hub, with the power cut at
random operations of the flash and at random moments; run by test_campaign.

`python -m tests.updates.campaign FOLDER --updates 334 --seed 1` prints its progress, and a summary as the last line.
"""

import argparse
import dataclasses
import json
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from flash_tools.image import Application
from hub.service import Hub
from hub.updates import plan
from tests.support import scene
from tests.support.farm import Farm
from tests.updates import images, slots
from tests.updates.stranger import answer

WHO = "campaign"
SETTINGS = {"sample_s": 10, "set_s": 60, "now_s": 15}
FLASH_OPERATIONS = 1100  # about what a board spends on an update up to its restart
LONGEST_LIFE_S = 0.6  # of real time: an update takes about 0.4 s of it when nothing happens
PATIENCE_S = 60.0
LOOK_S = 0.01
KINDS = {"good": 86, "broken": 8, "forged": 3, "altered": 3}
TELL_EVERY = 25


@dataclass
class Summary:
    """What a campaign saw. `wrong`: everything that should not be."""

    updates: int = 0
    cuts: Counter[str] = field(default_factory=Counter)  # "flash", "moment", and those that came too late
    ended: Counter[str] = field(default_factory=Counter)  # kind → how it ended
    starts: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        return json.dumps(vars(self))


class Campaign:
    """One hub and one board; `run` updates it over and over."""

    def __init__(self, farm: Farm, seed: int, say: bool = False) -> None:
        self.farm, self.luck, self.say = farm, random.Random(seed), say
        self.seed = seed
        self.summary = Summary()
        self.runs: Application | None = None  # what the node has proved last, None = what it came with

    @property
    def hub(self) -> Hub:
        return self.farm.inner

    def run(self, updates: int) -> Summary:
        """All updates, and a look at what the pins did meanwhile."""
        began = time.monotonic()
        for number in range(1, updates + 1):
            kind = self.luck.choices(list(KINDS), list(KINDS.values()))[0]
            log = self.farm.boards[1].log()
            before = log.stat().st_size
            getattr(self, f"_{kind}")(self.seed * 10_000 + number)
            if kind != "broken" and b"Traceback" in log.read_bytes()[before:]:
                self._wrong(f"{kind}: {log.read_bytes()[before:].decode('utf-8', 'replace')[-800:]}")
            self.summary.updates += 1
            self._talks()
            if self.say and number % TELL_EVERY == 0:
                print(f"seed {self.seed}: {number} of {updates}, {time.monotonic() - began:.0f} s", flush=True)
        self.farm.boards[1].kill()
        self._look_at_flash("at the end")
        self.summary.seconds = round(time.monotonic() - began, 1)
        return self.summary

    # -- kinds of updates

    def _good(self, number: int) -> None:
        """A complete version: whatever happens to the power, the node ends on it."""
        wanted = images.newer(number)
        self._offer(wanted)
        self._suffer()
        if self._ends("good", plan.PROVEN):
            self.runs = wanted

    def _broken(self, number: int) -> None:
        """A version that does not hold: the node goes back by itself."""
        how = self.luck.choice(list(images.BROKEN))
        self._offer(images.BROKEN[how](number))
        if self.luck.random() < 0.5:
            self._suffer()
        self._ends(f"broken: {how}", plan.ROLLED_BACK)

    def _forged(self, number: int) -> None:
        """A hub that has not this node's key behind the image."""
        image = images.newer(number)
        self._sent_by_a_stranger("forged", image.data, image, lambda node: secrets.token_bytes(16), "not_allowed")

    def _altered(self, number: int) -> None:
        """The right announcement, and one bit of the image is another one."""
        image = images.newer(number)
        bad = images.altered(images.Sent(image.data, image.version), self.luck).data
        self._sent_by_a_stranger("altered", bad, image, self.hub.fleet.key, "bad_hash")

    def _sent_by_a_stranger(
        self, kind: str, data: bytes, image: Application, key_of: Callable[[int], bytes], expected: str
    ) -> None:
        """Take the place of the rollout at the link; the node must refuse, and run on as it was."""
        code = answer(self.hub, 1, data, image, key_of, PATIENCE_S)
        self.summary.ended[f"{kind}: {code}"] += 1
        if code != expected:
            self._wrong(f"{kind} image: {code}")

    # -- an update

    def _offer(self, image: Application) -> None:
        hub = self.hub
        hub.releases.current = hub.releases.keep(image.data, image.version)
        hub.rollouts.start(WHO, [1])

    def _suffer(self) -> None:
        """Some power cuts, at operations of the flash or at moments."""
        for _ in range(self.luck.choice([0, 1, 1, 2, 3])):
            if self.luck.random() < 0.6:
                self._cut_at_operation(self.luck.randrange(1, FLASH_OPERATIONS))
            else:
                self._cut_at_moment(self.luck.uniform(0.0, LONGEST_LIFE_S))
            self._look_at_flash("after a cut")
            self._power(None)

    def _cut_at_operation(self, operation: int) -> None:
        self.farm.boards[1].kill()
        self._power(operation)
        board = self.farm.boards[1]
        end = time.monotonic() + PATIENCE_S
        while board.alive() and not self._over() and time.monotonic() < end:
            time.sleep(LOOK_S)
        self.summary.cuts["too late" if board.alive() else "flash"] += 1
        board.kill()

    def _cut_at_moment(self, seconds: float) -> None:
        time.sleep(seconds)
        self.summary.cuts["too late" if self._over() else "moment"] += 1
        self.farm.boards[1].kill()

    def _power(self, cut_at: int | None) -> None:
        board = self.farm.boards[1]
        board.spec = dataclasses.replace(board.spec, cut_at=cut_at, image=board.folder / "image")
        board.start()
        self.summary.starts += 1

    def _over(self) -> bool:
        rollout = self.hub.rollouts.open
        return rollout is None or rollout.state != plan.RUNNING

    def _ends(self, kind: str, expected: str) -> bool:
        """Wait for the end of the rollout; whether the hub says what it should."""
        end = time.monotonic() + PATIENCE_S
        while not self._over() and time.monotonic() < end:
            if not self.farm.boards[1].alive():
                self._wrong(f"{kind}: the board ended by itself")
                self._power(None)
            time.sleep(LOOK_S)
        target = self.hub.rollouts.of(1)
        state = f"{target.state} {target.code}".strip() if target else "no target"
        self.summary.ended[f"{kind}: {state}"] += 1
        if state != expected:
            self._wrong(f"{kind}: {state}, {self.hub.inventory.of(1)}")
        if self.hub.rollouts.open is not None:
            self.hub.rollouts.cancel(WHO)
        return state == expected

    # -- what must hold

    def _talks(self) -> None:
        """The node tells the hub news, and runs what it proved last."""
        before = self.farm.now()
        end = time.monotonic() + PATIENCE_S
        while not self._news(before.boot_no, before.uptime_s):
            if time.monotonic() > end:
                self._wrong(f"the node does not talk to the hub, or runs another image: {self.hub.inventory.of(1)}")
                return
            time.sleep(LOOK_S)

    def _news(self, boot_no: int, uptime_s: int) -> bool:
        now, running = self.farm.now(), self.hub.inventory.of(1)
        wanted = self.runs.sha256[:8].hex() if self.runs else None
        return (
            (now.boot_no, now.uptime_s) > (boot_no, uptime_s)
            and running is not None
            and running.image_state != "on_trial"
            and wanted in (None, running.image)
        )

    def _look_at_flash(self, when: str) -> None:
        """Whatever happened, there is a complete version to start."""
        board = self.farm.boards[1]
        found = slots.read(board.folder / "flash.bin", board.spec.key)
        if not found.can_start:
            self._wrong(f"{when}: no complete version on the flash: {found}")

    def _wrong(self, what: str) -> None:
        self.summary.wrong.append(f"seed {self.seed}, update {self.summary.updates + 1}: {what}")


@contextmanager
def campaign(folder: Path, seed: int, say: bool = False) -> Iterator[Campaign]:
    """A campaign whose board has greeted; the pins are judged at its end."""
    with Farm(folder, local=True, virtual=True, truth=False, seed=seed, settings=SETTINGS) as farm:
        board = farm.boards[1]
        # Past the lossy path: like a router, it remembers 256 addresses, and every start of the board has a new one.
        board.spec = dataclasses.replace(board.spec, hub=farm.hub.address)
        farm.start()
        farm.greeted()
        farm.inner.rollouts.sender.gap_s = 0.0  # the board's time is virtual: it waits for nobody
        made = Campaign(farm, seed, say)
        yield made
        board.kill()
        board.log().rename(folder / "log.txt")  # tracebacks of broken images are in it
        verdict = scene.look(board.folder, board.spec.board, board.spec.recipe).judge()
        made.summary.wrong += verdict.problems


def main() -> int:
    parser = argparse.ArgumentParser(description="Update a simulated board over and over, with power cuts.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--updates", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with campaign(given.folder, given.seed, say=True) as one:
        one.run(given.updates)
    print(one.summary.line(), flush=True)
    return 1 if one.summary.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
