"""Runs the flashing of one board, from whatever is plugged in to a tested node, step by step. For hub/cli/flash.py.

What the run must know (which board, which node, may it be erased) it asks its Desk, which is the command line with the
hub's fleet behind it. Nothing is erased before all is known and the image is proven, and nothing is entered in the
fleet before the board is ready to be written. A run can be broken off anywhere: the next one does what is left.
"""

import contextlib
import time
from pathlib import Path
from typing import Any

from boards.board import Board, BoardError, load, names
from flash_tools import card, image, install, micropython, provision
from flash_tools.check import Report, check
from flash_tools.chip import BLANK_MACS, Chip
from flash_tools.errors import BadAnswer, Declined, FlashTooSmall, NoAnswer, WrongChip
from flash_tools.micropython import Image
from flash_tools.ports import find
from flash_tools.remote import Remote
from flash_tools.repl import Repl
from flash_tools.screen import Screen
from flash_tools.via_ampy import AmpyRepl
from flash_tools.wishes import Desk, Options, Unit
from flash_tools.words import say

BLANK_LOOK = 4096
AWAY_S = 15.0

ABOUT_CHIP = """\
import machine
from binascii import hexlify
print(hexlify(machine.unique_id(), ':').decode())
"""


class Flashing:
    """One board on its way."""

    def __init__(self, options: Options, desk: Desk, screen: Screen) -> None:
        self.options, self.desk, self.screen = options, desk, screen
        self.port, self.mac = options.port or "", ""
        self.unit: Unit | None = None
        self.report: Report | None = None
        self.card: Path | None = None
        self._press_now, self._away_s = False, 0.0

    def run(self) -> bool:
        """All steps; True when the node is installed and its check found nothing wrong."""
        self._find_port()
        if self.options.keep_micropython:
            board, unit = self._look_by_repl()
        else:
            board, unit = self._write_micropython()
        self.unit = unit
        who = self._install(board, unit)
        if self.options.check:
            self._check(board, unit, who)
        else:
            self.screen.skip("check")
        return self.report is None or self.report.ok

    # --- the board and its chip ---

    def _find_port(self) -> None:
        with self.screen.step("port"):
            if not self.port:
                found = find(self.screen.say, self.screen.lang)
                self.port = found.device
                self.screen.detail("detail.is", what=str(found))
            else:
                self.screen.detail("detail.is", what=self.port)

    def _look_by_repl(self) -> tuple[Board, Unit]:
        """MicroPython stays: the board itself says who it is."""
        with self.screen.step("chip"):
            remote = self._open()
            try:
                release = install.check_micropython(remote)
                self.mac = mac_of(remote)
                machine = remote.about().machine
            finally:
                remote.close()
            self.screen.log.named(self.mac)
            self.screen.detail("detail.is", what=f"{machine}, MicroPython {release}, {self.mac}")
        for name in ("image", "erase", "write"):
            self.screen.skip(name)
        board = self._board(chip_in(machine))
        with self.screen.pause():
            return board, self.desk.unit(self.mac, board)

    def _write_micropython(self) -> tuple[Board, Unit]:
        chip = self._open_chip()
        try:
            board = self._board(chip.found.chip)
            if chip.found.flash_mb < board.flash_mb:
                raise FlashTooSmall(found=chip.found.flash_mb, wanted=board.flash_mb, board=board.name)
            with self.screen.pause():
                unit = self.desk.unit(self.mac, board)
            found = self._image(chip.found.chip)
            if chip.found.flash_mb < found.flash_mb:
                raise FlashTooSmall(found=chip.found.flash_mb, wanted=found.flash_mb, board=found.name)
            self._bring_micropython(chip, found)
            self._press_now = not chip.leave(self.options.after)
            self._away_s = AWAY_S
        finally:
            chip.close()
        return board, unit

    def _open_chip(self) -> Chip:
        with self.screen.step("chip"):
            options = self.options
            chip = Chip.open(
                self.port,
                before=options.before,
                baud=options.baud,
                stub=options.stub,
                say=self.screen.say,
                note=self.screen.log.note,
                lang=self.screen.lang,
            )
            found = chip.found
            self.mac = found.mac
            self.screen.log.named(found.mac)
            mac = found.mac or "MAC ?"
            self.screen.detail("detail.is", what=f"{found.model}, {mac}, {found.flash_mb} MB")
        if not found.mac:
            self.screen.tell("no_mac")
        return chip

    def _board(self, chip: str) -> Board:
        """The board file, given or chosen among those for this chip ("" = not known). WrongChip, BadAnswer."""
        if self.options.board:
            try:
                board = load(self.options.board)
            except BoardError as error:
                raise BadAnswer(str(error), value=self.options.board) from None
        else:
            fitting = [one for one in _boards() if chip in ("", one.chip.name)]
            if not fitting:
                raise WrongChip(found=chip, board="–", wanted=", ".join(sorted(micropython.NAMES)))
            with self.screen.pause():
                board = fitting[0] if len(fitting) == 1 else self.desk.choose_board(fitting)
        if chip and board.chip.name != chip:
            raise WrongChip(found=chip, board=board.name, wanted=board.chip.name)
        return board

    # --- MicroPython ---

    def _image(self, chip: str) -> Image:
        """The image, proven. Nothing was erased yet."""
        with self.screen.step("image"):
            memory = micropython.Memory()
            options = self.options
            found = micropython.chosen(
                chip,
                options.firmware,
                options.bundle,
                memory,
                lambda done, total: self.screen.progress("image", done, total),
            )
            micropython.admit(found, chip, options.sha256, memory)
            self.screen.detail("detail.image", file=found.name, release=found.release, sha256=found.sha256)
        return found

    def _bring_micropython(self, chip: Chip, found: Image) -> None:
        """Write what is not there yet, after saying what is lost."""
        there = all(chip.holds(offset, data) for offset, data in found.pieces(keep_nvs=True))
        if there and not self.options.erase:
            self.screen.skip("erase")
            with self.screen.step("write"):
                self.screen.detail("detail.there", release=found.release)
            return
        known = self.desk.known(self.mac)
        blank = self._is_blank(chip, found)
        keep = bool(known) and not self.options.erase
        if not blank:
            key = "lose.micropython" if keep else "lose.known" if known else "lose.unknown"
            with self.screen.pause():
                if not self.desk.may(self._told(key, name=known)):
                    raise Declined()
        if blank or keep:
            self.screen.skip("erase")
        else:
            with self.screen.step("erase"):
                chip.erase()
        with self.screen.step("write"):
            chip.write(found.pieces(keep), lambda done, total: self.screen.progress("write", done, total))
            self.screen.detail("detail.written", release=found.release, kb=len(found.data) >> 10)

    def _told(self, key: str, **values: object) -> str:
        text = say(self.screen.lang, key, **values)
        self.screen.log.note(f"asked: {text}")
        return text

    def _is_blank(self, chip: Chip, found: Image) -> bool:
        places = {found.offset, *(part.offset for part in found.partitions if part.name != "phy_init")}
        return all(chip.is_blank(place, BLANK_LOOK) for place in places)

    # --- the node software ---

    def _open(self) -> Remote:
        """The REPL by mpremote, or by ampy when that is wanted or mpremote gets no answer on a local port."""
        press, self._press_now = self._press_now, False
        screen, options = self.screen, self.options
        way: dict[str, Any] = {
            "before": options.before,
            "say": screen.say,
            "lang": screen.lang,
            "press_now": press,
            "away_s": self._away_s,
        }
        if options.via == "mpremote":
            try:
                return Repl.open(self.port, **way)
            except NoAnswer:
                if "://" in self.port:
                    raise
                screen.tell("try_ampy")
        return AmpyRepl.open(self.port, **way)

    def _install(self, board: Board, unit: Unit) -> provision.Identity:
        screen = self.screen
        with screen.step("start"):
            remote = self._open()
            try:
                release = install.check_micropython(remote)
                self._may_replace(remote, unit)
            except BaseException:
                remote.close()
                raise
            screen.detail("detail.runs", release=release)
        try:
            application = image.application()
            wanted = install.fixed_files(board, application)
            with screen.step("install"):
                sent = install.install(remote, wanted, lambda done, total: screen.progress("install", done, total))
                version = ".".join(map(str, application.version))
                screen.detail("detail.sent", sent=sent, total=len(wanted), version=version)
            with screen.step("provision"):
                number, key = self.desk.commit(unit, self.mac)
                who = provision.Identity(number, key, unit.hub, unit.wifi)
                screen.log.hide(key, *(password for _, password in unit.wifi or ()))
                own = self._provision(remote, board, application, who)
                screen.detail("detail.node", number=number, name=unit.name, zone=unit.zone)
            with screen.step("prove"):
                count = install.prove(remote, {**wanted, **own, install.SEAL: application.seal(key)})
                screen.detail("detail.proven", count=count)
            with screen.step("restart"):
                remote.reset()
                self._away_s = AWAY_S
        finally:
            remote.close()
        return who

    def _may_replace(self, remote: Remote, unit: Unit) -> None:
        """Ask before the data of another node, or programs of somebody else, go."""
        before = provision.number_on(remote)
        files = dict(remote.tree())
        question = ""
        if before not in (0, unit.number):
            question = self._told("lose.node", number=before)
        elif "/main.py" in files and "/board.json" not in files:
            names_there = ", ".join(path for path in files if path not in ("/boot.py",))
            question = self._told("lose.files", files=names_there[:200])
        if question:
            with self.screen.pause():
                if not self.desk.may(question):
                    raise Declined()

    def _provision(
        self, remote: Remote, board: Board, application: image.Application, who: provision.Identity
    ) -> dict[str, bytes]:
        """In the order that leaves a bootable board at every moment: a seal is good by either copy of the key."""
        provision.forget_another(remote, who.number)
        own = provision.files(remote, board, who)
        install.bring(remote, {path: data for path, data in own.items() if path != "/key"})
        provision.settle(remote)
        provision.write_nvs(remote, who)
        install.seal(remote, application, who.key)
        install.bring(remote, {"/key": own["/key"]})
        return own

    # --- the end ---

    def _check(self, board: Board, unit: Unit, who: provision.Identity) -> None:
        screen = self.screen
        application = image.application()
        with screen.step("check"):
            remote = self._open()
            try:
                ask = self.desk.ask()
                with screen.pause() if ask else contextlib.nullcontext():
                    self.report = check(
                        remote.run,
                        ask=ask,
                        say=lambda what, share: screen.progress("check", int(share * 100), 100),
                        expected=who.number,
                        wanted=(application.sha256.hex(), application.version),
                    )
                remote.reset()
            finally:
                remote.close()
        if self.options.cards:
            with screen.step("card"):
                self.card = self._print_card(board, unit, who.number)
                screen.detail("detail.is", what=str(self.card))

    def _print_card(self, board: Board, unit: Unit, number: int) -> Path:
        assert self.options.cards is not None and self.report is not None
        path = self.options.cards / f"node-{number}.pdf"
        card.write(
            path,
            card.Card(
                name=unit.name,
                zone=unit.zone,
                number=number,
                hub=unit.page,
                board=board,
                report=self.report,
                language=self.screen.lang,
                at_s=int(time.time()),
            ),
        )
        return path


def mac_of(remote: Remote) -> str:
    """The MAC that the board says, "" when none was ever burnt in."""
    mac = remote.run(ABOUT_CHIP).strip()
    return "" if mac in BLANK_MACS else mac


def chip_in(machine: str) -> str:
    """The chip, as boards/chips.py has it, that MicroPython names last ("… with SPIRAM with ESP32"); "" for none."""
    last = machine.rpartition(" with ")[2].lower().replace("-", "")
    return last if last.startswith("esp32") else ""


def _boards() -> list[Board]:
    """The board files that come with the project, without the simulated ones."""
    return [load(name) for name, path in names().items() if path.parent.name != "simulated"]
