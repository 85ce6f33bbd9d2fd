"""Words: both catalogues say the same, nothing that the hub can report lacks a sentence, numbers are read both ways."""

import contextlib
import importlib
import json
import pkgutil
import re
import string
import unicodedata
from decimal import Decimal
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

import hub
import hub.store.events
from hub import commands
from hub.errors import HubError
from hub.fleet import ZONE_KINDS
from hub.rights import ROLES
from hub.web.words import FARM_TIME, LANGUAGES, Words, areas, catalogue, parse_number
from shared_protocol import errors, names
from tests.web.conftest import SignIn, text, token

WEB = Path(hub.__file__).parent / "web"
PREFIXES = {
    "KINDS": ("kind", "short", "out.high", "out.low"),
    "UNITS": ("unit",),
    "ACTUATORS": ("actuator",),
    "FAULTS": ("fault",),
    "CAUSES": ("cause",),
    "EVENTS": ("event",),
    "RESULTS": ("result",),
    "RESETS": ("reset",),
    "CHECKS": ("check",),
    "TIME_SOURCES": ("source",),
    "STOP_SOURCES": ("source",),
    "TROUBLES": ("trouble", "trouble_name"),
}


def places(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_both_catalogues_have_the_same_codes_and_places() -> None:
    vi, en = catalogue("vi"), catalogue("en")
    assert list(vi) == list(en)
    for code in vi:
        assert places(vi[code]) == places(en[code]), code
        assert bool(vi[code]) == bool(en[code]), code


def test_a_code_stands_in_one_file_and_in_the_same_one_in_both_languages() -> None:
    files = {
        language: [(path.name, list(json.loads(path.read_text("utf-8")))) for path in areas(language)]
        for language in LANGUAGES
    }
    assert files["vi"] == files["en"]
    codes = [code for _, some in files["vi"] for code in some]
    assert len(codes) == len(set(codes))


def test_vietnamese_is_nfc_and_not_english() -> None:
    vi, en = catalogue("vi"), catalogue("en")
    for code, sentence in vi.items():
        assert unicodedata.is_normalized("NFC", sentence), code
    same = {code for code in vi if vi[code] == en[code] and len(re.sub(r"{\w+}", "", vi[code]).split()) > 2}
    assert not same


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("group", PREFIXES)
def test_every_number_of_the_registry_has_a_sentence(group: str, language: str) -> None:
    for name in getattr(names, group).values():
        for prefix in PREFIXES[group]:
            assert f"{prefix}.{name}" in catalogue(language)


def all_errors() -> set[type[HubError]]:
    for module in pkgutil.walk_packages(hub.__path__, "hub."):
        if ".benchmark" not in module.name and "__main__" not in module.name:
            importlib.import_module(module.name)
    found, left = set(), [HubError]
    while left:
        kind = left.pop()
        found.add(kind)
        left += kind.__subclasses__()
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_has_a_sentence_with_places_that_it_fills(language: str) -> None:
    for kind in all_errors():
        assert kind.code in catalogue(language), kind
        assert places(catalogue(language)[kind.code]) <= places(kind.text) | {"role"}, kind


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_of_rejection_and_every_end_of_an_order_has_a_sentence(language: str) -> None:
    causes = {kind.cause for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "cause")}
    for source in (Path(hub.__file__).parent / "link").glob("*.py"):
        code = source.read_text("utf-8")
        causes |= set(re.findall(r'cause = "(\w+)"', code)) | set(re.findall(r'count\("(\w+)"', code))
    ends = set(re.findall(r'"(?:failed|refused)", "(\w+)"', Path(commands.__file__).read_text("utf-8")))
    assert causes and ends
    assert {f"rejected.{cause}" for cause in causes} | {f"result.{end}" for end in ends} <= set(catalogue(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_event_fields_zones_roles_and_states_have_words(language: str) -> None:
    known = set(catalogue(language))
    shown = {name for names_of in hub.store.events.FIELDS.values() for name in names_of}
    from hub.web.events import SKIPPED, WORDED

    assert {f"field.{name}" for name in shown - set(SKIPPED) - set(WORDED)} <= known
    assert {f"role.{role}" for role in ROLES} <= known
    assert {f"{group}.{state}" for group in ("state", "tally") for state in ("ok", "warn", "danger", "lost")} <= known
    assert set(ZONE_KINDS)


def test_every_code_that_the_page_uses_literally_exists() -> None:
    known = set(catalogue("vi"))
    used = set()
    for source in WEB.rglob("*.html"):
        used |= {(m, source.name) for m in re.findall(r"\bt\('([a-z_.0-9]+)'[,)]", source.read_text("utf-8"))}
    for source in WEB.rglob("*.py"):
        used |= {(m, source.name) for m in re.findall(r"\.say\(\"([a-z_.0-9]+)\"[,)]", source.read_text("utf-8"))}
    assert len(used) > 150
    assert not {one for one in used if one[0] not in known}


def test_no_code_is_left_that_nothing_can_say() -> None:
    sources = "".join(p.read_text("utf-8") for p in [*WEB.rglob("*.html"), *WEB.rglob("*.py")])
    by_name = {prefix for prefixes in PREFIXES.values() for prefix in prefixes}
    by_name |= {"error", "rejected", "field", "role", "state", "tally", "trend", "gap", "health", "weekday"}
    by_name |= {"change", "said"}
    by_name |= {"rule.above", "rule.below", "rule.subject", "rule.fault", "rule_field", "rule_hint", "rule_yes"}
    by_name |= {"pick_choice", "fault_choice", "problem", "group", "length_unit", "weekday_short"}
    by_name |= {"recipe.state", "recipe.why", "recipe.refused", "checkup.cause", "checkup.fix"}
    made_up = (
        r"home\.\w+_(one|many)|because\.\w+\.\w+|machine\.\w+_for|command\.done_\w+|chart\.title\.\w+|(span|help)\.\w+"
        r"|command\.sending_\w+|machine\.rest_\w+|wifi\.(how|is)_\w+|probe\.((how|take)_)?(dry|wet)"
        r"|rule\.(first|mean|median|check_\w+)"
        r"|checkup\.(said|image)_\w+|fleet\.(image_\w+|\w+_next)|update\.(stage|stopped|is|node|why|not|act|refused)_\w+|said\.update_\w+"
    )
    for code in catalogue("vi"):
        literal = f'"{code}"' in sources or f"'{code}'" in sources
        assert literal or code.rpartition(".")[0] in by_name or re.fullmatch(made_up, code), code


# --- numbers and times ---


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("6,5", "6.5"), ("6.5", "6.5"), (" 31 ", "31"), ("−3,5", "-3.5"), ("-3.5", "-3.5"), ("1.234,5", "1234.5"),
     ("1,234.5", "1234.5"), ("0", "0"), (",5", "0.5"), ("7,", "7")],
)  # fmt: skip
def test_numbers_are_understood_as_people_type_them(typed: str, meant: str) -> None:
    assert parse_number(typed) == Decimal(meant)


