"""`nhavuon check` as it is typed: over USB with the real mpremote on a bench board, over the LAN with a real hub."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from boards.simulated.process import NodeProcess, SimulatedNode
from flash_tools.check import check
from flash_tools.repl import Repl
from hub.cli.serving import serving
from hub.fleet import PAGE_PORT
from tests.firmware.peer import Peer
from tests.flash_tools.check.bench_board import Technician
from tests.support import needs
from tests.support.usb_board import UsbBoard
from tests.support.usb_board.ready import make_ready

pytestmark = [pytest.mark.slow, needs.micropython]

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(16))
EPOCH_2020 = 1577836800
SPEED = 5.0  # times real time: the watchdog of 10 s must still outlast what a busy PC takes
PASSWORD = "mat-khau-rat-dai"


def run(folder: Path, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """The command, with an own folder for all that it writes."""
    env = {**os.environ, "NHAVUON_HOME": str(folder / "home"), "COLUMNS": "120", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "hub.cli", "check", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, input=typed, capture_output=True, text=True, encoding="utf-8", timeout=120
    )


@contextmanager
def plugged(folder: Path, hub_key: bytes = KEY, **faults: Any) -> Iterator[UsbBoard]:
    """A board as `nhavuon flash` leaves it, on a USB cable, and a hub in its network."""
    peer = Peer(7, hub_key)
    peer.wall_s = int(time.time()) - EPOCH_2020
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            peer.once()

    server = threading.Thread(target=serve)
    server.start()
    usb = UsbBoard(folder / "usb", "esp32_devkitc", "pty", speed=SPEED, faults=faults)
    try:
        make_ready(usb, peer.address, 7, KEY, "esp32_devkitc")
        with usb:
            usb.until("no recipe")  # main runs: this is about the check, not about knocking at a board that boots
            yield usb
    finally:
        over.set()
        server.join()
        peer.close()


def test_over_usb(tmp_path: Path) -> None:
    with plugged(tmp_path) as usb:
        done = run(tmp_path, "--port", usb.port, "--no-questions", "--json", "--card", str(tmp_path / "card.pdf"))
        usb.until("rst:")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert (found["result"], found["ok"], found["over"]) == ("NOT ASKED", True, "usb")
    assert found["facts"]["node"] == 7 and found["facts"]["board"] == "esp32_devkitc"
    rows = {row["key"]: row for row in found["rows"]}
    assert rows["hub"]["result"] == "PASS" and rows["sensor.1"]["data"]["driver"] == "dht22"
    assert rows["application"]["cause"] is None  # what the board runs is what this PC would install
    assert set(rows["relay.1"]) == {
        *("key", "what", "which", "result", "name", "value", "cause", "why", "action", "data"),
    }
    assert "ngừng điều khiển" in done.stderr
    assert "Thiết bị số 7" in PdfReader(tmp_path / "card.pdf").pages[0].extract_text()


def test_over_usb_with_a_dead_dht_and_the_wrong_key(tmp_path: Path) -> None:
    with plugged(tmp_path, bytes(16), **{"dht22@18": "timeout"}) as usb:
        done = run(tmp_path, "--port", usb.port, "--lang", "en", typed="n\n" * 9)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "does not answer" in done.stdout and "does not accept this board's key" in done.stdout
    assert "Each machine will run for a few seconds" in done.stdout
    assert KEY.hex() not in done.stdout + done.stderr


FOUND = {
    "swapped sensor": ({"dht22@18": "swapped"}, KEY, {"sensor.1": "swapped", "sensor.2": "swapped"}),
    "dead DHT": ({"dht22@18": "timeout"}, KEY, {"sensor.1": "no_answer", "sensor.2": "no_answer"}),
    "probe in air": ({"soil@34": 2440}, KEY, {"sensor.4": "in_air"}),
    "relay board without power": ({"relay_power": "off"}, KEY, {f"relay.{id}": "no_click" for id in (1, 2, 3)}),
    "weak Wi-Fi": ({"rssi": -84}, KEY, {"wifi": "wifi_weak"}),
    "wrong hub key": ({}, bytes(16), {"hub": "hub_wrong_key"}),
    "nothing wrong": ({}, KEY, {}),
}


@pytest.mark.parametrize("what", FOUND)
def test_what_a_technician_gets_wrong_is_found_over_the_cable(tmp_path: Path, what: str) -> None:
    """The real mpremote, the real firmware, and a technician who answers what the simulated world shows."""
    faults, hub_key, failed = FOUND[what]
    with plugged(tmp_path, hub_key, witness="!", **faults) as usb:
        technician = Technician(usb.set_faults, usb.run_folder, "esp32_devkitc")
        with closing(Repl.open(usb.port, before="no-reset", say=print)) as repl:
            report = check(repl.run, ask=technician, expected=7)
    assert {row.key: row.cause for row in report.failed} == failed
    assert all(row.why("vi") and row.action("vi") and row.action("en") for row in report.failed)


def test_no_such_port(tmp_path: Path) -> None:
    done = run(tmp_path, "--port", str(tmp_path / "nothing"), "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"] == "no_such_port"


@contextmanager
def farm(folder: Path, **faults: Any) -> Iterator[str]:
    """A real hub with its page, and a simulated node that talks to it; the page's address."""
    with serving(folder / "data", "127.0.0.1", 0, 0) as (hub, site):
        hub.people.add("Anh Tuấn", "technician", PASSWORD, "test")
        made = hub.fleet.add("Nhà giun 1", hub.fleet.add_zone("Xóm Đồng", "worm_house").id)
        node = SimulatedNode(
            *(folder / "node", made.number, hub.fleet.key(made.number), ("127.0.0.1", hub.port), "worm_house"),
            speed=4.0, boot_ms=9000, script=([0, faults],), settings={"sample_s": 2, "set_s": 10, "now_s": 2},
            recipe={"rules": []},
        )  # fmt: skip
        process = NodeProcess(node)
        process.start()
        try:
            _wait(lambda: hub.live.node(made.number) is not None and hub.live.node(made.number).channels)
            yield f"http://127.0.0.1:{site.port}"
        finally:
            process.stop()


