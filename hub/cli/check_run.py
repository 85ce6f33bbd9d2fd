"""Runs `nhavuon check`: one node over its cable, or with --node over the LAN while it works. For hub/cli/check.py."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from boards.board import Board, BoardError, load
from flash_tools import card, image, ports
from flash_tools.check import Report, check, lan, words
from flash_tools.check.asking import Asker
from flash_tools.check.hub_client import HubClient
from flash_tools.check.table import show
from flash_tools.errors import BuildError, CardNotWritten, FlashError
from flash_tools.repl import Repl
from flash_tools.words import say
from hub.cli.places import data_folder, lan_address
from hub.errors import HubError
from hub.fleet import PAGE_PORT, Fleet

T = TypeVar("T")

SAID = {
    "vi": {
        "pauses": "Trong lúc kiểm tra, thiết bị ngừng điều khiển; xong nó tự chạy lại.",
        "again": "Thiết bị đang chạy lại.",
        "card": "Thẻ dán nắp hộp: {}",
        "who": "Tên của bạn trên trạm",
        "secret": "Mật khẩu",
        "node": "Thiết bị số {}",
    },
    "en": {
        "pauses": "While it is tested the node controls nothing; afterwards it starts again by itself.",
        "again": "The node starts again.",
        "card": "Card for the lid of the box: {}",
        "who": "Your name on the hub",
        "secret": "Password",
        "node": "Node {}",
    },
}


def run(lang: str, as_json: bool, questions: bool, options: dict[str, Any]) -> int:
    """The exit code: 0 when nothing failed, 1 when something did, 2 when the node could not be tested or the card not
    be written.
    """
    desk = _Desk(lang, as_json, questions)
    try:
        report, node = _over_lan(desk, options) if options["node"] else (_over_usb(desk, options), {})
    except FlashError as error:
        desk.failed(error)
        return 2
    desk.show(report)
    try:
        if options["card_file"]:
            card.write(options["card_file"], _card(desk, report, node, options))
            desk.say("card", options["card_file"])
    except CardNotWritten as error:  # not as JSON: the result is there already
        desk.tell(f"✗ {error.cause(lang)} {error.action(lang)}")
        return 2
    return 0 if report.ok else 1


class _Desk:
    """The terminal: everything for the person goes to stderr when stdout carries JSON."""

    def __init__(self, lang: str, as_json: bool, questions: bool) -> None:
        self.lang = lang
        self._json = as_json
        self._told = ""
        self._console = Console(stderr=as_json)
        self.ask = Asker(lang, self._read, self.tell) if questions else None

    def _read(self, prompt: str) -> str:
        return str(click.prompt(prompt.strip(), prompt_suffix=" ", err=self._json, default="", show_default=False))

    def tell(self, line: str) -> None:
        self._console.print(line, markup=False, highlight=False, soft_wrap=True)

    def say(self, key: str, *values: object) -> None:
        self.tell(SAID[self.lang][key].format(*values))

    def progress(self, what: str, share: float) -> None:
        """What is tested now."""
        line = f"{share:4.0%}  {words.kind(what).of(self.lang)} …" if what else ""
        if line and line != self._told:
            self._told = line
            self.tell(line)

    def show(self, report: Report) -> None:
        if self._json:
            click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=2))
        else:
            show(self._console, report, self.lang)

    def failed(self, error: FlashError) -> None:
        if self._json:
            told = {key: {lang: getattr(error, key)(lang) for lang in ("vi", "en")} for key in ("cause", "action")}
            click.echo(json.dumps({"result": "ERROR", "ok": False, "error": error.code, **told}, ensure_ascii=False))
        else:
            told_here = error.cause(self.lang), say(self.lang, "next"), error.action(self.lang)
            click.echo("✗ {}\n  {} {}".format(*told_here), err=True)

    def secret(self, name: str | None, file: Any, known: list[str]) -> tuple[str, str]:
        """Who signs in, and the password: asked for without an echo, or read from a file."""
        words = SAID[self.lang]
        if name is None:
            name = known[0] if len(known) == 1 else click.prompt(f"{words['who']} ({', '.join(known)})", err=True)
        if file is not None:
            return str(name), file.readline().rstrip("\r\n")
        return str(name), str(click.prompt(words["secret"], hide_input=True, err=True))


def _wanted() -> tuple[str, tuple[int, ...]] | None:
    """The application that this PC would install; None where it cannot be built."""
    try:
        made = image.application()
    except BuildError:
        return None
    return made.sha256.hex(), made.version


def _over_usb(desk: _Desk, options: dict[str, Any]) -> Report:
    port = options["port"] or ports.find(desk.tell, desk.lang).device
    desk.say("pauses")
    with closing(Repl.open(port, before=options["before"], say=desk.tell, lang=desk.lang)) as repl:
        try:
            return check(repl.run, ask=desk.ask, say=desk.progress, wanted=_wanted())
        finally:
            repl.reset()
            desk.say("again")


def _over_lan(desk: _Desk, options: dict[str, Any]) -> tuple[Report, dict[str, Any]]:
    hub = HubClient(options["address"] or _page(options), desk.lang)
    hub.sign_in(*desk.secret(options["person"], options["password_file"], hub.people()))
    node = hub.node(options["node"])
    return lan.check(hub, node, ask=desk.ask, say=desk.progress, wanted=_wanted()), node


# the card


def _card(desk: _Desk, report: Report, node: dict[str, Any], options: dict[str, Any]) -> card.Card:
    number = report.facts["node"]
    name, zone = _named(number, options["data"])
    page = _page(options)
    return card.Card(
        name=node.get("name") or name or SAID[desk.lang]["node"].format(number),
        zone=zone,
        number=number,
        hub=page.replace("127.0.0.1", lan_address()).replace("localhost", lan_address()),
        board=_board(str(report.facts["board"])),
        report=report,
        at_s=report.at_s,
        language=desk.lang,
    )


def _page(options: dict[str, Any]) -> str:
    """HOST:PORT of the hub's page: as given, else where this PC's hub served it last."""
    if options["address"]:
        return str(options["address"]).rpartition("//")[2].rstrip("/")
    return f"127.0.0.1:{_known(options['data'], lambda fleet: fleet.page_port, PAGE_PORT)}"


def _named(number: int, data: Path | None) -> tuple[str, str]:
    """Name and zone as this PC's hub knows them, "" where it does not."""

    def ask(fleet: Fleet) -> tuple[str, str]:
        node = fleet.node(number)
        return node.name, fleet.zone(node.zone_id).name if node.zone_id is not None else ""

    return _known(data, ask, ("", ""))


def _known(data: Path | None, ask: Callable[[Fleet], T], otherwise: T) -> T:
    """What this PC's hub knows; `otherwise` where it does not, or where there is none."""
    folder = data or data_folder()
    if not folder.exists():
        return otherwise
    try:
        with closing(Fleet.open(folder)) as fleet:
            return ask(fleet)
    except HubError:
        return otherwise


def _board(name: str) -> Board | None:
    """The board file of this name; the card goes without a drawing where this PC has none."""
    try:
        return load(name)
    except BoardError:
        return None
