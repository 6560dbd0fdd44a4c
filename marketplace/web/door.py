"""Doors: `page` and `deed` make Litestar handlers that cannot forget anything.

A page: session → policy → one read-only scoped transaction around loading and handler → template.
A deed: where it comes from → session → policy → the form's token → rows of the path (404) → the form (all faults,
everything typed kept) → handler → redirect with a notice; a refusal shows the page `again` with its sentence.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import parse_qsl, quote
from uuid import UUID

import msgspec
from litestar import HttpMethod, MediaType, Request, Response
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException, ImproperlyConfiguredException
from litestar.handlers import HTTPRouteHandler
from piccolo.table import Table

from marketplace import clock
from marketplace.accounts import queries as accounts
from marketplace.db import scoped
from marketplace.errors import NotFound, Refusal
from marketplace.journal.actions import Answer, KeyReused
from marketplace.keys import token_hash
from marketplace.web import csrf, logs, session
from marketplace.web import form as forms
from marketplace.web.headers import attachment
from marketplace.web.packing import packed
from marketplace.web.policy import Policy
from marketplace.web.refusals import Closed, FaultyForm, problem_of, step_of
from marketplace.web.scoped import Scoped, ScopedMark, load
from marketplace.web.templating import render
from marketplace.web.visit import Visit, begin, flash_text, own_path, read_flash
from marketplace.web.words import pick_locale, speak

BODY_LIMIT: Final = 64_000
IMPORT_LIMIT: Final = 2_000_000
MOST_FIELDS: Final = 2000


class Page:
    """A template with its plain values; `status` other than 200 only where a page says so itself."""

    def __init__(self, template: str, /, *, status: int = 200, **values: Any) -> None:
        self.template = template
        self.status = status
        self.values = values


@dataclass(frozen=True)
class Sent:
    """Bytes or text that are no page: a file, a picture, JSON. With a file name it is saved unless `inline`."""

    body: bytes | str
    media_type: str
    file_name: str = ""
    inline: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


Reply = Page | Sent | Answer
Handler = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Asked:
    """What a handler's signature asks for beside the visit."""

    scoped: Mapping[str, type[Table]]
    plain: Mapping[str, Any]
    form: type[msgspec.Struct] | None


@dataclass(frozen=True)
class Door:
    """One way in: its handler, policy and what its signature asks for."""

    path: str
    handler: Handler
    policy: Policy
    asked: Asked
    database: bool = True
    again: Door | None = None
    token: bool = True

    @property
    def route(self) -> str:
        """The door's name in commands and logs: the path with its names, without types."""
        return "/".join(
            "{" + part[1:-1].partition(":")[0] + "}" if part.startswith("{") else part for part in self.path.split("/")
        )


def page(
    path: str, *, policy: Policy, query: type[msgspec.Struct] | None = None, database: bool = True
) -> Callable[[Handler], HTTPRouteHandler]:
    """A door that shows. `query` is a form read from the address; its faults stand in `visit.errors`."""

    def make(handler: Handler) -> HTTPRouteHandler:
        door = Door(path, handler, policy, asked_by(handler, path, query, "query"), database)

        async def show(request: Request[Any, Any, Any]) -> Response[Any]:
            return await answer_page(door, request)

        return listed(door, show, (HttpMethod.GET, HttpMethod.HEAD), BODY_LIMIT)

    return make


def deed(
    path: str,
    *,
    policy: Policy,
    form: type[msgspec.Struct] | None = None,
    again: HTTPRouteHandler | None = None,
    database: bool = True,
    limit: int = BODY_LIMIT,
    token: bool = True,
) -> Callable[[Handler], HTTPRouteHandler]:
    """A door that acts. `again` is the page to show with what was typed when the form is faulty or refused.

    `token=False` leaves only the look at where the post comes from: for deeds that change nothing but the look.
    """

    def make(handler: Handler) -> HTTPRouteHandler:
        shown_again = door_of(again) if again is not None else None
        door = Door(path, handler, policy, asked_by(handler, path, form, "form"), database, shown_again, token)
        require_same_names(door)

        async def act(request: Request[Any, Any, Any]) -> Response[Any]:
            return await answer_deed(door, request)

        return listed(door, act, (HttpMethod.POST,), limit)

    return make


