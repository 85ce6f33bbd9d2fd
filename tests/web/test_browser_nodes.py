"""A phone, the hub and real firmware on simulated boards: a probe calibrated, the Wi-Fi changed, STOP under loss."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hub.people import People
from hub.web.server import PageServer
from tests.support import browser
from tests.support.browser import Browser, Page, expect, follow
from tests.support.farm import Farm
from tests.support.lossy import Weather
from tests.updates import images
from tests.web.farm import FAST_HASHER, PASSWORD, PIN

pytestmark = [pytest.mark.slow, *browser.IN_BROWSER]
WAIT_MS = 60_000  # a busy machine is not a fault
LOSS = Weather(loss=0.3)
STOP_S = 2.0
SECRET = "giun-que-2026"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as found:
        yield found


@contextmanager
def phone(browser: Browser, farm: Farm) -> Iterator[Page]:
    """A phone of 360 px on the page of a local hub, and two people who may act."""
    farm.inner.people = People(farm.inner.store, farm.inner.clock, FAST_HASHER)
    farm.inner.people.add("Cô Mai", "farmer", PIN, by="test")
    farm.inner.people.add("Anh Tuấn", "technician", PASSWORD, by="test")
    server = PageServer(farm.inner, listen="127.0.0.1", port=0)
    server.start()
    address = f"http://127.0.0.1:{server.port}"
    context = browser.new_context(viewport={"width": 360, "height": 740}, base_url=address, has_touch=True)
    context.set_default_timeout(WAIT_MS)
    try:
        yield context.new_page()
    finally:
        context.close()
        server.stop()


def sign_in(page: Page, name: str, secret: str, path: str) -> None:
    page.goto(f"/sign-in?next={path}")
    follow(page.get_by_role("link", name=name))
    page.locator("input[type=password]").fill(secret)
    follow(page.get_by_role("button", name="Vào"))


def shown(page: Page, selector: str, words: str) -> None:
    expect(page.locator(selector)).to_contain_text(words, timeout=WAIT_MS)


def test_a_probe_is_calibrated_from_dry_to_the_nodes_own_reading(tmp_path: Path, chromium: Browser) -> None:
    quick = {"sample_s": 2, "now_s": 2}
    with Farm(tmp_path, ("tea_field",), settings=quick, local=True, boot_ms=4500) as farm:
        farm.start()
        farm.greeted()
        board = farm.boards[1]
        with phone(chromium, farm) as page:
            sign_in(page, "Anh Tuấn", PASSWORD, "/nodes/1/settings")
            follow(page.get_by_role("link", name="Chỉnh chuẩn"))
            board.set_faults(**{"soil@34": 2300})
            shown(page, "[data-live=probe]", "Số đứng yên")
            follow(page.get_by_role("button", name="Lấy số đất khô"))
            expect(page.locator("h2").first).to_contain_text("Bước 2 trong 3")
            board.set_faults(**{"soil@34": 1000})
            page.wait_for_function(
                "() => / 1\\.0\\d\\d | 9\\d\\d /.test(' ' + document.querySelector('.num').textContent)"
            )
            shown(page, "[data-live=probe]", "Số đứng yên")
            follow(page.get_by_role("button", name="Lấy số đất no nước"))
            follow(page.get_by_role("button", name="Lưu và gửi tới thiết bị"))
            shown(page, "[data-live=pending]", "Đã chỉnh chuẩn xong")
            board.set_faults(**{"soil@34": 1650})

            def reads_half() -> bool:
                soil = next(one for one in farm.now().channels if one.channel == 3)
                return soil.value is not None and abs(soil.value - 500) <= 15

            farm.until(reads_half, "the node measures by its new calibration")
            made = farm.inner.calibrations.history(1, 3)[0]
            assert abs(made.dry_mv - 2300) <= 10 and abs(made.wet_mv - 1000) <= 10 and made.who == "Anh Tuấn"
            board.kill()
            board.start()  # it is on flash, and what was set over USB is still there
            farm.until(lambda: farm.now().boot_no == 2 and reads_half(), "the restarted node measures by it too")


def test_wifi_and_intervals_reach_a_node_that_keeps_what_the_hub_never_saw(tmp_path: Path, chromium: Browser) -> None:
    with Farm(tmp_path, ("tea_field",), settings={"sample_s": 2, "now_s": 2}, local=True, boot_ms=4500) as farm:
        farm.start()
        farm.greeted()
        before = farm.now().health["settings_hash"]
        with phone(chromium, farm) as page:
            sign_in(page, "Anh Tuấn", PASSWORD, "/wifi")
            page.locator("input[name=name]").fill("Vườn mới")
            page.locator("input[name=password]").fill(SECRET)
            follow(page.get_by_role("button", name="Gửi tới các thiết bị"))
            shown(page, "[data-live=wifi]", "Mọi thiết bị đã có mạng mới. Bây giờ đổi bộ phát Wi-Fi.")
            assert SECRET not in page.content()
            farm.until(lambda: farm.now().health["settings_hash"] != before, "the node lives by the new settings")
            farm.until(lambda: bool(farm.now().actuators), "it reports again")
            assert farm.now().health["radio_joins"] == 1, "it never left the network that it was in"
            farm.boards[1].set_faults(router=["Vườn mới", SECRET])
            farm.until(lambda: time.time() > (farm.now().heard_s or 0) + 10, "it is gone with the old network")
            follow(page.get_by_role("button", name="Tôi đã đổi bộ phát xong"))
            shown(page, "[data-live=wifi]", "Chưa về: Thiết bị 1.")
            shown(page, "[data-live=wifi]", "Mọi thiết bị đã về. Xong.")
            farm.until(lambda: farm.now().health["radio_joins"] == 2, "it joined the new one")
            page.goto("/nodes/1/settings")
            page.locator("input[name=sample_s]").fill("4")
            page.locator("input[name=set_s]").fill("20")
            follow(page.get_by_role("button", name="Gửi tới thiết bị"))
            for what in ("Giờ đo", "Đổi Wi-Fi"):
                expect(page.get_by_role("row", name=f"{what} Đã có hiệu lực")).to_be_visible(timeout=WAIT_MS)
        farm.boards[1].kill()
        farm.boards[1].start()
        held = farm.inner.changes.newest(1, "intervals")
        assert held is not None and held.state == "in_force"
        farm.until(lambda: farm.now().boot_no == 2 and bool(farm.now().channels), "it greets after a restart")
        assert farm.now().health["settings_hash"] == held.leads_to
        assert SECRET not in farm.boards[1].log().read_text("utf-8")


def edges_of(farm: Farm, actuator: int) -> list[dict[str, int]]:
    """Every edge so far of an actuator's pin on node 1."""
    wiring = json.loads((farm.boards[1].folder / "spec.json").read_text("utf-8"))["wiring"]
    pin = wiring["actuators"][actuator - 1]["pin"]
    lines = farm.boards[1].trace().read_text("utf-8").splitlines()
    return [edge for edge in map(json.loads, lines) if edge.get("pin") == pin]


