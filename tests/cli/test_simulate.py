"""`nhavuon simulate`: what it says about a log that it cannot replay; nothing is added to the hub for it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from hub.cli.simulate import _boards_for, command
from hub.fleet import Fleet

LOGS = Path(__file__).resolve().parents[1] / "data"


def run(tmp_path, text):
    log = tmp_path / "log.csv"
    log.write_bytes(text)
    return CliRunner().invoke(command, ["--replay", str(log), "--data", str(tmp_path / "data")])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "line 1"),
        (b"t_s,air_temperature,foo\n0,1,2\n", "column 'foo' is unknown"),
        (b"t_s,air_temperature\n", "no row"),
        (b"t_s,air_temperature\n0,\xff\n", "UTF-8"),
        (b"t_s,air_temperature\n0,12.5\n", "line 2"),
    ],
)
def test_a_log_that_cannot_be_replayed_is_a_sentence(tmp_path, text, says):
    result = run(tmp_path, text)
    assert result.exit_code == 1 and says in result.output and "log.csv" in result.output
    assert not (tmp_path / "data").exists() or not Fleet.open(tmp_path / "data").nodes()


def test_a_missing_log_is_a_sentence(tmp_path):
    result = CliRunner().invoke(command, ["--replay", str(tmp_path / "none.csv")])
    assert result.exit_code == 2 and "does not exist" in result.output


@pytest.mark.parametrize("name", ["office_10s.csv", "room_60s.csv"])
def test_a_log_of_air_goes_to_boards_that_measure_air(name):
    assert _boards_for(LOGS / name) == ("worm_house_air", "tea_field")
