"""Owns the answers of a flash run: options first, then the fleet's proposal, then the person. For `nhavuon flash`."""

import getpass
import ipaddress
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from boards.board import Board
from flash_tools.check import Ask
from flash_tools.check.asking import NO, YES, Asker
from flash_tools.errors import AnswerMissing, BadAnswer
from flash_tools.wishes import Unit
from flash_tools.words import say
from hub.cli.places import lan_address
from hub.fleet import Fleet, Node
from hub.settings import patch

Networks = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Answers:
    """What was given as options; None = to be proposed and asked."""

    lang: str = "vi"
    name: str | None = None
    zone: str | None = None
    kind: str = "other"
    number: int | None = None
    replace: int | None = None
    hub: str | None = None
    wifi: Networks | None = field(default=None, repr=False)
    ask_wifi: bool = True
    yes: bool = False
    questions: bool = True


class FleetDesk:
    """Answers from one data folder. The Wi-Fi is asked once, however many boards there are."""

    def __init__(self, fleet: Fleet, answers: Answers, memory: Path, read: Callable[[str], str] = input) -> None:
        self._fleet, self._answers, self._memory, self._read = fleet, answers, memory, read
        self._wifi = answers.wifi
        self._wifi_known = answers.wifi is not None or not answers.ask_wifi
        self._hub: tuple[str, int] | None = None

    # --- what the run asks ---

    def choose_board(self, fitting: Sequence[Board]) -> Board:
        """By its number in a list."""
        if self._answers.yes:
            raise AnswerMissing(what="board", option="--board " + "|".join(board.name for board in fitting))
        for index, board in enumerate(fitting, 1):
            print(f"  {index}  {board.name}: {board.title[self._answers.lang]}")
        while True:
            answer = self._typed(self._word("ask.board") + ": ", "--board").strip()
            if answer.isdigit() and 1 <= int(answer) <= len(fitting):
                return fitting[int(answer) - 1]

    def known(self, mac: str) -> str:
        node = self._by_mac(mac)
        return node.name if node else ""

    def unit(self, mac: str, board: Board) -> Unit:
        """A node that exists (asked for, or known by its board), or the next new one."""
        answers = self._answers
        wanted = answers.replace or answers.number
        node = self._numbered(wanted) if wanted else self._by_mac(mac) or self._begun(mac)
        if answers.replace and node is None:
            self._fleet.node(answers.replace)
        if node is not None and not wanted and not self._same(node):
            node = None
        unit = self._existing(node) if node else self._new(wanted)
        print(self._word("becomes", number=unit.number, name=unit.name, zone=unit.zone, hub=unit.hub[0]))
        return replace(unit, wifi=self._networks())

    def may(self, question: str) -> bool:
        return self._yes(question)

    def commit(self, unit: Unit, mac: str) -> tuple[int, bytes]:
        """A new key for a replaced node, the old one for a known node, a new node otherwise."""
        fleet, answers = self._fleet, self._answers
        if answers.replace:
            fleet.replace(answers.replace)
            number = answers.replace
        elif self._numbered(unit.number):
            number = unit.number
        else:
            number = fleet.add(unit.name, self._zone_id(unit.zone), number=unit.number).number
        self._remember(mac, number)
        return number, fleet.key(number)

    def ask(self) -> Ask | None:
        if not self._answers.questions:
            return None
        return Asker(self._answers.lang, lambda prompt: self._typed(prompt, "--no-questions"))

    # --- which node ---

    def _by_mac(self, mac: str) -> Node | None:
        return next((node for node in self._fleet.nodes() if mac and node.mac == mac), None)

    def _numbered(self, number: int) -> Node | None:
        return next((node for node in self._fleet.nodes() if node.number == number), None)

    def _begun(self, mac: str) -> Node | None:
        """The node that this board was to become when its flashing broke off, as long as no other board is it."""
        node = self._numbered(self._noted().get(mac, 0)) if mac else None
        return node if node is not None and node.mac is None else None

    def _same(self, node: Node) -> bool:
        if self._answers.yes:
            return True
        return self._yes(self._word("ask.again", number=node.number, name=node.name, zone=self._zone(node)))

    def _existing(self, node: Node) -> Unit:
        hub = self._hub_address()
        return Unit(node.number, node.name, self._zone(node), hub, self._page(hub))

    def _new(self, number: int | None) -> Unit:
        answers = self._answers
        nodes, zones = self._fleet.nodes(include_retired=True), self._fleet.zones()
        number = number or max((node.number for node in nodes), default=0) + 1
        zone = answers.zone or self._asked("ask.zone", zones[0].name if zones else self._word("new.zone"))
        name = answers.name or self._asked("ask.name", f"{zone} {number}")
        hub = self._hub_address()
        return Unit(number, name, zone, hub, self._page(hub))

    def _zone(self, node: Node) -> str:
        return self._fleet.zone(node.zone_id).name if node.zone_id is not None else "–"

    def _zone_id(self, name: str) -> int:
        found = next((zone for zone in self._fleet.zones() if zone.name == name), None)
        return (found or self._fleet.add_zone(name, self._answers.kind)).id

    # --- the network ---

    def _hub_address(self) -> tuple[str, int]:
        """The hub as the node will call it: a number, since looking up a name would block the node."""
        if self._hub is None:
            text = self._answers.hub
            if text is None:
                own = lan_address()
                text = self._asked("ask.hub", own) if own.startswith("127.") else own
            self._hub = _address(text, self._fleet.udp_port)
        return self._hub

    def _page(self, hub: tuple[str, int]) -> str:
        return f"{hub[0]}:{self._fleet.page_port}"

    def _networks(self) -> Networks | None:
        """The Wi-Fi networks, None = those that the board has. Asked once."""
        if not self._wifi_known:
            self._wifi_known = True
            name = (
                ""
                if self._answers.yes
                else self._typed(self._word("ask.wifi") + ": ", "--wifi-file, --no-wifi").strip()
            )
            if name:
                password = self._typed(self._word("ask.password") + ": ", "--wifi-file", getpass.getpass)
                patch.wifi(name, password)
                self._wifi = ((name, password),)
        return self._wifi

    # --- the person ---

    def _typed(self, prompt: str, option: str, read: Callable[[str], str] | None = None) -> str:
        """A line that the person types; AnswerMissing, with the option that says the same, where nobody can."""
        try:
            return (read or self._read)(prompt)
        except EOFError:
            raise AnswerMissing(what=prompt.strip(" :"), option=option) from None

    def _asked(self, key: str, proposal: str) -> str:
        if self._answers.yes:
            return proposal
        return self._typed(f"{self._word(key)} [{proposal}]: ", key.replace("ask.", "--")).strip() or proposal

    def _yes(self, question: str) -> bool:
        if self._answers.yes:
            print(question)
            return True
        while True:
            answer = self._typed(f"{question} {self._word('yes_no')} ", "--yes").strip().lower()[:1]
            if answer in YES or answer in NO:
                return answer in YES

    def _word(self, key: str, **values: object) -> str:
        return say(self._answers.lang, key, **values)

    # --- boards whose flashing has begun ---

    def _noted(self) -> dict[str, int]:
        try:
            found: dict[str, int] = json.loads(self._memory.read_text("utf-8"))
            return found
        except (OSError, ValueError):
            return {}

    def _remember(self, mac: str, number: int) -> None:
        """So that a run that is broken off is taken up as the same node. Numbers only, no key."""
        if mac:
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            temporary = self._memory.with_suffix(".tmp")
            temporary.write_text(json.dumps(self._noted() | {mac: number}), "utf-8")
            os.replace(temporary, self._memory)


def wifi_from_file(path: Path) -> Networks:
    """Networks of a file: a line with the name, a line with the password, and so on. Raises BadAnswer and HubErrors
    that do not carry what was read.
    """
    try:
        lines = [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError):
        raise BadAnswer("unreadable", value=str(path)) from None
    if not lines or len(lines) % 2:
        raise BadAnswer("wifi_lines", value=str(path))
    networks = tuple(zip(lines[::2], lines[1::2], strict=True))
    for name, password in networks:
        patch.wifi(name, password)
    return networks


def _address(text: str, default: int) -> tuple[str, int]:
    host, _, port = text.partition(":")
    try:
        found = str(ipaddress.IPv4Address(host)), int(port or default)
    except ValueError:
        raise BadAnswer("ip", value=text) from None
    if not 0 < found[1] < 1 << 16:
        raise BadAnswer("ip", value=text)
    return found