def all_off(farm: Farm, node: int) -> bool:
    """Whether the newest edge of every actuator's pin is OFF."""
    wiring = json.loads((farm.boards[node].folder / "spec.json").read_text("utf-8"))["wiring"]
    resting = {item["pin"]: 1 - item["on_level"] for item in wiring["actuators"]}
    levels = {}
    for line in farm.boards[node].trace().read_text("utf-8").splitlines():
        edge = json.loads(line)
        if edge.get("pin") in resting:
            levels[edge["pin"]] = edge["level"]
    return all(levels.get(pin, level) == level for pin, level in resting.items())


def test_stop_under_30_percent_loss_is_off_within_two_seconds_and_the_page_agrees(
    tmp_path: Path, chromium: Browser
) -> None:
    boards = ("worm_house_air", "worm_house_bed", "tea_field")
    with Farm(tmp_path, boards, recipe={"rules": []}, local=True, boot_ms=4500) as farm:
        farm.start()
        for node in farm.boards:
            farm.greeted(node)
        with phone(chromium, farm) as page:
            sign_in(page, "Cô Mai", PIN, "/stop")
            for node in farm.boards:
                for machine in farm.now(node).actuators:
                    farm.inner.commands.send(node, machine.actuator, True, 600, "Cô Mai")
                farm.until(lambda n=node: all(m.on for m in farm.now(n).actuators), f"machines of {node} run")  # type: ignore[misc]
            machines = sum(len(farm.now(node).actuators) for node in farm.boards)
            farm.path.weather = LOSS
            pressed_s = time.monotonic()
            page.get_by_role("button", name="DỪNG TẤT CẢ NGAY").click(no_wait_after=True)
            while not all(all_off(farm, node) for node in farm.boards):
                assert time.monotonic() < pressed_s + 30, farm.last_words()
                time.sleep(0.01)
            took_s = time.monotonic() - pressed_s
            assert took_s <= STOP_S, f"all off after {took_s:.2f} s"
            shown(page, ".banner.danger", f"Cả {machines} máy đã báo dừng")
            follow(page.get_by_role("link", name="Về"))
            shown(page, ".banner.danger", "Đang DỪNG TẤT CẢ: các máy nghỉ (Cô Mai bấm lúc")
            assert farm.path.counts["lost"] > 0
            assert all(not m.on for node in farm.boards for m in farm.now(node).actuators)


