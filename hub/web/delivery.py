"""Delivery: small answers on a slow phone; static files compressed once, pages compressed as they go, lean 304s."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request, url_for

from hub.rights import ANYONE, needs

FOLDER = Path(__file__).parent / "static"
LEAST_BYTES = 700  # below this gzip saves less than a packet
PAGE_LEVEL = 5  # a 60 KB page takes 1 ms; level 9 would save 1 % for twice the time
FOREVER = "public, max-age=31536000, immutable"
KEPT_304 = ("ETag", "Cache-Control")


@dataclass(frozen=True)
class Asset:
    """One static file, plain and compressed, named by its content."""

    name: str
    kind: str
    plain: bytes
    packed: bytes
    mark: str


def load() -> dict[str, Asset]:
    """All files of the static folder, compressed as well as gzip can."""
    return {path.name: _asset(path) for path in sorted(FOLDER.iterdir()) if path.is_file()}


def _asset(path: Path) -> Asset:
    plain = path.read_bytes()
    kind = {".js": "text/javascript", ".svg": "image/svg+xml"}.get(path.suffix) or mimetypes.guess_type(path.name)[0]
    packed = gzip.compress(plain, 9, mtime=0)
    return Asset(path.name, kind or "application/octet-stream", plain, packed, hashlib.sha256(plain).hexdigest()[:10])


def set_up(app: Flask) -> None:
    """Serve the static files and compress what the app answers."""
    assets = load()
    pages = Blueprint("static", __name__)

    @pages.get("/static/<name>")
    @needs(ANYONE)
    def file(name: str) -> Response:
        asset = assets.get(name) or abort(404)
        response = Response(asset.plain, content_type=_with_charset(asset.kind))
        if _takes_gzip():
            response.data = asset.packed
            response.content_encoding = "gzip"
        response.headers["Cache-Control"] = FOREVER if request.args.get("v") == asset.mark else "no-cache"
        response.vary.add("Accept-Encoding")
        return response

    def static_url(name: str) -> str:
        return url_for("static.file", name=name, v=assets[name].mark)

    app.register_blueprint(pages)
    app.jinja_env.globals["static_url"] = static_url
    app.after_request(pack)


def pack(response: Response) -> Response:
    """Compress a text answer when the browser takes it; strip a 304 to what a browser needs of it."""
    if response.status_code == 304:
        for name in [name for name, _ in response.headers if name not in KEPT_304]:
            del response.headers[name]
        return response
    response.headers.setdefault("Cache-Control", "private, no-cache")
    if response.content_encoding or not _compressible(response):
        return response
    response.vary.add("Accept-Encoding")
    if _takes_gzip():
        response.data = gzip.compress(response.get_data(), PAGE_LEVEL, mtime=0)
        response.content_encoding = "gzip"
    return response


def _compressible(response: Response) -> bool:
    if response.is_streamed or response.direct_passthrough or (response.content_length or 0) < LEAST_BYTES:
        return False
    kind = response.mimetype or ""
    return kind.startswith("text/") or kind in ("application/json", "image/svg+xml")


def _takes_gzip() -> bool:
    return request.accept_encodings["gzip"] > 0


def _with_charset(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
