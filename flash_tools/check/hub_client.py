"""Owns the way to a running hub: its JSON API over HTTP with a technician's session. Used by lan and `nhavuon check`.

The password goes into one request's body and nowhere else.
"""

import json
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from typing import Any

from flash_tools.errors import FlashError

PATIENCE_S = 10.0
API = "/api/v1"

Found = dict[str, Any]


class HubUnreachable(FlashError):
    """Nobody answers there, or somebody who is not a hub."""

    code = "hub_unreachable"


class HubSaysNo(FlashError):
    """The hub answered with an error: its own sentence, in the language asked for."""

    code = "hub_says_no"


class NoSuchPerson(FlashError):
    code = "no_such_person"


class NoSuchNode(FlashError):
    code = "no_such_node"


class HubClient:
    """`address` such as http://127.0.0.1:8080; `language` is that of the hub's sentences."""

    def __init__(self, address: str, language: str = "vi") -> None:
        self.address = (address if "//" in address else f"http://{address}").rstrip("/")
        self._language = language
        self._token = ""
        self._cookies = CookieJar()
        # Straight to the farm's own PC: a proxy of the environment has no business here.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self._cookies)
        )

    def get(self, path: str) -> Found:
        return self._ask(path, None)

    def post(self, path: str, body: Found | None = None) -> Found:
        return self._ask(path, body or {})

    def people(self) -> list[str]:
        """Names that can sign in."""
        return [one["name"] for one in self._session()["people"]]

    def sign_in(self, name: str, secret: str) -> None:
        """As the technician of this name. NoSuchPerson, HubSaysNo."""
        found = self._session()
        known = {one["name"]: one["id"] for one in found["people"]}
        if name not in known:
            raise NoSuchPerson(name=name, known=", ".join(known))
        self._token = str(self.post("/session", {"person": known[name], "secret": secret})["csrf_token"])

    def node(self, name: str) -> Found:
        """The node of this name or number. NoSuchNode."""
        for node in self.get("/nodes")["nodes"]:
            if name in (node["name"], str(node["number"])):
                return dict(node)
        raise NoSuchNode(name=name)

    def _session(self) -> Found:
        found = self.get("/session")
        self._token = str(found["csrf_token"])
        return found

    def _ask(self, path: str, body: Found | None) -> Found:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + API + path, data)
        self._cookies.add_cookie_header(request)
        cookies = [request.get_header("Cookie", ""), f"lang={self._language}"]
        request.add_unredirected_header("Cookie", "; ".join(filter(None, cookies)))
        if data is not None:
            request.add_header("Content-Type", "application/json")
            request.add_header("X-CSRFToken", self._token)
        try:
            with self._opener.open(request, timeout=PATIENCE_S) as answer:
                return dict(json.load(answer))
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error) from None
        except (OSError, ValueError, TypeError) as error:
            raise HubUnreachable(str(getattr(error, "reason", error)), address=self.address) from None

    def _refusal(self, error: urllib.error.HTTPError) -> FlashError:
        try:
            return HubSaysNo(str(json.load(error)["error"]["text"]))
        except (ValueError, KeyError, TypeError):
            return HubUnreachable(f"HTTP {error.code}", address=self.address)
