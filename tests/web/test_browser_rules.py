"""A phone, the hub and real firmware on a simulated board: a recipe is chosen, changed, sent, reported by the node."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.people import People
from hub.web.server import PageServer
from tests.support import browser
from tests.support.browser import Page, expect, follow
from tests.support.farm import Farm
from tests.web.farm import FAST_HASHER, PASSWORD

pytestmark = [pytest.mark.slow, *browser.IN_BROWSER]
WAIT_MS = 60_000  # a busy machine is not a fault
RULES = "/nodes/1/rules"


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[Farm]:
    quick = {"sample_s": 2, "now_s": 2}
    with Farm(tmp_path, ("worm_house",), settings=quick, local=True, boot_ms=4500) as made:
        made.start()
        made.greeted()
        yield made


@pytest.fixture
def phone(farm: Farm) -> Iterator[Page]:
    """A phone of 360 px on the page of the farm's hub; a technician is signed in."""
    farm.inner.people = People(farm.inner.store, farm.inner.clock, FAST_HASHER)
    farm.inner.people.add("Anh Tuấn", "technician", PASSWORD, by="test")
    server = PageServer(farm.inner, listen="127.0.0.1", port=0)
    server.start()
    with browser.chromium() as chromium:
        size = {"width": 360, "height": 740}
        context = chromium.new_context(viewport=size, base_url=f"http://127.0.0.1:{server.port}", has_touch=True)
        context.set_default_timeout(WAIT_MS)
        page = context.new_page()
        page.goto(f"/sign-in?next={RULES}")
        follow(page.get_by_role("link", name="Anh Tuấn"))
        page.locator("input[type=password]").fill(PASSWORD)
        follow(page.get_by_role("button", name="Vào"))
        yield page
    server.stop()


def says(page: Page, selector: str, words: str) -> None:
    expect(page.locator(selector).first).to_contain_text(words, timeout=WAIT_MS)


def narrow(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url


def test_a_recipe_is_chosen_changed_sent_and_reported_by_the_node(farm: Farm, phone: Page) -> None:
    before = farm.inner.recipes.standing(1).reported
    assert before is not None, "the board came with a recipe"
    says(phone, "[data-live=recipe]", "Thiết bị đang chạy quy trình này, trạm biết từ")
    follow(phone.get_by_role("link", name="Chọn quy trình mẫu"))
    narrow(phone)
    follow(phone.locator("article.ready", has_text="Nhà giun").get_by_role("link", name="Dùng mẫu này"))
    narrow(phone)
    phone.locator("input[name=fan_on]").fill("29")
    phone.locator("input[name=fan_off]").fill("27,5")
    follow(phone.get_by_role("button", name="Xem trước"))
    says(phone, "article.rule-card", "Bật quạt khi luống nóng hơn 29\u00a0°C, tắt khi dưới 27,5\u00a0°C")
    follow(phone.locator("article.rule-card").first.get_by_role("link", name="Sửa luật này"))
    follow(phone.get_by_role("link", name="Mỗi lần chạy bao lâu"))
    narrow(phone)
    phone.locator("input[name=max_on_s]").fill("25")
    follow(phone.get_by_role("button", name="Xem trước"))
    says(phone, "article.rule-card", "nhiều nhất 25 phút")
    assert farm.inner.recipes.standing(1).wanted is None, "nothing is sent before somebody says so"
    follow(phone.get_by_role("button", name="Gửi xuống thiết bị"))
    says(phone, "[data-live=recipe]", "Anh Tuấn gửi lúc")
    says(phone, "[data-live=recipe] .state", "Thiết bị đang chạy quy trình này từ")
    narrow(phone)
    standing = farm.inner.recipes.standing(1)
    assert standing.reported == standing.wanted != before
    running = farm.inner.recipes.running(1)
    fan = running.rule(1) if running else None
    assert fan and fan.on_above == 290 and fan.max_on_s == 1500
    says(phone, "article.rule-card", "Bật quạt khi luống nóng hơn 29\u00a0°C")
    phone.locator("article.rule-card summary").nth(1).click()
    phone.wait_for_timeout(7000)
    assert phone.locator("article.rule-card details").nth(1).get_attribute("open") is not None


def test_the_recipe_outlives_a_power_cut(farm: Farm, phone: Page) -> None:
    phone.goto(f"{RULES}/ready/worm_house")
    follow(phone.get_by_role("button", name="Xem trước"))
    follow(phone.get_by_role("button", name="Gửi xuống thiết bị"))
    says(phone, "[data-live=recipe]", "Anh Tuấn gửi lúc")
    wanted = farm.inner.recipes.standing(1).wanted
    boot = farm.now().boot_no
    farm.boards[1].kill()
    farm.boards[1].start()
    farm.until(lambda: farm.now().boot_no > boot, "the board is back")
    assert farm.inner.recipes.standing(1).reported == wanted
    assert farm.inner.push.progress(1).state == "active"
