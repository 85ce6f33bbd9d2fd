"""Row 16, the node's half: an update is cut off, broken or forged. The node ends on a complete version and talks to
the hub, and the climate is held meanwhile.
"""

import dataclasses
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from flash_tools.image import Application, application
from hub.updates import plan
from hub.updates.sender import CHUNK
from shared_protocol import registry as g
from shared_protocol.messages import Command, encode_command
from tests.support import scene
from tests.support.farm import Farm
from tests.support.lossy import DOWN, STORM, Frame
from tests.support.scene import FAN, MISTER, fan, mister, recipe
from tests.support.table import Row
from tests.updates import images, slots
from tests.updates.stranger import answer

pytestmark = pytest.mark.slow

WHO = "Anh Tuấn"
RULES = recipe(fan(max_on_s=120, rest_s=120), mister(max_on_s=120, rest_s=120))  # both off now and then
SETTINGS = {"sample_s": 10, "set_s": 60, "now_s": 15}
SAMPLE = 5
PARTS = 4  # of a long campaign; the path, like a router, remembers 256 addresses, and each start has a new one
PATIENCE_S = 60.0
RESTART_S = 15.0  # rescue window, Wi-Fi and the first reading, each time that the board starts
LEASE_S, FAR_S = 900, 100_000
BACK_S = 1800.0 + RESTART_S  # an image that lives on but never finds the hub is given up after half an hour


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    """A hub and a node whose fan and mister always want to run, in virtual time."""
    with Farm(tmp_path, local=True, virtual=True, truth=False, recipe=RULES, settings=SETTINGS) as farm:
        farm.start()
        farm.greeted()
        farm.inner.rollouts.sender.gap_s = 0.0
        yield farm
        farm.boards[1].kill()
        farm.boards[1].log().unlink()  # what broken images say of themselves is expected


def offer(farm: Farm, image: Application) -> None:
    hub = farm.inner
    hub.releases.current = hub.releases.keep(image.data, image.version)
    hub.rollouts.start(WHO, [1])


def ends(farm: Farm, expected: str, image: Application | None = None) -> None:
    """The hub says how it ended, and the node tells news and runs `image`."""

    def over() -> bool:
        target = farm.inner.rollouts.of(1)
        return target is not None and target.state in plan.ENDED

    farm.until(over, f"the update ends {expected}", PATIENCE_S)
    target = farm.inner.rollouts.of(1)
    assert target is not None and target.state == expected, target
    talks(farm, image)


def talks(farm: Farm, image: Application | None) -> None:
    before = farm.now()

    def news() -> bool:
        now, running = farm.now(), farm.inner.inventory.of(1)
        fresh = (now.boot_no, now.uptime_s) > (before.boot_no, before.uptime_s)
        wanted = (image or application()).sha256[:8].hex()
        return fresh and running is not None and running.image == wanted and running.image_state != "on_trial"

    farm.until(news, "the node talks to the hub and runs what it should", PATIENCE_S)


def power(farm: Farm, cut_at: int | None = None) -> None:
    """Power on, perhaps to be cut at an operation of the flash."""
    board = farm.boards[1]
    board.kill()
    board.spec = dataclasses.replace(board.spec, cut_at=cut_at, image=board.folder / "image")
    board.start()


def whole(farm: Farm) -> None:
    """A complete version lies on the flash of the board, which is off."""
    board = farm.boards[1]
    assert slots.read(board.folder / "flash.bin", board.spec.key).can_start


def judge(farm: Farm, table: Row) -> None:
    """The last word: no limit was broken, and nothing went on while the board started."""
    board = farm.boards[1]
    board.kill()
    pins = scene.look(board.folder, board.spec.board, board.spec.recipe)
    table.judged(pins.judge())
    table.check()


def cut_at_each(farm: Farm, table: Row, cut: Callable[[Farm, int, int], None], places: Sequence[int]) -> None:
    """An update for each place, with the power cut there."""
    for number, place in enumerate(places):
        cut(farm, number, place)
        table.injected()


