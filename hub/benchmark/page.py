"""Benchmark `page`: the page server with 50 nodes and a year of data – home, the year chart, bytes on the wire.

The store is filled through its own intake with blocks of the seeded farm signal (fan and mister switches as the events
that explain them), then asked through a real socket. Times are the server's: from the request line to the last byte, by
one client that keeps its connection, every request for another zone or after another report, so that nothing is warm.
"""

import gzip
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from hub.benchmark.farm_signal import sets
from hub.clock import Clock
from hub.live import ActuatorNow, ChannelNow
from hub.service import Hub
from hub.store.checking import Checked, check
from hub.web.server import PageServer
from shared_protocol import registry as g
from shared_protocol.block import encode_block
from shared_protocol.messages import Record
from shared_protocol.record import Actuator, Channel, Event, Table, encode_event, encode_table
from shared_protocol.units import ACTUATOR_FAN, ACTUATOR_MISTER, UNIT_CELSIUS, UNIT_PERCENT

NODES, DAYS = 50, 365
QUICK_NODES, QUICK_DAYS = 10, 30
NODES_PER_ZONE = 3
BLOCK_SETS = 240
HOMES, CHARTS, QUICK_TRIES = 300, 60, 15
DAY_S = 86400
SCALE = -1
KINDS = (
    (g.KIND_AIR_TEMPERATURE, "air_temperature", UNIT_CELSIUS, "celsius"),
    (g.KIND_AIR_HUMIDITY, "air_humidity", UNIT_PERCENT, "percent"),
    (g.KIND_SOIL_MOISTURE, "soil_moisture", UNIT_PERCENT, "percent"),
    (g.KIND_BED_MOISTURE, "bed_moisture", UNIT_PERCENT, "percent"),
)
BANDS = {"air_temperature": (200, 320), "air_humidity": (700, 900), "soil_moisture": (350, 600)}


def run(quick: bool = False) -> dict[str, Any]:
    """The figures: milliseconds, bytes, and how long the filling took."""
    nodes, days = (QUICK_NODES, QUICK_DAYS) if quick else (NODES, DAYS)
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(Path(folder), udp=0, clock=Clock())
        try:
            began = time.perf_counter()
            fill(hub, nodes, days)
            filled_s = time.perf_counter() - began
            server = PageServer(hub, listen="127.0.0.1", port=0)
            server.start()
            try:
                return {**measure(hub, server.port, quick), "nodes": nodes, "days": days, "filled_s": filled_s}
            finally:
                server.stop()
        finally:
            hub.store.close()


# --- the farm ---


def fill(hub: Hub, nodes: int, days: int) -> None:
    """Zones of three nodes, `days` of sets a minute apart for each, and a last report of every node."""
    hub.fleet.farm_name = "Benchmark"
    for number in range(1, nodes + 1):
        if number % NODES_PER_ZONE == 1:
            zone = hub.fleet.add_zone(f"Khu {number // NODES_PER_ZONE + 1}", "worm_house")
            for kind, (low, high) in BANDS.items():
                hub.fleet.set_band(zone.id, kind, low, high)
        hub.fleet.add(f"Thiết bị {number}", zone.id, number)
    start_s = int(hub.clock.wall()) - days * DAY_S
    records = _year(start_s, days)
    checked = [check(record, (1, 1), hub.store.tables) for record in records]
    for number in range(1, nodes + 1):
        check(records[0], (number, 1), hub.store.tables)  # each journal has its own table; the rest is the same bytes
        _offer(hub, (number, 1), checked)
        report(hub, number, 274)


