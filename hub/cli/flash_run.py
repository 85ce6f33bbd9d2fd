"""Carries out `nhavuon flash`: one board, a batch, an offline bundle or the one-file image. Called by flash.py."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from flash_tools import micropython, one_file
from flash_tools.check import table
from flash_tools.errors import FlashError
from flash_tools.flash import Flashing
from flash_tools.screen import Screen
from flash_tools.unit_log import UnitLog
from flash_tools.wishes import Desk, Options
from flash_tools.words import say
from hub.cli.flash_desk import Answers, FleetDesk, wifi_from_file
from hub.cli.places import data_folder, home
from hub.errors import HubError
from hub.fleet import Fleet
from hub.web.words import Words

OK, CHECK_FAILED, FAILED = 0, 1, 2
TAKEN = ("port", "board", "firmware", "bundle", "sha256", "via", "before", "after", "baud", "keep_micropython", "erase")

Make = Callable[[Options, Desk, Screen], Flashing]
Given = dict[str, Any]  # the options of the command line by name


def run(given: Given, make: Make = Flashing) -> int:
    """The exit code: 0 done, 1 installed but the check failed, 2 not done. `make`: see one()."""
    lang = given["lang"]
    console = Console(highlight=False)
    try:
        return _run(console, lang, given, make)
    except FlashError as error:
        Screen(console, lang, UnitLog(home())).failed(error)
    except HubError as error:
        words = Words(lang)
        console.print(words.say(error.code, **error.params) if words.has(error.code) else str(error), markup=False)
    return FAILED


def _run(console: Console, lang: str, given: Given, make: Make) -> int:
    if given["fill_bundle"]:
        return _fill(console, lang, given["fill_bundle"])
    options = _options(given)
    if given["image"]:
        made = one_file.make(given["image"], options)
        console.print(say(lang, "image.made", **made), soft_wrap=True, markup=False)
        return OK
    fleet = Fleet.open(given["data"] or data_folder())
    try:
        answers = _answers(lang, given)
        desk = FleetDesk(fleet, answers, home() / "flash" / "boards.json")
        return _batch(console, options, desk, answers) if given["batch"] else one(console, options, desk, lang, make)
    finally:
        fleet.close()


def _options(given: Given) -> Options:
    return Options(
        **{name: given[name] for name in TAKEN},
        stub=not given["no_stub"],
        check=given["check"],
        cards=given["cards"] or home() / "cards",
    )


def _answers(lang: str, given: Given) -> Answers:
    return Answers(
        **{name: given[name] for name in ("name", "zone", "kind", "number", "hub", "yes")},
        lang=lang,
        replace=given["dead"],
        wifi=wifi_from_file(given["wifi_file"]) if given["wifi_file"] else None,
        ask_wifi=not given["no_wifi"],
        questions=given["questions"] and not given["batch"],
    )


def one(console: Console, options: Options, desk: FleetDesk, lang: str, make: Make = Flashing) -> int:
    """One board; what happened is said, logged and returned as exit code. `make`: the run, or one that extends it."""
    log = UnitLog(home() / "flash")
    screen = Screen(console, lang, log)
    flashing = make(options, desk, screen)
    try:
        with screen:
            good = flashing.run()
    except FlashError as error:
        screen.failed(error)
        return FAILED
    finally:
        if log.path:
            console.print(say(lang, "done.log", path=log.path), soft_wrap=True, markup=False)
    _report(console, screen, flashing)
    return OK if good else CHECK_FAILED


def _report(console: Console, screen: Screen, flashing: Flashing) -> None:
    report, unit = flashing.report, flashing.unit
    assert unit is not None
    values = {"number": unit.number, "name": unit.name, "page": f"http://{unit.page}/nodes/{unit.number}"}
    if report is None:
        screen.tell("done.unchecked", **values)
        return
    table.show(console, report, screen.lang)
    for row in report:
        screen.log.note(f"check: {row.result} {row.key} {row.value.en} {row.why('en')}".rstrip())
    if report.ok:
        screen.tell("done.ok", **values)
    else:
        rows = ", ".join(row.name.of(screen.lang) for row in report.failed)
        screen.tell("done.failed", count=len(report.failed), rows=rows, **values)


def _batch(console: Console, options: Options, desk: FleetDesk, answers: Answers) -> int:
    """Board after board: Enter when it is plugged in, Enter for the proposed name."""
    good = bad = 0
    while True:
        prompt = say(answers.lang, "ask.next", count=good + bad + 1) + " "
        try:
            if input(prompt).strip().lower() == "q":
                break
        except EOFError:
            break
        if one(console, options, desk, answers.lang) == OK:
            good += 1
        else:
            bad += 1
    console.print(say(answers.lang, "done.batch", good=good, bad=bad), markup=False)
    return OK if not bad else CHECK_FAILED


def _fill(console: Console, lang: str, folder: Path) -> int:
    for chip in micropython.NAMES:
        image = micropython.fetch(chip, micropython.Memory(folder))
        console.print(say(lang, "bundle.made", file=image.name, sha256=image.sha256), soft_wrap=True, markup=False)
    return OK
