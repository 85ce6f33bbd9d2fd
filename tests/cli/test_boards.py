"""`nhavuon boards`: list, show, check."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from boards.board import FOLDER
from hub.cli.boards import command


def said(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(command, list(arguments))
    assert result.exit_code == code, result.output
    return result.output


@pytest.mark.parametrize(("language", "words"), [("vi", "bộ nhớ"), ("en", "what it is")])
def test_list_names_the_real_boards(language: str, words: str) -> None:
    text = said("list", "--lang", language)
    assert words in text and "esp32_devkitc" in text and "worm_house" not in text
    assert "worm_house" in said("list", "--all")


def test_show_draws_by_name_and_by_file() -> None:
    assert said("show", "esp32_devkitc") == said("show", str(FOLDER / "esp32_devkitc.json"))
    assert "Relay 1" in said("show", "esp32_devkitc", "--lang", "en")
    assert "no such board" in said("show", "nothing", code=1)


def test_check_names_every_problem(tmp_path: Path) -> None:
    document = json.loads((FOLDER / "esp32_devkitc.json").read_text("utf-8"))
    document["actuators"][0]["pin"] = 6
    document["stop_pin"] = 34
    document["actuators"][1]["pin"] = 18
    wrong = tmp_path / "mine.json"
    wrong.write_text(json.dumps(document), "utf-8")
    text = said("check", str(wrong), code=1)
    assert text.count("✗") >= 2 and "6" in text and "18" in text and "phải sửa" in text
    assert "✓" in said("check", str(FOLDER / "esp32_devkitc.json"))
    wrong.write_text("{", "utf-8")
    assert "not JSON" in said("check", str(wrong), "--lang", "en", code=1)
