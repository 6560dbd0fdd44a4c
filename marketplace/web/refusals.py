"""What went wrong, and how it is said: every exception becomes a status and a sentence, never a detail."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import asyncpg
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from markupsafe import escape

from marketplace.db import PoolBusy
from marketplace.errors import N_, NotFound, Refusal
from marketplace.journal.actions import KeyReused
from marketplace.web import logs
from marketplace.web.csrf import Forged
from marketplace.web.policy import public
from marketplace.web.session import cookie_name
from marketplace.web.templating import render
from marketplace.web.visit import DEFAULT_STEP, STEPS, Visit, begin, current_visit, own_path
from marketplace.web.words import _, pick_locale, speak

ERROR_TEMPLATE: Final = "marketplace/web/error.html"
RETRY_SECONDS: Final = 3


class Closed(Exception):
    """Somebody is signed in, but does not act as one for whom this door opens."""


class FaultyForm(Refusal):
    """A faulty form that has no page of its own to be shown on again."""

    text = "{sentences}"


@dataclass(frozen=True)
class Problem:
    """An answer that is not the one asked for: its status, its sentence and, in a form, its field."""

    status: int
    text: str
    field: str = ""
    values: tuple[tuple[str, object], ...] = ()
    surprising: bool = False

    @property
    def sentence(self) -> str:
        """The sentence in the reader's language."""
        return _(self.text, **dict(self.values))

    @property
    def can_be_mended(self) -> bool:
        """Whether the person can mend it in the form that was sent."""
        return self.status in (409, 422)


BAD_REQUEST = Problem(400, N_("This address or form is not whole. Go back, reload the page and try again."))
NOT_FOUND = Problem(
    404, N_("There is nothing here, or it is not for you. Check the address, or begin at the first page.")
)
CLOSED = Problem(403, N_("This page is for another role. Choose your role, or ask somebody who holds it."))
FORGED = Problem(
    403, N_("This form is too old or did not come from this page. Open the page again and fill it in once more.")
)
WRONG_VERB = Problem(405, N_("This address takes no such request. Begin at the first page."))
TOO_LARGE = Problem(413, N_("What was sent is too large. Send less at a time."))
BUSY = Problem(
    503, N_("Too many people are here at once. Wait a moment and reload the page: nothing is ever done twice.")
)
FULL = Problem(503, N_("Nothing can be written just now; looking works. Tell the office, and try again later."))
BROKEN = Problem(
    500,
    N_("Something is wrong on our side. Nothing was half-written. Tell the office the number below."),
    surprising=True,
)
TAKEN = Problem(409, N_("This has been entered already. Look at it again before you go on."))
AGAINST_THE_BOOKS = Problem(
    422, N_("The books do not allow this as it stands. Look at the page again, then change what was entered.")
)

BY_STATUS: Final[dict[int, Problem]] = {
    problem.status: problem for problem in (BAD_REQUEST, NOT_FOUND, CLOSED, WRONG_VERB, TOO_LARGE, BUSY, BROKEN)
}

# Sentences of the database's own constraints, by their names; rooms add theirs.
CONSTRAINTS: Final[dict[str, Problem]] = {}


def say_constraint(name: str, text: str, *, field: str = "", status: int = 422) -> None:
    """The sentence for a constraint that people can meet. Called by the room's routes."""
    CONSTRAINTS[name] = Problem(status, text, field)


def problem_of(error: BaseException) -> Problem:
    """The status and sentence of any exception."""
    if isinstance(error, Refusal):
        return Problem(error.status, error.text, error.field, tuple(error.values.items()))
    if isinstance(error, NotFound):
        return NOT_FOUND
    if isinstance(error, Closed):
        return CLOSED
    if isinstance(error, Forged):
        return FORGED
    if isinstance(error, HTTPException):
        return BY_STATUS.get(error.status_code, BAD_REQUEST if error.status_code < 500 else BROKEN)
    return problem_of_database(error)


