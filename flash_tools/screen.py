"""Owns what a person sees of a flash run: one bar for the whole, a line per finished step, and the log behind it."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from flash_tools.errors import FlashError
from flash_tools.unit_log import UnitLog
from flash_tools.words import say

SHARES: Mapping[str, int] = {  # of the bar, about seconds on a real board
    "port": 1,
    "chip": 8,
    "image": 5,
    "erase": 10,
    "write": 40,
    "start": 6,
    "install": 30,
    "provision": 4,
    "prove": 6,
    "restart": 4,
    "check": 60,
    "card": 2,
}


class Screen:
    """One run's bar and lines in one language. Without a terminal there are only the lines."""

    def __init__(self, console: Console, lang: str, log: UnitLog) -> None:
        self._shares = dict(SHARES)
        self.console, self.lang, self.log = console, lang, log
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("", total=sum(self._shares.values()))
        self._passed = 0
        self._detail = ""

    def more(self, **shares: int) -> None:
        """Further steps of this run, with their shares of the bar."""
        self._shares |= shares
        self._bar.update(self._task, total=sum(self._shares.values()))

    def __enter__(self) -> "Screen":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step of the run: its line appears when it has ended well, with what `detail` said."""
        self._detail = ""
        title = say(self.lang, f"step.{name}")
        self._bar.update(self._task, description=title)
        self.log.note(f"-- {say('en', f'step.{name}')}")
        yield
        self._passed += self._shares[name]
        self._bar.update(self._task, completed=self._passed)
        text = f"{title}: {self._detail}" if self._detail else title
        self.console.print(f"[green]✓[/] {escape(text)}", soft_wrap=True)
        self.log.note(f"ok: {text}")

    def skip(self, name: str) -> None:
        """A step that has nothing to do."""
        self._passed += self._shares[name]
        self._bar.update(self._task, completed=self._passed)

    def detail(self, key: str, **values: Any) -> None:
        """What the step's line says behind its name."""
        self._detail = say(self.lang, key, **values)

    def progress(self, name: str, done: int, total: int) -> None:
        """How far a step is."""
        self._bar.update(self._task, completed=self._passed + self._shares[name] * min(done, total) / max(1, total))

    def say(self, text: str) -> None:
        """A sentence to the person."""
        self.console.print(escape(text), soft_wrap=True)
        self.log.note(f"said: {text}")

    def tell(self, key: str, **values: Any) -> None:
        """A sentence of the table to the person."""
        self.say(say(self.lang, key, **values))

    def failed(self, error: FlashError) -> None:
        """Cause and next action; the log has them in English."""
        self.console.print(f"[bold red]✗[/] {escape(error.cause(self.lang))}", soft_wrap=True)
        self.console.print(f"  {escape(say(self.lang, 'next'))} {escape(error.action(self.lang))}", soft_wrap=True)
        self.log.note(f"FAILED {type(error).__name__}: {error}")

    @contextlib.contextmanager
    def pause(self) -> Iterator[None]:
        """The bar is away while the person is asked."""
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()
