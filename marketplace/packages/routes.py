"""Doors of the draft: a household prepares a package at home, or staff does it for a household."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from litestar.handlers import HTTPRouteHandler

from marketplace.clock import business_day
from marketplace.errors import N_, NotFound
from marketplace.households import queries as households
from marketplace.households.tables import Household
from marketplace.packages import actions, queries
from marketplace.packages.forms import LinesForm, RecipeForm, lines_of, pairs
from marketplace.packages.panels import composer_values, recipe_values
from marketplace.packages.rules import HUNDRED, Line, total
from marketplace.packages.tables import Package
from marketplace.produce import queries as produce
from marketplace.produce.rules import sellable
from marketplace.web.door import Answer, Page, Scoped, Visit, deed, page
from marketplace.web.policy import household_own, staff
from marketplace.web.scoped import lookup
from marketplace.web.words import _

DESK: Final = ("intake_clerk", "inspector", "cashier", "branch_secretary", "village_director")
DAYS_AHEAD: Final = 28
OUT_OF_SEASON: Final = N_("not taken on that day")

lookup(Package, Package.code)


async def draft_page(visit: Visit, household: UUID, package: Package | None, *, action: str, back: str) -> Page:
    """The composer for a household, with what is kept so far."""
    today = business_day(visit.now)
    seen = await queries.package(package.id) if package else None
    if seen is not None and (seen.household != household or seen.state != "draft"):
        raise NotFound
    day = seen.intake_on if seen and seen.intake_on and seen.intake_on >= today else today
    goods = await produce.goods_on(today)
    lines = seen.lines if seen else ()
    composed = composer_values(lines, goods, day)
    for values, line in zip(composed["lines"], lines, strict=True):
        values["problem"] = "" if sellable(line.good, day) else _(OUT_OF_SEASON)
    return Page(
        "marketplace/packages/draft.html",
        own=visit.household_id is not None,
        household=await households.household(household),
        action=f"{action}/{seen.code}" if seen else action,
        back=back,
        package={"code": seen.code, "intake_on": seen.intake_on} if seen else None,
        recipe=seen.recipe if seen else "",
        recipes=[recipe_values(recipe) for recipe in await queries.recipes_on(day, goods)],
        days=await queries.days_to_come(household, today, today + timedelta(days=DAYS_AHEAD)),
        **composed,
    )


async def keep(visit: Visit, household: UUID, package: Package | None, form: LinesForm, action: str) -> Answer:
    """Keep what was typed as a draft and show it again; a whole hundred says what comes next."""
    today = business_day(visit.now)
    async with visit.reading():
        goods = {priced.code: priced.good for priced in await produce.goods_on(today)}
    lines = lines_of(form, goods, today)
    recipe = package.recipe if package is not None and isinstance(package.recipe, UUID) else None
    return await _kept(visit, household, package, lines, recipe, form.intake_on, action)


async def use(visit: Visit, household: UUID, package: Package | None, form: RecipeForm, action: str) -> Answer:
    """Fill the draft with a recipe's goods, or leave it a free mix."""
    today = business_day(visit.now)
    async with visit.reading():
        known = {recipe.code: recipe for recipe in await queries.recipes_on(today)}
        seen = await queries.package(package.id) if package else None
    recipe = known.get(form.recipe)
    if form.recipe and recipe is None:
        raise NotFound
    if recipe is not None and recipe.why_not is not None:
        raise recipe.why_not
    lines: Sequence[Line] = recipe.lines if recipe else seen.lines if seen else ()
    day = seen.intake_on if seen else None
    return await _kept(visit, household, package, lines, recipe.id if recipe else None, day, action)


async def _kept(
    visit: Visit,
    household: UUID,
    package: Package | None,
    lines: Sequence[Line],
    recipe: UUID | None,
    day: date | None,
    action: str,
) -> Answer:
    whole = total(lines) == HUNDRED and day is not None
    notice = N_("Kept. It is weighed at the office on {day}, then you get the cash.") if whole else ""

    async def verb() -> Answer:
        now = visit.now
        if package is None:
            made = await actions.draft(
                household, pairs(lines), recipe=recipe, intake_on=day, by=visit.scope.actor,
                for_household=visit.household_id is None, now=now,
            )  # fmt: skip
            code = await queries.code_of(made)
        else:
            await actions.change(package.id, pairs(lines), recipe=recipe, intake_on=day, now=now)
            code = package.code
        return Answer(f"{action}/{code}", notice=notice, values={"day": str(day)} if whole else {})

    return await visit.command(verb)


async def drop(visit: Visit, package: Package, back: str) -> Answer:
    """Withdraw a draft."""

    async def verb() -> Answer:
        await actions.withdraw(package.id)
        return Answer(back, notice=N_("The draft is withdrawn."))

    return await visit.command(verb)


def own(visit: Visit) -> UUID:
    """The household that is signed in with its card. Refuses (`NotFound`) everybody else."""
    if visit.household_id is None:
        raise NotFound
    return visit.household_id


