"""What the page's tests share: a farm, its WSGI application, and browsers of every role."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from werkzeug.routing import Rule

from hub.web import create_app
from tests.web.farm import PASSWORD, PIN, Farm, ScriptedNode, farm


class Compiled(BytecodeCache):
    """Each template compiled once per worker: most tests make an application of their own, for 25 ms a template."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._kept.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._kept[bucket.key, bucket.checksum] = bucket.code


def once(compile_builder: Callable[..., FunctionType]) -> Callable[..., FunctionType]:
    """werkzeug's builder of a route's addresses, compiled once per worker: it depends on the route's text alone, and
    takes 25 ms for all of them."""
    kept: dict[tuple[str, str, bool], FunctionType] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> FunctionType:
        key = (rule.rule, repr(rule.defaults), append_unknown)
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    return compiled


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}
Rule._compile_builder = once(Rule._compile_builder)  # type: ignore[assignment,method-assign,arg-type]


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Farm]:
    with farm(tmp_path) as found:
        yield found


@pytest.fixture
def script(made: Farm) -> ScriptedNode:
    return ScriptedNode(made)


@pytest.fixture
def app(made: Farm) -> Flask:
    return create_app(made.hub)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def signed_in(app: Flask, made: Farm) -> SignIn:
    """A browser of a role; "nobody" is one that is not signed in."""

    def make(role: str) -> FlaskClient:
        browser = app.test_client()
        if role != "nobody":
            secret = PIN if role in ("viewer", "farmer") else PASSWORD
            form = {"who": made.people[role], "secret": secret, "csrf_token": token(browser)}
            assert browser.post("/sign-in", data=form).status_code == 303
        return browser

    return make


def token(browser: FlaskClient) -> str:
    """A CSRF token for this browser's session."""
    found = browser.get("/api/v1/session").get_json()["csrf_token"]
    assert isinstance(found, str)
    return found


def text(html: str) -> str:
    """What a reader sees of a page, one space between words."""
    body = re.sub(r"<(script|style|symbol|head)\b.*?</\1>", " ", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("\u00a0", " ").split())
