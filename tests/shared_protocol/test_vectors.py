"""The checked-in vectors, on both interpreters, and that they are what the second implementation writes."""

import pytest

from tests.shared_protocol import make_vectors, on_board, run_vectors

CASES = run_vectors.cases()


@pytest.mark.parametrize(
    ("check", "case"), [(check, case) for _, check, case in CASES], ids=[f"{i}-{c[0]}" for i, c in enumerate(CASES)]
)
def test_vector(check, case):
    check(case)


def test_vectors_on_micropython():
    assert f"{len(CASES)} of {len(CASES)} vectors passed on micropython" in on_board.run("run_vectors.py")


def test_vectors_are_what_the_second_implementation_writes():
    for name, content in make_vectors.files().items():
        assert (make_vectors.FOLDER / name).read_text(encoding="utf-8") == content, name


def test_second_implementation_shares_nothing_with_ours():
    for file in [*(on_board.HERE / "peer").glob("*.py"), on_board.HERE / "make_vectors.py"]:
        text = file.read_text(encoding="utf-8")
        assert "import shared_protocol" not in text and "from shared_protocol" not in text, file.name
