"""Every row, cause and question of the check has its words, in both languages, and no words are left over."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from string import Formatter

import pytest

from flash_tools import words as sentences
from flash_tools.check import words
from flash_tools.check.sensors import FAULT_CAUSES
from shared_protocol import judging, names

CHECK = Path(sentences.__file__).resolve().parents[1] / "check"
FILES = [*CHECK.glob("*.py"), Path(judging.__file__)]
SOURCES = "".join(path.read_text("utf-8") for path in FILES)
KEYS = sorted(key for key in sentences.table("en") if key.startswith("check."))
CAUSES = sorted(key.split(".")[1] for key in KEYS if key.endswith(".cause"))


def holes(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


@pytest.mark.parametrize("key", KEYS)
def test_both_languages_say_the_same_thing(key: str) -> None:
    vi, en = (sentences.table(language)[key] for language in ("vi", "en"))
    assert holes(vi) == holes(en) and vi and en
    assert unicodedata.is_normalized("NFC", vi)
    assert vi != en or vi in ("Wi-Fi",)


def test_both_languages_have_the_same_keys() -> None:
    assert sorted(key for key in sentences.table("vi") if key.startswith("check.")) == KEYS


@pytest.mark.parametrize("cause", CAUSES)
def test_each_cause_has_an_action_and_is_used(cause: str) -> None:
    assert words.action(cause, {}).vi and words.action(cause, {}).en
    assert f'"{cause}"' in SOURCES, f"nothing says {cause}"


def test_each_cause_in_the_code_has_words() -> None:
    used = set(re.findall(r'\(\(?"([a-z_]+)", \{', SOURCES)) | set(re.findall(r'cause="([a-z_]+)"', SOURCES))
    assert used and used <= set(CAUSES)
    assert set(FAULT_CAUSES.values()) <= set(CAUSES)


def test_each_quantity_that_a_channel_can_have_has_a_name() -> None:
    for driver_word in ("temperature", "humidity", "moisture", "level", "flow", "rain", "door"):
        assert any(kind.endswith(driver_word) for kind in names.KINDS.values())
        assert words.quantity(driver_word).vi != driver_word


def test_each_question_in_the_code_has_words() -> None:
    asked = set(re.findall(r'ask\(\s*"([a-z_]+)"', SOURCES)) | {"press_button", "press_stop"}
    assert asked == {key.rpartition(".")[2] for key in KEYS if key.startswith("check.ask.")}
