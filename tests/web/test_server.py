"""The server on a real socket: ports, small answers on the wire, stopping."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection

import pytest

from hub.benchmark import page as benchmark
from hub.errors import HubError, PortInUse
from hub.rights import ANYONE, needs
from hub.web.server import PageServer
from tests.web.farm import Farm


@pytest.fixture
def server(made: Farm) -> Iterator[PageServer]:
    found = PageServer(made.hub, listen="127.0.0.1", port=0)
    found.start()
    yield found
    found.stop()


def raw(port: int, request: str) -> bytes:
    """What comes back over the socket, byte for byte."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        wire.sendall(request.encode())
        found = b""
        while piece := wire.recv(65536):
            found += piece
        return found


def test_a_port_in_use_says_so(made: Farm, server: PageServer) -> None:
    with pytest.raises(PortInUse) as caught:
        PageServer(made.hub, listen="127.0.0.1", port=server.port)
    assert str(server.port) in str(caught.value)


def test_an_address_that_is_not_ours_says_so(made: Farm) -> None:
    with pytest.raises(HubError):
        PageServer(made.hub, listen="203.0.113.7", port=0)


def test_nothing_new_is_at_most_200_bytes_on_the_wire(server: PageServer) -> None:
    head = "GET /api/v1/state HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
    first = raw(server.port, head + "\r\n").decode("utf-8", "replace")
    tag = next(line.split(" ", 1)[1] for line in first.split("\r\n") if line.lower().startswith("etag"))
    again = raw(server.port, f"{head}If-None-Match: {tag}\r\n\r\n")
    assert again.startswith(b"HTTP/1.1 304 ") and len(again) <= 200
    assert b"server" not in again.lower()


def test_first_load_is_at_most_60_kb_on_the_wire(server: PageServer) -> None:
    client = benchmark.Client(server.port)
    try:
        assert benchmark.first_load(client) <= 60_000 and benchmark.not_modified(client) <= 200
    finally:
        client.close()


def test_stopping_frees_the_port(made: Farm) -> None:
    server = PageServer(made.hub, listen="127.0.0.1", port=0)
    server.start()
    port = server.port
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().status == 200
    connection.close()
    server.stop()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", port), timeout=2).close()


def test_stopping_leaves_no_connection_open(made: Farm) -> None:
    server = PageServer(made.hub, listen="127.0.0.1", port=0)
    server.start()
    idle = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    kept = HTTPConnection("127.0.0.1", server.port, timeout=10)
    with closing(idle), closing(kept):
        kept.request("GET", "/help")
        assert kept.getresponse().read() and kept.sock is not None, "the connection is kept for the next request"
        server.stop()
        assert idle.recv(1) == b"" and kept.sock.recv(1) == b""


def test_a_request_under_way_is_answered_whole_before_the_server_stops(made: Farm) -> None:
    server = PageServer(made.hub, listen="127.0.0.1", port=0)
    begun, go_on = threading.Event(), threading.Event()

    @needs(ANYONE)
    def slow() -> str:
        begun.set()
        assert go_on.wait(10)
        return "x" * 400_000

    server.app.add_url_rule("/slow", view_func=slow)
    server.start()
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    with closing(connection):
        connection.request("GET", "/slow")
        assert begun.wait(10)
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        go_on.set()
        assert len(connection.getresponse().read()) == 400_000
        stopping.join(10)
        assert not stopping.is_alive()


def test_a_server_that_never_started_can_be_stopped(made: Farm) -> None:
    PageServer(made.hub, listen="127.0.0.1", port=0).stop()


@pytest.mark.slow
def test_the_benchmark_runs() -> None:
    found = benchmark.run(quick=True)
    assert found["first_load_bytes"] <= 60_000 and found["not_modified_bytes"] <= 200
    assert found["home_p95_ms"] > 0 and found["year_chart_p95_ms"] > 0
