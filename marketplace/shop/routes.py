"""Doors of the market: looking, the basket, checking out, one's own orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

from litestar.handlers import HTTPRouteHandler

from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.errors import N_
from marketplace.orders import actions as orders
from marketplace.orders import queries as order_queries
from marketplace.orders.queries import Box, OrderSeen
from marketplace.orders.rules import EXPIRED, HELD, OPEN, PICKUP_DAYS, EmptyBasket, NoPickup, Wanted, is_over
from marketplace.orders.tables import SalesOrder
from marketplace.packages.rules import HUNDRED
from marketplace.places.tables import Place, Village
from marketplace.shop import queries
from marketplace.shop.forms import (
    BasketForm,
    ChangeForm,
    CheckoutForm,
    MarketQuery,
    OrdersQuery,
    PackageQuery,
    RemoveForm,
)
from marketplace.shop.rules import (
    KINDS,
    ORDERS,
    Basket,
    pages_of,
    pattern_of,
    read_basket,
    with_more,
    with_number,
    written_basket,
)
from marketplace.stock import queries as stock
from marketplace.stock.tables import Offer
from marketplace.web.door import Answer, Page, Scoped, Visit, deed, page
from marketplace.web.policy import customer_own, public
from marketplace.web.refusals import Closed
from marketplace.web.scoped import lookup
from marketplace.web.visit import own_path
from marketplace.web.words import _

BASKET: Final = "b"
STORE: Final = "p"  # the store whose boxes were looked through when the basket was filled
BASKET_SECONDS: Final = 7 * 24 * 3600
ORDERS_A_PAGE: Final = 20

lookup(Village, Village.code)
lookup(Place, Place.code)
lookup(Offer, Offer.code)
lookup(SalesOrder, SalesOrder.code)


def basket_of(visit: Visit) -> Basket:
    """What this browser's basket holds."""
    return read_basket(visit.kept(BASKET))


def keep_basket(visit: Visit, basket: Basket) -> None:
    """Keep the basket in the browser; an empty one is dropped."""
    if basket:
        visit.keep(BASKET, written_basket(basket), BASKET_SECONDS)
    else:
        visit.forget(BASKET)


def shown(visit: Visit, template: str, **values: Any) -> Page:
    """A page of the shop, with the number of boxes in the basket."""
    return Page(f"marketplace/shop/{template}.html", basket_count=sum(basket_of(visit).values()), **values)


# Looking


@page("/", policy=public, query=MarketQuery)
async def market(visit: Visit, query: MarketQuery) -> Page:
    """What may be sold today, 24 kinds of boxes a page."""
    today = business_day(visit.now)
    pickups = await stock.pickups()
    found = await queries.market(
        filters_of(query, pickups), today, after=cursor_of(query.after), before=cursor_of(query.before)
    )
    return shown(
        visit,
        "market",
        offers=found.offers,
        stock_count=found.boxes,
        next_intake=await queries.next_intake(today),
        season=await queries.in_season(today),
        month=today.month,
        query=asked(query),
        kinds=[(value, _(words)) for value, words in KINDS.items()],
        villages=await queries.villages(),
        stores=pickups,
        orders=[(value, _(words)) for value, words in ORDERS.items()],
        page=market_pages(query, found),
        back=address_of(query, page=query.page, after=query.after, before=query.before),
    )


def filters_of(query: MarketQuery, pickups: list[stock.Pickup]) -> queries.Filters:
    """What the query asks of the list. A place that hands nothing over has nothing."""
    served = next((place.served for place in pickups if query.store and place.id == query.store.id), ())
    return queries.Filters(
        words=query.q or None,
        pattern=pattern_of(query.kind),
        village=query.village.id if query.village else None,
        places=served if query.store else None,
        order=query.order,
    )


def cursor_of(text: str) -> queries.Cursor | None:
    """An end of a page as it stood in an address: rank.id."""
    if not text:
        return None
    rank, _dot, key = text.partition(".")
    return int(rank), UUID(key)


