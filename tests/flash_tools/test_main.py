"""`python -m flash_tools`: one command makes a board's files, and names what is wrong with what it was given."""

from pathlib import Path

from click.testing import CliRunner

from flash_tools.__main__ import main

KEY = bytes(range(16))


def run(tmp_path: Path, *changes: str, wifi: str = "") -> object:
    (tmp_path / "key.hex").write_text(KEY.hex() + "\n")
    arguments = ["esp32_devkitc", str(tmp_path / "image"), "--number", "7", "--key-file", str(tmp_path / "key.hex")]
    return CliRunner().invoke(main, [*arguments, "--hub", "192.168.1.10", *changes], input=wifi)


def test_it_writes_every_file_and_prints_no_secret(tmp_path: Path) -> None:
    result = run(tmp_path, "--wifi", wifi="trang trai\nmat-khau-wifi\n")
    assert result.exit_code == 0, result.output
    assert {p.name for p in (tmp_path / "image").iterdir()} >= {
        "boot.py",
        "main.py",
        "board.json",
        "settings.a",
        "key",
        "a",
    }
    assert "mat-khau-wifi" in (tmp_path / "image/settings.a").read_text()
    assert "mat-khau-wifi" not in result.output and KEY.hex() not in result.output


def test_an_unknown_board_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "key.hex").write_text(KEY.hex())
    arguments = ["no_such_board", str(tmp_path / "x"), "--number", "7", "--key-file", str(tmp_path / "key.hex")]
    result = CliRunner().invoke(main, [*arguments, "--hub", "10.0.0.1"])
    assert result.exit_code == 1 and "no_such_board" in result.output and "Traceback" not in result.output


def test_a_hub_has_a_number_not_a_name(tmp_path: Path) -> None:
    """A board does not look up names: that would block its loop."""
    result = run(tmp_path, "--hub", "hub.local")
    assert result.exit_code == 1 and "hub.local" in result.output and "Traceback" not in result.output


def test_a_key_of_the_wrong_length_is_refused(tmp_path: Path) -> None:
    (tmp_path / "short.hex").write_text("00ff")
    result = run(tmp_path, "--key-file", str(tmp_path / "short.hex"))
    assert result.exit_code == 1 and "16 bytes" in result.output