@pytest.mark.parametrize("typed", ["", "x", "1e9", "nan", "inf", "1,2,3.4.5", "--1", "９", "1" * 40, "0x10", "1_000"])
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(ValueError):
        parse_number(typed)


@given(st.integers(-4_000_000, 4_000_000), st.integers(-3, 0))
def test_what_is_written_is_read_again(value: int, scale: int) -> None:
    for language in LANGUAGES:
        written = Words(language).number(value, scale)
        if scale < 0 or abs(value) < 1000:  # a bare "1.234" is read as a decimal
            assert parse_number(written) == Decimal(value).scaleb(scale), (language, written)


@given(st.text(max_size=20))
def test_typing_anything_ends_in_a_number_or_a_refusal(typed: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_number(typed).is_finite()


def test_vietnamese_and_english_numbers() -> None:
    vi, en = Words("vi"), Words("en")
    assert vi.quantity(312, -1, "celsius") == "31,2\u00a0°C" and en.quantity(312, -1, "celsius") == "31.2\u00a0°C"
    assert (
        vi.number(-61) == "−61"
        and vi.number(1234567, 0) == "1.234.567"
        and vi.quantity(780, -1, "percent") == "78\u00a0%"
    )


def test_times_are_the_farms() -> None:
    at_s = 1764054305.0  # 2025-11-25 07:05:05 UTC
    vi = Words("vi")
    assert vi.clock(at_s) == "14:05" and vi.date(at_s) == "25/11/2025" and vi.day(at_s) == "Thứ Ba 25/11"
    assert vi.clock(at_s, at_s + 86400) == "14:05 25/11/2025" and str(FARM_TIME) == "Asia/Ho_Chi_Minh"


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [(3, "vừa xong", "just now"), (40, "40 giây trước", "40 s ago"), (300, "5 phút trước", "5 min ago"),
     (8280, "2 giờ 18 phút trước", "2 h 18 min ago"), (7200, "2 giờ trước", "2 h ago"),
     (90000, "1 ngày 1 giờ trước", "1 d 1 h ago")],
)  # fmt: skip
def test_ages(seconds: int, vi: str, en: str) -> None:
    assert Words("vi").ago(seconds) == vi and Words("en").ago(seconds) == en


