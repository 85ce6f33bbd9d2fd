"""Delivery: compressed answers, static files by content, a first load that fits an old phone."""

import gzip
import re

import pytest
from flask.testing import FlaskClient

from hub.web.delivery import load
from tests.web.farm import Farm

GZIP = {"Accept-Encoding": "gzip, deflate"}


def test_first_load_is_at_most_60_kb(made: Farm, client: FlaskClient) -> None:
    page = client.get("/", headers=GZIP)
    html = gzip.decompress(page.data).decode()
    parts = [client.get(url, headers=GZIP) for url in re.findall(r'(?:src|href)="(/static/[^"]+)"', html)]
    assert len(parts) == 4 and all(part.status_code == 200 for part in parts)
    assert len(page.data) + sum(len(part.data) for part in parts) <= 60_000


def test_pages_are_compressed_only_for_who_asks(client: FlaskClient) -> None:
    packed, plain = client.get("/", headers=GZIP), client.get("/")
    assert packed.headers["Content-Encoding"] == "gzip" and "Accept-Encoding" in packed.headers["Vary"]
    assert "Content-Encoding" not in plain.headers and len(packed.data) * 2 < len(plain.data)
    refused = client.get("/", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_static_files_are_kept_for_ever_under_their_content(client: FlaskClient) -> None:
    for name, asset in load().items():
        kept = client.get(f"/static/{name}?v={asset.mark}")
        assert kept.data == asset.plain and "immutable" in kept.headers["Cache-Control"]
        assert gzip.decompress(client.get(f"/static/{name}?v={asset.mark}", headers=GZIP).data) == asset.plain
        assert "immutable" not in client.get(f"/static/{name}?v=0").headers["Cache-Control"]
    assert client.get("/static/../here.py").status_code == 404 and client.get("/static/nix.css").status_code == 404


def test_pages_are_not_kept(client: FlaskClient) -> None:
    for path in ("/", "/zones/1", "/api/v1/state"):
        assert client.get(path).headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("name", ["live.js", "order.js"])
def test_scripts_are_es2015(name: str) -> None:
    script = re.sub(r"//.*", "", load()[name].plain.decode())
    for newer in ("async ", "await ", "?.", "??", "...", "import ", "export ", "**", "replaceAll", "=>"):
        assert newer not in script, newer


def test_the_style_sheet_is_for_chrome_60() -> None:
    css = load()["style.css"].plain.decode()
    for newer in (
        ":has(",
        "aspect-ratio",
        "inset:",
        ":is(",
        ":where(",
        "clamp(",
        "min(",
        "max(",
        "@layer",
        "@container",
    ):
        assert newer not in re.sub(r"/\*.*?\*/", "", css, flags=re.S), newer
    assert not re.search(r"[^-]\bgap:", re.sub(r"/\*.*?\*/", "", css, flags=re.S)), "flex gap needs Chrome 84"
    assert not re.search(r"url\(|@import", css)
