"""Security: who may ask at all (Host, role, CSRF) and the headers that say so; set up once by create_app."""

import ipaddress
import socket
from collections.abc import Iterable

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect

from hub.errors import HubError
from hub.rights import check
from hub.web import here

POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
}


class WrongHost(HubError):
    """The Host header names something that is not this hub: DNS rebinding, or a name nobody configured."""

    code = "error.wrong_host"
    text = "This address is not one of the hub's. Open it by its IP address."


def protect(app: Flask, names: Iterable[str]) -> None:
    """Refuse foreign hosts, undeclared or forbidden routes and forged forms, in this order; set the headers."""
    own = own_names() | {name.lower() for name in names}

    @app.before_request
    def _host() -> None:
        if not host_allowed(request.host, own):
            raise WrongHost()

    @app.before_request
    def _role() -> None:
        if request.routing_exception is None:
            view = app.view_functions.get(request.endpoint or "")
            check(view, here.role(), here.person() is not None)

    CSRFProtect(app)

    @app.after_request
    def _headers(response: Response) -> Response:
        if response.status_code != 304:
            response.headers.update(HEADERS)
        return response


def own_names() -> set[str]:
    """Names by which this PC may be asked for."""
    name = socket.gethostname().lower()
    short = name.split(".")[0]
    return {"localhost", name, short, f"{short}.local", "nhavuon.local"} - {""}


def host_allowed(host: str, names: set[str]) -> bool:
    """Whether a Host header is a LAN or loopback address or one of `names`; the port does not matter."""
    name = _without_port(host.lower()).rstrip(".")
    if name in names:
        return True
    try:
        address = ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return address.is_private or address.is_loopback or address.is_link_local


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0] if host.count(":") == 1 else host
