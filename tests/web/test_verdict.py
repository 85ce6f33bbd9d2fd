"""Verdict: four states, worst first, in a farmer's words; no news is never good news; ages are honest."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hub.web import machines, verdict
from hub.web.here import Site
from hub.web.verdict import OLD_S, STATES, Verdict
from hub.web.words import Words
from tests.web.conftest import text
from tests.web.farm import FAN, Farm

VI = Words("vi")


@pytest.fixture
def site(app: Flask) -> Site:
    found: Site = app.extensions["nhavuon"]
    return found


def judged(site: Site, zone: int = 1) -> Verdict:
    return verdict.one_zone(site, VI, zone, site.hub.clock.wall())


def said(one: Verdict) -> str:
    return f"{one.reason.strong} {one.reason.text}".strip().replace("\u00a0", " ")


def test_all_is_well(site: Site) -> None:
    one = judged(site)
    assert one.state == "ok" and said(one) == "Mọi số đo đều trong khoảng tốt."
    assert one.main is not None and one.main.now.kind == "air_temperature"


@pytest.mark.parametrize(
    ("value", "state"),
    [(320, "ok"), (321, "warn"), (380, "warn"), (381, "danger"), (200, "ok"), (199, "warn"), (139, "danger")],
)
def test_outside_the_band_is_attention_and_far_outside_danger(made: Farm, site: Site, value: int, state: str) -> None:
    made.value(1, 1, value)
    assert judged(site).state == state


def test_what_is_wrong_since_when_and_what_is_done_about_it(made: Farm, site: Site) -> None:
    made.machine(1, 1, on=True, cause="above", value=384, limit=320)
    now_s = made.clock.wall()
    for minute in range(10, -1, -1):
        site.trends.add(1, 1, now_s - 60 * minute, 384 if minute <= 6 else 310)
    made.value(1, 1, 384)
    assert said(judged(site)) == "Quá nóng 6 phút rồi. Quạt hút đang chạy vì nóng 38,4 °C. Hãy đến xem."
    assert judged(site).values[0].trend == "up"


def test_the_offending_number_stands_on_the_card(made: Farm, site: Site) -> None:
    made.value(1, 2, 650)
    one = judged(site)
    assert one.state == "warn" and one.main is not None and one.main.now.kind == "air_humidity"
    assert said(one) == "Không khí quá khô."


def test_no_news_is_its_own_state(made: Farm, site: Site) -> None:
    made.lose(3)
    one = judged(site, 2)
    assert one.state == "lost" and "2 giờ 18 phút" in said(one) and one.main is not None and one.main.lost


def test_a_silent_node_beside_others_is_attention(made: Farm, site: Site) -> None:
    made.lose(2)
    one = judged(site)
    assert one.state == "warn" and "Nhà giun, luống" in said(one)
    assert {value.state for value in one.values if value.node == 2} == {"lost"}


def test_a_zone_without_a_node_or_without_news_is_never_well(made: Farm, site: Site) -> None:
    assert judged(site, 3).state == "lost" and "chưa có thiết bị" in said(judged(site, 3))
    made.hub.fleet.add("Lò", 3, 9)
    assert judged(site, 3).state == "lost" and "Chưa có tin lần nào" in said(judged(site, 3))


@pytest.mark.parametrize("fault", ["no_answer", "known_lie", "frozen", "something_new"])
def test_a_faulty_sensor_is_attention_and_is_named(made: Farm, site: Site, fault: str) -> None:
    made.value(1, 1, None, fault)
    one = judged(site)
    assert one.state == "warn" and said(one).startswith("Nhiệt độ: ") and "_" not in said(one)


def test_a_faulty_reading_is_not_judged_by_its_last_good_value(made: Farm, site: Site) -> None:
    made.value(1, 1, 900, "known_lie")
    assert judged(site).state == "warn"


def test_an_old_number_is_said_to_be_old_even_if_its_node_speaks(made: Farm, site: Site) -> None:
    made.clock.advance(OLD_S + 30)  # type: ignore[attr-defined]
    made.report(1)
    made.report(2, channels=tuple(replace(c, at_s=None) for c in made.hub.live.node(2).channels))  # type: ignore[union-attr]
    one = judged(site)
    assert one.state == "warn" and "số cũ từ 5 phút trước" in said(one)


def test_a_stop_is_attention(made: Farm, site: Site) -> None:
    made.report(1, stop=True)
    assert judged(site).state == "warn" and "DỪNG TẤT CẢ" in said(judged(site))


@pytest.mark.parametrize("cause", machines.TROUBLE)
def test_a_machine_in_trouble_is_attention(made: Farm, site: Site, cause: str) -> None:
    made.machine(1, 2, cause=cause)
    assert judged(site).state == "warn" and said(judged(site)).startswith("Phun sương: ")


def test_worst_first(made: Farm, site: Site) -> None:
    made.hub.fleet.add("Lò", 3, 9)
    made.report(9, channels=(replace(made.hub.live.node(1).channels[0], value=684),))  # type: ignore[union-attr]
    made.hub.fleet.set_band(3, "air_temperature", 400, 550)
    made.lose(3)
    made.value(1, 1, 330)
    found = verdict.all_zones(site, VI, made.clock.wall())
    assert [one.state for one in found] == ["danger", "warn", "lost"] and sorted(STATES) == sorted(
        {"danger", "warn", "lost", "ok"}
    )


@pytest.mark.parametrize(
    ("values", "headline"),
    [((312, 410), "Mọi khu đều ổn"), ((330, 410), "Tạm ổn: Nhà giun 1 cần chú ý"),
     ((330, 300), "Tạm ổn: 2 khu cần chú ý"),
     ((500, 410), "Chưa ổn: Nhà giun 1 cần xem ngay")],
)  # fmt: skip
def test_the_headline_answers(made: Farm, client: FlaskClient, values: tuple[int, int], headline: str) -> None:
    made.hub.store.write(lambda db: db.execute("DELETE FROM zone WHERE id = 3"))
    made.value(1, 1, values[0])
    made.value(3, 1, values[1])
    html = client.get("/").get_data(as_text=True)
    assert headline.lower() in text(html).lower()


def test_a_farm_without_zones_says_what_to_do(made: Farm, client: FlaskClient) -> None:
    made.hub.store.write(lambda db: db.execute("DELETE FROM zone"))
    assert "Chưa có khu nào" in text(client.get("/").get_data(as_text=True))


def test_state_is_colour_and_icon_and_word_and_sentence(made: Farm, client: FlaskClient) -> None:
    made.lose(3)
    html = client.get("/").get_data(as_text=True)
    cards = html.split('<a class="zone ')[1:]
    assert [card[: card.index('"')] for card in cards] == ["lost", "lost", "ok"]
    for card, word in zip(cards, ("MẤT TIN", "MẤT TIN", "TỐT"), strict=True):
        assert word in card and '<use href="#' in card and 'class="why"' in card


def test_no_number_is_shown_as_fresh_when_it_is_not(made: Farm, client: FlaskClient) -> None:
    made.lose(3)
    card = client.get("/").get_data(as_text=True).split("Vườn trà")[1].split("</a>")[0]
    assert "lúc" in card and "Số này là số cũ" in card
    zone = text(client.get("/zones/2").get_data(as_text=True))
    assert "số cũ, 2 giờ 18 phút trước" in zone


def test_trends(site: Site, made: Farm) -> None:
    now_s = made.clock.wall()

    def trend(before: int, now: int, unit: str = "celsius", ago_s: float = 900) -> str:
        site.trends.add(7, trend.count, now_s - ago_s, before)  # type: ignore[attr-defined]
        trend.count += 1  # type: ignore[attr-defined]
        return site.trends.trend(7, trend.count - 1, now_s, now, -1, unit)  # type: ignore[attr-defined]

    trend.count = 0  # type: ignore[attr-defined]
    assert [trend(300, 303), trend(300, 302), trend(300, 297)] == ["up", "flat", "down"]
    assert [trend(300, 400, ago_s=60), trend(300, 400, ago_s=3000)] == ["", ""]
    assert trend(700, 712, "percent") == "flat" and trend(1000, 1030, "lux") == "up"


def test_trends_come_from_the_store_after_a_start(made: Farm, site: Site) -> None:
    from tests.web.farm import a_day

    a_day(made)
    site.trends.fill()
    assert judged(site).values[0].trend in ("up", "down", "flat")
    site.trends.step()


# --- causes in words ---


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"on": True, "cause": "above", "value": 312, "limit": 310},
            "Quạt hút đang chạy vì nóng 31,2 °C. Mức đặt: trên 31,0 °C.",
        ),
        (
            {"on": True, "cause": "above", "value": 780, "limit": 700},
            "Quạt hút đang chạy vì ẩm 78 %. Mức đặt: trên 70 %.",
        ),
        ({"on": True, "cause": "above"}, "Quạt hút đang chạy vì nóng 31,2 °C."),
        (
            {"on": True, "cause": "above", "until_s": 1_790_001_200.0},
            "Quạt hút đang chạy vì nóng 31,2 °C. Chậm nhất 21:33 sẽ nghỉ.",
        ),
        ({"on": False, "cause": "satisfied"}, "Đã đủ, máy nghỉ."),
        ({"on": False, "cause": "brand_new"}, "Không rõ lý do."),
    ],
)  # fmt: skip
def test_why_a_machine_runs(made: Farm, fields: dict[str, Any], sentence: str) -> None:
    now = made.hub.live.node(1)
    assert now is not None
    assert machines.cause(VI, replace(FAN, **fields), now.channels).replace("\u00a0", " ") == sentence


def test_a_lease_says_when_it_ends(made: Farm) -> None:
    now_s = made.clock.wall()
    until = replace(FAN, on=True, cause="manual_on", until_s=now_s + 900)
    assert machines.cause(VI, until, (), now_s) == f"Có người bấm bật. Tự tắt lúc {VI.clock(now_s + 900)}."


def test_a_machine_without_a_fitting_number_still_has_a_reason() -> None:
    bell = replace(FAN, kind="buzzer", on=True, cause="below")
    assert "số đo thấp hơn mức đặt" in machines.cause(VI, bell, ())
