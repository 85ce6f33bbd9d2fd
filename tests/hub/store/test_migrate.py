"""Schema migrations, and that the peewee models say what the SQL says."""

import sqlite3
from pathlib import Path

import pytest

from hub.errors import DataTooNew
from hub.store import Store
from hub.store.migrate import Migration, known, migrate, statements
from hub.store.models import Row


def opened(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None)


def test_all_steps_apply_to_an_empty_file_once(tmp_path: Path) -> None:
    connection = opened(tmp_path / "x")
    assert migrate(connection, tmp_path, known()) == len(known())
    assert migrate(connection, tmp_path, known()) == 0
    connection.close()


def test_a_later_step_is_added_to_what_is_there(tmp_path: Path) -> None:
    connection = opened(tmp_path / "x")
    one, two = Migration(1, "a", "CREATE TABLE a (x);"), Migration(2, "b", "ALTER TABLE a ADD COLUMN y; -- why")
    migrate(connection, tmp_path, [one])
    connection.execute("INSERT INTO a VALUES (1)")
    assert migrate(connection, tmp_path, [one, two]) == 1
    assert connection.execute("SELECT x, y FROM a").fetchall() == [(1, None)]
    connection.close()


def test_a_step_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    connection = opened(tmp_path / "x")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, tmp_path, [Migration(1, "a", "CREATE TABLE a (x);\nCREATE TABLE a (x);")])
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    connection.close()


def test_newer_data_are_refused_and_not_touched(tmp_path: Path) -> None:
    Store(tmp_path).close()
    connection = opened(tmp_path / "nhavuon.sqlite3")
    connection.execute("PRAGMA user_version = 99")
    before = connection.execute("SELECT sql FROM sqlite_master").fetchall()
    with pytest.raises(DataTooNew) as error:
        Store(tmp_path)
    assert "newer version" in str(error.value) and error.value.params["found"] == 99
    assert connection.execute("SELECT sql FROM sqlite_master").fetchall() == before
    connection.close()


def test_numbers_without_a_hole(tmp_path: Path) -> None:
    (tmp_path / "001_a.sql").write_text("SELECT 1;")
    (tmp_path / "003_b.sql").write_text("SELECT 1;")
    with pytest.raises(ValueError, match="003_b"):
        known(tmp_path)


def test_a_script_without_its_last_semicolon_is_refused() -> None:
    assert statements("SELECT 1;\n-- only a comment\n") == ["SELECT 1;"]
    with pytest.raises(ValueError, match="semicolon"):
        statements("SELECT 1;\nSELECT 2")


def test_models_have_the_columns_of_their_tables(store: Store) -> None:
    for model in Row.__subclasses__():
        meta = model._meta
        columns = store.rows(f"PRAGMA table_info({meta.table_name})")
        assert [column[1] for column in columns] == list(meta.columns), meta.table_name
        required = {column[1] for column in columns if column[3] and column[4] is None}
        assert {f.column_name for f in meta.fields.values() if f.null} & required == set()
