"""People: accounts, sign-in, sessions and the first-run set-up code; asked by the page and the command line.

Farmers sign in with a name and a PIN, technicians and managers with a password; both are kept as argon2id. A wrong one
makes the next try wait longer, for that name and for that address; waiting never hides what may be looked at. There is
no default account: while there is no manager, a random code from the PC's own screen makes the first one.
"""

import hashlib
import secrets
import sqlite3
import threading
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from hub.clock import Clock
from hub.errors import HubError
from hub.rights import ROLES
from hub.store import Store

DAY_S = 86400.0
SESSION_S = {"viewer": 30 * DAY_S, "farmer": 30 * DAY_S, "technician": DAY_S / 2, "manager": DAY_S / 2}
NAME_MOST = 40
PASSWORD_LEAST = 8
PIN_LEAST, PIN_MOST = 4, 8
SECRET_MOST = 128  # argon2 of a megabyte would be a way to keep the PC busy
FREE_TRIES = 3  # a wet thumb errs; after these each wrong try doubles the wait
LONGEST_WAIT_S = 30.0  # 10,000 PINs then take more than three days
SLOWED_MOST = 500  # names and addresses remembered; the oldest are forgotten first


@dataclass(frozen=True)
class Person:
    """An account. `retired_s` set = may not sign in any more."""

    id: int
    name: str
    role: str
    retired_s: float | None = None

    @property
    def by_pin(self) -> bool:
        return self.role in ("viewer", "farmer")


class WrongSecret(HubError):
    code = "error.wrong_secret"
    text = "The name and the PIN or password do not belong together."


class SlowDown(HubError):
    """Too many wrong tries; `params["seconds"]` until the next may be made."""

    code = "error.slow_down"
    text = "Too many wrong tries. Wait {seconds} seconds, then try again."


class WeakSecret(HubError):
    code = "error.weak_secret"
    text = "A PIN has 4 to 8 digits, not all the same and not in a row; a password has at least 8 characters."


class WrongSetupCode(HubError):
    code = "error.wrong_setup_code"
    text = "That is not the set-up code on the PC's screen."


class AlreadySetUp(HubError):
    code = "error.already_set_up"
    text = "This farm has a manager already. Sign in, or ask the manager."


class PersonNameTaken(HubError):
    code = "error.person_name_taken"
    text = "Somebody is called “{name}” already. Add a family name or a nickname."


class BadPersonName(HubError):
    code = "error.person_name"
    text = "A person's name has 1 to {most} characters."


class UnknownPerson(HubError):
    code = "error.unknown_person"
    text = "That person is not on the list any more."


class LastManager(HubError):
    code = "error.last_manager"
    text = "This is the only manager; make another one first."