def listed(door: Door, function: Callable[..., Any], verbs: tuple[HttpMethod, ...], limit: int) -> HTTPRouteHandler:
    """The Litestar handler of a door; its visible signature is (request) -> Response."""
    function.__name__ = function.__qualname__ = door.handler.__name__
    function.__doc__ = door.handler.__doc__
    made = HTTPRouteHandler(
        door.path,
        http_method=list(verbs),
        name=f"{door.handler.__module__}.{door.handler.__name__}",
        opt={"policy": door.policy, "door": door},
        status_code=200,
        request_max_body_size=limit,
        media_type=MediaType.HTML,
    )
    return made(function)


def door_of(handler: HTTPRouteHandler) -> Door:
    """The door behind a Litestar handler that one of our decorators made."""
    door = handler.opt.get("door")
    if not isinstance(door, Door):
        raise ImproperlyConfiguredException(f"{handler} is not made by page() or deed()")
    return door


# ---------- what a signature asks for ----------


def asked_by(handler: Handler, path: str, form: type[msgspec.Struct] | None, form_name: str) -> Asked:
    """Read a handler's signature once. Refuses names that the path does not have and raw ids."""
    hints = typing.get_type_hints(handler, include_extras=True)
    names = list(inspect.signature(handler).parameters)
    rows: dict[str, type[Table]] = {}
    plain: dict[str, Any] = {}
    for name in names[1:]:
        if name == form_name and form is not None:
            continue
        if "{" + name + ":" not in path and "{" + name + "}" not in path:
            raise ImproperlyConfiguredException(f"{path}: {handler.__name__} asks for {name}, which is not in the path")
        if (row := scoped_table(hints[name])) is not None:
            rows[name] = row
        elif name.endswith("_id") or hints[name] is UUID:
            raise ImproperlyConfiguredException(f"{path}: {name} is a raw id; ask for Scoped[...]")
        else:
            plain[name] = hints[name]
    if form is not None and form_name not in names:
        raise ImproperlyConfiguredException(f"{path}: {handler.__name__} does not take its {form_name}")
    return Asked(rows, plain, form)


def scoped_table(hint: Any) -> type[Table] | None:
    """The table of `Scoped[Table]`, or None for another hint."""
    if typing.get_origin(hint) is Annotated:
        kind, *marks = typing.get_args(hint)
        if any(isinstance(mark, ScopedMark) for mark in marks):
            return typing.cast("type[Table]", kind)
    return None


def require_same_names(door: Door) -> None:
    """The page shown again can only ask for names that the deed's path has too."""
    if door.again is None:
        return
    asked = {*door.again.asked.scoped, *door.again.asked.plain}
    missing = [name for name in asked if "{" + name not in door.path]
    if missing:
        raise ImproperlyConfiguredException(f"{door.path}: the page shown again needs {', '.join(missing)}")


# ---------- pages ----------


async def answer_page(door: Door, request: Request[Any, Any, Any]) -> Response[Any]:
    """A GET from the door to the answer."""
    visit = await open_visit(door, request)
    if (turned_away := turn_away(door, visit)) is not None:
        return turned_away
    return respond(visit, await show_page(door, visit, sent_query(request)))


async def show_page(door: Door, visit: Visit, query: forms.Sent) -> Reply:
    """Load, call the handler, all in one read-only scoped transaction."""
    if not door.database:
        return await call(door, visit, {}, await read_query(door, visit, query))
    async with scoped(visit.scope, readonly=True):
        visit.now = await clock.now()
        rows = await load_rows(door, visit)
        return await call(door, visit, rows, await read_query(door, visit, query))


