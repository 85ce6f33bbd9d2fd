"""Rights: which of the four roles a route asks for, denied where none is declared; used by every blueprint of the page.

Roles stand in a line, each may do what those before it may: viewer < farmer < technician < manager. Nobody signed in
counts as a viewer while looking is open, and as nothing when it is closed.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from hub.errors import HubError

ROLES = ("viewer", "farmer", "technician", "manager")
ANYONE = "anyone"  # for the few routes that must work before signing in: signing in itself, help, style sheets

View = TypeVar("View", bound=Callable[..., Any])


class NotAllowed(HubError):
    """The role at hand may not do this; `params["role"]` is the one that may."""

    code = "error.not_allowed"


class SignInFirst(HubError):
    """Nobody is signed in and the route asks for somebody; `params["role"]` is the least role that may."""

    code = "error.sign_in_first"


class Undeclared(HubError):
    """The route declares no role, so nobody may use it."""

    code = "error.undeclared"


def needs(role: str) -> Callable[[View], View]:
    """Declare the least role that may use a view; `needs(ANYONE)` opens it to all."""
    if role != ANYONE and role not in ROLES:
        raise ValueError(f"no such role: {role}")

    def declare(view: View) -> View:
        view.needed_role = role  # type: ignore[attr-defined]
        return view

    return declare


def declared(view: Callable[..., Any] | None) -> str | None:
    """The role a view declares, None when it declares none."""
    return getattr(view, "needed_role", None)


def allows(have: str | None, need: str) -> bool:
    """Whether a role (None = nobody, looking closed) may use what needs `need`."""
    if need == ANYONE:
        return True
    return have is not None and have in ROLES and ROLES.index(have) >= ROLES.index(need)


def check(view: Callable[..., Any] | None, have: str | None, signed_in: bool) -> None:
    """Raise Undeclared, SignInFirst or NotAllowed unless `have` may use `view`."""
    need = declared(view)
    if need is None:
        raise Undeclared()
    if not allows(have, need):
        raise NotAllowed(role=need) if signed_in else SignInFirst(role=need)
