"""What a household's page shows of its packages: the year in a sentence, where each went, how many a month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from marketplace.clock import business_day
from marketplace.households.tables import Household
from marketplace.ids import grouped
from marketplace.packages.rules import HUNDRED, OTHER, REASONS
from marketplace.stock import queries
from marketplace.stock.queries import SoldPackage
from marketplace.web.visit import Visit
from marketplace.web.wing import Panel
from marketplace.web.words import _

MOST_SHOWN = 12
MONTHS = 12


async def year(visit: Visit, household: Household) -> Mapping[str, Any]:
    """How many packages this year brought, and how much cash."""
    today = business_day(visit.now)
    count = sum((await queries.sold_by_month(household.id, date(today.year, 1, 1))).values())
    return {"year": today.year, "count": count, "fen": HUNDRED * count}


async def sold(visit: Visit, household: Household) -> Mapping[str, Any]:
    """The latest packages and where each went."""
    seen = await queries.whereabouts(household.id, MOST_SHOWN)
    total = len(seen) if len(seen) < MOST_SHOWN else await queries.count_of(household.id)
    return {
        "total": total,
        "all": all_address(visit, household),
        "packages": [package_values(package) for package in seen],
    }


def all_address(visit: Visit, household: Household) -> str:
    """Where all packages of the household stand, for this person."""
    return "/home/packages" if visit.household_id is not None else f"/office/households/{household.code}/packages"


def package_values(package: SoldPackage) -> dict[str, Any]:
    """A package as the panel draws it."""
    return {
        "code": package.code,
        "shown": grouped(package.code),
        "lines": package.lines,
        "state": package.state,
        "brought_on": package.brought_on,
        "intake_on": package.intake_on,
        "reason": reason_of(package),
        "fate": package.fate,
    }


def reason_of(package: SoldPackage) -> str:
    """Why it was sent back or reversed, in words; nothing where it was not, or where they are not for this person."""
    if package.reason in REASONS and package.reason != OTHER:
        return _(REASONS[package.reason])
    return package.words


async def months(visit: Visit, household: Household) -> Mapping[str, Any] | None:
    """Packages a month over the last twelve; nothing where there was none."""
    ends = last_months(business_day(visit.now))
    counts = await queries.sold_by_month(household.id, ends[0])
    if not counts:
        return None
    return {"months": [{"month": first.month, "count": counts.get(first, 0)} for first in ends]}


def last_months(today: date) -> list[date]:
    """The first days of the last twelve months, this one last."""
    this = today.year * 12 + today.month - 1
    return [date(number // 12, number % 12 + 1, 1) for number in range(this - MONTHS + 1, this + 1)]


HOUSEHOLD_PANELS = (
    Panel("year", "marketplace/packages/panel_summary.html", year, order=5),
    Panel("sold", "marketplace/packages/panel_sold.html", sold, order=20),
    Panel("months", "marketplace/packages/panel_months.html", months, order=30),
)