def _wait(ready: Any, most_s: float = 60.0) -> None:
    end = time.monotonic() + most_s
    while not ready():
        assert time.monotonic() < end
        time.sleep(0.1)


def signed(tmp_path: Path) -> list[str]:
    """Options of a technician whose password lies in a file."""
    (tmp_path / "secret").write_text(PASSWORD + "\n", "utf-8")
    return ["--as", "Anh Tuấn", "--password-file", str(tmp_path / "secret")]


def test_over_the_lan(tmp_path: Path) -> None:
    with farm(tmp_path) as hub:
        done = run(tmp_path, "--node", "Nhà giun 1", "--hub", hub, *signed(tmp_path), "--no-questions", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row["key"]: row for row in json.loads(done.stdout)["rows"]}
    assert {f"sensor.{id}" for id in range(1, 7)} < set(rows) and rows["sensor.3"]["result"] == "PASS"
    assert rows["relay.1"]["result"] == "NOT ASKED" and rows["wifi"]["data"]["dbm"] == -61
    assert PASSWORD not in done.stdout + done.stderr


def test_over_the_lan_what_is_wrong_is_found(tmp_path: Path) -> None:
    faults = {"dht22@4": "timeout", "soil@34": 2440, "rssi": -84}
    with farm(tmp_path, **faults) as hub:
        done = run(tmp_path, "--node", "1", "--hub", hub, *signed(tmp_path), "--json", typed="y\nn\ny\ny\ny\n")
    assert done.returncode == 1, done.stdout + done.stderr
    failed = {row["key"]: row["cause"] for row in json.loads(done.stdout)["rows"] if row["result"] == "FAIL"}
    assert failed == {
        "sensor.1": "no_answer",
        "sensor.2": "no_answer",
        "sensor.4": "in_air",
        "relay.1": "no_click",
        "wifi": "wifi_weak",
    }


def test_over_the_lan_with_a_wrong_password(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "127.0.0.1", 0, 0) as (hub, site):
        hub.people.add("Anh Tuấn", "technician", "another-password", "test")
        assert site.port != PAGE_PORT
        data = ["--data", str(tmp_path / "data")]  # tells the port of the page
        done = run(tmp_path, "--node", "1", *data, *signed(tmp_path))
    assert done.returncode == 2 and PASSWORD not in done.stdout + done.stderr
    assert "Trạm từ chối" in done.stdout + done.stderr


def test_no_hub(tmp_path: Path) -> None:
    done = run(tmp_path, "--node", "1", "--hub", "http://127.0.0.1:9", *signed(tmp_path), "--lang", "en")
    assert done.returncode == 2 and "cannot be opened" in done.stderr
