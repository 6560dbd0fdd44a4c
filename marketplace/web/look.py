"""Doors of the site itself: how it looks to this person, and whether it is well."""

from __future__ import annotations

from typing import Annotated, Literal

from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from marketplace.accounts import actions, queries
from marketplace.db import DB
from marketplace.journal.actions import Answer
from marketplace.keys import token_hash
from marketplace.web.door import Sent, deed, page
from marketplace.web.form import text
from marketplace.web.policy import public
from marketplace.web.session import cookie, token_of
from marketplace.web.visit import Visit, own_path

YEAR_SECONDS = 365 * 24 * 3600


class LookForm(Struct, frozen=True):
    """Letters and language. What cannot be read is left as it was."""

    step: Literal["", "17", "20", "24"] = ""
    locale: Literal["", "zh_CN", "en"] = ""
    next: Annotated[str, text(longest=500)] = "/"


@deed("/look", policy=public, form=LookForm, database=False, token=False)
async def choose_look(visit: Visit, form: LookForm) -> Answer:
    """Remember letters and language in this browser, and for the person who is signed in."""
    keep_look(visit, form.locale, form.step)
    token = token_of(visit.request.cookies)
    signed = await queries.signed_by(token_hash(token)) if token is not None else None
    if signed is not None and signed.kind != "card":
        await actions.remember_look(signed, form.locale or None, int(form.step) if form.step else None)
    return Answer(own_path(form.next))


def keep_look(visit: Visit, locale: str | None, step: str | int | None) -> None:
    """Keep language and letters in this browser; what is not given stays as it was."""
    if step:
        visit.cookies.append(cookie("step", str(step), YEAR_SECONDS))
    if locale:
        visit.cookies.append(cookie("locale", locale, YEAR_SECONDS))


@page("/health", policy=public, database=False)
async def health(visit: Visit) -> Sent:
    """`well` as long as the database answers; a proxy or watchdog asks."""
    await DB.fetch_value("select 1")
    return Sent("well\n", "text/plain; charset=utf-8")


DOORS: list[HTTPRouteHandler] = [choose_look, health]