def _blocks(days: int) -> list[tuple[list[bytes], bytes]]:
    """The signal as blocks, each with the switches in it as events. The same for every node."""
    found, states = [], 0
    signal = sets(days * DAY_S // 60, seed=1)
    rows: list[tuple[int, tuple[int, ...], int]] = []
    events: list[bytes] = []
    for t, *values, now in signal:
        for bit in range(2):
            if (now ^ states) >> bit & 1:
                cause = g.CAUSE_ABOVE if now >> bit & 1 else g.CAUSE_SATISFIED
                fields = (bit + 1, now >> bit & 1, cause, values[bit], values[bit])
                events.append(bytes(encode_event(Event(g.EVENT_ACTUATOR, 1, t, fields))))
        states = now
        rows.append((t, tuple(values), now))
        if len(rows) == BLOCK_SETS:
            found.append((events, bytes(encode_block(1, 1, rows))))
            rows, events = [], []
    return found


def _year(start_s: int, days: int) -> list[Record]:
    """The journal of one node: its table, the time, then switches and blocks."""
    table = Table(
        1,
        [Channel(at, kind, unit, SCALE, f"Luống {at}") for at, (kind, _, unit, _) in enumerate(KINDS, 1)],
        [Actuator(1, ACTUATOR_FAN, "Quạt"), Actuator(2, ACTUATOR_MISTER, "Phun sương")],
    )
    anchor = Event(g.EVENT_TIME, 1, 0, (start_s - g.EPOCH_2020, 0, g.TIME_HELLO_ACK))
    found = [(g.RECORD_TABLE, bytes(encode_table(table))), (g.RECORD_EVENT, bytes(encode_event(anchor)))]
    for events, block in _blocks(days):
        found += [(g.RECORD_EVENT, event) for event in events]
        found.append((g.RECORD_BLOCK, block))
    return [Record(at, kind, one) for at, (kind, one) in enumerate(found, 1)]


def _offer(hub: Hub, key: tuple[int, int], checked: list[Checked]) -> None:
    for at in range(0, len(checked), 200):
        while not hub.store.intake.offer(key, checked[at : at + 200], _refused):
            hub.store.write(lambda _: None)  # the queue is full: wait for a commit
    hub.store.write(lambda _: None)


def _refused(cause: str) -> None:
    raise RuntimeError(cause)


def report(hub: Hub, number: int, air: int) -> None:
    """A node's NOW: four values, a fan that runs, a mister that rests."""
    now_s = hub.clock.wall()
    values = (air, 812, 431, 387)
    channels = tuple(
        ChannelNow(at, name, unit, SCALE, f"Luống {at}", value, "", now_s)
        for at, ((_, name, _, unit), value) in enumerate(zip(KINDS, values, strict=True), 1)
    )
    fan = ActuatorNow(1, "fan", "Quạt", True, "above", air, 260, now_s - 600, now_s + 3000)
    mister = ActuatorNow(2, "mister", "Phun sương", False, "idle", None, None, None, None)
    change: Callable[[Any], Any] = lambda now: replace(  # noqa: E731
        now, heard_s=now_s, boot_no=1, uptime_s=600, channels=channels, actuators=(fan, mister)
    )
    hub.live.change(number, change)


# --- the measuring ---


def measure(hub: Hub, port: int, quick: bool) -> dict[str, Any]:
    client = Client(port)
    try:
        return _measure(hub, client, quick)
    finally:
        client.close()


def _measure(hub: Hub, client: "Client", quick: bool) -> dict[str, Any]:
    homes, charts = (QUICK_TRIES, QUICK_TRIES) if quick else (HOMES, CHARTS)
    zones = [zone.id for zone in hub.fleet.zones()]
    nodes = [node.number for node in hub.fleet.nodes()]

    def home(turn: int) -> None:
        report(hub, nodes[turn % len(nodes)], 270 + turn % 9)
        client.get("/")

    def chart(span: str) -> Callable[[int], object]:
        def ask(turn: int) -> object:
            zone, first = zones[turn % len(zones)], turn % len(zones) * NODES_PER_ZONE + 1
            return client.get(f"/zones/{zone}?show={first}-{turn % len(KINDS) + 1}&span={span}")

        return ask

    home(0)
    home_ms = _times(home, homes)
    year_ms, day_ms = _times(chart("year"), charts), _times(chart("day"), charts)
    return {
        "home_p95_ms": _p95(home_ms),
        "home_median_ms": statistics.median(home_ms),
        "year_chart_p95_ms": _p95(year_ms),
        "year_chart_median_ms": statistics.median(year_ms),
        "day_chart_p95_ms": _p95(day_ms),
        "first_load_bytes": first_load(client),
        "not_modified_bytes": not_modified(client),
        "year_chart_bytes": len(client.get(f"/zones/{zones[0]}?span=year")[1]),
    }


def _times(ask: Callable[[int], object], count: int) -> list[float]:
    """Milliseconds of each of `count` requests."""
    found = []
    for turn in range(count):
        began = time.perf_counter()
        ask(turn)
        found.append(1000 * (time.perf_counter() - began))
    return found


def _p95(times: list[float]) -> float:
    return sorted(times)[max(0, round(0.95 * len(times)) - 1)]


class Client:
    """A browser's side of the wire: one connection kept open, gzip taken, bytes of heads and bodies counted."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=30)

    def close(self) -> None:
        self._connection.close()

    def get(self, path: str, **headers: str) -> tuple[HTTPResponse, bytes]:
        """The answer and its body as it came over the wire."""
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip, deflate", **headers})
        response = self._connection.getresponse()
        return response, response.read()


def size(response: HTTPResponse, body: bytes) -> int:
    """Bytes of an answer on the wire: status line, headers, body."""
    line = f"HTTP/1.1 {response.status} {response.reason}\r\n"
    return len(line) + sum(len(f"{name}: {value}\r\n") for name, value in response.getheaders()) + 2 + len(body)


def first_load(client: Client) -> int:
    """Bytes of home and of everything it names."""
    page, body = client.get("/")
    links = re.findall(r'(?:src|href)="(/static/[^"]+)"', gzip.decompress(body).decode())
    return size(page, body) + sum(size(*client.get(link)) for link in links)


def not_modified(client: Client) -> int:
    """Bytes of "nothing new"."""
    for _ in range(3):  # the state may change between the two requests
        tag = client.get("/api/v1/state")[0].headers["ETag"]
        response, body = client.get("/api/v1/state", **{"If-None-Match": tag})
        if response.status == 304:
            return size(response, body)
    raise RuntimeError("the state never stays the same")