def cursor_text(cursor: queries.Cursor | None) -> str:
    """An end of a page for an address."""
    return f"{cursor[0]}.{cursor[1].hex}" if cursor else ""


def asked(query: MarketQuery) -> dict[str, str]:
    """The filters as texts, for the form and for addresses."""
    return {
        "q": query.q,
        "kind": query.kind,
        "village": query.village.code if query.village else "",
        "store": query.store.code if query.store else "",
        "order": query.order,
    }


def address_of(query: MarketQuery, **more: Any) -> str:
    """A page of the list with the same filters."""
    wanted = {name: value for name, value in {**asked(query), **more}.items() if value not in ("", 1)}
    return "/?" + urlencode(wanted) if wanted else "/"


def market_pages(query: MarketQuery, found: queries.Found) -> dict[str, Any]:
    """The pages of the list, as the pager takes them; each keeps the filters."""
    number = query.page if query.after or query.before else 1
    has_earlier = number > 1 and (found.more or not query.before)
    has_later = found.more or bool(query.before)
    earlier = {"page": number - 1, "before": cursor_text(found.first)} if number > 2 else {}
    later = {"page": number + 1, "after": cursor_text(found.last)}
    return {
        "number": number,
        "pages": max(number, pages_of(found.kinds)),
        "earlier": address_of(query, **earlier) + "#list" if has_earlier and found.first else "",
        "later": address_of(query, **later) + "#list" if has_later and found.last else "",
    }


@page("/packages/{offer:str}", policy=public, query=PackageQuery)
async def package(visit: Visit, offer: Scoped[Offer], query: PackageQuery) -> Page:
    """One kind of box: what is in it, where the money goes, where it can be picked up; from a store's list, that store's."""
    today = business_day(visit.now)
    pickups = await queries.pickups_of(offer.id, today)
    store = store_in(query.back, [place.code for place in pickups])
    places = next((place.served for place in pickups if place.code == store), None)
    seen = (await queries.offers([offer.id], today, places))[0]
    return shown(
        visit,
        "package",
        offer=seen,
        parts=await queries.price_parts(offer.id, offer.price_fen, today),
        first=await queries.next_box(offer.id, today, places),
        pickups=pickups,
        today=today,
        back=own_path(query.back),
        store=store,
    )


def store_in(address: str, known: Sequence[str]) -> str:
    """The one of the known stores that the list's address asked for; "" where it asked for none of them."""
    asked_for = parse_qs(urlsplit(address).query).get("store", [""])[0]
    return asked_for if asked_for in known else ""


# The basket


@deed("/packages/{offer:str}/basket", policy=public, form=BasketForm, again=package)
async def add(visit: Visit, offer: Scoped[Offer], form: BasketForm) -> Answer:
    """Boxes into the basket. It stands in the browser alone; nothing is kept back for it."""
    keep_basket(visit, with_more(basket_of(visit), offer.code, form.quantity))
    if form.store is not None:
        visit.keep(STORE, form.store.code, BASKET_SECONDS)
    return Answer("/basket", notice=N_("It is in the basket."))


@page("/basket", policy=public)
async def basket(visit: Visit) -> Page:
    """What was chosen, what of it is still there, and the sum."""
    items = await basket_items(visit, business_day(visit.now))
    return shown(
        visit, "basket", items=items, ready=all(item["left"] >= item["quantity"] for item in items), **sums(items)
    )


async def basket_items(visit: Visit, today: Any) -> list[dict[str, Any]]:
    """The basket's boxes with what they cost."""
    wanted = basket_of(visit)
    return [
        {
            "offer": offer,
            "quantity": wanted[offer.code],
            "left": offer.left,
            "amount_fen": offer.price_fen * wanted[offer.code],
        }
        for offer in await queries.offers_by_code(list(wanted), today)
    ]


def sums(items: list[dict[str, Any]]) -> dict[str, int]:
    """Boxes, price and what the households got, over all items."""
    count = sum(item["quantity"] for item in items)
    return {"count": count, "total_fen": sum(item["amount_fen"] for item in items), "gets_fen": HUNDRED * count}


