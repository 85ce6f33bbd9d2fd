"""The page in a real browser: a phone of 360 px, live without a reload, and everything without JavaScript."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hub.clock import Clock
from hub.web.server import PageServer
from shared_protocol import registry as g
from tests.support import browser
from tests.support.browser import Browser, BrowserContext, Page, Route, expect, follow
from tests.web.farm import PASSWORD, PIN, Farm, ScriptedNode, a_day, farm

pytestmark = browser.IN_BROWSER
PHONE = {"width": 360, "height": 740}
SCREENS = (
    "/", "/zones/1", "/zones/1?span=year", "/zones/2", "/zones/3", "/nodes", "/nodes/1", "/nodes/4", "/stop",
    "/stop/clear", "/help", "/more", "/people", "/settings", "/zones/1/bands", "/wifi", "/nodes/2/settings",
    "/nodes/2/channels/4/calibration", "/nodes/2/channels/4/calibration?dry=2400&wet=1100", "/sign-in", "/nothing",
    "/nodes/1/rules", "/nodes/1/rules/ready", "/nodes/1/rules/ready/worm_house",
)  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser.chromium() as found:
        yield found


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Farm]:
    with farm(tmp_path, Clock()) as found:
        a_day(found)
        yield found


@pytest.fixture
def script(made: Farm) -> ScriptedNode:
    return ScriptedNode(made)


@pytest.fixture
def site(made: Farm, script: ScriptedNode) -> Iterator[str]:
    server = PageServer(made.hub, listen="127.0.0.1", port=0)
    server.start()
    yield f"http://127.0.0.1:{server.port}"
    server.stop()


Open = Callable[..., Page]


@pytest.fixture
def phone(chromium: Browser, site: str) -> Iterator[Open]:
    """Opens phones; a console error, a failed script or a request to the outside fails the test."""
    contexts: list[BrowserContext] = []
    wrong: list[str] = []

    def guard(route: Route) -> None:
        if route.request.url.startswith(site):
            route.continue_()
        else:
            wrong.append(f"asked for {route.request.url}")
            route.abort()

    def make(path: str = "/", js: bool = True, width: int = PHONE["width"]) -> Page:
        size = {"width": width, "height": PHONE["height"]}
        context = chromium.new_context(viewport=size, java_script_enabled=js, base_url=site, has_touch=width < 900)
        contexts.append(context)
        context.set_default_timeout(15_000)
        context.route("**/*", guard)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()
    assert wrong == []


def sign_in(page: Page, name: str = "Cô Mai", secret: str = PIN) -> None:
    page.goto("/sign-in?next=/zones/1")
    follow(page.get_by_role("link", name=name))
    page.locator("input[type=password]").fill(secret)
    follow(page.get_by_role("button", name="Vào"))
    expect(page.locator("h1")).to_have_text("Nhà giun 1")


def answered(page: Page, script: ScriptedNode, code: int = g.RESULT_OK) -> None:
    """The node answers as soon as the order has left the hub."""
    for _ in range(200):
        if script.sent:
            return script.answer(code)
        page.wait_for_timeout(50)
    raise AssertionError("nothing was sent to the node")


def mister(page: Page):  # type: ignore[no-untyped-def]
    return page.locator('[data-live="machine-1-2"]')


@pytest.mark.parametrize("width", [360, 412, 1200])
def test_no_screen_scrolls_sideways(phone: Open, width: int) -> None:
    page = phone(width=width)
    sign_in(page, "Chị Hoa", PASSWORD)
    for path in SCREENS:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_targets_are_large_and_text_is_readable(phone: Open) -> None:
    page = phone()
    sign_in(page, "Chị Hoa", PASSWORD)
    for path in SCREENS:
        page.goto(path)
        small = page.evaluate("""() => {
            const targets = 'button, nav a, .tool, .btn, summary, .zone';
            return Array.from(document.querySelectorAll(targets)).filter(one => one.offsetParent &&
                one.getBoundingClientRect().height < 56).map(one => one.outerHTML);
        }""")
        assert small == [], path
        tiny = page.evaluate("""() => Array.from(document.querySelectorAll('body *')).filter(one => one.offsetParent &&
            Array.from(one.childNodes).some(n => n.nodeType === 3 && n.textContent.trim()) &&
            parseFloat(getComputedStyle(one).fontSize) < 18).map(one => one.outerHTML.slice(0, 120))""")
        assert tiny == [], path


def test_a_number_changes_without_a_reload(phone: Open, made: Farm) -> None:
    page = phone()
    page.evaluate("window.sameDocument = true")
    expect(page.locator(".zone.ok .num").first).to_contain_text("31,2")
    made.value(1, 1, 398)
    expect(page.locator(".zone.danger .num")).to_contain_text("39,8")
    expect(page.locator("h1")).to_contain_text("Chưa ổn")
    assert page.evaluate("window.sameDocument") is True


def test_tap_sending_done(phone: Open, made: Farm, script: ScriptedNode) -> None:
    page = phone()
    sign_in(page)
    page.evaluate("window.sameDocument = true")
    mister(page).get_by_role("button", name="15 phút").click()
    expect(mister(page)).to_contain_text("Đang gửi…")
    expect(mister(page)).to_contain_text("Máy chưa chạy")
    made.value(1, 1, 313)
    page.wait_for_timeout(1200)
    expect(mister(page)).to_contain_text("Đang gửi…")
    assert "Đã bật" not in page.content() and mister(page).locator("button:enabled").count() == 0
    assert len(script.sent) == 1 and script.sent[0][2].max_on_s == 900
    answered(page, script)
    expect(mister(page)).to_contain_text(re.compile(r"Đã bật – tự tắt lúc \d\d:\d\d"))
    assert page.url.endswith("/zones/1") and page.evaluate("window.sameDocument") is True
    mister(page).get_by_role("button", name="Tắt ngay").click()
    expect(mister(page)).to_contain_text("Đang gửi…")
    answered(page, script)
    expect(mister(page)).to_contain_text(re.compile(r"Đã tắt – nghỉ đến \d\d:\d\d"))


def test_tap_refused_try_again(phone: Open, script: ScriptedNode) -> None:
    page = phone()
    sign_in(page)
    mister(page).get_by_role("button", name="5 phút", exact=True).click()
    expect(mister(page)).to_contain_text("Đang gửi…")
    answered(page, script, g.RESULT_INTERLOCK)
    expect(mister(page)).to_contain_text("Chưa được – thử lại")
    expect(mister(page)).to_contain_text("không được chạy cùng lúc")
    mister(page).get_by_role("button", name="Thử lại 5 phút").click()
    expect(mister(page)).to_contain_text("Đang gửi…")
    answered(page, script)
    expect(mister(page)).to_contain_text("Đã bật – tự tắt lúc")


def test_tap_without_signing_in_asks_who_and_comes_back(phone: Open, script: ScriptedNode) -> None:
    page = phone("/zones/1")
    mister(page).get_by_role("button", name="15 phút").click()
    follow(page.get_by_role("link", name="Cô Mai"))
    page.locator("input[type=password]").fill(PIN)
    follow(page.get_by_role("button", name="Vào"))
    expect(page).to_have_url(re.compile(r"/zones/1$"))
    assert script.sent == []


def test_everything_works_without_javascript(phone: Open, script: ScriptedNode) -> None:
    page = phone(js=False)
    expect(page.locator("h1")).to_be_visible()
    follow(page.locator(".zone", has_text="Nhà giun 1"))
    assert page.locator("svg.chart path.curve").count() == 1
    page.locator("summary", has_text="Xem bảng số").click()
    expect(page.locator("table")).to_be_visible()
    follow(page.get_by_role("link", name="Tuần"))
    expect(page.locator("#chart h2")).to_contain_text("7 ngày")
    sign_in(page)
    mister(page).get_by_role("button", name="15 phút").click()
    expect(page).to_have_url(re.compile(r"/orders/"))
    expect(mister(page)).to_contain_text("Đang gửi…")
    answered(page, script)
    expect(mister(page)).to_contain_text("Đã bật – tự tắt lúc")  # by its meta refresh
    follow(page.get_by_role("button", name="DỪNG TẤT CẢ"))
    expect(page.locator("h1")).to_have_text("Đang dừng tất cả")
    answered(page, script)
    expect(page.locator(".banner.danger")).to_contain_text("Cả 3 máy đã báo dừng")
    follow(page.get_by_role("link", name="Cho chạy lại"))
    follow(page.get_by_role("button", name="Cho chạy lại"))
    answered(page, script)
    page.goto("/stop")
    expect(page.get_by_role("button", name="DỪNG TẤT CẢ NGAY")).to_be_visible()
    follow(page.get_by_role("button", name="English"))
    expect(page.locator("h1")).to_have_text("Stop all")


def test_stop_all_follows_the_reports(phone: Open, made: Farm, script: ScriptedNode) -> None:
    page = phone()
    sign_in(page)
    follow(page.get_by_role("button", name="DỪNG TẤT CẢ"))
    expect(page.locator(".banner.danger")).to_contain_text("Đang dừng: 0 trong 3 máy")
    page.evaluate("window.sameDocument = true")
    answered(page, script)
    expect(page.locator(".banner.danger")).to_contain_text("Cả 3 máy đã báo dừng")
    assert page.evaluate("window.sameDocument") is True
    page.goto("/")
    expect(page.locator(".banner.danger")).to_contain_text("Đang DỪNG TẤT CẢ")


def test_lost_connection_says_so_and_takes_the_buttons_away(phone: Open) -> None:
    page = phone()
    sign_in(page)
    page.context.route("**/api/v1/state", lambda route: route.abort())
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator("#offline")).to_have_text(re.compile(r"Mất kết nối với máy chủ – số liệu lúc \d\d:\d\d"))
    assert page.locator(".machine button:enabled").count() == 0
    expect(page.get_by_text("bấm nút đỏ trên hộp")).to_be_visible()
    page.context.unroute("**/api/v1/state")
    expect(page.locator("#offline")).to_be_hidden()
    expect(mister(page).get_by_role("button", name="15 phút")).to_be_enabled()


def test_a_hidden_page_does_not_ask(phone: Open) -> None:
    page = phone()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("""() => { Object.defineProperty(document, 'hidden', {value: true, configurable: true});
        document.dispatchEvent(new Event('visibilitychange')); }""")
    page.wait_for_timeout(300)
    asked.clear()
    page.wait_for_timeout(4000)
    assert asked == []
    page.evaluate("""() => { Object.defineProperty(document, 'hidden', {value: false, configurable: true});
        document.dispatchEvent(new Event('visibilitychange')); }""")
    page.wait_for_timeout(800)
    assert any("/api/v1/state" in url for url in asked)


def test_nothing_new_costs_a_304(phone: Open) -> None:
    page = phone()
    seen: list[int] = []
    page.on("response", lambda response: seen.append(response.status) if "/api/v1/state" in response.url else None)
    for _ in range(80):
        if 304 in seen:
            break
        page.wait_for_timeout(250)
    assert 304 in seen and len(seen) <= 7  # every three seconds, for at most twenty


def test_what_is_open_stays_open_and_focus_stays(phone: Open, made: Farm) -> None:
    page = phone("/zones/1")
    page.locator("summary", has_text="Xem bảng số").click()
    mister(page).get_by_role("button", name="30 phút").focus()
    made.machine(1, 2, on=True, cause="below")
    expect(mister(page)).to_contain_text("ĐANG CHẠY")
    expect(page.locator("table")).to_be_visible()
    assert page.evaluate("document.activeElement.textContent") == "30 phút"


def test_back_works(phone: Open) -> None:
    page = phone()
    follow(page.locator(".zone", has_text="Nhà giun 1"))
    follow(page.get_by_role("link", name="Tháng"))
    page.go_back()
    page.go_back()
    expect(page.locator(".tally")).to_be_visible()
    follow(page.locator(".zone", has_text="Vườn trà"))
    follow(page.get_by_role("link", name="Về"))
    expect(page.locator(".tally")).to_be_visible()


def roomy(page: Page) -> None:
    """Nothing sideways, nothing too small to press, with everything unfolded."""
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360, page.url
    small = page.evaluate("""() => Array.from(document.querySelectorAll(
        'button, .btn, summary, main input[type=text], main select, .choice label, .days label'))
        .filter(one => one.offsetParent && one.getBoundingClientRect().height < 56).map(one => one.outerHTML)""")
    assert small == [], page.url


def test_rules_are_changed_without_javascript(phone: Open, made: Farm) -> None:
    page = phone(js=False)
    sign_in(page, "Anh Tuấn", PASSWORD)
    page.goto("/nodes/1/rules/ready")
    follow(page.get_by_role("link", name="Dùng mẫu này").first)
    roomy(page)
    follow(page.get_by_role("button", name="Xem trước"))
    roomy(page)
    follow(page.get_by_role("link", name="Sửa luật này").first)
    roomy(page)
    for group in ("Theo giờ", "Mỗi lần chạy", "Khi đầu đo", "Nước, mưa", "Bật, tắt"):
        follow(page.locator("a.btn", has_text=group))
        roomy(page)
        page.go_back()
    follow(page.locator("a.btn", has_text="Mỗi lần chạy"))
    page.locator("input[name=min_on_s]").fill("600")
    follow(page.get_by_role("button", name="Xem trước"))
    expect(page.locator(".state.bad")).to_contain_text("Thời gian phải từ")
    page.locator("input[name=min_on_s]").fill("4")
    follow(page.get_by_role("button", name="Xem trước"))
    expect(page.locator("article.rule-card").first).to_contain_text("ít nhất 4 phút")
    follow(page.get_by_role("button", name="Gửi xuống thiết bị"))
    expect(page.locator("h1")).to_have_text("Luật tự động")
    wanted = made.hub.recipes.standing(1).wanted
    assert wanted is not None
    made.hub.recipes.report(1, wanted)
    expect(page.locator(".recipe .state")).to_contain_text("đang chạy quy trình này từ")  # by its meta refresh