def cut_at_chunk(farm: Farm, number: int, chunk: int) -> None:
    """The power goes when the n-th chunk of an update is on its way; then it comes back and all goes on."""
    seen = [0]

    def tamper(frame: Frame) -> list[bytes]:
        if frame.direction == DOWN and frame.type == g.MSG_UPDATE_CHUNK:
            seen[0] += 1
            if seen[0] == chunk:
                farm.boards[1].kill()
                return []
        return [frame.data]

    image = images.newer(number)
    farm.path.tamper = tamper
    offer(farm, image)
    farm.until(lambda: not farm.boards[1].alive(), f"the power goes at chunk {chunk}", PATIENCE_S)
    farm.path.tamper = None
    whole(farm)
    power(farm)
    ends(farm, plan.PROVEN, image)


def chunks() -> range:
    return range(1, -(-len(images.newer(1).data) // CHUNK) + 1)


def test_the_power_goes_at_some_chunks(farm: Farm, table: Row) -> None:
    every = chunks()
    some = [*every[:: len(every) // SAMPLE], every[-1]]
    cut_at_each(farm, table, cut_at_chunk, some)
    table.tell(f"power cut at {len(some)} of {len(every)} chunks: resumed, proven")
    judge(farm, table)


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_power_goes_at_every_chunk(farm: Farm, table: Row, part: int) -> None:
    cut_at_each(farm, table, cut_at_chunk, chunks()[part::PARTS])
    table.tell(f"power cut at each of {len(chunks())} chunks: resumed, proven")
    judge(farm, table)


def spent(farm: Farm, before: int) -> int:
    """Operations of the flash of the last life that ended in order, since line `before` of the trace."""
    board = farm.boards[1]
    ended = [line["flash"] for line in scene.oracle.read_trace(board.trace())[before:] if "end" in line]
    return int(ended[-1])


def measure(farm: Farm) -> int:
    """How many operations of the flash a start and an update up to its restart take, when nothing goes wrong."""
    power(farm)
    farm.greeted()
    before = len(scene.oracle.read_trace(farm.boards[1].trace()))
    offer(farm, images.newer(900))
    ends(farm, plan.PROVEN, images.newer(900))
    farm.boards[1].kill()
    return spent(farm, before)


def cut_at_operation(farm: Farm, number: int, operation: int) -> None:
    """The power goes at an operation of the flash, counted from a start."""
    image = images.newer(number)
    offer(farm, image)
    power(farm, operation)
    board = farm.boards[1]

    def over() -> bool:
        rollout = farm.inner.rollouts.open
        return not board.alive() or rollout is None

    farm.until(over, f"a cut at operation {operation}", PATIENCE_S)
    board.kill()
    whole(farm)
    power(farm)
    ends(farm, plan.PROVEN, image)


def test_the_power_goes_while_it_is_unpacked_and_at_the_switch(farm: Farm, table: Row) -> None:
    """The last operations before the restart are those of the switch."""
    most = measure(farm)
    some = [*range(most // 4, most, most // SAMPLE), *range(most - 9, most + 1, 3)]
    cut_at_each(farm, table, cut_at_operation, some)
    table.tell(f"power cut at {len(some)} flash operations up to the switch")
    judge(farm, table)


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_the_power_goes_at_every_tenth_operation(farm: Farm, table: Row, part: int) -> None:
    most = measure(farm)
    some = sorted({*range(1, most, 10), *range(most - 60, most + 1)})[part::PARTS]
    cut_at_each(farm, table, cut_at_operation, some)
    table.tell(f"power cut at every tenth of {most} flash operations, and at each of the last 60")
    judge(farm, table)


@pytest.mark.parametrize("how", images.BROKEN)
def test_a_broken_image_is_taken_back(farm: Farm, table: Row, how: str) -> None:
    """Outputs stay off while it is tried, and the image before holds the climate again."""
    board = farm.boards[1]
    offer(farm, images.BROKEN[how](1))
    ends(farm, plan.ROLLED_BACK)
    rollout = farm.inner.rollouts.open
    assert rollout is not None and (rollout.state, rollout.reason) == ("stopped", "rolled_back")
    boots = len(scene.oracle.read_trace(board.trace()))
    farm.until(lambda: len(scene.oracle.read_trace(board.trace())) > boots + 8, "machines run again", PATIENCE_S)
    board.kill()
    pins = scene.look(board.folder, board.spec.board, board.spec.recipe)
    tried_ms, back_ms = pins.boots[1][0], pins.boots[-1][0]
    for number in (FAN, MISTER):
        assert pins.on_s(number, tried_ms, back_ms) == 0, "off while a broken image is tried"
    table.late(f"without control ({how})", (back_ms - tried_ms) / 1000, BACK_S)
    table.late("a machine runs again", min(pins.on_after_s(n, back_ms) for n in (FAN, MISTER)) - 120, RESTART_S)
    table.injected()
    table.tell(f"broken image ({how}): back after {(back_ms - tried_ms) / 1000:.0f} s, outputs off")
    judge(farm, table)


def test_forged_images_are_refused(farm: Farm, table: Row) -> None:
    """A tag of another key, another farm's node; then the right announcement and one bit changed on the way."""
    image = images.newer(1)
    flipped = bytearray(image.data)
    flipped[len(flipped) // 2] ^= 1
    assert answer(farm.inner, 1, image.data, image, lambda _: secrets.token_bytes(16)) == "not_allowed"
    assert answer(farm.inner, 1, bytes(flipped), image, farm.inner.fleet.key) == "bad_hash"
    talks(farm, None)
    assert len(scene.look(farm.boards[1].folder, farm.boards[1].spec.board, RULES).boots) == 1, "it never restarted"
    table.injected(2)
    table.tell("a forged tag and a changed bit: refused, nothing restarts")
    judge(farm, table)


def test_a_storm_on_the_air(farm: Farm, table: Row) -> None:
    """A third of the frames lost, others doubled and out of order, for some seconds; then clear again."""
    image = images.newer(1)
    farm.path.weather = STORM
    offer(farm, image)
    time.sleep(5)
    farm.path.weather = dataclasses.replace(STORM, loss=0.0)
    ends(farm, plan.PROVEN, image)
    table.injected()
    table.tell("30 % loss during the transfer")
    judge(farm, table)


def test_the_hub_dies_in_the_middle(farm: Farm, table: Row) -> None:
    """Started again, it goes on with the same image, from where the node stands."""
    image = images.newer(1)
    seen = [0]

    def tamper(frame: Frame) -> list[bytes]:
        chunk = frame.direction == DOWN and frame.type == g.MSG_UPDATE_CHUNK
        seen[0] += chunk
        return [] if chunk and seen[0] >= 100 else [frame.data]

    farm.path.tamper = tamper
    offer(farm, image)
    farm.until(lambda: seen[0] >= 100, "100 chunks", PATIENCE_S)
    farm.hub.stop()
    farm.path.tamper = None
    farm.hub.start()
    farm.inner.rollouts.sender.gap_s = 0.0
    ends(farm, plan.PROVEN, image)
    table.injected()
    table.tell("the hub restarts in the middle: resumed")
    judge(farm, table)


def test_a_machine_that_a_person_started_runs_to_its_end(tmp_path: Path, table: Row) -> None:
    """Started with the last chunk on its way: the node has the image, and waits with its restart until the lease is
    over. The board's time flies, so the order is given by what is on the air, not by what a look at the hub shows.
    """
    image = images.newer(1)
    last = chunks()[-1]
    seen = [0]
    with Farm(tmp_path, local=True, virtual=True, truth=False, recipe={"rules": []}, settings=SETTINGS) as farm:
        farm.start()
        farm.greeted()
        hub = farm.inner
        hub.rollouts.sender.gap_s = 0.0
        order = Command(secrets.token_bytes(4), FAR_S, FAN, g.STATE_ON, LEASE_S, 0)

        def tamper(frame: Frame) -> list[bytes]:
            if frame.direction == DOWN and frame.type == g.MSG_UPDATE_CHUNK:
                seen[0] += 1
                if seen[0] == last:
                    assert hub.link.send(1, g.MSG_COMMAND, encode_command(order))
            return [frame.data]

        farm.path.tamper = tamper
        offer(farm, image)
        ends(farm, plan.PROVEN, image)
        board = farm.boards[1]
        board.kill()
        pins = scene.look(board.folder, board.spec.board, board.spec.recipe)
    (run,) = pins.runs[FAN]
    restarted_ms = pins.boots[1][0]
    assert run.seconds == pytest.approx(LEASE_S, abs=2) and run.to_ms <= restarted_ms
    table.injected()
    table.tell("a lease runs to its end before the restart")
    table.judged(pins.judge())
    table.check()