@deed("/basket/change", policy=public, form=ChangeForm, again=basket)
async def change(visit: Visit, form: ChangeForm) -> Answer:
    """Another number of boxes."""
    keep_basket(visit, with_number(basket_of(visit), form.offer.code, form.quantity))
    return Answer("/basket")


@deed("/basket/remove", policy=public, form=RemoveForm, again=basket)
async def remove(visit: Visit, form: RemoveForm) -> Answer:
    """Boxes out of the basket."""
    keep_basket(visit, with_number(basket_of(visit), form.offer.code, 0))
    return Answer("/basket", notice=N_("It is out of the basket."))


# Checking out


@page("/checkout", policy=customer_own)
async def checkout(visit: Visit) -> Page | Answer:
    """Choose a store that can hand over the whole basket; others with a part of it are named."""
    today = business_day(visit.now)
    items = await basket_items(visit, today)
    if not items:
        return Answer("/basket")
    stores = await queries.pickups_for({item["offer"].id: item["quantity"] for item in items}, today)
    return shown(
        visit,
        "checkout",
        items=items,
        **sums(items),
        stores=stores,
        chosen=chosen_of(stores, [visit.kept(STORE), await order_queries.last_place(customer_id(visit))]),
        customer=await customer_of(visit),
        order=None,
        pickup_days=PICKUP_DAYS,
    )


def chosen_of(stores: Sequence[queries.PickupForBasket], wishes: Sequence[str | None]) -> str:
    """The first of the wished stores that can hand over the whole basket; else the first store that can; else ""."""
    able = [store.code for store in stores if store.all_there]
    return next((wish for wish in wishes if wish in able), able[0] if able else "") or ""


async def customer_of(visit: Visit) -> dict[str, str]:
    """The customer's name and masked contact."""
    mask = await DB.fetch_value("select contact_mask from app_user where id = $1", customer_id(visit))
    return {"name": visit.user.name if visit.user else "", "contact_mask": mask or ""}


def customer_id(visit: Visit) -> UUID:
    """The customer who is signed in. Refuses (`Closed`) everybody else."""
    if visit.signed is None or visit.signed.customer is None:
        raise Closed
    return visit.signed.customer


@deed("/checkout", policy=customer_own, form=CheckoutForm, again=checkout)
async def hold(visit: Visit, form: CheckoutForm) -> Answer:
    """Keep the basket's boxes for half an hour."""
    customer, chosen = customer_id(visit), basket_of(visit)
    visit.inputs["basket"] = written_basket(chosen)

    async def verb() -> Answer:
        known = await queries.ids_of(list(chosen))
        wanted = [Wanted(known[code], quantity) for code, quantity in chosen.items() if code in known]
        if not form.place.pickup:
            raise NoPickup
        held = await orders.hold(customer, form.place.id, wanted, now=visit.now)
        return Answer(f"/orders/{held.code}")

    if not chosen:
        raise EmptyBasket
    answer = await visit.command(verb)
    keep_basket(visit, {})
    return answer


# One's own orders


@page("/orders", policy=customer_own, query=OrdersQuery)
async def own_orders(visit: Visit, query: OrdersQuery) -> Page:
    """The customer's orders, the youngest first."""
    customer, today = customer_id(visit), business_day(visit.now)
    ids = await order_queries.own(customer, ORDERS_A_PAGE + 1, after=key_of(query.after), before=key_of(query.before))
    more = len(ids) > ORDERS_A_PAGE
    ids = ids[-ORDERS_A_PAGE:] if query.before else ids[:ORDERS_A_PAGE]
    seen = [as_of(order, visit.now) for order in await order_queries.orders(ids, today)]
    return shown(
        visit,
        "orders",
        orders=[order_row(order) for order in seen],
        page=order_pages(query, ids, more, await order_queries.count_of(customer)),
    )


def key_of(text: str) -> UUID | None:
    """An order's key as it stood in an address."""
    return UUID(text) if text else None


