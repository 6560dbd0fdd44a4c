"""Packages come into stock, are held for an order, given back, handed over. Movements are only added."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from marketplace.clock import business_day
from marketplace.db import DB
from marketplace.ids import trace_code, uuid7
from marketplace.packages import queries as packages
from marketplace.packages import rules as package_rules
from marketplace.produce import queries as produce
from marketplace.produce.rules import best_before, sell_by
from marketplace.stock import rules

_FIND_OFFER = "select id from offer where village = $1 and contents = $2"
_MAKE_OFFER = """
insert into offer (id, code, village, contents, recipe, name_zh, name_en, search_text, price_fen, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (village, contents) do nothing
"""
_MOVE = """
insert into stock_movement (package, kind, place, at, actor, "order", price_fen, note)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_STOCK = """
insert into stock_unit (id, package, offer, village, "group", place, state, packed_on, best_before, sell_by)
select $1, p.id, $3, p.village, h."group", $4, 'on_hand', $5, $6, $7
from package p join household h on h.id = p.household where p.id = $2
"""
_ABOUT = """
select p.recipe, p.village, v.name_zh as village_zh, v.name_en as village_en from package p
join village v on v.id = p.village where p.id = $1
"""


async def move(
    package: UUID,
    kind: str,
    *,
    place: UUID | None,
    now: datetime,
    by: UUID | None,
    order: UUID | None = None,
    price_fen: int | None = None,
    note: str = "",
) -> None:
    """Write one movement of a package; `price_fen` only where it was sold."""
    await DB.fetch(_MOVE, package, kind, place, now, by, order, price_fen, note)


async def put_in_stock(package: UUID, *, place: UUID, now: datetime, by: UUID | None) -> UUID:
    """Put an accepted package into stock at a place, under the offer of its contents; the stock unit's id.

    Its dates follow the goods that keep shortest; the database refuses a package that was not accepted.
    """
    seen = await packages.package(package)
    today = business_day(now)
    goods = [line.good for line in seen.lines]
    keeps_to = best_before(goods, today)
    unit = uuid7()
    offer = await _offer_of(seen, now)
    await DB.fetch(_STOCK, unit, package, offer, place, today, keeps_to, sell_by(today, keeps_to))
    await move(package, "stocked", place=place, now=now, by=by)
    return unit


async def _offer_of(seen: packages.SeenPackage, now: datetime) -> UUID:
    contents = package_rules.content_key(seen.lines)
    found: UUID | None = await DB.fetch_value(_FIND_OFFER, seen.village, contents)
    if found is None:
        await _make_offer(seen, contents, now)
        found = await DB.fetch_value(_FIND_OFFER, seen.village, contents)
    assert found is not None
    return found


async def _make_offer(seen: packages.SeenPackage, contents: str, now: datetime) -> None:
    about: Any = await DB.fetch_row(_ABOUT, seen.id)
    today = business_day(now)
    in_it = {line.good.code for line in seen.lines}
    keys = [priced.search_keys for priced in await produce.goods_on(today) if priced.code in in_it]
    price = await produce.retail_price_on(today)
    title = package_rules.title(seen.lines)
    words = rules.search_text(seen.lines, keys, about["village_zh"], about["village_en"])
    await DB.fetch(
        _MAKE_OFFER, uuid7(), trace_code(), seen.village, contents, about["recipe"], title.name_zh, title.name_en,
        words, price.total_fen, now,
    )  # fmt: skip


async def take_back(package: UUID, *, now: datetime, by: UUID | None) -> None:
    """Take a package out of stock because its acceptance is reversed. Refuses (`NotOnHand`) one that is not on hand."""
    place = await DB.fetch_value(
        "update stock_unit set state = 'reversed' where package = $1 and state = 'on_hand' returning place", package
    )
    if place is None:
        raise rules.NotOnHand
    await move(package, "reversed", place=place, now=now, by=by)
