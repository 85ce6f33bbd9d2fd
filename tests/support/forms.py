"""Forms: what a browser would send from a page – address, fields, values; read out of HTML by the tests."""

from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class Form:
    """One form; `fields` in the order of the page, a name may come twice."""

    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names a person can fill in or a button carries, each once."""
        return sorted({name for name, _ in self.fields if name != "csrf_token"})

    def filled(self, name: str, value: str) -> list[tuple[str, str]]:
        """What is sent when `name` has this value and the rest is as on the page."""
        return [(one, old) for one, old in self.fields if one != name] + [(name, value)]


@dataclass
class Page:
    """The forms and the links of a page."""

    forms: list[Form]
    links: list[str]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(has.get("href", ""))
        elif tag == "form":
            self.forms.append(Form(has.get("action", ""), has.get("method", "get").lower()))
        elif tag == "select":
            self._select = has.get("name", "")
        elif self.forms and tag == "option":
            self._add(self._select, has.get("value", ""))
        elif self.forms and tag in ("input", "button", "textarea"):
            self._add(has.get("name", ""), has.get("value", ""))

    def _add(self, name: str, value: str) -> None:
        form = self.forms[-1]
        if name and (name, value) not in form.fields:
            form.fields.append((name, value))


def read(html: str) -> Page:
    """The forms and links of a page."""
    reader = _Reader()
    reader.feed(html)
    return Page(reader.forms, reader.links)
