"""Doors of the income record: the statement of a year, a new entry, an entry taken back."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from litestar.handlers import HTTPRouteHandler

from marketplace.clock import business_day
from marketplace.errors import N_, NotFound
from marketplace.households import queries as households
from marketplace.households.tables import Household
from marketplace.income import actions, queries, rules
from marketplace.income.forms import IncomeForm, YearQuery
from marketplace.income.panels import READERS, entry_values, source_words, statement_values
from marketplace.income.tables import IncomeEntry
from marketplace.web.door import Answer, Page, Scoped, Visit, deed, page
from marketplace.web.policy import household_own, staff
from marketplace.web.scoped import lookup

KEEPERS: Final = ("intake_clerk", "branch_secretary", "village_director")
LEADERS: Final = ("branch_secretary", "village_director")
MOST_LATELY: Final = 40

lookup(IncomeEntry, within={"household": IncomeEntry.household})


def address_of(household: Household, part: str = "") -> str:
    """The household's page, or a page below it."""
    return f"/office/households/{household.code}{part}"


@page("/home/income", policy=household_own, query=YearQuery)
async def own_statement(visit: Visit, query: YearQuery) -> Page:
    """The household's own statement of a year."""
    if visit.household_id is None:
        raise NotFound
    return await statement_page(visit, visit.household_id, query.year, back="/home", may_enter=False)


@page("/office/households/{household:str}/income", policy=staff(*READERS), query=YearQuery)
async def statement(visit: Visit, household: Scoped[Household], query: YearQuery) -> Page:
    """The statement of a year as the office prints it."""
    return await statement_page(
        visit, household.id, query.year, back=address_of(household), may_enter=visit.role in KEEPERS
    )


async def statement_page(visit: Visit, household: UUID, year: int, *, back: str, may_enter: bool) -> Page:
    """One A4 of a household's year; this year unless another is asked for."""
    today = business_day(visit.now)
    seen = await households.household(household)
    found = await queries.statement(household, year or today.year)
    own = visit.household_id is not None
    return Page(
        "marketplace/income/statement.html",
        household=seen,
        back=back,
        own=own,
        may_enter=may_enter,
        statement=statement_values(found, seen.code, today, own=own),
        years=sorted({*await queries.years(household), today.year}, reverse=True),
    )


@page("/office/households/{household:str}/income/new", policy=staff(*KEEPERS))
async def entry(visit: Visit, household: Scoped[Household]) -> Page:
    """Enter a line, beside what was entered lately."""
    lately = await queries.typed_lately(household.id, MOST_LATELY)
    return Page(
        "marketplace/income/entry.html",
        household=await households.household(household.id),
        today=business_day(visit.now),
        sources=sources(),
        recent=[entry_values(one, may_reverse=visit.role in LEADERS) for one in lately],
    )


def sources() -> list[tuple[str, Any]]:
    """Every source that is typed, in the order of the kinds; nothing is chosen beforehand."""
    return [("", "—"), *((source, source_words(source)) for kind in rules.KINDS for source in rules.SOURCES[kind])]


@deed("/office/households/{household:str}/income/new", policy=staff(*KEEPERS), form=IncomeForm, again=entry)
async def enter(visit: Visit, household: Scoped[Household], form: IncomeForm) -> Answer:
    """One line with the paper that shows it."""

    async def verb() -> Answer:
        rules.check_source(form.kind, form.source, counts=not (form.one_off or form.memo))
        await actions.enter(
            household.id,
            earned_on=form.earned_on,
            kind=form.kind,
            source=form.source,
            amount_fen=form.amount,
            document=form.document,
            one_off=form.one_off,
            in_kind=form.in_kind,
            memo=form.memo,
            by=visit.scope.actor,
            now=visit.now,
        )
        return Answer(address_of(household, "/income/new"), notice=N_("It stands in the record."))

    return await visit.command(verb, money=True)


@deed("/office/households/{household:str}/income/{line:str}/reverse", policy=staff(*LEADERS), again=entry)
async def take_back(visit: Visit, household: Scoped[Household], line: Scoped[IncomeEntry]) -> Answer:
    """Take an entry back by a second line; nothing is deleted."""

    async def verb() -> Answer:
        await actions.take_back(line.id, by=visit.scope.actor, now=visit.now)
        return Answer(
            address_of(household, "/income/new"), notice=N_("It is taken back. Both lines stay in the record.")
        )

    return await visit.command(verb, money=True)


DOORS: list[HTTPRouteHandler] = [own_statement, statement, entry, enter, take_back]