async def read_query(door: Door, visit: Visit, query: forms.Sent) -> dict[str, Any]:
    """The page's query as its handler takes it; an unreadable part falls back to its default, with a sentence."""
    if door.asked.form is None:
        return {}
    reading = await forms.read_form(door.asked.form, query, row_loader(door, visit))
    if reading.value is None:
        good = {name: values for name, values in query.values.items() if name not in reading.errors}
        visit.errors = {**reading.errors, **visit.errors}
        reading = await forms.read_form(door.asked.form, forms.Sent(good), row_loader(door, visit))
        if reading.value is None:
            raise ClientException
    visit.typed = {**forms.typed_again(door.asked.form, query), **visit.typed}
    return {"query": reading.value}


def sent_query(request: Request[Any, Any, Any]) -> forms.Sent:
    """The query of an address as a form."""
    raw = request.scope["query_string"].decode("latin-1")
    return gathered(parse_fields(raw))


# ---------- deeds ----------


async def answer_deed(door: Door, request: Request[Any, Any, Any]) -> Response[Any]:
    """A POST from the door to the answer."""
    csrf.require_own_origin(request.headers)
    visit = await open_visit(door, request)
    if (turned_away := turn_away(door, visit)) is not None:
        return turned_away
    sent = await read_body(request)
    if door.token:
        require_token(visit, sent)
    visit.key = command_key(sent)
    return await perform(door, visit, sent)


async def perform(door: Door, visit: Visit, sent: forms.Sent) -> Response[Any]:
    """Load the path's rows, read the form, call the handler; what is faulty or refused is shown again."""
    rows, reading = await load_and_read(door, visit, sent)
    visit.typed = reading.typed
    if reading.errors:
        visit.errors = reading.errors
        return await show_again(door, visit, sent, 422, None)
    visit.inputs = {**visit.request.path_params, **recorded_form(reading.value)}
    try:
        reply = await call(door, visit, rows, {} if door.asked.form is None else {"form": reading.value})
    except KeyReused:
        raise
    except Exception as error:
        problem = problem_of(error)
        if not problem.can_be_mended:
            raise
        if not isinstance(error, Refusal):
            logs.log.warning("refused by the database", route=door.route, **logs.told(error))
        visit.errors = {problem.field: problem.sentence}
        return await show_again(door, visit, sent, problem.status, error)
    return respond(visit, reply)


async def load_and_read(door: Door, visit: Visit, sent: forms.Sent) -> tuple[dict[str, Table], forms.Reading]:
    """The rows of the path and the form, in one short read-only scoped transaction."""
    if not door.database:
        return {}, await reading_of(door, visit, sent)
    async with scoped(visit.scope, readonly=True):
        visit.now = await clock.now()
        rows = await load_rows(door, visit)
        return rows, await reading_of(door, visit, sent)


async def reading_of(door: Door, visit: Visit, sent: forms.Sent) -> forms.Reading:
    """The form as far as it can be read."""
    if door.asked.form is None:
        return forms.Reading(typed=forms.typed_again(None, sent))
    return await forms.read_form(door.asked.form, sent, row_loader(door, visit))


def recorded_form(value: Any) -> dict[str, Any]:
    """The form's plain values for the command's input hash."""
    return dict(forms.recorded(value)) if value is not None else {}


async def show_again(door: Door, visit: Visit, sent: forms.Sent, status: int, error: Exception | None) -> Response[Any]:
    """The page of the form once more, with what was typed and what is wrong.

    Where the page has a query, fields of the form by the same names stand for it (`next`).
    """
    if door.again is None:
        if error is not None:
            raise error
        raise FaultyForm(sentences=" ".join(dict.fromkeys(visit.errors.values())))
    if door.again.policy.verdict(visit.signed) != "open":
        raise Closed
    visit.path = filled_path(door.again, visit.request.path_params)
    visit.policy = door.again.policy
    reply = await show_page(door.again, visit, sent)
    return respond(visit, reply, status)


