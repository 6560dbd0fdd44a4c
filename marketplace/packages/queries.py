"""Recipes, drafts and what is in a package, as pages and other rooms ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.db import DB
from marketplace.errors import NotFound, Refusal
from marketplace.packages.rules import Line, check, total
from marketplace.produce import queries as produce
from marketplace.produce.rules import Good, check_sellable


@dataclass(frozen=True, slots=True)
class KnownRecipe:
    """A recipe at the prices of a day. `why_not` is the refusal that stands against it on that day."""

    id: UUID
    code: str
    name_zh: str
    name_en: str
    lines: tuple[Line, ...]
    why_not: Refusal | None

    @property
    def usable(self) -> bool:
        return self.why_not is None


@dataclass(frozen=True, slots=True)
class SeenPackage:
    """A package with its household and lines at the prices fixed in it (fen a piece or a kilogram)."""

    id: UUID
    code: str
    household: UUID
    household_code: str
    head_name: str
    group_label: str
    village: UUID
    state: str
    recipe: str
    intake_on: date | None
    for_household: bool
    drafted_at: datetime
    weighed_at: datetime | None
    lines: tuple[Line, ...]

    @property
    def total_fen(self) -> int:
        return total(self.lines)


RECIPE_LINES = """
select r.id, r.code, r.name_zh, r.name_en, p.code as good, l.quantity
from recipe r join recipe_line l on l.recipe = r.id join product p on p.id = l.product
order by r.code, l.sequence
"""


async def recipes_on(day: date, goods: Sequence[produce.PricedGood] | None = None) -> list[KnownRecipe]:
    """Every recipe at the prices of that day: those that may be used first, then by code."""
    known = {priced.code: priced.good for priced in goods or await produce.goods_on(day)}
    rows: dict[str, list[Any]] = {}
    for row in await DB.fetch(RECIPE_LINES):
        rows.setdefault(row["code"], []).append(row)
    found = [_recipe(parts, known, day) for parts in rows.values()]
    return sorted(found, key=lambda recipe: (not recipe.usable, recipe.code))


def _recipe(rows: list[Any], known: Mapping[str, Good], day: date) -> KnownRecipe:
    lines = tuple(Line(known[row["good"]], row["quantity"]) for row in rows)
    first = rows[0]
    return KnownRecipe(first["id"], first["code"], first["name_zh"], first["name_en"], lines, _why_not(lines, day))


def _why_not(lines: tuple[Line, ...], day: date) -> Refusal | None:
    try:
        for line in lines:
            check_sellable(line.good, day)
        check(lines, day)
    except Refusal as refusal:
        return refusal
    return None


PACKAGES = """
select p.id, p.code, p.household, h.code as household_code, h.head_name, g.label_zh as group_label, p.village, p.state,
    coalesce(r.code, '') as recipe, p.intake_on, p.for_household, p.drafted_at, p.weighed_at
from package p join household h on h.id = p.household join village_group g on g.id = h."group"
left join recipe r on r.id = p.recipe
where p.id = any ($1::uuid[]) order by p.drafted_at, p.id
"""
LINES = """
select l.package, p.code as good, l.quantity, l.price_fen, l.weighed from package_line l join product p on p.id = l.product
where l.package = any ($1::uuid[]) order by l.amount_fen desc, p.code
"""


async def packages(ids: Sequence[UUID]) -> list[SeenPackage]:
    """Those packages that the scope sees, with lines, the oldest draft first: three queries whatever their number."""
    rows = await DB.fetch(PACKAGES, list(ids))
    if not rows:
        return []
    goods = {priced.code: priced.good for priced in await produce.goods_on(date.max)}
    lines: dict[UUID, list[Line]] = {}
    for row in await DB.fetch(LINES, list(ids)):
        good = replace(goods[row["good"]], price_fen=row["price_fen"])
        lines.setdefault(row["package"], []).append(Line(good, row["quantity"], row["weighed"]))
    return [SeenPackage(**dict(row), lines=tuple(lines.get(row["id"], ()))) for row in rows]


async def package(package_id: UUID) -> SeenPackage:
    """One package. Refuses (`NotFound`) one out of scope."""
    found = await packages([package_id])
    if not found:
        raise NotFound
    return found[0]


async def drafts_for(day: date, village: UUID) -> list[SeenPackage]:
    """Drafts and packages on the counter that are expected on that day in that village."""
    rows = await DB.fetch(
        "select id from package where village = $1 and state = 'draft' and intake_on = $2", village, day
    )
    return await packages([row["id"] for row in rows])


async def code_of(package: UUID) -> str:
    """A package's trace code."""
    code: str = await DB.fetch_value("select code from package where id = $1", package)
    return code


DAYS = """
select d.day from intake_day d join household h on h.village = d.village
where h.id = $1 and d.day between $2 and $3 order by d.day
"""


async def days_to_come(household: UUID, since: date, until: date) -> list[date]:
    """The intake days of the household's village between two days, both included."""
    return [row["day"] for row in await DB.fetch(DAYS, household, since, until)]