HOME: Final = "/home/draft"


@page(HOME, policy=household_own)
async def new_at_home(visit: Visit) -> Page:
    """Begin a package at home."""
    return await draft_page(visit, own(visit), None, action=HOME, back="/home")


@deed(HOME, policy=household_own, form=LinesForm, again=new_at_home)
async def begin_at_home(visit: Visit, form: LinesForm) -> Answer:
    """Keep a new draft."""
    return await keep(visit, own(visit), None, form, HOME)


@deed(HOME + "/recipe", policy=household_own, form=RecipeForm, again=new_at_home)
async def begin_recipe_at_home(visit: Visit, form: RecipeForm) -> Answer:
    """Begin with a recipe."""
    return await use(visit, own(visit), None, form, HOME)


@page(HOME + "/{package:str}", policy=household_own)
async def draft_at_home(visit: Visit, package: Scoped[Package]) -> Page:
    """A draft at home."""
    return await draft_page(visit, own(visit), package, action=HOME, back="/home")


@deed(HOME + "/{package:str}", policy=household_own, form=LinesForm, again=draft_at_home)
async def keep_at_home(visit: Visit, package: Scoped[Package], form: LinesForm) -> Answer:
    """Keep a draft."""
    return await keep(visit, own(visit), package, form, HOME)


@deed(HOME + "/{package:str}/recipe", policy=household_own, form=RecipeForm, again=draft_at_home)
async def recipe_at_home(visit: Visit, package: Scoped[Package], form: RecipeForm) -> Answer:
    """Another recipe for a draft."""
    return await use(visit, own(visit), package, form, HOME)


@deed(HOME + "/{package:str}/withdraw", policy=household_own, again=draft_at_home)
async def withdraw_at_home(visit: Visit, package: Scoped[Package]) -> Answer:
    """Not this time."""
    return await drop(visit, package, "/home")


FOR: Final = "/office/households/{household:str}/draft"


def action_for(household: Household) -> str:
    """The address of a household's drafts at the office."""
    return f"/office/households/{household.code}/draft"


def back_to(household: Household) -> str:
    """The household's page."""
    return f"/office/households/{household.code}"


@page(FOR, policy=staff(*DESK))
async def new_for(visit: Visit, household: Scoped[Household]) -> Page:
    """Staff begins a package for a household."""
    return await draft_page(visit, household.id, None, action=action_for(household), back=back_to(household))


@deed(FOR, policy=staff(*DESK), form=LinesForm, again=new_for)
async def begin_for(visit: Visit, household: Scoped[Household], form: LinesForm) -> Answer:
    """Staff keeps a new draft for a household."""
    return await keep(visit, household.id, None, form, action_for(household))


@deed(FOR + "/recipe", policy=staff(*DESK), form=RecipeForm, again=new_for)
async def begin_recipe_for(visit: Visit, household: Scoped[Household], form: RecipeForm) -> Answer:
    """Staff begins with a recipe for a household."""
    return await use(visit, household.id, None, form, action_for(household))


@page(FOR + "/{package:str}", policy=staff(*DESK))
async def draft_for(visit: Visit, household: Scoped[Household], package: Scoped[Package]) -> Page:
    """A household's draft at the office."""
    return await draft_page(visit, household.id, package, action=action_for(household), back=back_to(household))


@deed(FOR + "/{package:str}", policy=staff(*DESK), form=LinesForm, again=draft_for)
async def keep_for(visit: Visit, household: Scoped[Household], package: Scoped[Package], form: LinesForm) -> Answer:
    """Staff keeps a household's draft."""
    return await keep(visit, household.id, belonging(household, package), form, action_for(household))


@deed(FOR + "/{package:str}/recipe", policy=staff(*DESK), form=RecipeForm, again=draft_for)
async def recipe_for(visit: Visit, household: Scoped[Household], package: Scoped[Package], form: RecipeForm) -> Answer:
    """Another recipe for a household's draft."""
    return await use(visit, household.id, belonging(household, package), form, action_for(household))


@deed(FOR + "/{package:str}/withdraw", policy=staff(*DESK), again=draft_for)
async def withdraw_for(visit: Visit, household: Scoped[Household], package: Scoped[Package]) -> Answer:
    """Staff withdraws a household's draft."""
    return await drop(visit, belonging(household, package), back_to(household))


def belonging(household: Household, package: Package) -> Package:
    """The package, if it is that household's. Refuses (`NotFound`) another's."""
    values: dict[str, Any] = package.to_dict()
    if values["household"] != household.id:
        raise NotFound
    return package


DOORS: list[HTTPRouteHandler] = [
    new_at_home, begin_at_home, begin_recipe_at_home, draft_at_home, keep_at_home, recipe_at_home, withdraw_at_home,
    new_for, begin_for, begin_recipe_for, draft_for, keep_for, recipe_for, withdraw_for,
]  # fmt: skip
