"""`nhavuon node`: what a technician types, and that no key is ever printed."""

import json
import stat
import sys

import pytest
from click.testing import CliRunner

from hub.cli.node import command
from hub.fleet import Fleet
from shared_protocol import registry as g
from tests.hub.updates.farm import UpdateFarm
from tests.support.fakes import FakeClock


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


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        (g.IMAGE_PROVEN, "0.1.0   "),
        (g.IMAGE_ON_TRIAL, "0.1.0 on trial"),
        (g.IMAGE_ROLLED_BACK, "0.1.0 rolled back"),
        (g.IMAGE_SPARE, "0.1.0 spare"),
    ],
)
def test_the_list_says_what_runs_and_how_old_that_word_is(run, tmp_path, monkeypatch, state, shown):
    now_s = 1_790_000_000.0
    monkeypatch.setattr("hub.clock.time.time", lambda: now_s)
    farm = UpdateFarm(tmp_path, 2, FakeClock(now_s - 7260))
    farm.nodes[1].state = state
    farm.greet(1)
    farm.close()
    first, second = (line for line in run("list").output.splitlines() if "Node" in line)
    assert shown in first and "2 h 1 min ago" in first
    assert "never" in second and "0.1.0" not in second
    said = {row["number"]: row for row in json.loads(run("list", "--json").output)}
    assert (said[1]["version"], said[1]["stored_s"]) == ("0.1.0", now_s - 7260)
    assert (said[2]["version"], said[2]["image_state"], said[2]["stored_s"]) == ("", "", None)


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