def order_row(order: OrderSeen) -> dict[str, Any]:
    """An order as the list draws it."""
    return {
        "code": order.code,
        "state": order.state,
        "at": order.at,
        "place": order.place,
        "total_fen": order.total_fen,
        "count": order.count,
        "hold_until": order.hold_until,
        "boxes": [box.lines for box in order.boxes],
    }


def order_pages(query: OrdersQuery, ids: list[UUID], more: bool, count: int) -> dict[str, Any]:
    """The pages of the list of orders."""
    number = query.page if query.after or query.before else 1
    has_later, has_earlier = more or bool(query.before), number > 1 and (more or not query.before)
    earlier = f"/orders?before={ids[0].hex}&page={number - 1}" if ids and number > 2 else "/orders"
    return {
        "number": number,
        "pages": max(number, -(-count // ORDERS_A_PAGE)),
        "earlier": earlier if has_earlier else "",
        "later": f"/orders?after={ids[-1].hex}&page={number + 1}" if ids and has_later else "",
    }


def as_of(order: OrderSeen, now: datetime) -> OrderSeen:
    """The order as it stands at that moment: what is over reads so even before the worker has come by."""
    return replace(order, state=EXPIRED) if order.state in OPEN and is_over(order.hold_until, now) else order


@page("/orders/{order:str}", policy=customer_own)
async def order(visit: Visit, order: Scoped[SalesOrder]) -> Page:
    """One order: to be placed while its boxes are kept, then with its code, its way and the traces of its boxes."""
    seen = as_of(await order_queries.order(order.id, business_day(visit.now)), visit.now)
    if seen.state == HELD:
        return await placing(visit, seen)
    return shown(visit, "order", order=seen, events=await order_queries.events(order.id))


async def placing(visit: Visit, seen: OrderSeen) -> Page:
    """The last step of checking out."""
    items = order_items(seen.boxes)
    return shown(
        visit,
        "checkout",
        items=items,
        **sums(items),
        stores=[],
        chosen="",
        customer=await customer_of(visit),
        order={
            "code": seen.code,
            "hold_until": seen.hold_until,
            "minutes_left": minutes_between(visit.now, seen.hold_until),
            "place": seen.place,
        },
        pickup_days=PICKUP_DAYS,
    )


def minutes_between(now: datetime, then: datetime) -> int:
    """Whole minutes that are left, a started one counted."""
    return -(-int((then - now).total_seconds()) // 60)


def order_items(boxes: Any) -> list[dict[str, Any]]:
    """An order's boxes gathered by their offers."""
    items: dict[str, dict[str, Any]] = {}
    for box in boxes:
        item = items.setdefault(box.offer, {"offer": offer_of(box), "quantity": 0, "left": 0, "amount_fen": 0})
        item["quantity"] += 1
        item["amount_fen"] += box.price_fen
    return list(items.values())


def offer_of(box: Box) -> Mapping[str, Any]:
    """A box as a line of the order shows its offer."""
    return {
        "code": box.offer,
        "lines": box.lines,
        "village": box.village,
        "group": box.group,
        "best_before": box.best_before,
    }


@deed("/orders/{order:str}/place", policy=customer_own, again=order)
async def place(visit: Visit, order: Scoped[SalesOrder]) -> Answer:
    """Order what is kept."""

    async def verb() -> Answer:
        await orders.place(order.id, by=customer_id(visit), now=visit.now)
        return Answer(f"/orders/{order.code}", notice=N_("Ordered. Say the code at the store and pay there."))

    return await visit.command(verb)


@deed("/orders/{order:str}/cancel", policy=customer_own, again=order)
async def cancel(visit: Visit, order: Scoped[SalesOrder]) -> Answer:
    """Give the boxes back to the shelf."""

    async def verb() -> Answer:
        await orders.cancel(order.id, by=customer_id(visit), now=visit.now)
        return Answer(f"/orders/{order.code}", notice=N_("The boxes are back on the shelf. You owe nothing."))

    return await visit.command(verb)


DOORS: list[HTTPRouteHandler] = [
    market,
    package,
    add,
    basket,
    change,
    remove,
    checkout,
    hold,
    own_orders,
    order,
    place,
    cancel,
]