def command_key(sent: forms.Sent) -> UUID | None:
    """The form's key, if it has the form of one."""
    try:
        return UUID(sent.last("_key"))
    except ValueError:
        return None


def require_token(visit: Visit, sent: forms.Sent) -> None:
    """Refuses (`Forged`) a form that was not made for this browser."""
    binding = visit.csrf_binding()
    if binding is None:
        raise csrf.Forged
    csrf.require_token(visit.request.headers.get("x-csrftoken") or sent.last(csrf.FIELD), binding)


async def read_body(request: Request[Any, Any, Any]) -> forms.Sent:
    """The names and values of a posted form, blank ones included; other kinds of bodies are empty forms."""
    kind = request.content_type[0]
    if kind == "application/x-www-form-urlencoded":
        return gathered(parse_fields((await request.body()).decode("utf-8", "replace")))
    if kind != "multipart/form-data":
        return forms.Sent()
    parts = list((await request.form()).multi_items())
    return gathered(
        [(name, value) for name, value in parts if isinstance(value, str)],
        {name: value for name, value in parts if isinstance(value, UploadFile)},
    )


def parse_fields(raw: str) -> list[tuple[str, str]]:
    """Names and values of an encoded form. Refuses (400) more than any of our forms has."""
    try:
        return parse_qsl(raw, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise ClientException from None


def gathered(pairs: list[tuple[str, str]], files: Mapping[str, UploadFile] | None = None) -> forms.Sent:
    """Names with all their values in order."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return forms.Sent({name: tuple(several) for name, several in values.items()}, files or {})


# ---------- what both share ----------


async def open_visit(door: Door, request: Request[Any, Any, Any]) -> Visit:
    """Who comes, in which language; reads the session and never makes one."""
    locale = pick_locale(request.cookies.get(session.cookie_name("locale")), request.headers.get("accept-language"))
    speak(locale)
    visit = begin(
        Visit(
            request=request,
            policy=door.policy,
            route=door.route,
            locale=locale,
            step=step_of(request.cookies.get(session.cookie_name("step"))),
            nonce=str(request.scope["state"].get("nonce", "")),
            path=request.scope["path"],
        )
    )
    if door.database and (token := session.token_of(request.cookies)) is not None:
        visit.signed = await accounts.signed_by(token_hash(token))
    if visit.signed is not None:
        request.scope["state"]["user"] = str(visit.signed.actor)
        request.scope["state"]["role"] = visit.signed.role
    visit.nav = request.app.state.wings_nav(visit.role) if hasattr(request.app.state, "wings_nav") else ()
    return visit


def turn_away(door: Door, visit: Visit) -> Response[Any] | None:
    """To the sign-in page, or refused (`Closed`), unless the policy opens."""
    verdict = door.policy.verdict(visit.signed)
    if verdict == "open":
        return None
    if verdict == "closed":
        raise Closed
    wanted = asked_address(visit) if visit.request.method in ("GET", "HEAD") else page_of_deed(door, visit)
    return redirect(visit, f"{door.policy.signs_in_at}?next={quote(wanted, safe='/')}")


def asked_address(visit: Visit) -> str:
    """The address that was asked for, with its query."""
    query = visit.request.scope["query_string"].decode("latin-1")
    return f"{visit.path}?{query}" if query else visit.path


def page_of_deed(door: Door, visit: Visit) -> str:
    """Where somebody who lost the session goes on: the page of the form."""
    return filled_path(door.again, visit.request.path_params) if door.again is not None else "/"


def filled_path(door: Door, names: Mapping[str, Any]) -> str:
    """A door's path with the names of this request."""
    parts = [quote(str(names[part[1:-1]]), safe="") if part.startswith("{") else part for part in door.route.split("/")]
    return "/".join(parts)


def row_loader(door: Door, visit: Visit) -> forms.Loader:
    """How a form's rows are loaded: by the same way as those of a path; None where there is none for this person."""

    async def load_row(table: type[Table], name: str) -> Table | None:
        try:
            return await load(table, name, visit.signed, span_of(door, visit))
        except NotFound:
            return None

    return load_row


def span_of(door: Door, visit: Visit) -> Any:
    """The span of the way by which this person came in."""
    way = door.policy.way(visit.signed)
    return way.span if way is not None else ""


async def load_rows(door: Door, visit: Visit) -> dict[str, Table]:
    """The path's rows, one after another in the order of the path (one connection, one task)."""
    loaded: dict[str, Table] = {}
    in_order = sorted(door.asked.scoped, key=lambda name: door.path.index("{" + name))
    for name in in_order:
        text = str(visit.request.path_params[name])
        loaded[name] = await load(door.asked.scoped[name], text, visit.signed, span_of(door, visit), loaded)
    return loaded


async def call(door: Door, visit: Visit, rows: Mapping[str, Table], rest: Mapping[str, Any]) -> Reply:
    """The handler with all it asked for."""
    plain = {name: visit.request.path_params[name] for name in door.asked.plain}
    reply: Reply = await door.handler(visit, **rows, **plain, **rest)
    return reply


def respond(visit: Visit, reply: Reply, status: int | None = None) -> Response[Any]:
    """The answer to send. Templates are rendered here, after the transaction has ended."""
    if isinstance(reply, Page):
        return respond_page(visit, reply, status)
    if isinstance(reply, Sent):
        return respond_sent(visit, reply)
    if isinstance(reply, Answer):
        if reply.notice:
            visit.keep("f", flash_text(reply.notice, reply.values), 120)
        return redirect(visit, reply.location)
    raise TypeError(f"{visit.route}: a door answers with a Page, Sent or Answer, not {type(reply).__name__}")


def respond_page(visit: Visit, reply: Page, status: int | None) -> Response[Any]:
    """The rendered page; a notice from before is shown once."""
    visit.flash = read_flash(visit.kept("f"))
    if visit.flash is not None:
        visit.forget("f")
    body, headers = packed(render(reply.template, visit, reply.values), visit)
    return Response(
        body,
        status_code=status or reply.status,
        headers=caching(visit) | headers,
        cookies=visit.cookies,
        media_type=MediaType.HTML,
    )


def respond_sent(visit: Visit, reply: Sent) -> Response[Any]:
    """A file or other bytes."""
    headers = caching(visit) | dict(reply.headers)
    if reply.file_name:
        headers["Content-Disposition"] = attachment(reply.file_name, inline=reply.inline)
    return Response(reply.body, headers=headers, cookies=visit.cookies, media_type=reply.media_type)


def caching(visit: Visit) -> dict[str, str]:
    """Nothing of a signed-in person, and no form, is kept by anybody; the rest is asked for again each time."""
    private = visit.signed is not None or visit.shows_form or bool(visit.cookies)
    return {
        "Cache-Control": "no-store" if private else "private, no-cache",
        "Vary": "Cookie, Accept-Language, Accept-Encoding",
    }


def redirect(visit: Visit, location: str) -> Response[Any]:
    """303 to a page of ours; anything else leads home."""
    path = quote(own_path(location), safe="/?&=#%+:;,@!$'()*~.-_")
    return Response(
        b"",
        status_code=303,
        headers={"Location": path, "Cache-Control": "no-store"},
        cookies=visit.cookies,
        media_type=MediaType.TEXT,
    )


__all__ = [
    "BODY_LIMIT",
    "IMPORT_LIMIT",
    "Answer",
    "Page",
    "Scoped",
    "Sent",
    "Visit",
    "deed",
    "page",
]
