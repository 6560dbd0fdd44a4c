"""One request as a handler sees it: who, in which language, with what scope, and the way to give a command."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from litestar import Request
from litestar.datastructures import Cookie
from markupsafe import Markup

from marketplace import keys
from marketplace.accounts.rules import Signed
from marketplace.db import PUBLIC, Scope, scoped
from marketplace.errors import N_, Refusal
from marketplace.ids import uuid7
from marketplace.web import csrf, session
from marketplace.web.policy import Policy
from marketplace.web.words import Locale, _

if TYPE_CHECKING:
    from marketplace.journal.actions import Answer

STEPS: Final = (17, 20, 24)
DEFAULT_STEP: Final = 17
KEEP_LIMIT: Final = 3000
OWN_PATH: Final = re.compile(r"/(?![/\\])[^\x00-\x1f\x7f\\]{0,500}")


class KeyMissing(Refusal):
    """A command without its key: the form is not one of ours, or was cut."""

    text = N_("This form is not whole. Open the page again and fill it in once more.")
    status = 400


@dataclass(frozen=True)
class Flash:
    """A sentence for the next page, already in the reader's language."""

    text: str
    kind: str = "good"

    def __str__(self) -> str:
        return self.text


@dataclass
class Visit:
    """Everything a handler may know of the request. `scope` is what the database sees by."""

    request: Request[Any, Any, Any]
    policy: Policy
    route: str
    locale: Locale
    step: int = DEFAULT_STEP
    nonce: str = ""
    path: str = "/"
    signed: Signed | None = None
    now: datetime = field(default_factory=lambda: datetime.fromisoformat("1970-01-01T00:00:00+00:00"))
    errors: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    flash: Flash | None = None
    key: UUID | None = None
    inputs: dict[str, Any] = field(default_factory=dict)
    cookies: list[Cookie] = field(default_factory=list)
    nav: tuple[Any, ...] = ()
    shows_form: bool = False

    @property
    def user(self) -> Signed | None:
        """Who is signed in, or nobody."""
        return self.signed

    @property
    def role(self) -> str:
        """What the person acts as; "public" where nobody is signed in."""
        return self.signed.role if self.signed else "public"

    @property
    def household_id(self) -> UUID | None:
        """The household whose card or member is signed in."""
        return self.signed.household if self.signed else None

    @property
    def scope(self) -> Scope:
        """What the database lets this person see."""
        return scope_of(self.signed)

    @property
    def address(self) -> str:
        """The address the request came from, as the server or the trusted proxy names it."""
        return self.request.client.host if self.request.client else ""

    async def command(self, verb: Callable[[], Awaitable[Answer]], *, money: bool = False) -> Answer:
        """Run `verb` once for this form's key, in one transaction with its scope and audit line.

        The same key and inputs give the first answer again; other inputs are refused (409). Refuses (`KeyMissing`)
        a form without its key.
        """
        from marketplace.journal.actions import command

        if self.key is None:
            raise KeyMissing
        return await command(self.scope, key=self.key, route=self.route, inputs=self.inputs, verb=verb, money=money)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """A read-only scoped transaction for a deed that has to look before it gives its command."""
        async with scoped(self.scope, readonly=True):
            yield

    def kept(self, name: str) -> str | None:
        """The text an earlier answer kept in this browser under that name; None if absent or not ours."""
        raw = self.request.cookies.get(session.cookie_name(name))
        return open_cookie(name, raw) if raw else None

    def keep(self, name: str, text: str, max_age: int | None = None) -> None:
        """Keep a short text in this browser, sealed: it can be neither read nor changed there."""
        self.cookies.append(session.cookie(name, seal_cookie(name, text), max_age))

    def forget(self, name: str) -> None:
        """Drop what was kept under that name."""
        self.cookies.append(session.gone(name))

    def csrf(self) -> Markup:
        """The hidden field that proves the form is ours and made for this browser."""
        self.shows_form = True
        return hidden(csrf.FIELD, self._token())

    def once(self) -> Markup:
        """The hidden field by which a form sent twice has one effect."""
        self.shows_form = True
        return hidden("_key", str(uuid7()))

    def _token(self) -> str:
        if self.signed is not None:
            return csrf.token(csrf.session_binding(self.signed.token_hash))
        return csrf.pre_session_token(self._pre_session())

    def _pre_session(self) -> str:
        name = session.cookie_name(csrf.PRE_SESSION)
        made = next((cookie.value for cookie in self.cookies if cookie.key == name), None)
        value = made or pre_session_of(self.request.cookies) or keys.new_token()
        if made is None and value != self.request.cookies.get(name):
            self.cookies.append(session.cookie(csrf.PRE_SESSION, value))
        return value

    def csrf_binding(self) -> bytes | None:
        """What this browser's forms must be bound to; None where it never got a form of ours."""
        if self.signed is not None:
            return csrf.session_binding(self.signed.token_hash)
        value = pre_session_of(self.request.cookies)
        return csrf.pre_session_binding(value) if value else None


_current: ContextVar[Visit | None] = ContextVar("visit", default=None)


def current_visit() -> Visit:
    """The visit that this task answers. Refuses (`LookupError`) outside of one."""
    visit = _current.get()
    if visit is None:
        raise LookupError("no visit is being answered")
    return visit


def begin(visit: Visit) -> Visit:
    """From here on this task answers that visit."""
    _current.set(visit)
    return visit


def hidden(name: str, value: str) -> Markup:
    """A hidden input."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(name, value)


def pre_session_of(cookies: Mapping[str, str]) -> str | None:
    """The random value of a browser that is not signed in, if it has the form of one of ours."""
    value = cookies.get(session.cookie_name(csrf.PRE_SESSION), "")
    return value if keys.TOKEN.fullmatch(value) else None


def scope_of(signed: Signed | None) -> Scope:
    """The database scope of a session; who is not signed in sees by the public one. A card acts as its household."""
    if signed is None:
        return PUBLIC
    return Scope(
        actor=signed.actor if signed.kind != "card" else None,
        role=signed.role or "public",
        villages=signed.villages,
        places=signed.places,
        household=signed.household,
        customer=signed.customer,
    )


def own_path(path: str, otherwise: str = "/") -> str:
    """`path` if it leads to a page of ours, else `otherwise`: never another site, never a control character."""
    return path if OWN_PATH.fullmatch(path) else otherwise


def seal_cookie(name: str, text: str) -> str:
    """A text for a cookie, sealed for that name. Refuses (`ValueError`) one too long for a cookie."""
    value = keys.seal(text, f"cookie:{name}").hex()
    if len(value) > KEEP_LIMIT:
        raise ValueError(f"too long for the cookie {name}")
    return value


def open_cookie(name: str, raw: str) -> str | None:
    """The text of a sealed cookie; None for one that is not ours."""
    try:
        return keys.open_sealed(bytes.fromhex(raw), f"cookie:{name}")
    except ValueError:
        return None


def flash_text(notice: str, values: Mapping[str, Any], kind: str = "good") -> str:
    """A notice for the next page, as it is kept in its cookie: said in the reader's language at once."""
    return json.dumps([_(notice, **values)[:800], kind], ensure_ascii=False)


def read_flash(kept: str | None) -> Flash | None:
    """The notice an earlier answer left."""
    if not kept:
        return None
    text, kind = json.loads(kept)
    return Flash(str(text), str(kind))
