"""People: accounts, sessions that end, slowing down whoever guesses, and the set-up code; without the page."""

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.people import (
    FREE_TRIES,
    LONGEST_WAIT_S,
    SESSION_S,
    BadPersonName,
    LastManager,
    People,
    PersonNameTaken,
    SlowDown,
    Tries,
    UnknownPerson,
    WeakSecret,
    WrongSecret,
    _good_pin,
)
from hub.store import Store
from tests.support.fakes import FakeClock
from tests.web.farm import FAST_HASHER, PASSWORD, PIN


@pytest.fixture
def empty(tmp_path: Path, clock: FakeClock):  # type: ignore[no-untyped-def]
    store = Store(tmp_path / "people", clock)
    yield People(store, clock, FAST_HASHER)
    store.close()


# --- accounts ---


def test_a_pin_and_a_password_open_a_session(empty: People) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    token_, person = empty.sign_in(mai.id, PIN, "10.0.0.2")
    assert person == mai and empty.who(token_) == mai and empty.who("x" + token_) is None and empty.who(None) is None
    empty.sign_out(token_)
    assert empty.who(token_) is None


def test_secrets_are_argon2_and_sessions_are_hashed(empty: People) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    token_, _ = empty.sign_in(mai.id, PIN, "10.0.0.2")
    stored = str(empty._store.rows("SELECT * FROM person")) + str(empty._store.rows("SELECT * FROM session"))
    assert "$argon2id$" in stored and PIN not in stored.replace("$argon2id$", "") and token_ not in stored


def test_sessions_end(empty: People, clock: FakeClock) -> None:
    for role, secret in (("farmer", PIN), ("manager", PASSWORD)):
        person = empty.add(role, role, secret, by="test")
        token_, _ = empty.sign_in(person.id, secret, "10.0.0.2")
        clock.advance(SESSION_S[role] - 1)
        assert empty.who(token_) == person
        clock.advance(2)
        assert empty.who(token_) is None


def test_a_new_secret_and_a_closed_account_end_sessions(empty: People) -> None:
    empty.add("Chị Hoa", "manager", PASSWORD, by="test")
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    first, _ = empty.sign_in(mai.id, PIN, "10.0.0.2")
    empty.change_secret(mai.id, "8642", by="Chị Hoa")
    assert empty.who(first) is None
    second, _ = empty.sign_in(mai.id, "8642", "10.0.0.2")
    empty.retire(mai.id, by="Chị Hoa")
    assert empty.who(second) is None and [one.name for one in empty.people()] == ["Chị Hoa"]
    with pytest.raises(WrongSecret):
        empty.sign_in(mai.id, "8642", "10.0.0.2")


def test_the_name_of_somebody_who_left_is_free_again(empty: People) -> None:
    for _ in range(3):
        empty.retire(empty.add("Cô Mai", "farmer", PIN, by="test").id, by="test")
    assert empty.people() == [] and len(empty.people(include_retired=True)) == 3


def test_many_tries_at_once_wait_like_one_after_another(empty: People) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    found: list[str] = []

    def attempt() -> None:
        try:
            empty.sign_in(mai.id, "9999", "10.0.0.66")
        except (WrongSecret, SlowDown) as error:
            found.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found.count("error.wrong_secret") == FREE_TRIES and len(found) == 12


def test_the_last_manager_stays(empty: People) -> None:
    hoa = empty.add("Chị Hoa", "manager", PASSWORD, by="test")
    with pytest.raises(LastManager):
        empty.retire(hoa.id, by="Chị Hoa")


@pytest.mark.parametrize(
    "pin", ["", "1", "123", "1234", "4321", "0000", "7890", "123456789", "12a4", "１２３５", "24 8"]
)
def test_weak_pins(empty: People, pin: str) -> None:
    with pytest.raises(WeakSecret):
        empty.add("Cô Mai", "farmer", pin, by="test")


@pytest.mark.parametrize("password", ["", "short", "x" * 129])
def test_weak_passwords(empty: People, password: str) -> None:
    with pytest.raises(WeakSecret):
        empty.add("Chị Hoa", "manager", password, by="test")


@given(st.text(max_size=12))
def test_a_good_pin_is_four_to_eight_plain_digits(pin: str) -> None:
    assert not _good_pin(pin) or (4 <= len(pin) <= 8 and set(pin) <= set("0123456789") and len(set(pin)) > 1)


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_bad_names(empty: People, name: str) -> None:
    with pytest.raises(BadPersonName):
        empty.add(name, "farmer", PIN, by="test")


def test_names_that_look_the_same_are_the_same(empty: People) -> None:
    empty.add("Cô  Mai", "farmer", PIN, by="test")
    for name in ("cô mai", "CÔ MAI", "Co\u0302 Mai"):
        with pytest.raises(PersonNameTaken):
            empty.add(name, "farmer", PIN, by="test")
    with pytest.raises(UnknownPerson):
        empty.person(99)


# --- slowing down ---


def test_wrong_tries_wait_longer_and_a_right_one_forgives(empty: People, clock: FakeClock) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    waits = []
    for _ in range(10):
        with pytest.raises(WrongSecret):
            empty.sign_in(mai.id, "9999", "10.0.0.2")
        with pytest.raises((SlowDown, WrongSecret)) as caught:
            empty.sign_in(mai.id, "9999", "10.0.0.2")
        waits.append(caught.value.params.get("seconds", 0))
        clock.advance(waits[-1])
    assert waits[0] == 0 and waits == sorted(waits) and waits[-1] == LONGEST_WAIT_S + 1
    empty.sign_in(mai.id, PIN, "10.0.0.2")
    for _ in range(FREE_TRIES - 1):
        with pytest.raises(WrongSecret):
            empty.sign_in(mai.id, "9999", "10.0.0.2")
    empty.sign_in(mai.id, PIN, "10.0.0.2")


def test_while_waiting_even_the_right_pin_is_not_tried(empty: People, clock: FakeClock) -> None:
    mai = empty.add("Cô Mai", "farmer", PIN, by="test")
    for _ in range(FREE_TRIES):
        with pytest.raises(WrongSecret):
            empty.sign_in(mai.id, "9999", "10.0.0.2")
    with pytest.raises(SlowDown):
        empty.sign_in(mai.id, PIN, "10.0.0.3")
    clock.advance(LONGEST_WAIT_S)
    empty.sign_in(mai.id, PIN, "10.0.0.3")


def test_an_address_that_tries_many_names_waits(empty: People) -> None:
    people = [empty.add(f"Người {n}", "farmer", PIN, by="test").id for n in range(FREE_TRIES + 1)]
    for one in people[:-1]:
        with pytest.raises(WrongSecret):
            empty.sign_in(one, "9999", "10.0.0.66")
    with pytest.raises(SlowDown):
        empty.sign_in(people[-1], "9999", "10.0.0.66")
    empty.sign_in(people[-1], PIN, "10.0.0.2")


def test_tries_remember_a_bounded_number(clock: FakeClock) -> None:
    tries = Tries(clock)
    for n in range(2000):
        tries.wrong(f"address {n}")
    assert len(tries._wrong) <= 500


# --- first run ---


def test_the_code_is_random_and_only_for_an_empty_farm(empty: People) -> None:
    first, second = empty.setup_code, People(empty._store, FakeClock(), FAST_HASHER).setup_code
    assert first != second and first is not None and len(first.replace(" ", "")) == 8
    empty.add("Chị Hoa", "manager", PASSWORD, by="test")
    assert empty.setup_code is None