def problem_of_database(error: BaseException) -> Problem:
    """What a failing statement means to the person who waits. Anything unknown is our fault (500)."""
    if isinstance(error, (PoolBusy, TimeoutError)):
        return BUSY
    state = getattr(error, "sqlstate", None) or ""
    if state in ("23505", "23514", "23503", "23P01"):
        known = CONSTRAINTS.get(getattr(error, "constraint_name", None) or "")
        return known or (AGAINST_THE_BOOKS if state == "23514" else TAKEN)
    if state == "53100":
        return FULL
    if state in ("55P03", "57014", "40001", "40P01", "57P01", "57P02", "57P03") or state[:2] in ("53", "08"):
        return BUSY
    if state == "42501":
        return Problem(404, NOT_FOUND.text, surprising=True)
    if state[:2] == "22":
        return BAD_REQUEST
    if isinstance(error, (asyncpg.InterfaceError, asyncpg.InternalClientError, ConnectionError)):
        return BAD_REQUEST if isinstance(error, asyncpg.DataError) else BUSY
    return BROKEN


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The error page, or its JSON twin, with a number that stands in the log."""
    problem = problem_of(error)
    number = secrets.token_hex(4).upper()
    request.scope["state"]["error_number"] = number
    if problem.status >= 500 or problem.surprising:
        logs.log.error("refused by surprise", number=number, status=problem.status, **logs.told(error))
    headers = {"Cache-Control": "no-store", "Vary": "Cookie, Accept-Language, Accept"}
    if problem.status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    if isinstance(error, HTTPException) and error.status_code == 405 and error.headers:
        headers |= {name: value for name, value in error.headers.items() if name.lower() == "allow"}
    visit = visit_of(request)
    if prefers_json(request.headers.get("accept", "")):
        told = {"status": problem.status, "error": problem.sentence, "number": number}
        return Response(told, status_code=problem.status, headers=headers, media_type=MediaType.JSON)
    return Response(
        error_page(visit, problem, number, isinstance(error, KeyReused)),
        status_code=problem.status,
        headers=headers,
        cookies=visit.cookies,
        media_type=MediaType.HTML,
    )


def prefers_json(accept: str) -> bool:
    """Whether a device asks, not a browser."""
    return "application/json" in accept and "text/html" not in accept


def visit_of(request: Request[Any, Any, Any]) -> Visit:
    """The visit being answered; a bare one where the request never got as far as a door."""
    try:
        visit = current_visit()
        if visit.request.scope is request.scope:
            return visit
    except LookupError:
        pass
    locale = pick_locale(request.cookies.get(cookie_name("locale")), request.headers.get("accept-language"))
    speak(locale)
    return begin(
        Visit(
            request=request,
            policy=public,
            route="",
            locale=locale,
            step=step_of(request.cookies.get(cookie_name("step"))),
            nonce=str(request.scope["state"].get("nonce", "")),
            path=own_path(request.scope["path"]),
        )
    )


def step_of(text: str | None) -> int:
    """The person's type step; the standard one for anything else."""
    return int(text) if text in {str(step) for step in STEPS} else DEFAULT_STEP


def error_page(visit: Visit, problem: Problem, number: str, was_reused: bool) -> str:
    """The page by the template; a bare one if even that fails."""
    number = number if problem.status >= 500 or problem.surprising else ""
    values = {
        "status": problem.status,
        "title": title(problem.status),
        "sentence": problem.sentence,
        "number": number,
        "was_reused": was_reused,
        "can_sign_in": visit.signed is None and problem.status in (403, 404),
    }
    visit.errors, visit.typed = {}, {}
    try:
        return render(ERROR_TEMPLATE, visit, values)
    except Exception as error:  # the page about an error must never be one
        logs.log.error("error page broken", number=number, **logs.told(error))
        return bare_page(visit, problem, number)


def bare_page(visit: Visit, problem: Problem, number: str) -> str:
    """A page without template, style or words that could be missing."""
    language = "zh-CN" if visit.locale == "zh_CN" else "en"
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8"><title>{problem.status}</title>'
        f"<h1>{escape(title(problem.status))}</h1><p>{escape(problem.sentence)}</p>"
        f'<p>{number}</p><p><a href="/">{escape(_("First page"))}</a></p></html>'
    )


def title(status: int) -> str:
    """The heading of an error page."""
    titles = {
        400: _("That did not arrive whole"),
        403: _("Not with this role"),
        404: _("Nothing found"),
        405: _("Not this way"),
        409: _("It has changed in the meantime"),
        413: _("Too large"),
        422: _("This cannot be done yet"),
        503: _("One moment, please"),
    }
    return titles.get(status) or (_("Something is wrong on our side") if status >= 500 else HTTPStatus(status).phrase)
