"""Doors of goods and prices: what the village buys, at which price, from which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from litestar.handlers import HTTPRouteHandler

from marketplace.clock import business_day
from marketplace.errors import N_, NotFound
from marketplace.produce import actions, queries
from marketplace.produce.forms import LicenceForm, PriceListForm
from marketplace.produce.rules import Good, in_season, shelf_days
from marketplace.produce.tables import PriceList, Product
from marketplace.web.door import Answer, Page, Scoped, Visit, deed, page
from marketplace.web.policy import public, staff
from marketplace.web.scoped import lookup
from marketplace.web.words import _

PRICERS: Final = staff("branch_secretary") | staff("purchaser", scope="company")
VILLAGE_READERS: Final = ("intake_clerk", "inspector", "cashier", "village_director", "first_secretary", "supervisor")
READERS: Final = PRICERS | staff(*VILLAGE_READERS)

lookup(Product, Product.code)
lookup(PriceList)


@dataclass(frozen=True, slots=True)
class ShownGood:
    """A good as the price pages show it; `price_fen` is 0 where the list does not name it."""

    code: str
    name_zh: str
    name_en: str
    unit: str
    step: int
    price_fen: int
    season_from: int
    season_until: int
    in_season: bool
    certificate: str
    licence_required: bool
    licence_number: str
    safe: bool
    shelf_days: int

    @property
    def licence(self) -> str:
        """Nothing for a farm good; for processed food the maker's licence number, or "needed"."""
        return (self.licence_number or "needed") if self.licence_required else ""


def shown(good: Good, day: date, price_fen: int) -> ShownGood:
    """A good as it stands on that day, at that price."""
    return ShownGood(
        code=good.code,
        name_zh=good.name_zh,
        name_en=good.name_en,
        unit=good.unit,
        step=good.step,
        price_fen=price_fen,
        season_from=good.season_from,
        season_until=good.season_until,
        in_season=in_season(good, day),
        certificate=good.certificate,
        licence_required=good.licence_required,
        licence_number=good.licence_number,
        safe=good.safe,
        shelf_days=shelf_days(good, day),
    )


@page("/prices", policy=public)
async def prices(visit: Visit) -> Page:
    """What the village buys today, and at which price; everybody may know."""
    today = business_day(visit.now)
    goods = [shown(priced.good, today, priced.good.price_fen) for priced in await queries.goods_on(today)]
    return Page(
        "marketplace/produce/prices.html",
        prices=await queries.price_list_in_force(today),
        goods=[good for good in goods if good.safe and good.price_fen],
        next_intake=None,
        village=None,
        may_read=READERS.way(visit.signed) is not None,
    )


@page("/office/prices", policy=READERS)
async def price_lists(visit: Visit) -> Page:
    """Every price list, those to come first, and the licences that are missing."""
    today = business_day(visit.now)
    goods = [shown(priced.good, today, priced.good.price_fen) for priced in await queries.goods_on(today)]
    return Page(
        "marketplace/produce/price_lists.html",
        today=today,
        price_lists=[(known, known.state(today)) for known in await queries.price_lists()],
        licensed=[good for good in goods if good.licence_required],
        may_price=PRICERS.way(visit.signed) is not None,
    )


@page("/office/prices/new", policy=PRICERS)
async def new_price_list(visit: Visit) -> Page:
    """The form for a new list, filled in with today's prices."""
    today = business_day(visit.now)
    goods = [shown(priced.good, today, priced.good.price_fen) for priced in await queries.goods_on(today)]
    in_force = await queries.price_list_in_force(today)
    return Page(
        "marketplace/produce/new_price_list.html",
        goods=goods,
        in_force=in_force,
        earliest=today + timedelta(days=1) if in_force else today,
    )


@deed("/office/prices/new", policy=PRICERS, form=PriceListForm, again=new_price_list)
async def publish_prices(visit: Visit, form: PriceListForm) -> Answer:
    """Put a new list in force; the one before ends by itself."""
    async with visit.reading():
        goods = {priced.code: priced.good for priced in await queries.goods_on(form.valid_from)}
    for field, refusal in form.faults(goods):
        raise type(refusal)(field=field, **refusal.values)
    if not form.chosen().keys() <= goods.keys():
        raise NotFound

    async def verb() -> Answer:
        await actions.publish_prices(
            form.chosen(),
            valid_from=form.valid_from,
            valid_until=form.valid_until,
            document=form.document,
            by=visit.scope.actor,
            now=visit.now,
        )
        return Answer(
            "/office/prices",
            notice=N_("The price list is in force from {day}."),
            values={"day": form.valid_from.isoformat()},
        )

    return await visit.command(verb)


@page("/office/prices/{price_list:str}", policy=READERS)
async def price_list(visit: Visit, price_list: Scoped[PriceList]) -> Page:
    """One price list with its document."""
    today = business_day(visit.now)
    prices = await queries.prices_of(price_list.id)
    known = next(one for one in await queries.price_lists() if one.id == price_list.id)
    goods = await queries.goods_on(known.valid_from)
    return Page(
        "marketplace/produce/price_list.html",
        price_list=known,
        state=known.state(today),
        goods=[shown(one.good, today, prices[one.code]) for one in goods if one.code in prices],
    )


@page("/office/products/{product:str}", policy=READERS)
async def product(visit: Visit, product: Scoped[Product]) -> Page:
    """One good: season, shelf life, certificate and licence."""
    today = business_day(visit.now)
    priced = next(one for one in await queries.goods_on(today) if one.id == product.id)
    return Page(
        "marketplace/produce/product.html",
        good=shown(priced.good, today, priced.good.price_fen),
        shelf_life=[
            (_("Summer (June to September)"), priced.good.shelf_days_summer),
            (_("Spring and autumn"), priced.good.shelf_days_spring_autumn),
            (_("Winter (December to February)"), priced.good.shelf_days_winter),
        ],
        today=today,
        may_price=PRICERS.way(visit.signed) is not None,
    )


@deed("/office/products/{product:str}/licence", policy=PRICERS, form=LicenceForm, again=product)
async def set_licence(visit: Visit, product: Scoped[Product], form: LicenceForm) -> Answer:
    """Enter or take away the number of the maker's licence."""

    async def verb() -> Answer:
        await actions.set_licence(product, form.licence)
        return Answer(f"/office/products/{product.code}", notice=N_("The licence is kept."))

    return await visit.command(verb)


DOORS: list[HTTPRouteHandler] = [
    prices,
    price_lists,
    new_price_list,
    publish_prices,
    price_list,
    product,
    set_licence,
]
