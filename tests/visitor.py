"""A visitor without JavaScript: opens pages, finds forms, fills them as a person would, and sends them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


@dataclass
class Form:
    """A form as it stands on the page: where it goes, and what would be sent untouched."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)  # where each button sends the form, "" for its own action
    text: str = ""

    def reaches(self, action: str, path: str) -> bool:
        """Whether the form, or one of its buttons, goes to an address that matches."""
        return any(re.search(action, target) for target in (self.action or path, *filter(None, self.targets)))

    def ticked(self, name: str) -> dict[str, str]:
        """Every box `name.N` of the form ticked."""
        return {box: values[0] for box, values in self.choices.items() if re.fullmatch(rf"{name}\.[0-9]+", box)}


@dataclass(frozen=True)
class Sent:
    """A POST as it went out, to be sent once more."""

    address: str
    fields: dict[str, list[str]]
    cookies: dict[str, str]
    location: str
    status: int


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.words: list[str] = []
        self.links: list[tuple[str, str]] = []
        self._form: Form | None = None
        self._select = self._area = self._link = ""
        self._button: tuple[str, str] | None = None
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in {"script", "style", "symbol"}:
            self._silent += 1
        if tag == "a":
            self._link = given.get("href", "")
            self.links.append((self._link, ""))
        if tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._form)
        form = self._form
        if form is None:
            return
        name = given.get("name", "")
        if tag == "input" and name and "disabled" not in given:
            self._read_input(form, name, given)
        elif tag == "select" and name:
            self._select = name
            form.fields.setdefault(name, [])
        elif tag == "option" and self._select:
            form.choices.setdefault(self._select, []).append(given.get("value", ""))
            if "selected" in given or len(form.choices[self._select]) == 1:
                form.fields[self._select] = [given.get("value", "")]
        elif tag == "textarea" and name:
            self._area = name
            form.fields[name] = [""]
        elif tag == "button":
            self._button = (name, given.get("value", ""))
            form.buttons.append((name, given.get("value", ""), ""))
            form.targets.append(given.get("formaction", ""))

    @staticmethod
    def _read_input(form: Form, name: str, given: Mapping[str, str]) -> None:
        kind = given.get("type", "text")
        if kind in {"checkbox", "radio"}:
            form.choices.setdefault(name, []).append(given.get("value", "on"))
            if "checked" in given:
                form.fields.setdefault(name, []).append(given.get("value", "on"))
        elif kind == "submit":
            form.buttons.append((name, given.get("value", ""), given.get("value", "")))
            form.targets.append(given.get("formaction", ""))
        else:
            form.fields.setdefault(name, []).append(given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "symbol"}:
            self._silent -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""
        elif tag == "button":
            self._button = None
        elif tag == "a":
            self._link = ""

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._area and self._form is not None:
            self._form.fields[self._area] = [data.strip()]
        if self._button is not None and self._form is not None and self._form.buttons:
            name, value, words = self._form.buttons[-1]
            self._form.buttons[-1] = (name, value, (words + " " + data.strip()).strip())
        if self._link and self.links:
            self.links[-1] = (self.links[-1][0], (self.links[-1][1] + " " + data.strip()).strip())
        if self._form is not None:
            self._form.text += data
        self.words.append(data)


@dataclass
class Seen:
    """A page that was answered."""

    response: httpx.Response
    forms: list[Form]
    links: list[tuple[str, str]]
    text: str

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def path(self) -> str:
        return self.response.url.path

    @property
    def dense(self) -> str:
        """The words without any space: figures are set in parts."""
        return self.text.replace(" ", "")

    def form(self, action: str) -> Form:
        """The form whose action matches the pattern; complains with what there is."""
        for form in self.forms:
            if form.reaches(action, self.path):
                return form
        raise AssertionError(
            f"no form to {action} on {self.path}: {[form.action for form in self.forms]}\n{self.text[:600]}"
        )

    def link(self, pattern: str) -> str:
        """The first link whose address matches the pattern."""
        for address, _ in self.links:
            if re.search(pattern, address):
                return address
        raise AssertionError(f"no link to {pattern} on {self.path}: {[address for address, _ in self.links]}")


