"""What the market shows. Everything here is public: no household, only what stands for sale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.errors import NotFound, Words
from marketplace.orders.queries import Group
from marketplace.packages.rules import HUNDRED
from marketplace.produce import queries as produce
from marketplace.produce.queries import RetailPart
from marketplace.produce.rules import Good
from marketplace.shop.rules import PAGE_SIZE
from marketplace.stock import queries as stock
from marketplace.stock.queries import Content


@dataclass(frozen=True, slots=True)
class Named:
    """A village or a place as a choice: its code and names."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class OfferSeen:
    """An offer as a card of the market: what is in it, whence, for how much, how many are left and were sold."""

    id: UUID
    code: str
    lines: Sequence[Content]
    village: Words
    group: Group | None
    price_fen: int
    left: int
    sold: int
    packed_days: int
    best_before: date | None

    @property
    def gets_fen(self) -> int:
        """What the household got."""
        return HUNDRED


@dataclass(frozen=True, slots=True)
class Filters:
    """What the market was asked for; None where nothing was."""

    words: str | None = None
    pattern: str | None = None
    village: UUID | None = None
    places: tuple[UUID, ...] | None = None
    order: str = ""


Cursor = tuple[int, UUID]


@dataclass(frozen=True, slots=True)
class Found:
    """One page of offers with its ends, and how much there is over all pages."""

    offers: Sequence[OfferSeen]
    kinds: int
    boxes: int
    first: Cursor | None
    last: Cursor | None
    more: bool


# First the offers in stock and the page's ids (from the partial index of units on hand), then everything else of them.
_STANDING = """
with standing as (
    select u.offer, count(*)::int as stand, max(u.packed_on) as packed_on, min(u.best_before) as best_before
    from stock_unit u where u.state = 'on_hand' and u.sell_by >= $1 and ($2::uuid[] is null or u.place = any ($2))
    group by u.offer
), found as (
    select s.offer, s.stand, case $6::text when 'soon' then s.best_before - date '2000-01-01' when 'many' then -s.stand
        else date '2000-01-01' - s.packed_on end as rank
    from standing s join offer o on o.id = s.offer
    where ($3::uuid is null or o.village = $3) and ($4::text is null or o.search @@ search_query($4))
        and ($5::text is null or o.contents ~ $5)
)
select f.offer, f.rank, (select count(*)::int from found) as kinds, (select sum(stand)::int from found) as boxes
from found f
"""
LATER = _STANDING + "where $7::int is null or (f.rank, f.offer) > ($7, $8::uuid) order by f.rank, f.offer limit $9"
EARLIER = _STANDING + "where (f.rank, f.offer) < ($7, $8::uuid) order by f.rank desc, f.offer desc limit $9"


async def market(filters: Filters, today: date, *, after: Cursor | None = None, before: Cursor | None = None) -> Found:
    """One page of what may be sold today."""
    cursor = before or after or (None, None)
    rows = await DB.fetch(
        EARLIER if before else LATER,
        today, list(filters.places) if filters.places is not None else None, filters.village, filters.words,
        filters.pattern, filters.order, *cursor, PAGE_SIZE + 1,
    )  # fmt: skip
    page = rows[:PAGE_SIZE]
    if before:
        page = page[::-1]
    seen = await offers([row["offer"] for row in page], today, filters.places)
    return Found(
        offers=seen,
        kinds=rows[0]["kinds"] if rows else 0,
        boxes=rows[0]["boxes"] if rows else 0,
        first=(page[0]["rank"], page[0]["offer"]) if page else None,
        last=(page[-1]["rank"], page[-1]["offer"]) if page else None,
        more=len(rows) > PAGE_SIZE,
    )


_OFFERS = """
select o.id, o.code, o.contents, o.price_fen, v.name_zh as village_zh, v.name_en as village_en from offer o
join village v on v.id = o.village where o.id = any ($1::uuid[])
"""
_ON_HAND = """
select u.offer, count(*)::int as stand, max(u.packed_on) as packed_on, min(u.best_before) as best_before,
    min(g.number) as lowest, max(g.number) as highest, min(g.label_zh) as label_zh
from stock_unit u join village_group g on g.id = u."group"
where u.offer = any ($1::uuid[]) and u.state = 'on_hand' and u.sell_by >= $2 and ($3::uuid[] is null or u.place = any ($3))
group by u.offer
"""
_SOLD = """
select offer, count(*)::int as sold from stock_unit where offer = any ($1::uuid[]) and state = 'handed_over' group by offer
"""


async def offers(ids: Sequence[UUID], today: date, places: Sequence[UUID] | None = None) -> list[OfferSeen]:
    """Those offers in that order, with what is left of them at these places (None: anywhere)."""
    if not ids:
        return []
    wanted = list(ids)
    rows = {row["id"]: row for row in await DB.fetch(_OFFERS, wanted)}
    where = list(places) if places is not None else None
    standing = {row["offer"]: row for row in await DB.fetch(_ON_HAND, wanted, today, where)}
    sold = {row["offer"]: row["sold"] for row in await DB.fetch(_SOLD, wanted)}
    goods = await stock.goods(today)
    return [_offer(rows[one], standing.get(one), sold.get(one, 0), goods, today) for one in wanted if one in rows]


