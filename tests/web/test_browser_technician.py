"""The technician's pages in a real browser: a check, relays clicked, an update followed; with scripts and without."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hub.clock import Clock
from hub.web.server import PageServer
from shared_protocol import registry as g
from tests.hub.updates.farm import NEW
from tests.support import browser
from tests.support.browser import Browser, Page, expect, follow
from tests.web.checked import DEAD_AIR, WELL, Answering
from tests.web.farm import PASSWORD, Farm, ScriptedNode, farm

pytestmark = browser.IN_BROWSER
SCREENS = ("/fleet", "/update", "/nodes", "/nodes/1", "/nodes/1/check", "/nodes/1/care", "/nodes/1/replace")
OLD = bytes(8)  # what a node runs that does not run the hub's program


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as found:
        yield found


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Farm]:
    """A farm on the real clock whose hub ticks, with a program to send and nodes that say what they run."""
    ending = threading.Event()

    def tick() -> None:
        while not ending.wait(0.05):
            found.hub.tick()

    with farm(tmp_path, Clock()) as found:
        found.hub.releases.current = found.hub.releases.keep(NEW.data, NEW.version)
        for node in (1, 2, 3):
            runs(found, node, OLD, g.IMAGE_PROVEN)
        ticker = threading.Thread(target=tick)
        ticker.start()
        yield found
        ending.set()
        ticker.join()


@pytest.fixture
def script(made: Farm) -> ScriptedNode:
    return ScriptedNode(made)


@pytest.fixture
def answering(made: Farm) -> Answering:
    found = Answering(made)
    found.rows[1] = DEAD_AIR
    return found


def runs(made: Farm, node: int, image: bytes, state: int) -> None:
    """The node greets and says what it runs."""
    known = made.hub.live.node(node)
    facts = {"image": image[:8].hex(), "image_state": state, "version": "0.1.0", "board": "esp32_devkitc"}
    made.report(node, health={**(known.health if known else {}), **facts})
    made.hub.inventory.session(node)
    made.hub.rollouts.session(node)


Open = Callable[..., Page]


@pytest.fixture
def phone(chromium: Browser, made: Farm, script: ScriptedNode, answering: Answering) -> Iterator[Open]:
    """Opens phones on which the technician is signed in; a failed script fails the test."""
    server = PageServer(made.hub, listen="127.0.0.1", port=0)
    server.start()
    wrong: list[str] = []
    address = f"http://127.0.0.1:{server.port}"

    @contextmanager
    def opened(path: str, js: bool, width: int) -> Iterator[Page]:
        size = {"width": width, "height": 740}
        context = chromium.new_context(viewport=size, java_script_enabled=js, base_url=address, has_touch=width < 900)
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(f"/sign-in?next={path}")
        follow(page.get_by_role("link", name="Anh Tuấn"))
        page.locator("input[type=password]").fill(PASSWORD)
        follow(page.get_by_role("button", name="Vào"))
        yield page
        context.close()

    with ExitStack() as stack:
        yield lambda path="/", js=True, width=360: stack.enter_context(opened(path, js, width))
    server.stop()
    assert wrong == []


def large(page: Page, width: int) -> None:
    """Nothing sideways, nothing too small to press or to read, with everything unfolded."""
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    small = page.evaluate("""() => Array.from(document.querySelectorAll(
        'button, .btn, summary, .tool, nav a, main input[type=text], main select, .choice label'))
        .filter(one => one.offsetParent && one.getBoundingClientRect().height < 56).map(one => one.outerHTML)""")
    assert small == [], page.url
    tiny = page.evaluate("""() => Array.from(document.querySelectorAll('body *')).filter(one => one.offsetParent &&
        Array.from(one.childNodes).some(n => n.nodeType === 3 && n.textContent.trim()) &&
        parseFloat(getComputedStyle(one).fontSize) < 18).map(one => one.outerHTML.slice(0, 120))""")
    assert tiny == [], page.url


def sent(page: Page, script: ScriptedNode) -> None:
    """Wait until an order has left the hub."""
    for _ in range(200):
        if script.sent:
            return
        page.wait_for_timeout(50)
    raise AssertionError("nothing was sent to the node")


@pytest.mark.parametrize("width", [360, 412, 1200])
def test_every_screen_fits_and_can_be_pressed_and_read(phone: Open, made: Farm, width: int) -> None:
    page = phone("/fleet", width=width)
    for path in SCREENS:
        page.goto(path)
        large(page, width)
    page.goto("/nodes/1/check")
    follow(page.get_by_role("button", name="Kiểm tra ngay"))
    expect(page.locator("[data-live=lead]")).to_contain_text("11 mục đạt, 1 mục hỏng", timeout=30_000)
    large(page, width)
    made.hub.rollouts.start("Anh Tuấn", [1, 2], 1)
    page.goto("/update")
    large(page, width)


def test_a_check_is_live_and_a_relay_is_clicked_and_heard(
    phone: Open, made: Farm, script: ScriptedNode, answering: Answering
) -> None:
    page = phone("/nodes/1/check")
    follow(page.get_by_role("button", name="Kiểm tra ngay"))
    page.evaluate("window.sameDocument = true")
    lead = page.locator("[data-live=lead]")
    expect(lead).to_contain_text("Đang kiểm tra: 3 trong 10 lần")
    expect(lead).to_contain_text("11 mục đạt, 1 mục hỏng", timeout=30_000)
    expect(page.locator("[data-live=rows] tr.why")).to_contain_text("Cách sửa: xem dây nguồn 3,3 V")
    assert page.evaluate("window.sameDocument") is True
    fan = page.locator("#relay-1")
    follow(fan.get_by_role("button", name="Bật thử 2 giây"))
    expect(fan).to_contain_text("Đang gửi…")
    sent(page, script)
    script.answer()
    expect(fan).to_contain_text("Thiết bị báo: đã bật 2 giây.")
    follow(fan.get_by_role("button", name="Không", exact=True))
    expect(page.locator("#relay-1")).to_contain_text("mô-đun rơ-le không có nguồn")
    expect(lead).to_contain_text("11 mục đạt, 2 mục hỏng")
    found = made.hub.inspections.newest(1)
    assert found is not None and found.click(1) is not None and found.click(1).heard is False  # type: ignore[union-attr]


def test_a_check_works_without_javascript(phone: Open, made: Farm, script: ScriptedNode, answering: Answering) -> None:
    answering.rows[1] = WELL
    page = phone("/nodes/1/check", js=False)
    follow(page.get_by_role("button", name="Kiểm tra ngay"))
    expect(page.locator("[data-live=lead]")).to_contain_text("12 mục đạt, 0 mục hỏng", timeout=30_000)  # meta refresh
    follow(page.locator("#relay-1").get_by_role("button", name="Bật thử 2 giây"))
    sent(page, script)
    script.answer()
    expect(page.locator("#relay-1")).to_contain_text("có kêu tách", timeout=20_000)
    follow(page.locator("#relay-1").get_by_role("button", name="Có", exact=True))
    expect(page.locator("#relay-1")).to_contain_text("Có kêu, có chạy")


@pytest.mark.parametrize("js", [True, False], ids=["with scripts", "without scripts"])
def test_an_update_is_chosen_begun_followed_and_cancelled(phone: Open, made: Farm, js: bool) -> None:
    page = phone("/fleet", js=js)
    expect(page.locator("[data-live=fleet]")).to_contain_text("cũ hơn bản của trạm")
    follow(page.get_by_role("link", name="Cập nhật phần mềm"))
    page.locator("label[for=n3]").click()  # not this one
    page.locator("label[for=f2]").click()  # this one first
    follow(page.get_by_role("button", name="Bắt đầu cập nhật"))
    rollout = made.hub.rollouts.newest
    assert rollout is not None and {one.node for one in rollout.targets} == {1, 2} and rollout.canary == 2
    first = page.locator("article", has_text="Nhà giun, luống")
    expect(first).to_contain_text("đi trước")
    runs(made, 2, NEW.sha256, g.IMAGE_ON_TRIAL)
    expect(first).to_contain_text("đang chạy thử", timeout=20_000)  # without scripts by its meta refresh
    runs(made, 2, OLD, g.IMAGE_ROLLED_BACK)
    expect(page.locator("main")).to_contain_text("Đã tự dừng: Nhà giun, luống chạy không tốt", timeout=20_000)
    expect(first).to_contain_text("Đã tự quay về bản cũ")
    page.locator("summary", has_text="Hủy đợt cập nhật").click()
    follow(page.get_by_role("button", name="Hủy, không gửi nữa"))
    expect(page.locator("main")).to_contain_text("Đã hủy.")


def test_what_is_unfolded_stays_so_while_an_update_moves(phone: Open, made: Farm) -> None:
    made.hub.rollouts.start("Anh Tuấn", [1, 2], 2)
    page = phone("/update")
    page.locator("summary", has_text="Hủy đợt cập nhật").click()
    runs(made, 2, NEW.sha256, g.IMAGE_ON_TRIAL)
    expect(page.locator("article", has_text="Nhà giun, luống")).to_contain_text("đang chạy thử")
    expect(page.get_by_role("button", name="Hủy, không gửi nữa")).to_be_visible()


def test_a_dead_board_is_let_go(phone: Open, made: Farm) -> None:
    made.hub.store.write(lambda db: db.execute("UPDATE node SET mac = '02:00:00:00:00:03' WHERE number = 3"))
    page = phone("/nodes/3/care")
    follow(page.get_by_role("link", name="Thay bo hỏng"))
    expect(page.get_by_role("button", name="Gỡ bo cũ")).to_be_disabled()
    made.lose(3)
    expect(page.get_by_role("button", name="Gỡ bo cũ")).to_be_enabled()
    follow(page.get_by_role("button", name="Gỡ bo cũ"))
    expect(page.locator("main")).to_contain_text("Số này đang chờ bo mới.")
    expect(page.locator("main")).to_contain_text("python3 nhavuon.py flash --replace 3")
