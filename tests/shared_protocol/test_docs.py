"""docs/protocol.md says what is so: its examples are vectors, its registry is ours, number for number."""

import re

import pytest

from shared_protocol import errors, names, record, registry
from tests.shared_protocol import on_board
from tests.shared_protocol.test_registry import LISTS, numbers

TEXT = (on_board.ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
VECTORS = "".join(file.read_text(encoding="utf-8") for file in sorted((on_board.HERE / "vectors").glob("*.json")))


def section(title):
    """The text of "**title…**" in the registry, up to the next heading."""
    text = TEXT[TEXT.index("\n## 11.") :]
    text = text[text.index(f"\n**{title}") + 3 :]
    return text[: re.search(r"\n(\*\*|## )", text).start()]


def examples():
    """Hexadecimal texts of at least 6 bytes: in backticks, and the fenced frames put together."""
    found = re.findall(r"`([0-9a-f]{12,})`", TEXT)
    for fence in re.findall(r"```\nheader(.*?)```", TEXT, re.S):
        found.append("".join(re.findall(r"\b[0-9a-f]{4,}\b", fence)))
    return found


def test_there_are_examples():
    assert len(examples()) > 20


@pytest.mark.parametrize("example", examples())
def test_example_is_a_vector(example):
    assert example in VECTORS


@pytest.mark.parametrize("prefix", LISTS)
def test_registry_is_the_documented_one(prefix):
    text = section(prefix[:-1])
    base = 16 if prefix in ("MSG_", "TLV_") else 10
    pattern = r"\| ([0-9A-F]+) \| (\w+) \|" if prefix == "TLV_" else r"\b([0-9A-F]+) ([A-Z][A-Z0-9_]+)[,.]"
    found = {prefix + name: int(number, base) for number, name in re.findall(pattern, text.replace("\n", " "))}
    assert found == numbers(prefix, LISTS[prefix][0])


def test_events_fields_are_documented():
    types = {"b": "u8", "h": "u16", "w": "u32", "u": "uv", "o": "opt", "4": "bytes 4", "8": "bytes 8", "s": "text8"}
    for code, letters in record.FIELDS.items():
        fields = ", ".join(types[letter] for letter in letters)
        assert f"| {code} | {names.EVENTS[code].upper()} | {fields}: " in TEXT


def test_errors_are_documented():
    for leaf in vars(errors).values():
        if isinstance(leaf, type) and leaf.number:
            assert f"| {leaf.number} | {leaf.cause} | " in TEXT


def test_timers_are_documented():
    assert f"every {registry.NOW_S} s (INTERVALS" in TEXT
    assert f"for {registry.MISSED_NOWS} NOWs and 2 s" in TEXT
    assert f"at most {registry.RECORDS_IN_FLIGHT} frames" in TEXT
    assert f"the last {registry.REMEMBERED_COMMANDS} ids" in TEXT
    assert (registry.COMMAND_RETRY_MS, registry.COMMAND_FAST_MS, registry.COMMAND_SLOW_MS) == (200, 2000, 1000)
    assert "every 200 ms for 2 s, then every second" in TEXT
    assert f"{registry.COMMAND_LIFE_S} s after the tap" in TEXT
    assert (registry.RECORDS_RETRY_MS, registry.RECORDS_RETRY_MAX_MS) == (1000, 30000)
    assert (registry.HELLO_RETRY_MS, registry.HELLO_RETRY_MAX_MS) == (1000, 30000)
    assert TEXT.count("after 1 s, doubling to 30 s") == 2