def _offer(row: Any, standing: Any | None, sold: int, goods: Mapping[str, Good], today: date) -> OfferSeen:
    one_group = standing is not None and standing["lowest"] == standing["highest"]
    return OfferSeen(
        id=row["id"],
        code=row["code"],
        lines=stock.contents(row["contents"], goods),
        village=Words(row["village_zh"], row["village_en"]),
        group=Group(standing["lowest"], standing["label_zh"]) if standing is not None and one_group else None,
        price_fen=row["price_fen"],
        left=standing["stand"] if standing is not None else 0,
        sold=sold,
        packed_days=(today - standing["packed_on"]).days if standing is not None else 0,
        best_before=standing["best_before"] if standing is not None else None,
    )


_BY_CODE = "select id, code from offer where code = any ($1::text[])"


async def ids_of(codes: Sequence[str]) -> dict[str, UUID]:
    """The keys of offers by their codes; codes that are none are left out."""
    return {row["code"]: row["id"] for row in await DB.fetch(_BY_CODE, list(codes))}


async def offers_by_code(codes: Sequence[str], today: date) -> list[OfferSeen]:
    """Those offers in the order of the codes; codes that are none are left out."""
    known = await ids_of(codes)
    return await offers([known[code] for code in codes if code in known], today)


@dataclass(frozen=True, slots=True)
class NextBox:
    """The box of an offer that goes out next."""

    grower: str
    group: Group
    packed_on: date
    best_before: date
    days_left: int
    inspector: str
    place: Words


_NEXT = """
select t.head_name, t.inspector, t.packed_on, t.best_before, g.number, g.label_zh, p.name_zh, p.name_en
from (select package from stock_unit where offer = $1 and state = 'on_hand' and sell_by >= $2
      and ($3::uuid[] is null or place = any ($3)) order by best_before, id limit 1) next
join trace_page t on t.package = next.package join village_group g on g.id = t."group" join place p on p.id = t.place
"""


async def next_box(offer: UUID, today: date, places: Sequence[UUID] | None = None) -> NextBox | None:
    """The box of an offer that these places (None: anywhere) sell next; None where nothing is left."""
    row = await DB.fetch_row(_NEXT, offer, today, list(places) if places is not None else None)
    if row is None:
        return None
    return NextBox(
        grower=row["head_name"] or "",
        group=Group(row["number"], row["label_zh"]),
        packed_on=row["packed_on"],
        best_before=row["best_before"],
        days_left=(row["best_before"] - today).days,
        inspector=row["inspector"],
        place=Words(row["name_zh"], row["name_en"]),
    )


async def price_parts(offer: UUID, price_fen: int, today: date) -> tuple[RetailPart, ...]:
    """The parts that an offer's price is made of; none where no known price comes to it."""
    made = await DB.fetch_value("select created_at from offer where id = $1", offer)
    for day in (business_day(made), today):
        try:
            price = await produce.retail_price_on(day)
        except NotFound:
            continue
        if price.total_fen == price_fen:
            return price.parts
    return ()


@dataclass(frozen=True, slots=True)
class PickupWithStock:
    """A place of pick-up, how many boxes can be fetched there, and the places where these stand."""

    code: str
    name_zh: str
    name_en: str
    left: int
    served: tuple[UUID, ...]


async def pickups_of(offer: UUID, today: date) -> list[PickupWithStock]:
    """Where boxes of an offer can be picked up, with how many; places without one are left out."""
    free = (await stock.free_by_place([offer], today)).get(offer, {})
    counted = [(place, sum(free.get(one, 0) for one in place.served)) for place in await stock.pickups()]
    return [PickupWithStock(p.code, p.name_zh, p.name_en, left, p.served) for p, left in counted if left]


@dataclass(frozen=True, slots=True)
class PickupForBasket:
    """A place of pick-up: how many boxes of the basket it can hand over, whether these are all, and from which day."""

    code: str
    name_zh: str
    name_en: str
    left: int
    all_there: bool
    pickup_from: date


async def pickups_for(basket: Mapping[UUID, int], today: date) -> list[PickupForBasket]:
    """The places with boxes of a basket, those with all of them first. What stands on hand is fetched from today on."""
    free = await stock.free_by_place(basket, today)
    wanted = sum(basket.values())
    found = []
    for place in await stock.pickups():
        left = sum(
            min(quantity, sum(free.get(offer, {}).get(one, 0) for one in place.served))
            for offer, quantity in basket.items()
        )
        if left:
            names = place.code, place.name_zh, place.name_en
            found.append(PickupForBasket(*names, left, left == wanted, today))
    return sorted(found, key=lambda place: not place.all_there)


async def villages() -> list[Named]:
    """Every village by its code."""
    rows = await DB.fetch("select code, name_zh, name_en from village order by code")
    return [Named(**dict(row)) for row in rows]


async def next_intake(today: date) -> date | None:
    """The next day on which some village buys."""
    day: date | None = await DB.fetch_value("select min(day) from intake_day where day >= $1", today)
    return day


async def in_season(today: date) -> list[Good]:
    """Up to eight goods of this month that are not to be had all the year; those of few months first."""
    month = today.month

    def months(good: Good) -> int:
        return (good.season_until - good.season_from) % 12 + 1

    now = [
        good
        for good in (await stock.goods(today)).values()
        if months(good) < 12 and (month - good.season_from) % 12 < months(good) and good.safe
    ]
    return sorted(now, key=lambda good: (months(good), good.code))[:8]
