"""`nhavuon node`: what a technician types, and that no key is ever printed."""

import stat
import sys

import pytest
from click.testing import CliRunner

from hub.cli.node import command
from hub.fleet import Fleet


@pytest.fixture
def run(tmp_path):
    def invoke(*arguments):
        name, *rest = arguments
        return CliRunner().invoke(command, [name, "--data", str(tmp_path), *rest])

    return invoke


def test_add_list_rename_retire(run):
    assert "Node 1" in run("add", "Khí", "--zone", "Nhà giun 1", "--kind", "worm_house").output
    run("add", "Luống", "--zone", "Nhà giun 1")
    run("rename", "2", "Luống 3")
    listed = run("list").output
    assert "Khí" in listed and "Luống 3" in listed and listed.count("Nhà giun 1") == 2
    assert "retired" in run("retire", "1", "--yes").output
    assert "Khí" not in run("list").output and "Khí" in run("list", "--all").output


def test_the_key_goes_to_a_private_file_and_nowhere_else(run, tmp_path):
    printed = run("add", "Khí").output + run("list").output
    file = tmp_path / "key.hex"
    printed += run("export-key", "1", str(file)).output
    fleet = Fleet.open(tmp_path)
    key = fleet.key(1).hex()
    assert file.read_text().strip() == key and key not in printed
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_existing_file_is_not_overwritten(run, tmp_path):
    run("add", "Khí")
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    result = run("export-key", "1", str(file))
    assert result.exit_code != 0 and "exists already" in result.output and file.read_text() == "mine"


def test_an_unknown_node_is_a_sentence(run):
    result = run("rename", "7", "X")
    assert result.exit_code != 0 and "There is no node 7" in str(result.exception)
