"""The tests' browser: Chromium by Playwright, or the line that installs what is missing. Used by tests of the page."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

sync_api = pytest.importorskip(
    "playwright.sync_api", reason="no Playwright; install it: pip install -r requirements-test.lock"
)
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect  # noqa: E402

__all__ = [
    "ARGUMENTS", "CHROMIUM", "IN_BROWSER", "NO_CHROMIUM", "Browser", "BrowserContext", "Page", "Route", "chromium",
    "expect", "follow",
]  # fmt: skip
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
NO_CHROMIUM = "no Chromium; install it: apt-get install chromium"
IN_BROWSER = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason=NO_CHROMIUM)]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium without a window."""
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


def follow(target: Locator) -> None:
    """Press what leads to another page, and be there: a click alone returns while the old page may still be shown."""
    with target.page.expect_navigation():
        target.click()