def origin_of(address: str) -> str:
    """What a browser sends as Origin from a page of that site."""
    url = httpx.URL(address)
    return f"{url.scheme}://{url.netloc.decode()}"


def read(response: httpx.Response) -> Seen:
    reader = _Reader()
    if "html" in response.headers.get("content-type", ""):
        reader.feed(response.text)
    text = re.sub(r"\s+", " ", " ".join(reader.words))
    return Seen(response, reader.forms, reader.links, text)


class Visitor:
    """One browser with its cookies, on one or several servers of the same site in turn."""

    def __init__(self, *bases: str, language: str = "en", verify: object = True) -> None:
        self.bases = bases
        self.client = httpx.AsyncClient(
            verify=verify,  # type: ignore[arg-type]
            headers={"Accept": "text/html", "Accept-Language": language},
            follow_redirects=True,
            timeout=30,
        )
        self._turn = 0
        self.page: Seen | None = None
        self.sent: list[Sent] = []

    async def __aenter__(self) -> Visitor:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()

    def _base(self) -> str:
        self._turn += 1
        return self.bases[self._turn % len(self.bases)]

    async def open(self, path: str, *, expect: int | None = 200) -> Seen:
        """GET a page."""
        address = path if path.startswith("http") else urljoin(self._base(), path)
        self.page = read(await self.client.get(address))
        if expect is not None:
            assert self.page.status == expect, f"{path}: {self.page.status}\n{self.page.text[:800]}"
        return self.page

    async def send(
        self,
        action: str,
        values: Mapping[str, str | list[str]] | None = None,
        *,
        button: str | None = None,
        expect: int | None = 200,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Seen:
        """Fill the form whose action matches and send it; redirects are followed. `button` is part of its name=value or words."""
        assert self.page is not None
        form = self.page.form(action)
        fields, wanted = self.filled(form, values or {}, button)
        target = urljoin(self._base(), httpx.URL(urljoin(str(self.page.response.url), wanted)).raw_path.decode())
        if form.method == "get":
            self.page = read(await self.client.get(target, params=fields))
        else:
            cookies = dict(self.client.cookies)
            self.page = read(
                await self.client.post(target, data=fields, files=files, headers={"Origin": origin_of(target)})
            )
            first = self.page.response.history[0] if self.page.response.history else self.page.response
            location = first.headers.get("location", "")
            self.sent.append(Sent(target, fields, cookies, location, first.status_code))
        if expect is not None:
            assert self.page.status == expect, f"{action}: {self.page.status}\n{self.page.text[:1200]}"
        return self.page

    @staticmethod
    def filled(
        form: Form, values: Mapping[str, str | list[str]], button: str | None
    ) -> tuple[dict[str, list[str]], str]:
        """What is sent, and where to: the form with those values, by that button."""
        fields = {name: list(held) for name, held in form.fields.items()}
        for name, value in values.items():
            fields[name] = [value] if isinstance(value, str) else list(value)
        if button is None:
            return fields, form.action
        for (name, value, words), target in zip(form.buttons, form.targets, strict=True):
            if button in f"{name}={value}" or button in words:
                if name:
                    fields.setdefault(name, []).append(value)
                return fields, target or form.action
        raise AssertionError(f"no button {button}: {form.buttons}")

    async def sign_in(self, login: str, password: str = "jinpo-2018", role: str = "") -> Seen:
        """Sign in as staff or customer; choose the role where there are several."""
        await self.open("/sign-in")
        page = await self.send("sign-in", {"login": login, "password": password})
        if role and any("acting" in form.action for form in page.forms) and page.path.startswith("/acting"):
            page = await self.send("acting", button=role)
        return page
