"""The fault suite's own: the row that each test fills, and firmware from another folder for the mutations."""

import os
import re
from collections.abc import Generator, Iterator
from functools import partial
from pathlib import Path

import pytest

from flash_tools import image
from tests.support.table import Row

PASSED = pytest.StashKey[bool]()
SOURCES = "NHAVUON_SOURCES"  # a folder with firmware/ and shared_protocol/ in place of the project's


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "call":
        item.stash[PASSED] = report.passed
    return report


@pytest.fixture
def table(request: pytest.FixtureRequest) -> Iterator[Row]:
    """The row of the table that this test fills; its number is in the file's name."""
    found = re.match(r"test_(\d\d)_", request.path.name)
    assert found, "a fault's test is in a file that carries its number"
    row = Row(int(found[1]), request.node.name)
    yield row
    row.write(request.node.stash.get(PASSED, False))


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Boards get the firmware that is to be tried, usually the project's."""
    folder = os.environ.get(SOURCES)
    if folder:
        monkeypatch.setattr(image, "PROJECT", Path(folder))
        monkeypatch.setattr(image, "build_slot", partial(image.build_slot, sources=Path(folder)))
