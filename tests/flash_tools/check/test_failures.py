"""What the check says when the board or the hub does not play along: a cause, an action, and no traceback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from flash_tools.check import CheckFailed, check
from flash_tools.check.hub_client import HubClient, HubSaysNo, HubUnreachable, NoSuchNode, NoSuchPerson
from flash_tools.errors import CodeFailed


def test_a_board_whose_software_has_no_check() -> None:
    def run(code: str, timeout_s: float) -> str:
        raise CodeFailed("Traceback (most recent call last):\nImportError: no module named 'node.bench'")

    with pytest.raises(CheckFailed) as failed:
        check(run)
    assert "node.bench" in failed.value.cause("vi") and "nhavuon flash" in failed.value.action("vi")
    assert "Traceback" not in failed.value.cause("en")


@pytest.mark.parametrize("said", ["", "{broken\n", '{"what": "image"}\n' * 2, '{"what": "image"}\n'])
def test_a_board_that_prints_something_else(said: str) -> None:
    def run(code: str, timeout_s: float) -> str:
        return said if "image" in code else FACTS if "facts" in code else ""

    with pytest.raises(CheckFailed):
        check(run)


FACTS = (
    '{"what": "facts", "board": "b", "node": 7, "key": true, "copy": true, "mac": "", "version": "0.1.0"}\n'
    '{"what": "wiring", "channels": [], "actuators": [], "led": false, "button": false, "stop": false}\n'
)


class Answers(BaseHTTPRequestHandler):
    """A web server that answers what the test says."""

    status, body = 200, b""

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def server() -> Iterator[tuple[type[Answers], HubClient]]:
    handler = type("Given", (Answers,), {})
    with HTTPServer(("127.0.0.1", 0), handler) as found:
        thread = threading.Thread(target=found.serve_forever, args=(0.01,))
        thread.start()
        yield handler, HubClient(f"127.0.0.1:{found.server_port}")
        found.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>a router</html>"), (404, b"not here"), (500, b"[]"), (200, b"[1]"), (200, b"7")]
)
def test_something_that_is_no_hub(server: tuple[type[Answers], HubClient], status: int, body: bytes) -> None:
    handler, hub = server
    handler.status, handler.body = status, body
    with pytest.raises(HubUnreachable) as failed:
        hub.get("/nodes")
    assert hub.address in failed.value.cause("vi")


def test_the_hubs_own_sentence_is_shown(server: tuple[type[Answers], HubClient]) -> None:
    handler, hub = server
    handler.status, handler.body = (
        403,
        '{"error": {"code": "error.role", "text": "Bạn không được làm việc này."}}'.encode(),
    )
    with pytest.raises(HubSaysNo) as failed:
        hub.post("/nodes/1/check")
    assert "Bạn không được làm việc này." in failed.value.cause("vi")


def test_a_name_that_the_hub_does_not_know(server: tuple[type[Answers], HubClient]) -> None:
    handler, hub = server
    handler.body = b'{"people": [{"id": 1, "name": "Lan"}], "csrf_token": "t", "nodes": [{"number": 1, "name": "A"}]}'
    assert hub.people() == ["Lan"] and hub.node("1")["name"] == "A" and hub.node("A")["number"] == 1
    with pytest.raises(NoSuchPerson, match="Lan"):
        hub.sign_in("Tuấn", "a secret that must not be shown")
    with pytest.raises(NoSuchNode, match="B"):
        hub.node("B")


def test_the_password_is_in_no_error(server: tuple[type[Answers], HubClient]) -> None:
    handler, hub = server
    handler.body = b'{"people": [{"id": 1, "name": "Lan"}], "csrf_token": 5}'
    hub.sign_in("Lan", "s3cret")
    handler.status, handler.body = 500, b"{}"
    with pytest.raises(HubUnreachable) as failed:
        hub.sign_in("Lan", "s3cret")
    assert "s3cret" not in repr(failed.value) + str(failed.value) + repr(vars(hub))
