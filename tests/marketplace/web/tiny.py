"""A tiny wing: one page and one deed of each kind, to try the doors themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from uuid import UUID

import asyncpg
from litestar.datastructures import UploadFile
from msgspec import Struct

from marketplace.db import DB
from marketplace.errors import N_, Conflict, NotFound, Refusal
from marketplace.households.tables import Household, Member
from marketplace.journal.actions import Answer, note
from marketplace.web.door import Page, Scoped, Sent, Visit, deed, page
from marketplace.web.form import text
from marketplace.web.policy import household_own, public, signed_in, staff
from marketplace.web.refusals import say_constraint
from marketplace.web.scoped import lookup
from marketplace.web.templating import add_templates
from marketplace.web.wing import Wing

add_templates(Path(__file__).parent / "templates")
lookup(Household, Household.code)
lookup(Member, Member.code, within={"household": Member.household})
say_constraint("tiny_known", N_("Choose a file."), field="head_name")
OFFICE = staff("cashier", "intake_clerk", "branch_secretary")


class Search(Struct, frozen=True):
    q: Annotated[str, text(longest=20)] = ""
    page: int = 1


@page("/tiny", policy=public, query=Search)
async def front(visit: Visit, query: Search) -> Page:
    return Page("tiny/public.html", query=query)


@page("/tiny/households/{household:str}", policy=OFFICE | household_own)
async def show(visit: Visit, household: Scoped[Household]) -> Page:
    return Page("tiny/household.html", household=household)


@page("/tiny/households/{household:str}/members/{member:str}", policy=OFFICE)
async def member(visit: Visit, household: Scoped[Household], member: Scoped[Member]) -> Sent:
    return Sent(member.name, "text/plain; charset=utf-8")


class RenameForm(Struct, frozen=True):
    head_name: Annotated[str, text(longest=10)]


class Refused(Refusal):
    text = N_("At most {most}.")
    field = "head_name"


class Changed(Conflict):
    field = "head_name"


class Raised(Exception):
    """An error nobody expected, with a secret in its text."""


async def fail(what: str) -> None:
    """Raise what the name typed asks for."""
    if what == "refuse":
        raise Refused(most=3)
    if what == "conflict":
        raise Changed
    if what == "missing":
        raise NotFound
    if what == "broken":
        raise Raised("13812341234")
    if what == "unreadable":
        await DB.fetch("select $1::int", 2**40)
    if what == "slow":
        await DB.fetch("set local statement_timeout = '10ms'")
        await DB.fetch("select pg_sleep(1)")
    if what in ("known", "unknown"):
        raise_violation(f"tiny_{what}")


def raise_violation(name: str) -> None:
    """What a trigger of the database raises."""
    error = asyncpg.CheckViolationError("new row holds 13812341234")
    error.constraint_name = name
    raise error


@deed("/tiny/households/{household:str}/rename", policy=OFFICE, form=RenameForm, again=show)
async def rename(visit: Visit, household: Scoped[Household], form: RenameForm) -> Answer:
    async def verb() -> Answer:
        await fail(form.head_name)
        await Household.update({Household.head_name: form.head_name}).where(Household.id == household.id)
        await note(verb="rename", subject=household.id, village=household.village)
        return Answer(f"/tiny/households/{household.code}", N_("Welcome, {name}."), {"name": form.head_name})

    return await visit.command(verb)


class WordsForm(Struct, frozen=True):
    words: Annotated[str, text(longest=5)]
    next: str = "/tiny/say"


@page("/tiny/say", policy=public)
async def say_page(visit: Visit) -> Page:
    return Page("tiny/form.html")


@deed("/tiny/say", policy=public, form=WordsForm, again=say_page)
async def say(visit: Visit, form: WordsForm) -> Answer:
    return Answer(form.next, N_("Welcome, {name}."), {"name": form.words})


class FileForm(Struct, frozen=True):
    file: UploadFile
    household: Scoped[Household]


@deed("/tiny/upload", policy=OFFICE, form=FileForm, limit=20_000)
async def upload(visit: Visit, form: FileForm) -> Sent:
    body = await form.file.read()
    return Sent(f"{form.household.code} {form.file.filename} {len(body)}", "text/plain; charset=utf-8")


@page("/tiny/download", policy=signed_in)
async def download(visit: Visit) -> Sent:
    return Sent("a,b\n", "text/csv; charset=utf-8", file_name="收入.csv")


@page("/tiny/broken", policy=public)
async def broken(visit: Visit) -> Page:
    raise Raised("13812341234")


@page("/tiny/days/{day:date}", policy=public)
async def on_day(visit: Visit, day: str) -> Sent:
    return Sent(str(day), "text/plain")


@page("/tiny/write", policy=public)
async def write(visit: Visit) -> Sent:
    await DB.fetch("insert into audit_line (role, verb, subject, detail) values ('x', 'x', 'x', '{}')")
    return Sent("written", "text/plain")


@page("/tiny/scope", policy=public)
async def scope(visit: Visit) -> Sent:
    seen = await DB.fetch_value("select count(*) from household")
    role = await DB.fetch_value("select current_setting('app.role')")
    return Sent(f"{role} {seen} {visit.now:%Y-%m-%d}", "text/plain")


TINY = Wing(
    name="tiny",
    routers=(front, show, member, rename, say_page, say, upload, download, broken, on_day, write, scope),
)
NOBODY = UUID(int=0)
