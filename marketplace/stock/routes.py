"""Doors to all packages of a household: where each went, and what every year brought."""

from __future__ import annotations

from typing import Any, Final

from litestar.handlers import HTTPRouteHandler

from marketplace.households import queries as households
from marketplace.households.routes import OFFICE, own_household
from marketplace.households.tables import Household
from marketplace.packages.rules import HUNDRED
from marketplace.stock import queries
from marketplace.stock.forms import PackagesQuery
from marketplace.stock.panels import all_address, package_values
from marketplace.web.door import Page, Scoped, Visit, page
from marketplace.web.policy import household_own, staff

A_PAGE: Final = 24


@page("/home/packages", policy=household_own, query=PackagesQuery)
async def own_packages(visit: Visit, query: PackagesQuery) -> Page:
    """All packages of the household that is signed in."""
    return await packages_page(visit, await own_household(visit), query)


@page("/office/households/{household:str}/packages", policy=staff(*OFFICE), query=PackagesQuery)
async def packages(visit: Visit, household: Scoped[Household], query: PackagesQuery) -> Page:
    """All packages of a household as the office sees them."""
    return await packages_page(visit, household, query)


async def packages_page(visit: Visit, household: Household, query: PackagesQuery) -> Page:
    """24 packages, the youngest first, with the sums of the years."""
    after, before = (one.id if one else None for one in (query.after, query.before))
    found = await queries.whereabouts(household.id, A_PAGE + 1, after=after, before=before)
    shown = found[-A_PAGE:] if before else found[:A_PAGE]
    total = await queries.count_of(household.id)
    own = visit.household_id is not None
    return Page(
        "marketplace/stock/packages.html",
        household=await households.household(household.id),
        own=own,
        back="/home" if own else f"/office/households/{household.code}",
        years=[(year, count, HUNDRED * count) for year, count in await queries.sold_by_year(household.id)],
        values={"total": total, "all": "", "packages": [package_values(package) for package in shown]},
        page=pages_of(all_address(visit, household), query, [one.code for one in shown], len(found) > A_PAGE, total),
    )


def pages_of(address: str, query: PackagesQuery, codes: list[str], more: bool, total: int) -> dict[str, Any]:
    """The pages of the list, as the pager takes them; `codes` are this page's packages."""
    number = query.page if query.after or query.before else 1
    has_later, has_earlier = more or bool(query.before), number > 1 and (more or not query.before)
    earlier = f"{address}?before={codes[0]}&page={number - 1}" if codes and number > 2 else address
    return {
        "number": number,
        "pages": max(number, -(-total // A_PAGE)),
        "earlier": earlier if has_earlier else "",
        "later": f"{address}?after={codes[-1]}&page={number + 1}" if codes and has_later else "",
    }


DOORS: list[HTTPRouteHandler] = [own_packages, packages]
