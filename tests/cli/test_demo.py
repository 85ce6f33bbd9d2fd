"""`nhavuon demo` as a newcomer runs it: one command, three live nodes, a chart, a tap that a real node carries out."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
READY = "Ctrl-C ends"
START_S = 240  # three simulated days on a busy machine
SECOND_START_S = 60

pytestmark = [pytest.mark.slow, pytest.mark.browser]


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Demo:
    """A running demo: its address, what it printed, its processes."""

    def __init__(self, data):
        self.http, self.udp = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
        self.base = f"http://127.0.0.1:{self.http}"
        options = ["--data", str(data), "--listen", "127.0.0.1", "--http", str(self.http), "--udp", str(self.udp)]
        self.out = data.parent / f"{data.name}.{self.http}.out"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hub.cli", "demo", *options],
                cwd=ROOT,
                stdout=out,
                stderr=subprocess.STDOUT,
                env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "200"},
            )

    def wait(self, seconds):
        deadline = time.monotonic() + seconds
        while READY not in self.printed():
            assert self.process.poll() is None and time.monotonic() < deadline, self.printed()
            time.sleep(0.2)

    def printed(self):
        return self.out.read_text("utf-8", "replace")

    def get(self, path):
        with urllib.request.urlopen(self.base + path, timeout=20) as answer:
            return json.load(answer)

    def children(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self):
        """Ctrl-C; returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    running = Demo(tmp_path_factory.mktemp("demo") / "data")
    try:
        running.wait(START_S)
        yield running
    finally:
        running.end()


def test_three_nodes_are_live_and_nothing_is_lost(demo):
    state = demo.get("/api/v1/state")
    assert len(state["zones"]) == 2 and {zone["state"] for zone in state["zones"]} <= {"ok", "warn", "danger"}
    values = [value for zone in state["zones"] for value in zone["values"]]
    assert len(values) == 7 and all(value["value"] is not None and not value["fault"] for value in values)


def test_the_chart_holds_the_simulated_day(demo):
    now = time.time()
    series = demo.get(f"/api/v1/nodes/1/channels/1/series?from_s={now - 86400}&to_s={now}")
    covered = sum(segment[-1]["t_s"] - segment[0]["t_s"] for segment in series["segments"])
    assert covered > 0.95 * 86400


def test_a_tap_turns_the_fan_on_and_says_until_when_the_node_reported_it(demo):
    from tests.support import browser

    if browser.CHROMIUM is None:
        pytest.skip(browser.NO_CHROMIUM)
    pin = re.search(r"PIN (\d{4})", demo.printed()).group(1)
    with browser.chromium() as chromium:
        page = chromium.new_page(viewport={"width": 360, "height": 740}, base_url=demo.base)
        page.goto("/")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        page.get_by_text("Nhà giun 1").click()
        fan = page.locator("article.machine", has=page.get_by_role("heading", name="Quạt", exact=True))
        fan.get_by_role("button", name="5 phút", exact=True).click()
        browser.follow(page.get_by_role("link", name="Cô Mai"))
        page.locator("input[name=secret]").fill(pin)
        browser.follow(page.locator("form button.btn--main"))
        if "/zones/" in page.url:  # signed in on the way: the tap itself is made again
            fan.get_by_role("button", name="5 phút", exact=True).click()
        browser.expect(page.locator("article.machine").first).to_contain_text(
            re.compile(r"tự tắt lúc \d{1,2}:\d{2}"), timeout=20_000
        )
    machine = next(
        m
        for m in demo.get("/api/v1/state")["zones"][0]["machines"] + demo.get("/api/v1/state")["zones"][1]["machines"]
        if m["kind"] == "fan"
    )
    assert machine["on"] and machine["cause"] == "manual_on" and machine["until_s"] > time.time()
    assert last_edge(demo, "node_1", pin=25)["level"] == 0, "the relay is active low: a level of 0 is a running fan"


def last_edge(demo, node, pin):
    folder = Path(demo.process.args[demo.process.args.index("--data") + 1])
    edges = [json.loads(line) for line in (folder / node / "trace.jsonl").read_text().splitlines()]
    return [edge for edge in edges if edge.get("pin") == pin][-1]


def test_ctrl_c_ends_everything_and_a_second_start_goes_on(tmp_path, demo):
    """The last test of the module: it ends the demo and starts it again on the same folder."""
    children = demo.children()
    assert len(children) >= 3
    assert demo.end() == 0, demo.printed()
    psutil.wait_procs(children, timeout=10)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
    folder = Path(demo.process.args[demo.process.args.index("--data") + 1])
    again = Demo(folder)
    try:
        again.wait(SECOND_START_S)
        assert len(again.get("/api/v1/state")["zones"]) == 2
    finally:
        assert again.end() == 0
