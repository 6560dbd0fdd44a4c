"""Goods and prices as pages and other rooms ask for them. Everybody may see them: prices are public."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from marketplace.db import DB
from marketplace.errors import NotFound
from marketplace.produce.rules import Good, PriceList


@dataclass(frozen=True, slots=True)
class PricedGood:
    """A good with the id of its row; `good.price_fen` is 0 where no list in force names it."""

    id: UUID
    good: Good
    search_keys: str = ""

    @property
    def code(self) -> str:
        return self.good.code

    @property
    def name_zh(self) -> str:
        return self.good.name_zh

    @property
    def name_en(self) -> str:
        return self.good.name_en


@dataclass(frozen=True, slots=True)
class KnownPriceList:
    """A purchase price list with its document; `goods` counts its prices."""

    id: UUID
    valid_from: date
    valid_until: date | None
    document: str
    published_at: datetime
    published_by: str
    goods: int

    def state(self, day: date) -> str:
        """`in_force`, `coming` or `over` on that day."""
        if day < self.valid_from:
            return "coming"
        return "over" if self.valid_until is not None and self.valid_until < day else "in_force"


@dataclass(frozen=True, slots=True)
class RetailPart:
    """One part of what a buyer pays, in fen."""

    part: str
    name_zh: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class RetailPriceInForce:
    """What a buyer pays for one package, in fen, with its parts in their order; they add up to it."""

    total_fen: int
    parts: tuple[RetailPart, ...]


GOODS = """
select p.*, coalesce(l.price_fen, 0) as price_fen from product p
left join price_list list on $1 between list.valid_from and coalesce(list.valid_until, 'infinity')
left join price_line l on l.price_list = list.id and l.product = p.id
order by p.id
"""


async def goods_on(day: date) -> list[PricedGood]:
    """Every good at its price of that day (fen a piece or a kilogram; 0 without a price), in the order of entry."""
    return [_priced_good(row) for row in await DB.fetch(GOODS, day)]


def _priced_good(row: Any) -> PricedGood:
    good = Good(
        code=row["code"],
        unit=row["unit"],
        price_fen=row["price_fen"],
        step=row["step"],
        shelf_days_summer=row["shelf_days_summer"],
        shelf_days_spring_autumn=row["shelf_days_spring_autumn"],
        shelf_days_winter=row["shelf_days_winter"],
        season_from=row["season_from"],
        season_until=row["season_until"],
        certificate=row["certificate"],
        licence_required=row["licence_required"],
        licence_number=row["licence_number"] or "",
        safe=row["safe"],
        name_zh=row["name_zh"],
        name_en=row["name_en"],
    )
    return PricedGood(row["id"], good, row["search_keys"])


PRICE_LISTS = """
select list.id, list.valid_from, list.valid_until, list.document, list.published_at,
    coalesce(u.name, '') as published_by, (select count(*)::int from price_line l where l.price_list = list.id) as goods
from price_list list left join app_user u on u.id = list.published_by
order by list.valid_from desc
"""


async def price_lists() -> list[KnownPriceList]:
    """Every purchase price list, the latest first."""
    return [KnownPriceList(**row) for row in await DB.fetch(PRICE_LISTS)]


async def price_list_in_force(day: date) -> KnownPriceList | None:
    """The purchase price list of that day, if there is one."""
    return next((known for known in await price_lists() if known.state(day) == "in_force"), None)


TERMS = "select valid_from, valid_until from price_list"


async def terms() -> list[PriceList]:
    """The terms of every price list, without prices: what a new one must not overlap."""
    return [PriceList(row["valid_from"], row["valid_until"]) for row in await DB.fetch(TERMS)]


PRICES_OF = """
select p.code, l.price_fen from price_line l join product p on p.id = l.product where l.price_list = $1
"""


async def prices_of(price_list: UUID) -> dict[str, int]:
    """Fen for a piece or a kilogram by the code of the good, as that list names them."""
    return {row["code"]: row["price_fen"] for row in await DB.fetch(PRICES_OF, price_list)}


RETAIL_PRICE = """
select r.total_fen, p.part, p.name_zh, p.amount_fen from retail_price r join price_part p on p.retail_price = r.id
where r.id = (select id from retail_price where channel = $1 and valid_from <= $2 order by valid_from desc limit 1)
order by p.sequence
"""


async def retail_price_on(day: date, channel: str = "retail") -> RetailPriceInForce:
    """What a buyer pays on that day. Refuses (`NotFound`) a day before the first price of the channel."""
    rows = await DB.fetch(RETAIL_PRICE, channel, day)
    if not rows:
        raise NotFound
    parts = tuple(RetailPart(row["part"], row["name_zh"], row["amount_fen"]) for row in rows)
    return RetailPriceInForce(rows[0]["total_fen"], parts)
