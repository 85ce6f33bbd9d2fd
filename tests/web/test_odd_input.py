"""Odd input: numbers no farm has, in every address and in every field of every form – a sentence, never a failure."""

from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.forms import Form, read
from tests.web.conftest import SignIn, token
from tests.web.farm import Farm

pytestmark = pytest.mark.slow

HUGE = 10**30
NUMBERS = ("0", str(2**63 - 1), str(2**63), str(HUGE))
TYPED = ("-1", str(2**63), "9" * 5000, "1e999999", "NaN", "²", "٣", "0x10", "\x00", "<b>'\"")


def addresses(app: Flask, number: str) -> Iterator[tuple[str, str]]:
    """(method, path) of every route with a number in it."""
    for rule in app.url_map.iter_rules():
        if any(type(one).__name__ == "StoredNumber" for one in rule._converters.values()):
            path = rule.rule
            for name, converter in rule._converters.items():
                known = number if type(converter).__name__ == "StoredNumber" else "1"
                path = path.replace(f"<int:{name}>", known).replace(f"<{name}>", known)
            yield from ((method, path) for method in (rule.methods or ()) if method in ("GET", "POST"))


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_in_an_address(number: str, app: Flask, signed_in: SignIn) -> None:
    manager = signed_in("manager")
    walked = list(addresses(app, number))
    assert len(walked) > 30
    for method, path in walked:
        form = {"csrf_token": token(manager)} if method == "POST" else None
        answer = manager.open(path, method=method, data=form)
        assert answer.status_code < 500, (method, path)


def test_whatever_is_typed_in_a_form(made: Farm, signed_in: SignIn) -> None:
    manager = signed_in("manager")
    own = {"/sign-out", f"/people/{made.people['manager']}/secret"}  # would end the session that the walk needs
    found = [(page, form) for page, form in forms(manager) if form.action not in own]
    assert len(found) > 20
    csrf = token(manager)
    for page, form in found:
        for name in form.names:
            for value in TYPED:
                _send(manager, page, form, form.filled(name, value), csrf)
    assert made.hub.fleet.zones() and manager.get("/").status_code == 200
    last = manager.post("/settings", data={"csrf_token": csrf, "farm": "Trại giun"})
    assert last.location.endswith("/settings"), "the walk was signed out on its way"


def forms(browser: FlaskClient) -> list[tuple[str, Form]]:
    """(page, form) of every form that can be reached from home by links; one of each shape."""
    waiting, seen, shapes = ["/", "/more", "/nodes"], set[str](), dict[tuple[str, tuple[str, ...]], tuple[str, Form]]()
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 150:
            continue
        seen.add(path)
        answer = browser.get(path)
        assert answer.status_code < 500, path
        if answer.status_code != 200 or answer.mimetype != "text/html":
            continue
        page = read(answer.text)
        waiting += [_local(path, link) for link in page.links if _local(path, link)]
        for form in page.forms:
            shapes.setdefault((urljoin(path, form.action), tuple(form.names)), (path, form))
    return list(shapes.values())


def _local(base: str, link: str) -> str:
    there = urlsplit(urljoin(base, link))
    return "" if there.netloc or there.scheme else there.path + (f"?{there.query}" if there.query else "")


def _send(browser: FlaskClient, page: str, form: Form, fields: list[tuple[str, str]], csrf: str) -> None:
    action = urljoin(page, form.action)
    together: dict[str, list[str]] = {}
    for name, value in fields:
        together.setdefault(name, []).append(value)
    together["csrf_token"] = [csrf]
    answer = browser.open(action, method=form.method.upper(), data=together)
    assert answer.status_code < 500, (form.method, action, fields[-1])
