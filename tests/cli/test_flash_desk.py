"""The answers of a flash run: options, then what the hub knows, then the person; nothing is entered before `commit`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest

from boards.board import load
from flash_tools.errors import AnswerMissing, BadAnswer
from flash_tools.unit_log import UnitLog
from hub.cli.board_options import BEFORE, ResetChoice
from hub.cli.flash_desk import Answers, FleetDesk, wifi_from_file
from hub.errors import HubError, UnknownNode
from hub.fleet import Fleet

BOARD = load("esp32_devkitc")
MAC = "24:0a:c4:00:00:01"
SECRET = "mat-khau-rieng"


class Person:
    """Types the answers in turn and remembers what was asked."""

    def __init__(self, *answers: str) -> None:
        self._answers, self.asked = list(answers), ""

    def __call__(self, prompt: str) -> str:
        self.asked += prompt
        return self._answers.pop(0)


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    opened = Fleet.open(tmp_path / "data")
    yield opened
    opened.close()


def desk(fleet: Fleet, tmp_path: Path, person: Person, **answers: object) -> FleetDesk:
    given = replace(Answers(hub="192.168.1.10", ask_wifi=False), **answers)  # type: ignore[arg-type]
    return FleetDesk(fleet, given, tmp_path / "home" / "boards.json", person)


def test_a_new_board_is_proposed_the_next_number_and_a_name_in_its_zone(fleet: Fleet, tmp_path: Path) -> None:
    fleet.add("A", fleet.add_zone("Nhà giun", "worm_house").id, number=6)
    person = Person("", "")
    counter = desk(fleet, tmp_path, person)
    unit = counter.unit(MAC, BOARD)
    assert (unit.number, unit.name, unit.zone, unit.hub) == (7, "Nhà giun 7", "Nhà giun", ("192.168.1.10", 47470))
    assert "Khu" in person.asked and "Tên thiết bị" in person.asked
    assert len(fleet.nodes()) == 1
    number, key = counter.commit(unit, MAC)
    assert number == 7 and key == fleet.key(7) and fleet.node(7).name == "Nhà giun 7"


def test_a_run_that_broke_off_is_taken_up_as_the_same_node(fleet: Fleet, tmp_path: Path) -> None:
    first = desk(fleet, tmp_path, Person("Khu A", "Nút A"))
    first.commit(first.unit(MAC, BOARD), MAC)
    key = fleet.key(1)
    person = Person("c")
    second = desk(fleet, tmp_path, person)
    unit = second.unit(MAC, BOARD)
    assert unit.number == 1 and "Nút A" in person.asked
    assert second.commit(unit, MAC) == (1, key)
    assert str(key.hex()) not in (tmp_path / "home" / "boards.json").read_text("utf-8")


def test_another_board_is_not_that_node(fleet: Fleet, tmp_path: Path) -> None:
    first = desk(fleet, tmp_path, Person("Khu A", "A"))
    first.commit(first.unit(MAC, BOARD), MAC)
    assert desk(fleet, tmp_path, Person("", "")).unit("24:0a:c4:00:00:02", BOARD).number == 2


def test_a_board_without_a_mac_is_always_new(fleet: Fleet, tmp_path: Path) -> None:
    for number in (1, 2):
        counter = desk(fleet, tmp_path, Person(), yes=True)
        assert counter.commit(counter.unit("", BOARD), "")[0] == number


def test_replacing_needs_a_node_and_makes_a_new_key(fleet: Fleet, tmp_path: Path) -> None:
    with pytest.raises(UnknownNode):
        desk(fleet, tmp_path, Person(), replace=3).unit(MAC, BOARD)
    fleet.add("C", None, number=3)
    key = fleet.key(3)
    counter = desk(fleet, tmp_path, Person(), replace=3)
    unit = counter.unit(MAC, BOARD)
    assert fleet.key(3) == key
    assert counter.commit(unit, MAC) == (3, fleet.key(3)) and fleet.key(3) != key


def test_the_wifi_is_asked_once_and_not_shown(
    fleet: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("hub.cli.flash_desk.getpass.getpass", lambda prompt: SECRET)
    counter = desk(fleet, tmp_path, Person("K", "A", "Trại", "K", "B"), ask_wifi=True)
    first, second = counter.unit(MAC, BOARD), counter.unit("24:0a:c4:00:00:02", BOARD)
    assert first.wifi == second.wifi == (("Trại", SECRET),)
    assert SECRET not in capsys.readouterr().out and SECRET not in repr(first) and SECRET not in repr(counter)


def test_a_list_of_boards_cannot_be_answered_by_yes(fleet: Fleet, tmp_path: Path) -> None:
    boards = [BOARD, load("esp32_relay4")]
    assert desk(fleet, tmp_path, Person("x", "9", "2")).choose_board(boards) is boards[1]
    with pytest.raises(AnswerMissing) as missing:
        desk(fleet, tmp_path, Person(), yes=True).choose_board(boards)
    assert "esp32_relay4" in missing.value.action("vi")


def test_the_hubs_address_is_a_number(fleet: Fleet, tmp_path: Path) -> None:
    assert desk(fleet, tmp_path, Person(), hub="10.0.0.2:5000", yes=True).unit(MAC, BOARD).hub == ("10.0.0.2", 5000)
    for wrong in ("my-pc", "10.0.0.2:70000", "10.0.0.2:0", "10.0.0.2:x"):
        with pytest.raises(BadAnswer):
            desk(fleet, tmp_path, Person(), hub=wrong, yes=True).unit(MAC, BOARD)


def test_where_nobody_can_type_the_option_is_named(fleet: Fleet, tmp_path: Path) -> None:
    def nobody(prompt: str) -> str:
        raise EOFError

    def option(**given: object) -> str:
        answers = replace(Answers(hub="192.168.1.10"), **given)  # type: ignore[arg-type]
        with pytest.raises(AnswerMissing) as missing:
            FleetDesk(fleet, answers, tmp_path / "boards.json", nobody).unit(MAC, BOARD)
        return str(missing.value.params["option"])

    assert option() == "--zone"
    assert option(zone="Khu A") == "--name"
    assert option(zone="Khu A", name="A") == "--wifi-file, --no-wifi"


def test_the_hub_is_where_it_heard_nodes_last(fleet: Fleet, tmp_path: Path) -> None:
    assert desk(fleet, tmp_path, Person(), yes=True).unit(MAC, BOARD).hub == ("192.168.1.10", 47470)
    fleet.served(fleet.page_port, 50000)
    assert desk(fleet, tmp_path, Person(), yes=True).unit(MAC, BOARD).hub == ("192.168.1.10", 50000)


def test_a_wifi_file_and_what_is_wrong_with_one(tmp_path: Path) -> None:
    file = tmp_path / "wifi.txt"
    file.write_text(f"Trại\n{SECRET}\n\nNhà\n12345678\n", "utf-8")
    assert wifi_from_file(file) == (("Trại", SECRET), ("Nhà", "12345678"))
    for text, kind in ((f"Trại\n{SECRET}\nx\n", BadAnswer), ("", BadAnswer), ("Trại\nngắn-quá\n" + "é" * 9, BadAnswer)):
        file.write_text(text, "utf-8")
        with pytest.raises(kind):
            wifi_from_file(file)
    file.write_text(f"Trại\n{SECRET}é\n", "utf-8")
    with pytest.raises(HubError) as refused:
        wifi_from_file(file)
    assert SECRET not in str(refused.value)


def test_a_log_blots_out_what_it_was_told_to_hide(tmp_path: Path) -> None:
    log = UnitLog(tmp_path)
    log.note("early")
    log.hide(SECRET, b"\x00\x01\x02\x03")
    log.named(MAC)
    log.note(f"a\nb {SECRET} 00010203 AAECAw== c")
    assert log.path is not None and "240ac4000001" in log.path.name
    text = log.path.read_text("utf-8")
    assert "early" in text and SECRET not in text and "00010203" not in text and "AAECAw" not in text


def test_resets_are_spelled_as_either_esptool_spells_them() -> None:
    choice = ResetChoice(BEFORE)
    assert choice.convert("no_reset", None, None) == choice.convert("no-reset", None, None) == "no-reset"
    with pytest.raises(click.BadParameter):
        choice.convert("never", None, None)


def test_the_list_of_commands_does_not_need_the_usb_tools() -> None:
    """They are installed when flash is first used."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('esptool', 'mpremote', 'ampy', 'serial', 'littlefs', 'fpdf')))"
    )
    code += "; sys.argv = ['nhavuon', '--help']; from hub.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, encoding="utf-8")
    assert done.returncode == 0 and "flash" in done.stdout, done.stderr


@pytest.mark.parametrize(("served", "port"), [(None, 8080), (9000, 9000)])
def test_the_page_is_where_the_hub_served_it_last(fleet: Fleet, tmp_path: Path, served: int | None, port: int) -> None:
    if served:
        fleet.served(served, fleet.udp_port)
    unit = desk(fleet, tmp_path, Person(), yes=True).unit(MAC, BOARD)
    assert unit.page == f"192.168.1.10:{port}"
