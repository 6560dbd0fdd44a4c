"""The page behind the QR code on a box."""

from __future__ import annotations

from typing import Annotated

from litestar.handlers import HTTPRouteHandler
from msgspec import Struct

from marketplace.clock import business_day
from marketplace.ids import check_code
from marketplace.trace import queries
from marketplace.web.door import Answer, Page, Visit, page
from marketplace.web.form import text
from marketplace.web.policy import public

LONGEST_SHOWN = 40


class TraceQuery(Struct, frozen=True):
    """A code that somebody typed."""

    code: Annotated[str, text(longest=LONGEST_SHOWN)] = ""


@page("/T", policy=public, query=TraceQuery)
async def typed(visit: Visit, query: TraceQuery) -> Page | Answer:
    """A field for the code on a label."""
    code = check_code(query.code)
    if code is not None:
        return Answer(f"/T/{code}")
    return Page("marketplace/trace/package.html", status=404 if query.code else 200, package=None, typed=query.code)


@page("/T/{code:str}", policy=public)
async def trace(visit: Visit, code: str) -> Page:
    """A box by its trace code, as printed, in small letters or with dashes; 404 with what to check for any other."""
    known = check_code(code)
    found = await queries.traced(known, business_day(visit.now)) if known else None
    return Page(
        "marketplace/trace/package.html",
        status=200 if found else 404,
        package=found,
        typed=code[:LONGEST_SHOWN],
    )


DOORS: list[HTTPRouteHandler] = [typed, trace]
