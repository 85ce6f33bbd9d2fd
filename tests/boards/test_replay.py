"""Recorded logs: any bytes end in rows or in one clear error; the two real logs are read whole."""

import io
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from boards.simulated.replay import KINDS, Replay, ReplayError, check, rows

DATA = Path(__file__).resolve().parents[1] / "data"

cells = st.none() | st.integers(-400, 1200)
logs = st.lists(st.tuples(st.integers(1, 5000), cells, cells), min_size=1, max_size=30)


def text_of(steps: list[tuple[int, int | None, int | None]]) -> tuple[str, list[tuple[int, list[int | None]]]]:
    lines, wanted, t_s = ["t_s,air_temperature,air_humidity.a"], [], 0
    for step, first, second in steps:
        t_s += step
        lines.append(",".join(["" if cell is None else str(cell) for cell in (t_s, first, second)]))
        wanted.append((t_s, [first, second]))
    return "\n".join(lines) + "\n", wanted


@given(logs)
def test_what_was_written_is_read(steps: list[tuple[int, int | None, int | None]]) -> None:
    text, wanted = text_of(steps)
    assert list(rows(io.StringIO(text))) == wanted


@given(st.binary(max_size=300))
@example(b"t_s,air_temperature\n1,\xff\n")
@example("t_s,air_temperature\n1,٣\n".encode())
@example(b"t_s,air_temperature\n1,-\n")
@example(b"t_s,air_temperature\n\n\n")
def test_any_bytes_end_in_rows_or_one_error(data: bytes) -> None:
    for head in (b"", b"t_s,air_temperature,bed_moisture.x\n"):
        try:
            found, count, _, step_s = check(io.TextIOWrapper(io.BytesIO(head + data), "utf-8", newline="\n"))
        except ReplayError as error:
            assert str(error).startswith("line ")
        else:
            assert count > 0 and step_s > 0 and all(kind in KINDS for kind, _ in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time,air_temperature\n", "first column is 'time'"),
        ("t_s\n", "no channel"),
        ("t_s,temp\n0,1\n", "column 'temp' is unknown; accepted: t_s, then air_temperature"),
        ("t_s,air_humidity,air_humidity\n0,1,1\n", "there twice"),
        ("t_s,air_humidity\n0,1,2\n", "line 2: 3 cells"),
        ("t_s,air_humidity\n0,81.2\n", "'81.2'; whole numbers in tenths"),
        ("t_s,air_humidity\n5,1\n5,1\n", "line 3: t_s 5 does not rise"),
        ("t_s,air_humidity\n", "no row"),
        ("", "first column is ''"),
    ],
)
def test_each_mistake_is_named(text: str, words: str) -> None:
    with pytest.raises(ReplayError) as error:
        check(io.StringIO(text))
    assert words in str(error.value)


def test_holes_and_empty_cells_are_gaps() -> None:
    text = "t_s,air_temperature\n0,270\n10,271\n20,\n30,272\n500,280\n"
    replay = Replay(io.StringIO(text), 10)
    assert [replay.at(t_s) for t_s in (0, 9, 10, 25, 30, 80, 81, 499)] == [
        [270], [270], [271], [None], [272], [272], None, None,
    ]  # fmt: skip
    assert replay.at(500) == [280]
    assert replay.at(10_000) is None


@pytest.mark.parametrize(("name", "count", "step_s"), [("office_10s.csv", 25844, 10), ("room_60s.csv", 8143, 60)])
def test_the_recorded_logs(name: str, count: int, step_s: int) -> None:
    with (DATA / name).open(encoding="utf-8") as file:
        found, rows_read, _, usual = check(file)
    assert (rows_read, usual) == (count, step_s)
    assert {kind for kind, _ in found} == {"air_temperature", "air_humidity"}
