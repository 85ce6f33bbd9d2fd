"""Pictures of the page for README and docs; `python -m tests.web.pictures` writes docs/img from one still scene."""

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from hub.web.server import PageServer
from tests.support.browser import CHROMIUM, NO_CHROMIUM, Browser, Page, chromium, follow
from tests.support.fakes import FakeClock
from tests.web.farm import AIR, FAN, PIN, PUMP, SOIL, Farm, ScriptedNode, a_day, farm

IMAGES = Path(__file__).parents[2] / "docs" / "img"
ADDRESSES = {"home": "/", "zone": "/zones/1", "node": "/nodes/1", "help": "/help"}
AFTERNOON_S = 1_763_881_800.0  # 2025-11-23 14:10 in Vietnam


def scene(made: Farm) -> None:
    """A drying room in danger, a seedling house that is dry, a field without news, a worm house that is well."""
    fleet, now_s = made.hub.fleet, made.clock.wall()
    made.hub.people.set_setting("phone", "0900 000 000")
    made.hub.people.set_setting("phone_name", "anh Tuấn kỹ thuật")
    fleet.add("Phòng sấy", 3, 5)
    fleet.set_band(3, "air_temperature", 400, 550)
    seedlings = fleet.add_zone("Vườn ươm", "seedling")
    fleet.add("Vườn ươm", seedlings.id, 6)
    fleet.set_band(seedlings.id, "soil_moisture", 400, 600)
    fleet.set_band(1, "bed_moisture", 650, 800)
    made.report(5, channels=(replace(AIR, value=684),), actuators=(_fan("Quạt sấy", 684, 550, now_s - 360),))
    made.report(6, channels=(replace(SOIL, value=380),), actuators=(replace(PUMP, name="Bơm nhỏ", cause="rest"),))
    made.report(1, actuators=(_fan("Quạt hút", 312, 310, now_s - 1680), made.hub.live.node(1).actuators[1]))  # type: ignore[union-attr]
    made.report(1, health=HEALTH)
    made.lose(3)
    for cause in ("bad_tag", "replayed"):
        made.hub.rejects.count(cause, 1)
    a_day(made)


def _fan(name: str, value: int, limit: int, since_s: float):  # type: ignore[no-untyped-def]
    return replace(FAN, name=name, on=True, cause="above", value=value, limit=limit, since_s=since_s)


HEALTH = {
    "rssi_dbm": -61, "heap_free": 83_000, "idf_heap_free": 41_000, "journal_first": 1, "journal_next": 480,
    "stored_up_to": 477, "journal_dropped": 0, "version": "0.1.0", "board": "esp32_devkitc", "mac": "02:00:00:00:00:01",
    "reset_cause": "power", "resets_power": 6, "resets_brownout": 1, "radio_joins": 2, "radio_sessions": 3,
    "loop_ms": 14,
}  # fmt: skip


def remember(server: PageServer, made: Farm) -> None:
    """An hour of trends, as the server's thread would have gathered it."""
    trends, now_s = server.app.extensions["nhavuon"].trends, made.clock.wall()
    for minute in range(20, 0, -1):
        trends.add(1, 1, now_s - 60 * minute, 305 + minute)
        trends.add(1, 2, now_s - 60 * minute, 780)
        trends.add(5, 1, now_s - 60 * minute, 684 - 22 * minute)
        trends.add(6, 1, now_s - 60 * minute, 380 + 2 * minute)


def shoot(page: Page, name: str) -> None:
    """The whole page, its bar at the foot of it."""
    page.wait_for_timeout(200)
    high = page.evaluate("document.documentElement.scrollHeight")
    width = page.viewport_size["width"]  # type: ignore[index]
    page.set_viewport_size({"width": width, "height": max(high, 740)})
    page.screenshot(path=IMAGES / f"{name}_{width}.png")
    page.set_viewport_size({"width": width, "height": 740})


def pictures(browser: Browser, address: str, script: ScriptedNode) -> None:
    for width, screens in ((360, ("home", "zone", "node", "help")), (1200, ("home", "zone"))):
        page = browser.new_context(viewport={"width": width, "height": 740}, base_url=address).new_page()
        for name in screens:
            page.goto(ADDRESSES[name])
            shoot(page, name)
    page = browser.new_context(viewport={"width": 360, "height": 740}, base_url=address).new_page()
    page.goto("/sign-in?next=/zones/1")
    follow(page.get_by_role("link", name="Cô Mai"))
    page.locator("input[type=password]").fill(PIN)
    follow(page.get_by_role("button", name="Vào"))
    card = page.locator('[data-live="machine-1-2"]')
    card.get_by_role("button", name="15 phút").click()
    page.locator('[data-live="machine-1-2"][data-order-state="sending"] .why', has_text="Chờ thiết bị").wait_for()
    card.screenshot(path=IMAGES / "sending_360.png")
    script.answer()
    page.locator('[data-order-state="done"]').wait_for()
    card.screenshot(path=IMAGES / "done_360.png")
    follow(page.get_by_role("button", name="DỪNG"))
    script.sent = [one for one in script.sent if one[0] != 3]
    script.answer()
    page.goto("/stop")
    shoot(page, "stop")


def main() -> None:
    if CHROMIUM is None:
        sys.exit(NO_CHROMIUM)
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        farm(Path(folder), FakeClock(AFTERNOON_S)) as made,
        chromium() as browser,
    ):
        scene(made)
        script = ScriptedNode(made)
        server = PageServer(made.hub, listen="127.0.0.1", port=0)
        remember(server, made)
        server.start()
        pictures(browser, f"http://127.0.0.1:{server.port}", script)
        server.stop()


if __name__ == "__main__":
    main()