def test_a_real_node_is_checked_its_relay_clicked_and_a_dead_sensor_found(tmp_path: Path, chromium: Browser) -> None:
    quick = {"sample_s": 2, "now_s": 2}
    with Farm(tmp_path, ("worm_house",), settings=quick, recipe={"rules": []}, local=True, boot_ms=4500) as farm:
        farm.start()
        farm.greeted()
        farm.until(lambda: bool(farm.now().actuators), "it reports")
        board = farm.boards[1]
        with phone(chromium, farm) as page:
            sign_in(page, "Anh Tuấn", PASSWORD, "/nodes/1/check")
            follow(page.get_by_role("button", name="Kiểm tra ngay"))
            shown(page, "[data-live=lead]", "0 mục hỏng")
            shown(page, "[data-live=rows]", "trả lời 10 trong 10 lần")
            shown(page, "[data-live=probes]", "mV")
            fan = next(one for one in farm.now().actuators if one.kind == "fan")
            card = f"#relay-{fan.actuator}"
            edges = len(edges_of(farm, fan.actuator))
            follow(page.locator(card).get_by_role("button", name="Bật thử 2 giây"))
            shown(page, card, "Thiết bị báo: đã bật 2 giây.")
            follow(page.locator(card).get_by_role("button", name="Có", exact=True))
            shown(page, card, "Có kêu, có chạy")
            farm.until(lambda: len(edges_of(farm, fan.actuator)) >= edges + 2, "the relay went on and off")
            on_ms, off_ms = (edge["t_ms"] for edge in edges_of(farm, fan.actuator)[edges : edges + 2])
            assert 1000 <= off_ms - on_ms <= 3500, "a lease of two seconds, counted in whole ones"
            board.set_faults(**{"dht22@4": "timeout"})
            farm.until(lambda: any(one.fault for one in farm.now().channels), "the node has seen it")
            follow(page.get_by_role("button", name="Kiểm tra lại"))
            shown(page, "[data-live=lead]", "2 mục hỏng")
            shown(page, "[data-live=rows] tr.bad.why >> nth=0", "Cách sửa: xem dây nguồn 3,3 V")
            shown(page, "main", "Những lần trước")


def test_real_nodes_are_updated_from_the_page_and_a_bad_program_stops_at_the_first(
    tmp_path: Path, chromium: Browser
) -> None:
    settings = {"sample_s": 10, "set_s": 60, "now_s": 15}
    with Farm(
        tmp_path, ("worm_house_air", "tea_field"), local=True, virtual=True, truth=False, settings=settings
    ) as farm:
        farm.start()
        for node in farm.boards:
            farm.greeted(node)
        hub = farm.inner
        hub.rollouts.sender.gap_s = 0.0
        good, bad = images.newer(1), images.BROKEN["raises"](2)
        hub.releases.current = hub.releases.keep(good.data, good.version)
        with phone(chromium, farm) as page:
            sign_in(page, "Anh Tuấn", PASSWORD, "/update")
            page.locator("label[for=f2]").click()
            follow(page.get_by_role("button", name="Bắt đầu cập nhật"))
            shown(page, "[data-live=lead]", "Đã xong. Xong 2 trong 2 thiết bị.")
            page.goto("/fleet")
            shown(page, "[data-live=lead]", "2 thiết bị: giống bản của trạm")
            hub.releases.current = hub.releases.keep(bad.data, bad.version)
            page.goto("/update")
            page.locator("label[for=f1]").click()
            follow(page.get_by_role("button", name="Bắt đầu cập nhật"))
            shown(
                page,
                "[data-live=lead]",
                "Thiết bị 1 chạy không tốt với bản mới và đã tự quay về bản cũ. Xong 0 trong 2",
            )
            shown(page, "[data-live=node-2]", "Chờ đến lượt")
        assert {found.image for found in hub.inventory.all().values()} == {good.sha256[:8].hex()}
        for board in farm.boards.values():
            board.kill()
            board.log().unlink()  # the bad program's own complaints