class Tries:
    """Wrong tries by name and by address, and how long the next must wait. In memory: a restart forgives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[int, float]] = {}  # who → (wrong tries, monotonic second of the next try)

    def check(self, *keys: str) -> None:
        """Raise SlowDown while one of these must wait."""
        now = self._clock.monotonic()
        with self._lock:
            wait = max((self._wrong[key][1] - now for key in keys if key in self._wrong), default=0.0)
        if wait > 0:
            raise SlowDown(seconds=int(wait) + 1)

    def wrong(self, *keys: str) -> None:
        now = self._clock.monotonic()
        with self._lock:
            for key in keys:
                count = self._wrong.pop(key, (0, 0.0))[0] + 1
                wait = min(LONGEST_WAIT_S, 2.0 ** (count - FREE_TRIES)) if count >= FREE_TRIES else 0.0
                self._wrong[key] = (count, now + wait)
            while len(self._wrong) > SLOWED_MOST:
                self._wrong.pop(next(iter(self._wrong)))

    def right(self, *keys: str) -> None:
        with self._lock:
            for key in keys:
                self._wrong.pop(key, None)


class People:
    """The accounts of one farm, in its store."""

    def __init__(self, store: Store, clock: Clock | None = None, hasher: PasswordHasher | None = None) -> None:
        self._store = store
        self._clock = clock or Clock()
        self._hasher = hasher or PasswordHasher()
        self._dummy = ""
        self._tries = Tries(self._clock)
        self._one_try = threading.Lock()  # many tries at once would each come before the other's wait
        self._code = f"{secrets.randbelow(10**8):08d}"

    # --- first run ---

    @property
    def needs_setup(self) -> bool:
        """No manager yet."""
        return not self._store.rows("SELECT 1 FROM person WHERE role = 'manager' AND retired_s IS NULL LIMIT 1")

    @property
    def setup_code(self) -> str | None:
        """The code for the PC's own screen, "1234 5678"; None once there is a manager. New at every start."""
        return f"{self._code[:4]} {self._code[4:]}" if self.needs_setup else None

    def set_up(self, code: str, name: str, password: str, address: str) -> Person:
        """Make the first manager. Raises AlreadySetUp, SlowDown, WrongSetupCode, WeakSecret, BadPersonName."""
        with self._one_try:
            if not self.needs_setup:
                raise AlreadySetUp()
            self._tries.check("setup", f"address {address}")
            if not secrets.compare_digest("".join(code.split()).encode(), self._code.encode()):
                self._tries.wrong("setup", f"address {address}")
                raise WrongSetupCode()
            return self.add(name, "manager", password, by="set-up")

    # --- accounts ---

    def people(self, include_retired: bool = False) -> list[Person]:
        """By role, the farmers first, then by name."""
        rows = self._store.rows("SELECT id, name, role, retired_s FROM person")
        found = [Person(*row) for row in rows if include_retired or row[3] is None]
        return sorted(found, key=lambda one: (ROLES.index(one.role), one.name))

    def person(self, person_id: int) -> Person:
        """Raises UnknownPerson."""
        rows = self._store.rows("SELECT id, name, role, retired_s FROM person WHERE id = ?", (person_id,))
        if not rows:
            raise UnknownPerson()
        return Person(*rows[0])

    def add(self, name: str, role: str, secret: str, by: str) -> Person:
        """Raises BadPersonName, PersonNameTaken, WeakSecret."""
        if role not in ROLES:
            raise ValueError(f"no such role: {role}")
        name = _name(name)
        hashed = self._hash(role, secret)

        def job(db: sqlite3.Connection) -> int:
            if db.execute("SELECT 1 FROM person WHERE folded = ?", (_folded(name),)).fetchone():
                raise PersonNameTaken(name=name)
            values = (name, _folded(name), role, hashed, self._clock.wall())
            made = db.execute("INSERT INTO person (name, folded, role, secret, added_s) VALUES (?,?,?,?,?)", values)
            return int(made.lastrowid or 0)

        person_id = self._store.write(job)
        self._store.audit(by, "person_add", f"{name} ({role})")
        return self.person(person_id)

    def change_secret(self, person_id: int, secret: str, by: str) -> None:
        """A new PIN or password; ends that person's sessions. Raises UnknownPerson, WeakSecret."""
        person = self.person(person_id)
        hashed = self._hash(person.role, secret)

        def job(db: sqlite3.Connection) -> None:
            db.execute("UPDATE person SET secret = ? WHERE id = ?", (hashed, person_id))
            db.execute("DELETE FROM session WHERE person_id = ?", (person_id,))

        self._store.write(job)
        self._store.audit(by, "person_secret", person.name)

    def retire(self, person_id: int, by: str) -> None:
        """Close an account and its sessions; its name is free again. Raises UnknownPerson, LastManager."""
        person = self.person(person_id)
        if person.role == "manager" and sum(one.role == "manager" for one in self.people()) == 1:
            raise LastManager()

        def job(db: sqlite3.Connection) -> None:
            freed = f"{_folded(person.name)} #{person_id}"
            db.execute(
                "UPDATE person SET retired_s = ?, folded = ? WHERE id = ?", (self._clock.wall(), freed, person_id)
            )
            db.execute("DELETE FROM session WHERE person_id = ?", (person_id,))

        self._store.write(job)
        self._store.audit(by, "person_retire", person.name)

    def _hash(self, role: str, secret: str) -> str:
        good = _good_pin(secret) if role in ("viewer", "farmer") else PASSWORD_LEAST <= len(secret) <= SECRET_MOST
        if not good:
            raise WeakSecret()
        return self._hasher.hash(_normal(secret))

    # --- sessions ---

    def sign_in(self, person_id: int, secret: str, address: str) -> tuple[str, Person]:
        """A new session's token. Raises SlowDown (nothing was tried) or WrongSecret."""
        keys = (f"person {person_id}", f"address {address}")
        with self._one_try:
            self._tries.check(*keys)
            rows = self._store.rows("SELECT secret FROM person WHERE id = ? AND retired_s IS NULL", (person_id,))
            right = self._matches(rows[0][0] if rows else self._nobody(), secret)
            if not rows or not right:
                self._tries.wrong(*keys)
                raise WrongSecret()
            self._tries.right(*keys)
        person = self.person(person_id)
        self._store.audit(person.name, "sign_in", address)
        return self._open_session(person), person

    def _nobody(self) -> str:
        """The hash of no one's secret: a name that is not there takes as long to refuse as one that is."""
        self._dummy = self._dummy or self._hasher.hash(secrets.token_hex(8))
        return self._dummy

    def _matches(self, hashed: str, secret: str) -> bool:
        try:
            return self._hasher.verify(hashed, _normal(secret[:SECRET_MOST]))
        except (VerificationError, InvalidHashError):
            return False

    def _open_session(self, person: Person) -> str:
        token = secrets.token_urlsafe(24)
        now = self._clock.wall()

        def job(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM session WHERE expires_s <= ?", (now,))
            row = (_digest(token), person.id, now, now + SESSION_S[person.role])
            db.execute("INSERT INTO session (token, person_id, added_s, expires_s) VALUES (?,?,?,?)", row)

        self._store.write(job)
        return token

    def who(self, token: str | None) -> Person | None:
        """Whose session this is; None for none, an ended one or a closed account."""
        if not token:
            return None
        sql = (
            "SELECT person.id, name, role, retired_s FROM session JOIN person ON person.id = person_id"
            " WHERE token = ? AND expires_s > ? AND retired_s IS NULL"
        )
        rows = self._store.rows(sql, (_digest(token), self._clock.wall()))
        return Person(*rows[0]) if rows else None

    def sign_out(self, token: str) -> None:
        def job(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM session WHERE token = ?", (_digest(token),))

        self._store.write(job)

    # --- the page's settings ---

    @property
    def looking_open(self) -> bool:
        """Whether anyone on the LAN may look without signing in."""
        return self.setting("looking", "open") == "open"

    @looking_open.setter
    def looking_open(self, is_open: bool) -> None:
        self.set_setting("looking", "open" if is_open else "closed")

    @property
    def cookie_key(self) -> str:
        """The key that signs the page's cookies; made once per farm."""

        def job(db: sqlite3.Connection) -> str:
            db.execute("INSERT OR IGNORE INTO page_setting VALUES ('cookie_key', ?)", (secrets.token_hex(32),))
            return str(db.execute("SELECT value FROM page_setting WHERE name = 'cookie_key'").fetchone()[0])

        return self.setting("cookie_key", "") or self._store.write(job)

    def setting(self, name: str, default: str = "") -> str:
        rows = self._store.rows("SELECT value FROM page_setting WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else default

    def set_setting(self, name: str, value: str) -> None:
        def job(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO page_setting VALUES (?, ?)", (name, value))

        self._store.write(job)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _folded(name: str) -> str:
    return _normal(name).casefold()


def _name(name: str) -> str:
    name = " ".join(_normal(name).split())
    if not 1 <= len(name) <= NAME_MOST:
        raise BadPersonName(most=NAME_MOST)
    return name


def _good_pin(pin: str) -> bool:
    if not (pin.isascii() and pin.isdigit() and PIN_LEAST <= len(pin) <= PIN_MOST):
        return False
    steps = {(int(b) - int(a)) % 10 for a, b in zip(pin, pin[1:], strict=False)}
    return steps not in ({0}, {1}, {9})