def test_a_code_of_a_newer_node_is_still_readable() -> None:
    assert Words("vi").say("cause.too_windy") == "too windy"


# --- the button ---


def test_english_by_one_button_and_back(client: FlaskClient) -> None:
    assert "Nhà giun 1" in text(client.get("/zones/1").get_data(as_text=True))
    for word, other in (("Machines", "Máy"), ("Máy", "Machines")):
        form = {"csrf_token": token(client), "next": "/zones/1"}
        answered = client.post("/language", data=form)
        assert answered.status_code == 303 and answered.location == "/zones/1"
        shown = text(client.get("/zones/1").get_data(as_text=True))
        assert f" {word} " in shown and f" {other} " not in shown


def test_no_vietnamese_is_left_on_an_english_page(signed_in: SignIn) -> None:
    browser = signed_in("manager")
    browser.post("/language", data={"csrf_token": token(browser), "next": "/"})
    for path in (
        "/",
        "/zones/1",
        "/zones/3",
        "/nodes/1",
        "/stop",
        "/stop/clear",
        "/help",
        "/more",
        "/people",
        "/settings",
        "/wifi",
        "/nodes/2/settings",
        "/nodes/2/channels/4/calibration",
        "/nodes/2/channels/4/calibration?dry=2400&wet=1100",
        "/nodes/2/channels/4/calibration?dry=2400&wet=2300",
        "/nodes/1/rules",
        "/nodes/1/rules/ready",
        "/nodes/1/rules/ready/worm_house",
    ):
        html = browser.get(path).get_data(as_text=True)
        shown = text(html).replace("Tiếng Việt", "").replace("Nhà Vườn", "")
        for given_name in (
            "HTX Riti", "Nhà giun, khí", "Nhà giun, luống", "Nhà giun 1", "nhà giun 1", "Vườn trà, hàng 4", "Vườn trà",
            "Phòng sấy", "phòng sấy", "Dự phòng", "Quạt hút", "quạt hút", "Phun sương", "phun sương", "Bơm tưới",
            "giữa nhà", "luống 2", "hàng 4", "Bé Na", "Cô Mai", "Anh Tuấn", "Chị Hoa",
        ):  # fmt: skip
            shown = shown.replace(given_name, "")
        assert not re.search("[ăâđêôơưạảãàáậấầẩẫ]", shown, re.I), (path, shown)
