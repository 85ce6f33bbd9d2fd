"""Fixtures of the flashing tests: `micropython`, an image for the bench; `bench`, boards on the desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.support.usb_board import UsbBoard

Bench = Callable[..., "UsbBoard"]


@pytest.fixture
def micropython(tmp_path: Path) -> Path:
    from tests.support.usb_board import fake_micropython

    return fake_micropython(tmp_path / "ESP32_GENERIC-20240602-v1.23.0.bin")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """bench(kind, ready=None, **options) -> a board that is plugged in; `ready(usb)` fills its flash before."""
    from tests.support.usb_board import UsbBoard

    with ExitStack() as stack:

        def make(kind: str = "pty", ready: Callable[[UsbBoard], None] | None = None, **options: Any) -> UsbBoard:
            usb = UsbBoard(tmp_path / "desk", kind=kind, **options)
            if ready:
                ready(usb)
            return stack.enter_context(usb)

        yield make
